/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/scenario/formula.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

#define MIB INT64_C(1048576)

static const struct formula_machine machine = {
	.page_bytes = 4096, .folio_bytes = 2 << 20, .cpus = 3, .nodes = 2};

static void test_values(void **state)
{
	/* Every file of a formula has the value 7 MiB, the next one 8 MiB, and so on. */
	static const struct {
		const char *text;
		int64_t value;
		enum formula_kind kind;
	} rows[] = {
		{"5", 5, FORMULA_PLAIN},
		{" 50M ", 50 * MIB, FORMULA_BYTES},
		{"512B", 512, FORMULA_BYTES},
		{"1.5s", 1500000000, FORMULA_TIME},
		{"2.5%", 250, FORMULA_SHARE},
		{"0", 0, FORMULA_ANY},
		{"max", INT64_MAX, FORMULA_ANY},
		{"2+3*4", 14, FORMULA_PLAIN},
		{"(2+3)*4", 20, FORMULA_PLAIN},
		{"20-5-5", 10, FORMULA_PLAIN},
		{"100/7/2", 7, FORMULA_PLAIN},
		{"3-5", -2, FORMULA_PLAIN},
		{"abs(3-5)", 2, FORMULA_PLAIN},
		{"min(3, 2) + max(4,5)", 7, FORMULA_PLAIN},
		{"2 * folio", INT64_C(4) << 20, FORMULA_BYTES},
		{"page * 64 * cpus", INT64_C(4096) * 64 * 3, FORMULA_BYTES},
		{"nodes", 2, FORMULA_PLAIN},
		{"1G / 1M", 1024, FORMULA_PLAIN},
		{"memory.current(A)", 7 * MIB, FORMULA_BYTES},
		{"memory.swap.current (A/in)", 7 * MIB, FORMULA_BYTES},
		{"abs(memory.current(A) - memory.stat:anon(A))", MIB, FORMULA_BYTES},
		{"memory.events:oom_kill(A)", 7 * MIB, FORMULA_PLAIN},
		{"memory.pressure:some.total(A)", 7 * MIB, FORMULA_TIME},
		{"cpu.stat:usage_usec(A)", 7 * MIB, FORMULA_TIME},
		{"memory.stat:something_new(A)", 7 * MIB, FORMULA_ANY},
		{"((((((((((((((1))))))))))))))", 1, FORMULA_PLAIN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int64_t values[FORMULA_FILES_MAX], value = -1;
		struct formula_error error;
		struct formula formula;

		for (size_t f = 0; f < FORMULA_FILES_MAX; f++)
			values[f] = (int64_t)(7 + f) * MIB;
		if (formula_parse(rows[i].text, &formula, &error) < 0)
			fail_msg("%s: %s", rows[i].text, error.words);
		if (formula_evaluate(&formula, values, &machine, &value) < 0 ||
		    value != rows[i].value || formula.kind != rows[i].kind)
			fail_msg("%s is %lld of kind %d", rows[i].text, (long long)value,
				 formula.kind);
	}
}

static void test_files(void **state)
{
	struct formula_error error;
	struct formula formula;

	(void)state;
	assert_int_equal(formula_parse("memory.pressure:full.total(svc/in) + 0", &formula, &error),
			 0);
	assert_int_equal(formula.n_files, 1);
	assert_string_equal(formula.files[0].file, "memory.pressure");
	assert_string_equal(formula.files[0].key, "full.total");
	assert_string_equal(formula.files[0].of, "svc/in");
	assert_int_equal(formula.files[0].scale, 1000);
	assert_int_equal(formula_parse("memory.peak@own(A)", &formula, &error), 0);
	assert_string_equal(formula.files[0].file, "memory.peak");
	assert_string_equal(formula.files[0].handle, "own");
	assert_int_equal(formula.kind, FORMULA_BYTES);
}

/* Numbers that are in no file of a group. */
static void test_sources(void **state)
{
	static const struct {
		const char *text;
		enum formula_source source;
		size_t key_index;
		enum formula_kind kind;
	} rows[] = {
		{"load:alive(l)", FORMULA_OF_LOAD, FORMULA_LOAD_ALIVE, FORMULA_PLAIN},
		{"load:resident(l)", FORMULA_OF_LOAD, FORMULA_LOAD_RESIDENT, FORMULA_BYTES},
		{"load:reuse.p99.9(l)", FORMULA_OF_LOAD, FORMULA_LOAD_REUSE_P99_9, FORMULA_TIME},
		{"step:errno(s)", FORMULA_OF_STEP, FORMULA_STEP_ERRNO, FORMULA_PLAIN},
		{"step:took(s)", FORMULA_OF_STEP, FORMULA_STEP_TOOK, FORMULA_TIME},
		{"watch:ignored(w)", FORMULA_OF_WATCH, FORMULA_WATCH_IGNORED, FORMULA_PLAIN},
		{"vmstat:pswpin(machine)", FORMULA_OF_VMSTAT, 0, FORMULA_PLAIN},
		{"meminfo:MemFree(machine)", FORMULA_OF_MEMINFO, 0, FORMULA_BYTES},
		{"node:pgsteal_kswapd(1)", FORMULA_OF_NODE, 0, FORMULA_PLAIN},
		{"memory.numa_stat:anon.N0(A)", FORMULA_OF_GROUP, 0, FORMULA_BYTES},
		{"memory.numa_stat:workingset_refault_anon.N1(A)", FORMULA_OF_GROUP, 0,
		 FORMULA_PLAIN},
		{"memory.pressure:full.total(A)", FORMULA_OF_GROUP, 0, FORMULA_TIME},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct formula_error error;
		struct formula formula;

		if (formula_parse(rows[i].text, &formula, &error) < 0)
			fail_msg("%s: %s", rows[i].text, error.words);
		assert_int_equal(formula.files[0].source, rows[i].source);
		assert_int_equal(formula.files[0].key_index, rows[i].key_index);
		assert_int_equal(formula.kind, rows[i].kind);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *text, *words;
		size_t at;
	} rows[] = {
		{"", "should stand here", 0},
		{"1 +", "should stand here", 3},
		{"-1", "should stand here", 0},
		{"1 2", "nothing should stand here", 2},
		{"(1", "')' is missing", 2},
		{"1)", "nothing should stand here", 1},
		{"min(1)", "',' is missing", 5},
		{"abs(1", "not closed", 5},
		{"memory.current", "names its group", 0},
		{"memory.current(A", "not closed", 14},
		{"memory.current()", "group's name", 15},
		{"memory.stat:(A)", "a key", 12},
		{":anon(A)", "should stand here", 0},
		{"50X", "a number is", 0},
		{"memory(A)", "no such source", 0},
		{"load:speed(l)", "load has a key: alive, exit", 0},
		{"load(l)", "load has a key", 0},
		{"vmstat(machine)", "vmstat has a key", 0},
		{"memory.peak@(A)", "a descriptor's name", 12},
		{"load@x:alive(l)", "has no descriptor", 0},
		{"5.", "a number is", 0},
		{"99999999999999999999", "too large", 0},
		{"9223372036854775808", "too large", 0},
		{"memory.current(A) + 50", "a size has a unit", 18},
		{"memory.current(A) - 3s", "bytes and times", 18},
		{"1M * 1M", "multiplied by bytes", 3},
		{"1M / 1s", "divided by times", 3},
		{"((((((((((((((((((1))))))))))))))))))", "brackets in brackets", 16},
	};
	char long_text[2 * FORMULA_STEPS_MAX + 2] = "1";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct formula_error error = {.words = ""};
		struct formula formula = {.n_steps = 99};

		if (formula_parse(rows[i].text, &formula, &error) != -EINVAL ||
		    !strstr(error.words, rows[i].words) || error.at != rows[i].at)
			fail_msg("%s: at %zu: %s", rows[i].text, error.at, error.words);
		assert_int_equal(formula.n_steps, 99);
	}
	while (strlen(long_text) < sizeof(long_text) - 2)
		strcat(long_text, "+1");
	assert_int_equal(formula_parse(long_text, &(struct formula){.n_steps = 0},
				       &(struct formula_error){.at = 0}),
			 -EINVAL);
}

