/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/metrics.h"

#include "agent/control/metrics_text.h"
#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#define MIB (UINT64_C(1) << 20)

/* Two nodes, one of which does not answer, and groups with names of every kind. */
struct fake {
	struct group_status groups[5];
	struct node_status nodes[2];
	struct agent_status status;
};

static void fake_init(struct fake *fake)
{
	/* The third and the fourth look alike once they are escaped. */
	static const char *const paths[] = {"a/b", "", "x\n\"\\\xff", "x\\x0a\"\\\xff", "...cut"};

	memset(fake, 0, sizeof(*fake));
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		(void)snprintf(fake->groups[i].path, STATUS_PATH_MAX, "%s", paths[i]);
		fake->groups[i].id = 100 + i;
	}
	fake->groups[0].current_bytes = 120 * MIB;
	fake->groups[0].limit_bytes = UINT64_MAX;
	fake->groups[0].stalled_us = 1500;
	fake->groups[0].verdict =
		(struct verdict){.reason = VERDICT_LIMIT_NEAR, .refault_permyriad = 31};
	fake->groups[0].ledger = (struct ledger){.asked_bytes = MIB, .cpu_ns = NSEC_PER_SEC + 1};
	fake->groups[3].ledger.asked_bytes = 2 * MIB;
	fake->groups[4].wish.most_bytes = MIB;
	fake->nodes[0] = (struct node_status){
		.node = 0,
		.answered = true,
		.free_bytes = 512 * MIB,
		.verdict = {.reason = VERDICT_ROOM_ENOUGH, .room_bytes = 504 * MIB},
		.ledger = {.actions = 9},
		.groups_ledger = {.actions = 7},
		.groups_seen = 10,
		.n_groups = ARRAY_SIZE(fake->groups),
		.groups = fake->groups,
	};
	fake->nodes[1] = (struct node_status){.node = 2, .n_groups = 1, .groups = fake->groups};
	fake->status = (struct agent_status){
		.uptime_ns = 5 * NSEC_PER_SEC,
		.version = "0.1\"",
		.degraded = {"no swap", "no PSI"},
		.hands_stuck = 2,
		.hands_lost = 5,
		.n_nodes = 2,
		.nodes = fake->nodes,
	};
}

