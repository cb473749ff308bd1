/* SPDX-License-Identifier: Apache-2.0 */
/* What runs under several agents come to, whose turn it is, and how it is told. */
#include "stress/compare/compare.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

#define MIB (INT64_C(1) << 20)

static void note(struct score_table *table, size_t agent, size_t run, int64_t work,
		 int64_t available)
{
	struct score score = {{[SCORE_WORK] = work, [SCORE_AVAILABLE] = available}};

	score_table_note(table, agent, run, &score);
}

/* Three runs of two agents; the second one's last failed. */
static void fill(struct score_table *table)
{
	assert_int_equal(score_table_make(table, 2, 3), 0);
	note(table, 0, 0, 100, 10 * MIB);
	note(table, 0, 1, 300, 30 * MIB);
	note(table, 0, 2, 200, 20 * MIB);
	note(table, 1, 0, 90, 40 * MIB);
	note(table, 1, 1, 310, 31 * MIB);
}

static void test_spread(void **state)
{
	struct score_table table;
	struct score_spread spread;

	(void)state;
	fill(&table);
	assert_int_equal(score_spread_of(&table, 0, SCORE_WORK, &spread), 0);
	assert_int_equal(spread.n, 3);
	assert_int_equal(spread.least, 100);
	assert_int_equal(spread.middle, 200);
	assert_int_equal(spread.greatest, 300);
	/* Of two the lower one, and nothing of the run that failed. */
	assert_int_equal(score_spread_of(&table, 1, SCORE_WORK, &spread), 0);
	assert_int_equal(spread.n, 2);
	assert_int_equal(spread.middle, 90);
	assert_int_equal(spread.greatest, 310);
	score_table_free(&table);
	/* Nobody ran. */
	assert_int_equal(score_table_make(&table, 1, 2), 0);
	assert_int_equal(score_spread_of(&table, 0, SCORE_CPU, &spread), 0);
	assert_int_equal(spread.n, 0);
	score_table_free(&table);
}

/* Repetitions are compared with one another, not medians. */
static void test_gain(void **state)
{
	struct score_table table;
	struct score_spread gain;

	(void)state;
	fill(&table);
	assert_int_equal(score_gain_of(&table, 1, SCORE_AVAILABLE, &gain), 0);
	assert_int_equal(gain.n, 2);
	assert_int_equal(gain.least, 1 * MIB);
	assert_int_equal(gain.greatest, 30 * MIB);
	assert_int_equal(score_gain_of(&table, 1, SCORE_WORK, &gain), 0);
	assert_int_equal(gain.least, -10);
	assert_int_equal(gain.greatest, 10);
	/* A repetition in which the first one failed compares nothing. */
	table.ran[0] = false;
	assert_int_equal(score_gain_of(&table, 1, SCORE_WORK, &gain), 0);
	assert_int_equal(gain.n, 1);
	assert_int_equal(gain.middle, 10);
	score_table_free(&table);
}

/* Each agent has every place in the order. */
static void test_turns(void **state)
{
	bool seen[3][3] = {{false}};

	(void)state;
	for (size_t i = 0; i < 3; i++)
		for (size_t turn = 0; turn < 3; turn++)
			seen[compare_turn(3, i, turn)][turn] = true;
	for (size_t i = 0; i < 9; i++)
		assert_true(seen[i / 3][i % 3]);
}

static void test_cpu(void **state)
{
	uint64_t ticks = 0;

	(void)state;
	assert_int_equal(
		score_cpu_ticks("cpu  100 20 3 9999 777 5 6 50 40 30\ncpu0 1 1 1 1 1 1 1\n",
				&ticks),
		0);
	assert_int_equal(ticks, 134);
	assert_int_equal(score_cpu_ticks("cpu0 1 1 1 1 1 1 1\n", &ticks), -EBADMSG);
	assert_int_equal(score_cpu_ticks("cpu  1 2 3\n", &ticks), -EBADMSG);
	assert_int_equal(score_cpu_ticks("", &ticks), -EBADMSG);
	assert_int_equal(ticks, 134);
}

static char *written(const struct comparison *comparison,
		     int (*write_to)(const struct comparison *, FILE *))
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	assert_int_equal(write_to(comparison, to), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

static void test_reports(void **state)
{
	struct scenario scenario = {.title = ""};
	struct contender contenders[3] = {
		{.rival = {.name = "none"}, .scenario = &scenario, .n_runs = 3},
		{.rival = {.name = "<b>"},
		 .scenario = &scenario,
		 .n_runs = 3,
		 .n_failed = 1,
		 .words = "was & killed"},
		{.rival = {.name = "oomd"}, .scenario = &scenario, .absent = true, .words = "gone"},
	};
	struct comparison comparison = {
		.path = "f", .repeat = 3, .seed = 7, .n = 3, .contenders = contenders};
	_cleanup_free_ char *text = NULL, *json = NULL, *html = NULL;
	json_auto_t *root = NULL;
	json_int_t median;
	const char *agent;
	int failed, skipped;

	(void)state;
	assert_int_equal(score_table_make(&comparison.table, 3, 3), 0);
	note(&comparison.table, 0, 0, 100, 10 * MIB);
	note(&comparison.table, 1, 0, 90, 40 * MIB);
	text = written(&comparison, comparison_write_text);
	assert_non_null(strstr(text, "<b>: 1 of 3 runs failed: was & killed\n"));
	assert_non_null(strstr(text, "oomd: skipped: gone\n"));
	assert_non_null(strstr(text, "         100  100 .. 100"));
	assert_non_null(strstr(text, "          90  90 .. 90                 -10\n"));
	assert_non_null(strstr(text, "40.0 MiB .. 40.0 MiB     +30.0 MiB\n"));
	assert_non_null(strstr(text, "\n  oomd  "));

	json = written(&comparison, comparison_write_json);
	root = json_loads(json, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_unpack(root, "{s:[{},{s:s,s:i,s:{s:{s:{s:I}}}},{s:b}]}", "agents",
				     "agent", &agent, "failed", &failed, "figures", "available",
				     "more_than_first", "median", &median, "skipped", &skipped),
			 0);
	assert_string_equal(agent, "<b>");
	assert_int_equal(failed, 1);
	assert_int_equal(median, 30 * MIB);
	assert_true(skipped);

	html = written(&comparison, comparison_write_html);
	assert_null(strstr(html, "<b>"));
	assert_non_null(strstr(html, "&lt;b&gt;: failed: was &amp; killed</p>"));
	assert_non_null(strstr(html, "<td class=\"large\">40.0 MiB</td>"));
	score_table_free(&comparison.table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spread),	cmocka_unit_test(test_gain),
		cmocka_unit_test(test_turns),	cmocka_unit_test(test_cpu),
		cmocka_unit_test(test_reports),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