static void test_conditions(void **state)
{
	static const struct {
		const char *text;
		bool holds;
	} rows[] = {
		{"1 == 1", true}, {"1 != 1", false}, {"1 < 2", true},	{"2 <= 2", true},
		{"1 > 2", false}, {"2>=2", true},    {"3>=2*2", false},
	};
	static const char *const refused[] = {
		"1", "1 = 1", "1 == ", "1 == 1 == 1", "memory.current(A) >= 50", "1M < 1s"};
	struct formula_error error;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct formula_condition condition;
		int64_t left, right;

		assert_int_equal(formula_parse_condition(rows[i].text, &condition, &error), 0);
		assert_int_equal(formula_evaluate(&condition.left, NULL, &machine, &left), 0);
		assert_int_equal(formula_evaluate(&condition.right, NULL, &machine, &right), 0);
		assert_int_equal(formula_compare(left, condition.order, right), rows[i].holds);
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct formula_condition condition = {.order = FORMULA_MORE};

		assert_int_equal(formula_parse_condition(refused[i], &condition, &error), -EINVAL);
		assert_int_equal(condition.order, FORMULA_MORE);
	}
}

static void test_impossible_values(void **state)
{
	static const struct {
		const char *text;
		int error;
	} rows[] = {
		{"1 / (1 - 1)", -EDOM},		  {"max + 1", -EOVERFLOW},
		{"max * 2", -EOVERFLOW},	  {"0 - max - 2", -EOVERFLOW},
		{"abs(0 - max - 1)", -EOVERFLOW}, {"(0 - max - 1) / (0 - 1)", -EOVERFLOW},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct formula_error error;
		struct formula formula;
		int64_t value = 42;

		if (formula_parse(rows[i].text, &formula, &error) < 0)
			fail_msg("%s: %s", rows[i].text, error.words);
		assert_int_equal(formula_evaluate(&formula, NULL, &machine, &value), rows[i].error);
		assert_int_equal(value, 42);
	}
}

