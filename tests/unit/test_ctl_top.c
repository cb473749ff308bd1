/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/top/model.h"

#include "base/clock.h"
#include "tests/unit/top_scene.h"

#include <errno.h>
#include <string.h>

static const struct scene_group before[] = {
	{"/a", 30, 10, 100, 10, 2, 5, 1000, "room-enough", NULL, 0},
	{"/b", 10, 90, 100, 0, 0, 0, 0, "no-demand", NULL, 0},
	{"/c\x1b[31m", 20, 50, 60, 40, 0, 400, 0, "limit-near", NULL, 0},
	{NULL},
};
/* Two seconds later. */
static const struct scene_group after[] = {
	{"/a", 30, 10, 100, 10, 6, 5, 1500, "refaults", NULL, 0},
	{"/b", 10, 91, 100, 0, 0, 0, 0, "no-demand", NULL, 0},
	{"/c\x1b[31m", 20, 50, 60, 48, 0, 480, 20, "limit-near", NULL, 0},
	{NULL},
};

static void feed(struct top_model *m, uint64_t uptime_s, const struct scene_group *groups,
		 uint64_t now_s)
{
	_cleanup_free_ char *status = scene_status(uptime_s, 500, groups);

	assert_int_equal(scene_feed(m, status, now_s), 0);
}

static const struct top_group *group_of(const struct top_model *m, const char *path)
{
	for (size_t i = 0; i < m->n_groups; i++)
		if (strcmp(m->groups[i].path, path) == 0)
			return &m->groups[i];
	fail_msg("no group %s", path);
	return NULL;
}

/* The names in their order, with blanks between. */
static void check_order(const struct top_model *m, const char *expected)
{
	char text[256] = "";

	for (size_t i = 0; i < m->n_shown; i++)
		(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%.2s",
			       i > 0 ? " " : "", m->groups[m->shown[i]].path);
	assert_string_equal(text, expected);
}

static void test_rates(void **state)
{
	_cleanup_(top_model_clear) struct top_model m = {0};
	const struct top_group *a;

	(void)state;
	feed(&m, 100, before, 1000);
	a = group_of(&m, "/a");
	/* One picture has no rates. */
	assert_int_equal(a->stalled_permyriad, 0);
	assert_int_equal(a->doings.back_bytes_per_s, 0);
	assert_int_equal(a->doings.price_us_per_mib, 500);
	assert_int_equal(a->cold_bytes, UINT64_MAX);
	assert_int_equal(group_of(&m, "/b")->doings.price_us_per_mib, UINT64_MAX);

	feed(&m, 102, after, 1002);
	a = group_of(&m, "/a");
	assert_int_equal(a->stalled_permyriad, 2500);
	assert_int_equal(a->doings.back_bytes_per_s, 2 * MIB);
	assert_string_equal(a->doings.why, "refaults");
	assert_int_equal(m.n_nodes, 2);
	assert_true(m.nodes[0].answered);
	assert_false(m.nodes[1].answered);
	assert_int_equal(m.nodes[0].n_history, 2);
	assert_int_equal(m.nodes[1].n_history, 0);
	assert_string_equal(m.agent, "uswapd 0.1.0  acts  up 1.7 min");

	/* Another agent: its counters began anew. */
	feed(&m, 1, before, 1004);
	feed(&m, 0, after, 1006);
	assert_int_equal(group_of(&m, "/a")->stalled_permyriad, 0);
	assert_int_equal(group_of(&m, "/a")->doings.back_bytes_per_s, 0);
	assert_int_equal(m.nodes[0].n_history, 4);
}

/* What trimming did is added; its reason stands where there is no limit to keep away from. */
static void test_trimmed_groups(void **state)
{
	static const struct scene_group groups[] = {
		{"/a", 30, 10, 100, 10, 2, 5, 0, "none", "step", 7},
		{"/b", 10, 90, 100, 0, 0, 0, 0, "no-demand", NULL, 0},
		{NULL},
	};
	_cleanup_(top_model_clear) struct top_model m = {0};
	const struct top_group *a;

	(void)state;
	feed(&m, 100, groups, 1000);
	a = group_of(&m, "/a");
	assert_int_equal(a->doings.taken_bytes, 12 * MIB);
	assert_int_equal(a->doings.back_bytes, 3 * MIB);
	assert_int_equal(a->doings.price_us_per_mib, 14000 / 12);
	assert_int_equal(a->cold_bytes, 7 * MIB);
	assert_string_equal(a->doings.why, "step");
	assert_string_equal(group_of(&m, "/b")->doings.why, "no-demand");
	assert_int_equal(group_of(&m, "/b")->cold_bytes, UINT64_MAX);
}

