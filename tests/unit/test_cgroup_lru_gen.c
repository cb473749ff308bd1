/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/lru_gen.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

static int parse(const char *line, struct lru_gen_line *ret)
{
	return lru_gen_parse_line(line, strlen(line), ret);
}

static void test_lines(void **state)
{
	struct lru_gen_line line;

	(void)state;
	assert_int_equal(parse("memcg     5 /t/b", &line), 0);
	assert_int_equal(line.kind, LRU_GEN_MEMCG);
	assert_int_equal(line.number, 5);
	assert_int_equal(line.path_length, 4);
	assert_memory_equal(line.path, "/t/b", 4);
	/* 7.x: the cgroup's id; a name is all that follows. */
	assert_int_equal(parse("memcg 4294967299 /a  b ", &line), 0);
	assert_int_equal(line.number, UINT64_C(4294967299));
	assert_int_equal(line.path_length, 6);
	assert_memory_equal(line.path, "/a  b ", 6);
	assert_int_equal(parse("memcg     1 /", &line), 0);
	assert_int_equal(line.path_length, 1);
	assert_int_equal(parse(" node     1", &line), 0);
	assert_int_equal(line.kind, LRU_GEN_NODE);
	assert_int_equal(line.number, 1);
	assert_int_equal(parse("          7      13108          0       38406 ", &line), 0);
	assert_int_equal(line.kind, LRU_GEN_GENERATION);
	assert_int_equal(line.generation.number, 7);
	assert_int_equal(line.generation.age_ms, 13108);
	assert_int_equal(line.generation.anon_pages, 0);
	assert_int_equal(line.generation.file_pages, 38406);
}

static void test_malformed(void **state)
{
	static const char *const lines[] = {
		"",
		" ",
		"memcg",
		"memcg 5",
		"memcg 5 ",
		"memcg x /a",
		"memcg -5 /a",
		"memcg 5 a",
		"memcg 5  /a",
		"node",
		"node x",
		"node 1 2",
		"1",
		"1 2 3",
		"1 2 3 4 5",
		"1 2 3 -4",
		"1 2 3 4x",
		"gen 1 2 3",
		"1 2 3 99999999999999999999",
	};
	struct lru_gen_line line = {.number = 77};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_int_equal(parse(lines[i], &line), -EBADMSG);
		assert_int_equal(line.number, 77);
	}
}

#define MINUTE 60000

static void test_idle(void **state)
{
	static const struct {
		const char *name;
		struct lru_generations generations;
		bool known;
		uint64_t cold, total;
	} rows[] = {
		{"none", {0}, false, 0, 0},
		{"one", {1, {{0, 90000, 5, 6}}}, false, 0, 11},
		{"a group just made: all of one age",
		 {4, {{0, 90000, 100, 0}, {1, 90000, 0, 0}, {2, 90000, 0, 0}, {3, 90000, 9, 0}}},
		 false,
		 0,
		 109},
		{"looked at a minute apart: what the older walk found unused is cold",
		 {4, {{5, 99000, 100, 7}, {6, 70000, 30, 0}, {7, 50000, 9, 0}, {8, 10000, 1, 0}}},
		 true,
		 107,
		 147},
		{"one millisecond less",
		 {4, {{5, 99000, 100, 7}, {6, 69999, 30, 0}, {7, 50000, 9, 0}, {8, 10000, 1, 0}}},
		 false,
		 0,
		 147},
		{"looked at last long ago: what was used since is not known",
		 {3, {{5, 500000, 100, 0}, {6, 400000, 0, 0}, {7, 120001, 1, 0}}},
		 false,
		 100,
		 101},
		{"not longer than that",
		 {3, {{5, 500000, 100, 0}, {6, 400000, 0, 0}, {7, 120000, 1, 0}}},
		 true,
		 100,
		 101},
		{"ages that do not fall, as no kernel has",
		 {3, {{5, 1, 100, 0}, {6, 2, 10, 0}, {7, 90000, 1, 0}}},
		 false,
		 0,
		 111},
		{"extremes",
		 {2, {{5, UINT64_MAX, UINT64_MAX, 1}, {6, UINT64_MAX, 1, 1}}},
		 false,
		 0,
		 UINT64_MAX},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct lru_idle idle = lru_idle_of(&rows[i].generations, MINUTE);

		if (idle.known != rows[i].known || idle.total_pages != rows[i].total ||
		    (idle.known && idle.cold_pages != rows[i].cold))
			fail_msg("%s: known %d, %ju cold of %ju", rows[i].name, idle.known,
				 (uintmax_t)idle.cold_pages, (uintmax_t)idle.total_pages);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_idle),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