static void test_file_values(void **state)
{
	static const struct {
		const char *key, *text;
		int error;
		int64_t value;
	} rows[] = {
		{"", "123\n", 0, 123},
		{"", "max\n", 0, INT64_MAX},
		{"", "", -EBADMSG, 0},
		{"", "1 2\n", -EBADMSG, 0},
		{"", "1\n2\n", -EBADMSG, 0},
		{"", "-1\n", -EBADMSG, 0},
		{"", "99999999999999999999\n", -EOVERFLOW, 0},
		{"anon", "anon 5\nfile 6\n", 0, 5},
		{"file", "anon 5\nfile 6", 0, 6},
		{"file", "anon 5\nfile_mapped 6\n", -EBADMSG, 0},
		{"anon", "anon 5\nanon 5\n", -EBADMSG, 0},
		{"anon", "anon\n", -EBADMSG, 0},
		{"anon", "anon 5 6\n", -EBADMSG, 0},
		{"some.total", "some avg10=0.00 total=9\nfull avg10=0.00 total=4\n", 0, 9},
		{"full.total", "some avg10=0.00 total=9\nfull avg10=0.00 total=4\n", 0, 4},
		{"some.avg10", "some avg10=0.00 total=9\n", -EBADMSG, 0},
		{"some.total", "some total=9 total=9\n", -EBADMSG, 0},
		{"some.total", "full total=9\n", -EBADMSG, 0},
	};
	struct formula_file scaled = {.key = "usage_usec", .scale = 1000};
	struct formula_file words = {.file = "cgroup.controllers", .key = "memory", .scale = 1};
	struct formula_file info = {.source = FORMULA_OF_MEMINFO, .key = "MemFree", .scale = 1024};
	int64_t value;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct formula_file file = {.scale = 1};
		int r;

		strcpy(file.key, rows[i].key);
		value = 42;
		r = formula_file_value(&file, rows[i].text, &value);
		if (r != rows[i].error || value != (r < 0 ? 42 : rows[i].value))
			fail_msg("row %zu: %d, %lld", i, r, (long long)value);
	}
	assert_int_equal(formula_file_value(&words, "cpuset cpu memory\n", &value), 0);
	assert_int_equal(value, 1);
	assert_int_equal(formula_file_value(&words, "cpuset cpu memories\n", &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(formula_file_value(&words, "", &value), 0);
	assert_int_equal(value, 0);
	assert_int_equal(formula_file_value(&info, "MemTotal: 9 kB\nMemFree:  12 kB\n", &value), 0);
	assert_int_equal(value, 12 * 1024);
	assert_int_equal(formula_file_value(&scaled, "usage_usec 12\n", &value), 0);
	assert_int_equal(value, 12000);
	assert_int_equal(formula_file_value(&scaled, "usage_usec 9223372036854775807\n", &value),
			 0);
	assert_int_equal(formula_file_value(&scaled, "usage_usec 9223372036854775806\n", &value),
			 -EOVERFLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_sources),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_file_values),
		cmocka_unit_test(test_impossible_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