static char *write_text(const struct fake *fake, size_t groups_max)
{
	char *text = NULL;
	size_t n = 0;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	assert_int_equal(metrics_write(&fake->status, groups_max, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Whole lines. */
static bool has_line(const char *text, const char *line)
{
	for (const char *found = text; (found = strstr(found, line)); found++)
		if ((found == text || found[-1] == '\n') && found[strlen(line)] == '\n')
			return true;
	return false;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *found = text; (found = strstr(found, part)); found++)
		n++;
	return n;
}

static void test_values(void **state)
{
	static const char *const lines[] = {
		"uswapd_build_info{version=\"0.1\\\"\"} 1",
		"uswapd_uptime_seconds 5.000000000",
		"uswapd_acting 1",
		"uswapd_degradations 2",
		"uswapd_groups_left_out 1",
		"uswapd_stuck_requests 2",
		"uswapd_hands_lost_total 5",
		"uswapd_node_answered{node=\"0\"} 1",
		"uswapd_node_answered{node=\"2\"} 0",
		"uswapd_node_verdict{node=\"0\",reason=\"room-enough\"} 1",
		"# TYPE uswapd_node_free_bytes gauge",
		"uswapd_node_free_bytes{node=\"0\"} 536870912",
		"uswapd_node_room_bytes{node=\"0\"} 528482304",
		"uswapd_node_seen_groups{node=\"0\"} 10",
		"# TYPE uswapd_node_reclaim_requests_total counter",
		"uswapd_node_reclaim_requests_total{node=\"0\"} 9",
		"uswapd_node_groups_reclaim_requests_total{node=\"0\"} 7",
		"uswapd_group_current_bytes{group=\"/a/b\"} 125829120",
		"uswapd_group_limit_bytes{group=\"/a/b\"} +Inf",
		"uswapd_group_stalled_seconds_total{group=\"/a/b\"} 0.001500",
		"uswapd_group_refault_ratio{group=\"/a/b\"} 0.0031",
		"uswapd_group_reclaim_cpu_seconds_total{group=\"/a/b\"} 1.000000001",
		"uswapd_group_verdict{group=\"/a/b\",reason=\"limit-near\"} 1",
		"uswapd_group_current_bytes{group=\"/\"} 0",
		"uswapd_group_current_bytes{group=\"...cut\"} 0",
	};
	_cleanup_free_ char *text = NULL;
	struct fake fake;

	(void)state;
	fake_init(&fake);
	text = write_text(&fake, 100);
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		if (!has_line(text, lines[i]))
			fail_msg("no line: %s\n%s", lines[i], text);
	/* A node that did not answer has no values and no groups. */
	assert_int_equal(count(text, "{node=\"2\""), 1);
	assert_int_equal(count(text, "# EOF\n"), 1);
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	fake.status.observes = true;
	free(text);
	text = write_text(&fake, 100);
	assert_true(has_line(text, "uswapd_acting 0"));
	fake.status.observes = false;
	fake.status.paused = true;
	free(text);
	text = write_text(&fake, 100);
	assert_true(has_line(text, "uswapd_acting 0"));
}

/* One of them would make a reader refuse all the rest. */
static void test_names_that_look_alike(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct fake fake;

	(void)state;
	fake_init(&fake);
	text = write_text(&fake, 100);
	assert_int_equal(count(text, "\nuswapd_group_reclaim_asked_bytes_total{"), 4);
	/* The one that more was asked of stays. */
	assert_true(has_line(text, "uswapd_group_reclaim_asked_bytes_total{"
				   "group=\"/x\\\\x0a\\\"\\\\\\\\xff\"} 2097152"));
}

static void test_bounded(void **state)
{
	static const struct {
		size_t max, shown;
		const char *left_out;
	} rows[] = {
		{0, 0, "uswapd_groups_left_out 5"},
		{1, 1, "uswapd_groups_left_out 4"},
		{3, 3, "uswapd_groups_left_out 2"},
		{5, 4, "uswapd_groups_left_out 1"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		struct fake fake;

		fake_init(&fake);
		text = write_text(&fake, rows[i].max);
		assert_int_equal(count(text, "\nuswapd_group_current_bytes{"), rows[i].shown);
		assert_true(has_line(text, rows[i].left_out));
		/* Asked for most, asked for, wished from most: those first. */
		assert_int_equal(count(text, "\nuswapd_group_current_bytes{group=\"/x"),
				 rows[i].max >= 1);
		assert_int_equal(count(text, "\nuswapd_group_current_bytes{group=\"/a/b"),
				 rows[i].max >= 2);
		assert_int_equal(count(text, "\nuswapd_group_current_bytes{group=\"...cut"),
				 rows[i].max >= 3);
	}
}

static void test_labels(void **state)
{
	static const struct {
		size_t size;
		const char *name, *label;
	} rows[] = {
		{64, "", ""},
		{64, "/a-b_c.service", "/a-b_c.service"},
		{64, "a\"b", "a\\\"b"},
		{64, "dev-\\x2d", "dev-\\\\x2d"},
		{64, "a\nb\x1b\x7f\xc3\xa4", "a\\\\x0ab\\\\x1b\\\\x7f\\\\xc3\\\\xa4"},
		{5, "abcdef", "abcd"},
		{5, "abc\"", "abc"}, /* never half an escape */
		{6, "abc\"", "abc\\\""},
		{1, "a", ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char label[64];

		assert_string_equal(metrics_label(label, rows[i].size, rows[i].name),
				    rows[i].label);
	}
}

/* Errors of the format, and what Prometheus' conventions have against a name. */
static void test_promtool(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct fake fake;
	FILE *checker;

	(void)state;
	if (system("command -v promtool >/dev/null") != 0) {
		print_message("skipped: promtool (Debian's prometheus) is not installed\n");
		skip();
	}
	fake_init(&fake);
	text = write_text(&fake, 100);
	checker = popen("promtool check metrics", "we");
	assert_non_null(checker);
	assert_true(fputs(text, checker) >= 0);
	assert_int_equal(pclose(checker), 0);
}

static void test_full_disk(void **state)
{
	FILE *full = fopen("/dev/full", "we");
	struct fake fake;

	(void)state;
	assert_non_null(full);
	fake_init(&fake);
	assert_int_equal(setvbuf(full, NULL, _IONBF, 0), 0);
	assert_int_equal(metrics_write(&fake.status, 1, full), -EIO);
	(void)fclose(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),	 cmocka_unit_test(test_names_that_look_alike),
		cmocka_unit_test(test_bounded),	 cmocka_unit_test(test_labels),
		cmocka_unit_test(test_promtool), cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