static void test_history_is_bounded(void **state)
{
	_cleanup_(top_model_clear) struct top_model m = {0};

	(void)state;
	for (uint64_t i = 0; i < TOP_HISTORY + 5; i++) {
		_cleanup_free_ char *status = scene_status(i, i, before);

		assert_int_equal(scene_feed(&m, status, i), 0);
	}
	assert_int_equal(m.nodes[0].n_history, TOP_HISTORY);
	assert_int_equal(m.nodes[0].history[0], 5 * MIB);
	assert_int_equal(m.nodes[0].history[TOP_HISTORY - 1], (TOP_HISTORY + 4) * MIB);
}

static void test_order_and_filter(void **state)
{
	static const char *const orders[TOP_SORTS] = {
		[TOP_BY_STALL] = "/a /c /b", [TOP_BY_USED] = "/b /c /a",
		[TOP_BY_ROOM] = "/b /c /a",  [TOP_BY_COLD] = "/a /b /c",
		[TOP_BY_BACK] = "/a /b /c",  [TOP_BY_TAKEN] = "/c /a /b",
		[TOP_BY_PRICE] = "/c /a /b", [TOP_BY_NAME] = "/a /b /c",
	};
	_cleanup_(top_model_clear) struct top_model m = {0};

	(void)state;
	feed(&m, 100, before, 1000);
	feed(&m, 102, after, 1002);
	for (int i = 0; i < TOP_SORTS; i++) {
		assert_int_equal(m.sort, i);
		check_order(&m, orders[i]);
		assert_int_equal(top_key(&m, 's', 10), TOP_NOTHING);
	}
	assert_int_equal(m.sort, TOP_BY_STALL);
	(void)top_key(&m, 'r', 10);
	check_order(&m, "/b /c /a");
	(void)top_key(&m, 'r', 10);

	(void)top_key(&m, '/', 10);
	(void)top_key(&m, 'B', 10);
	check_order(&m, "/b");
	(void)top_key(&m, 'x', 10);
	check_order(&m, "");
	assert_null(top_selected(&m, NULL));
	(void)top_key(&m, TOP_KEY_BACKSPACE, 10);
	(void)top_key(&m, TOP_KEY_ENTER, 10);
	assert_int_equal(m.view, TOP_LIST);
	/* It holds for the next picture. */
	feed(&m, 104, after, 1004);
	check_order(&m, "/b");
	(void)top_key(&m, '/', 10);
	(void)top_key(&m, TOP_KEY_ESCAPE, 10);
	check_order(&m, "/a /b /c");
}

static void test_selection_follows_the_group(void **state)
{
	_cleanup_(top_model_clear) struct top_model m = {0};
	size_t index = 9;

	(void)state;
	/* Without a picture there is nothing to choose. */
	assert_int_equal(top_key(&m, TOP_KEY_DOWN, 10), TOP_NOTHING);
	assert_int_equal(top_key(&m, TOP_KEY_ENTER, 10), TOP_EXPLAIN_ALL);
	feed(&m, 100, before, 1000);
	m.sort = TOP_BY_USED;
	top_arrange(&m);
	assert_string_equal(top_selected(&m, &index)->path, "/b");
	assert_int_equal(index, 0);
	(void)top_key(&m, TOP_KEY_DOWN, 10);
	assert_int_equal(top_selected(&m, NULL)->id, 20);
	m.sort = TOP_BY_TAKEN;
	feed(&m, 102, after, 1002);
	assert_int_equal(top_selected(&m, &index)->id, 20);
	assert_int_equal(index, 0);
	/* Not beyond the ends. */
	(void)top_key(&m, TOP_KEY_PAGE_DOWN, 10);
	(void)top_key(&m, TOP_KEY_DOWN, 10);
	assert_int_equal(top_selected(&m, NULL)->id, 10);
	(void)top_key(&m, TOP_KEY_PAGE_UP, 10);
	(void)top_key(&m, TOP_KEY_UP, 10);
	assert_int_equal(top_selected(&m, NULL)->id, 20);
	assert_int_equal(top_key(&m, 'e', 10), TOP_EXPLAIN);
}

