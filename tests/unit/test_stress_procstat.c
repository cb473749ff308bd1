/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/procstat.h"

#include "base/clock.h"
#include "stress/measure/watch.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

#define STAT(name, utime, stime, start, rss)                                                      \
	"123 (" name ") S 1 123 123 0 -1 4194560 1 2 3 4 " utime " " stime " 0 0 20 0 1 0 " start \
	" 170000 " rss " 18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 0 0 0 0 0 0\n"

static void test_parse(void **state)
{
	struct procstat stat;

	(void)state;
	assert_int_equal(procstat_parse(STAT("uswapd", "15", "7", "998877", "333"), &stat), 0);
	assert_string_equal(stat.name, "uswapd");
	assert_int_equal(stat.user_ticks, 15);
	assert_int_equal(stat.system_ticks, 7);
	assert_int_equal(stat.start_ticks, 998877);
	assert_int_equal(stat.resident_pages, 333);
}

/* A process can call itself anything. */
static void test_hostile_names(void **state)
{
	static const char *const names[] = {"a b", ") S 1", "((", "x) R 9 9 (y", ""};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct procstat stat;
		char text[512];

		(void)snprintf(text, sizeof(text), "1 (%s%s", names[i],
			       strchr(STAT("x", "1", "2", "3", "4"), ')'));
		assert_int_equal(procstat_parse(text, &stat), 0);
		assert_string_equal(stat.name, names[i]);
		assert_int_equal(stat.start_ticks, 3);
	}
}

static void test_malformed(void **state)
{
	static const char *const texts[] = {
		"",
		"1 name S 1",
		"1 (name",
		"1 )name( S",
		"1 (name) S 1 2 3",
		STAT("name", "x", "2", "3", "4"),
		STAT("name", "1", "-2", "3", "4"),
		STAT("a name that is far longer than the sixty-four bytes any thread's can have",
		     "1", "2", "3", "4"),
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct procstat stat;

		if (procstat_parse(texts[i], &stat) != -EBADMSG)
			fail_msg("\"%s\" was taken", texts[i]);
	}
}

static const struct fixture_file files[] = {
	{"50/stat", STAT("kswapd0", "0", "40", "10", "0")},
	{"50/task/50/status", "Name:\tkswapd0\nvoluntary_ctxt_switches:\t70\n"
			      "nonvoluntary_ctxt_switches:\t3\n"},
	{"51/stat", STAT("kswapd_x", "0", "1", "11", "0")},
	{"52/stat", STAT("kswapd1", "9", "9", "12", "5")}, /* an impostor: it has memory */
	{"123/stat", STAT("uswapd", "10", "5", "100", "1000")},
	{"123/task/123/status", "voluntary_ctxt_switches:\t100\n"
				"nonvoluntary_ctxt_switches:\t10\n"},
	{"123/task/123/schedstat", "140000000 5 6\n"},
	{"123/task/124/status", "voluntary_ctxt_switches:\t20\n"
				"nonvoluntary_ctxt_switches:\t1\n"},
	{"123/task/124/schedstat", "12345678 5 6\n"},
	{"124/stat", STAT("uswapd", "1", "1", "101", "1")},
	{"124/task/124/status", "voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t1\n"},
	{"self/stat", STAT("uswapd", "1", "1", "101", "1")},
	{"meminfo", ""},
};

static void test_cost(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	uint64_t tick_ns = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
	struct proc_cost cost;

	(void)state;
	assert_int_equal(proc_cost_read(fx->fd, 123, &cost), 0);
	assert_int_equal(cost.cpu_ns, 15 * tick_ns);
	assert_int_equal(cost.runtime_ns, 152345678);
	assert_int_equal(cost.resident_bytes, 1000 * sysconf(_SC_PAGESIZE));
	assert_int_equal(cost.voluntary_switches, 120);
	assert_int_equal(cost.involuntary_switches, 11);
	assert_int_equal(cost.threads, 2);
	assert_int_equal(proc_cost_read(fx->fd, 4711, &cost), -ENOENT);
}

static void test_watch(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(watch_freep) struct watch *watch = NULL;
	struct watch_list list = {.n = 2, .entries = {{.name = "uswapd"}, {.pid = 123}}};
	size_t missing = 99;
	bool seen_first = false, seen_kernel = false;

	(void)state;
	assert_int_equal(watch_open(fx->fd, &list, &watch, &missing), 0);
	/* Both uswapd and kswapd0, none of them twice. */
	assert_int_equal(watch->n, 3);
	watch_begin(watch);
	fixture_write(fx, "123/task/123/status",
		      "voluntary_ctxt_switches:\t150\nnonvoluntary_ctxt_switches:\t10\n");
	/* Another process has the number of the second now. */
	fixture_write(fx, "124/stat", STAT("uswapd", "1", "1", "5000", "1"));
	watch_end(watch);
	for (size_t i = 0; i < watch->n; i++) {
		const struct watched *process = &watch->processes[i];

		if (process->pid == 123) {
			seen_first = true;
			assert_false(process->gone || process->kernel);
			assert_int_equal(process->end.voluntary_switches -
						 process->begin.voluntary_switches,
					 50);
		} else if (process->pid == 50) {
			seen_kernel = process->kernel;
			assert_int_equal(process->end.voluntary_switches, 70);
		} else {
			assert_true(process->gone);
		}
	}
	assert_true(seen_first && seen_kernel);
}

static void test_watch_missing(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct watch_list list = {.n = 2, .entries = {{.pid = 123}, {.name = "nobody"}}};
	struct watch *watch = NULL;
	size_t missing = 99;

	(void)state;
	assert_int_equal(watch_open(fx->fd, &list, &watch, &missing), -ESRCH);
	assert_int_equal(missing, 1);
	assert_null(watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),	  cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_malformed), cmocka_unit_test(test_cost),
		cmocka_unit_test(test_watch),	  cmocka_unit_test(test_watch_missing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
