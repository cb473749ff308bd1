/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/top/layout.h"

#include "tests/unit/top_scene.h"

#include <string.h>

static const struct scene_group groups[] = {
	{"/system.slice/a-service-with-a-rather-long-name.service", 30, 10, 100, 10, 2, 5, 0,
	 "room-enough", NULL, 0},
	{"/c\x1b[31m\xc3\xa4", 20, 50, 60, 40, 0, 400, 0, "limit-near", NULL, 0},
	{NULL},
};

static void feed(struct top_model *m, uint64_t uptime_s, uint64_t free_mib)
{
	_cleanup_free_ char *status = scene_status(uptime_s, free_mib, groups);

	assert_int_equal(scene_feed(m, status, uptime_s), 0);
}

static void test_80x24(void **state)
{
	static const char *const expected[] = {
		"uswapd 0.1.0  acts  up 2 s                                 2 of 2 groups by used",
		"NODE  FREE   LOW  HIGH  ROOM MARGIN RATE/s TAKEN BACK/s  us/M WHY               ",
		"   0   15M   10M   20M   30M   4.0M   1.0M  100M      0   500 node-low",
		" 100M #.",
		"   1 did not answer",
		"",
		"GROUP                  USED LIMIT  COLD  STALL BACK/s TAKEN  us/M WHY           ",
		"/c\\x1b[31m\\xc3\\xa4      50M   60M     -   0.0%      0   40M 10000 limit-near   "
		" ",
		"...-long-name.service   10M  100M     -   0.0%      0   10M   500 room-enough   ",
	};
	_cleanup_(top_model_clear) struct top_model m = {.sort = TOP_BY_USED};
	_cleanup_free_ struct top_line *lines = calloc(24, sizeof(*lines));

	(void)state;
	assert_non_null(lines);
	feed(&m, 1, 100);
	feed(&m, 2, 15);
	top_layout(&m, 80, 24, false, lines);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(lines[i].text, expected[i]);
	assert_string_equal(lines[9].text, "");
	assert_non_null(strstr(lines[23].text, "q quit"));
	assert_int_equal(lines[2].style, TOP_LOW);
	assert_int_equal(lines[7].style, TOP_SELECTED);
	assert_int_equal(lines[8].style, TOP_PLAIN);
	/* In UTF-8 one character a bar, too. */
	top_layout(&m, 80, 24, true, lines);
	assert_string_equal(lines[3].text, " 100M \u2588\u2582");
}

/* Numbers stay beside the names; what stands out does so up to the edge. */
static void test_wide(void **state)
{
	static const char row[] =
		"/system.slice/a-service-with-a-rather-long-name.service   10M  100M     -   0.0%";
	_cleanup_(top_model_clear) struct top_model m = {.sort = TOP_BY_USED};
	_cleanup_free_ struct top_line *lines = calloc(24, sizeof(*lines));

	(void)state;
	assert_non_null(lines);
	feed(&m, 1, 100);
	top_layout(&m, 200, 24, false, lines);
	assert_memory_equal(lines[8].text, row, sizeof(row) - 1);
	assert_int_equal(strlen(lines[1].text), 200);
	assert_int_equal(strlen(lines[6].text), 200);
	assert_int_equal(strlen(lines[7].text), 200);
}

/* A number is there as a whole or not at all. */
static void test_narrow(void **state)
{
	static const char *const expected[] = {
		"uswapd 0.1.0  acts  up 2 s  2 of 2",
		"NODE  FREE   LOW  HIGH  ROOM MARGIN     ",
		"   0   15M   10M   20M   30M   4.0M  ",
		"   1 did not answer",
		"GROUP         USED LIMIT  COLD  STALL   ",
	};
	_cleanup_(top_model_clear) struct top_model m = {.sort = TOP_BY_USED};
	_cleanup_free_ struct top_line *lines = calloc(10, sizeof(*lines));

	(void)state;
	assert_non_null(lines);
	feed(&m, 1, 100);
	feed(&m, 2, 15);
	top_layout(&m, 40, 10, false, lines);
	for (size_t i = 0; i < ARRAY_SIZE(expected); i++)
		assert_string_equal(lines[i].text, expected[i]);
}

/* Whatever the size and the view: all lines are there, none is too long, the last one helps. */
static void test_any_size(void **state)
{
	static const enum top_view views[] = {TOP_LIST, TOP_LINES, TOP_ASK_FILTER, TOP_ASK_BYTES};
	_cleanup_(top_model_clear) struct top_model m = {0};
	_cleanup_free_ struct top_line *lines = calloc(TOP_ROWS_MAX, sizeof(*lines));
	static const size_t sizes[][2] = {{1, 1},   {3, 2},    {10, 5},
					  {40, 12}, {200, 60}, {TOP_COLUMNS_MAX, TOP_ROWS_MAX}};

	(void)state;
	assert_non_null(lines);
	for (int seen = 0; seen < 2; seen++) {
		for (size_t i = 0; i < ARRAY_SIZE(sizes) * ARRAY_SIZE(views); i++) {
			const size_t *size = sizes[i / ARRAY_SIZE(views)];

			top_show_lines(&m,
				       strdup("a line that is longer than some of them\n\nx\n"));
			m.view = views[i % ARRAY_SIZE(views)];
			memset(lines, 'x', TOP_ROWS_MAX * sizeof(*lines));
			top_layout(&m, size[0], size[1], false, lines);
			for (size_t j = 0; j < size[1]; j++)
				assert_true(strnlen(lines[j].text, size[0] + 1) <= size[0]);
			if (size[0] >= 40 && m.view == TOP_ASK_BYTES)
				assert_non_null(strstr(lines[size[1] - 1].text, "reclaim how"));
			assert_true(top_page(&m, size[1]) >= 1);
		}
		for (uint64_t i = 0; i < TOP_HISTORY; i++)
			feed(&m, i, i);
	}
}

static void test_text_is_wrapped_and_escaped(void **state)
{
	_cleanup_(top_model_clear) struct top_model m = {0};
	_cleanup_free_ struct top_line *lines = calloc(10, sizeof(*lines));

	(void)state;
	top_show_lines(&m, strdup("one two three four five\n\x1b[2J\nlast\n"));
	top_layout(&m, 12, 10, true, lines);
	assert_string_equal(lines[1].text, "one two");
	assert_string_equal(lines[2].text, "three four");
	assert_string_equal(lines[3].text, "five");
	assert_string_equal(lines[4].text, "\\x1b[2J");
	assert_string_equal(lines[5].text, "last");
	m.first_line = 2;
	top_layout(&m, 12, 10, true, lines);
	assert_string_equal(lines[1].text, "last");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_80x24),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_any_size),
		cmocka_unit_test(test_text_is_wrapped_and_escaped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