static void test_orders(void **state)
{
	_cleanup_(top_model_clear) struct top_model m = {0};

	(void)state;
	feed(&m, 100, before, 1000);
	assert_int_equal(top_key(&m, 'w', 10), TOP_NOTHING);
	/* No command while something is typed. */
	assert_int_equal(top_key(&m, 'q', 10), TOP_NOTHING);
	(void)top_key(&m, TOP_KEY_BACKSPACE, 10);
	(void)top_key(&m, '8', 10);
	(void)top_key(&m, 'M', 10);
	assert_string_equal(m.typed, "8M");
	assert_int_equal(top_key(&m, TOP_KEY_ENTER, 10), TOP_WAKE);
	assert_int_equal(m.view, TOP_LIST);
	(void)top_key(&m, 'w', 10);
	assert_string_equal(m.typed, "");
	assert_int_equal(top_key(&m, TOP_KEY_ESCAPE, 10), TOP_NOTHING);
	for (int i = 0; i < 100; i++)
		(void)top_key(&m, i == 0 ? 'w' : '1', 10);
	assert_int_equal(strlen(m.typed), sizeof(m.typed) - 1);
	(void)top_key(&m, TOP_KEY_ESCAPE, 10);

	top_show_lines(&m, strdup("one\ntwo\nthree\n"));
	(void)top_key(&m, TOP_KEY_DOWN, 2);
	assert_int_equal(m.first_line, 1);
	(void)top_key(&m, TOP_KEY_PAGE_DOWN, 2);
	assert_int_equal(m.first_line, 2);
	assert_int_equal(m.view, TOP_LINES);
	(void)top_key(&m, 'q', 2);
	assert_int_equal(m.view, TOP_LIST);
	(void)top_key(&m, ' ', 2);
	assert_true(m.paused);
	assert_int_equal(top_key(&m, 'q', 2), TOP_QUIT);
}

/* All of a picture or nothing of it. */
/* A hundredth of a CPU, however many groups there are. */
static void test_interval(void **state)
{
	static const struct {
		uint64_t cpu_ms, interval_ms;
	} rows[] = {{0, 2000}, {5, 2000}, {16, 2000}, {40, 5000}, {200, 25000}, {5000, 30000}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(top_interval_ns(rows[i].cpu_ms * NSEC_PER_MSEC),
				 rows[i].interval_ms * NSEC_PER_MSEC);
	assert_int_equal(top_interval_ns(UINT64_MAX), 30 * NSEC_PER_SEC);
}

static void test_what_is_no_status(void **state)
{
	_cleanup_free_ char *good = scene_status(100, 500, before);
	_cleanup_(top_model_clear) struct top_model m = {0};
	static const char *const members[] = {
		"\"uptime_ns\"", "\"nodes\"",	      "\"groups\"",	   "\"reason\"",
		"\"path\"",	 "\"applied_bytes\"", "\"current_bytes\"", "\"uswapd-status/1\"",
	};

	(void)state;
	feed(&m, 100, after, 1000);
	for (size_t i = 0; i < ARRAY_SIZE(members); i++) {
		_cleanup_free_ char *bad = strdup(good);

		strstr(bad, members[i])[1] = '-';
		assert_int_equal(scene_feed(&m, bad, 1002), -EPROTO);
		assert_int_equal(m.n_groups, 3);
		assert_string_equal(group_of(&m, "/a")->doings.why, "refaults");
	}
	assert_int_equal(scene_feed(&m, good, 1002), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_trimmed_groups),
		cmocka_unit_test(test_history_is_bounded),
		cmocka_unit_test(test_order_and_filter),
		cmocka_unit_test(test_selection_follows_the_group),
		cmocka_unit_test(test_orders),
		cmocka_unit_test(test_interval),
		cmocka_unit_test(test_what_is_no_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
