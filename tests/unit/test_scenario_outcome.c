/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/scenario/outcome.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

static char *tap(const struct outcome *outcomes, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	assert_int_equal(outcome_begin_tap(n, "nothing # here", to), 0);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(outcome_write_tap(&outcomes[i], i + 1, to), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

static char *junit(const struct outcome *outcomes, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	assert_int_equal(outcome_write_junit("scenarios", outcomes, n, to), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

static char *html(const struct outcome *outcomes, size_t n)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	assert_non_null(to);
	assert_int_equal(outcome_write_html(outcomes, n, to), 0);
	assert_int_equal(fclose(to), 0);
	return text;
}

static const struct outcome_figure figures[] = {
	{.name = "charged",
	 .passed = true,
	 .measured = "51 MiB",
	 .expected = "50 MiB",
	 .error = "1 MiB",
	 .tolerance = "3 MiB",
	 .because = "page tables"},
	{.name = "killed",
	 .passed = false,
	 .measured = "0",
	 .expected = "1",
	 .error = "1",
	 .tolerance = "0",
	 .from = "load:signal(hog)",
	 .file = "b.scenario",
	 .line = 30,
	 .samples = "0, 0 | 9"},
};

static const struct outcome all_kinds[] = {
	{.kind = OUTCOME_PASSED,
	 .name = "current",
	 .file = "a.scenario",
	 .duration_ns = 1234567890,
	 .n_figures = 1,
	 .figures = figures},
	{.kind = OUTCOME_FAILED,
	 .name = "oom",
	 .file = "b.scenario",
	 .repeat = "again --seed 7",
	 .n_figures = 2,
	 .figures = figures},
	{.kind = OUTCOME_SKIPPED, .name = "swap", .file = "c.scenario", .reason = "no swap here"},
	{.kind = OUTCOME_XFAILED, .name = "peak", .file = "d.scenario", .reason = "before 6.12"},
	{.kind = OUTCOME_XPASSED, .name = "min", .file = "e.scenario", .reason = "bug 5"},
};

static void test_tap(void **state)
{
	_cleanup_free_ char *text = tap(all_kinds, 5), *none = tap(NULL, 0);

	(void)state;
	assert_string_equal(text, "TAP version 14\n"
				  "1..5\n"
				  "ok 1 - current\n"
				  "  ---\n"
				  "  file: \"a.scenario\"\n"
				  "  duration_ms: 1234\n"
				  "  figures:\n"
				  "    - name: \"charged\"\n"
				  "      passed: true\n"
				  "      measured: \"51 MiB\"\n"
				  "      expected: \"50 MiB\"\n"
				  "      error: \"1 MiB\"\n"
				  "      tolerance: \"3 MiB\"\n"
				  "      because: \"page tables\"\n"
				  "  ...\n"
				  "not ok 2 - oom\n"
				  "  ---\n"
				  "  file: \"b.scenario\"\n"
				  "  duration_ms: 0\n"
				  "  repeat: \"again --seed 7\"\n"
				  "  figures:\n"
				  "    - name: \"charged\"\n"
				  "      passed: true\n"
				  "      measured: \"51 MiB\"\n"
				  "      expected: \"50 MiB\"\n"
				  "      error: \"1 MiB\"\n"
				  "      tolerance: \"3 MiB\"\n"
				  "      because: \"page tables\"\n"
				  "    - name: \"killed\"\n"
				  "      passed: false\n"
				  "      measured: \"0\"\n"
				  "      expected: \"1\"\n"
				  "      error: \"1\"\n"
				  "      tolerance: \"0\"\n"
				  "      from: \"load:signal(hog)\"\n"
				  "      file: \"b.scenario\"\n"
				  "      line: 30\n"
				  "      samples: \"0, 0 | 9\"\n"
				  "  ...\n"
				  "ok 3 - swap # SKIP no swap here\n"
				  "  ---\n"
				  "  file: \"c.scenario\"\n"
				  "  duration_ms: 0\n"
				  "  ...\n"
				  "not ok 4 - peak # TODO before 6.12\n"
				  "  ---\n"
				  "  file: \"d.scenario\"\n"
				  "  duration_ms: 0\n"
				  "  ...\n"
				  "not ok 5 - min\n"
				  "  ---\n"
				  "  file: \"e.scenario\"\n"
				  "  duration_ms: 0\n"
				  "  message: \"passed although it was expected to fail: bug 5\"\n"
				  "  ...\n");
	assert_string_equal(none, "TAP version 14\n1..0 # SKIP nothing \\# here\n");
}

static void test_tap_cut_short(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(outcome_begin_tap(3, "", to), 0);
	assert_int_equal(outcome_bail_tap("stopped by\nInterrupt", to), 0);
	assert_int_equal(fclose(to), 0);
	assert_string_equal(text, "TAP version 14\n1..3\nBail out! stopped by\\\\x0aInterrupt\n");
}

static void test_junit(void **state)
{
	_cleanup_free_ char *text = junit(all_kinds, 5);

	(void)state;
	assert_string_equal(
		text, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		      "<testsuite name=\"scenarios\" tests=\"5\" failures=\"2\" errors=\"0\" "
		      "skipped=\"2\""
		      " time=\"1.234\">\n"
		      "  <testcase classname=\"scenarios\" name=\"current\" file=\"a.scenario\""
		      " time=\"1.234\">\n"
		      "    <system-out>ok charged: measured 51 MiB, expected 50 MiB, error 1 MiB,"
		      " tolerance 3 MiB (page tables)\n"
		      "</system-out>\n"
		      "  </testcase>\n"
		      "  <testcase classname=\"scenarios\" name=\"oom\" file=\"b.scenario\""
		      " time=\"0.000\">\n"
		      "    <failure message=\"killed\"/>\n"
		      "    <system-out>ok charged: measured 51 MiB, expected 50 MiB, error 1 MiB,"
		      " tolerance 3 MiB (page tables)\n"
		      "FAILED killed: measured 0, expected 1, error 1, tolerance 0,"
		      " from load:signal(hog), samples 0, 0 | 9\n"
		      "repeat: again --seed 7\n"
		      "</system-out>\n"
		      "  </testcase>\n"
		      "  <testcase classname=\"scenarios\" name=\"swap\" file=\"c.scenario\""
		      " time=\"0.000\">\n"
		      "    <skipped message=\"no swap here\"/>\n"
		      "    <system-out></system-out>\n"
		      "  </testcase>\n"
		      "  <testcase classname=\"scenarios\" name=\"peak\" file=\"d.scenario\""
		      " time=\"0.000\">\n"
		      "    <skipped message=\"failed as expected: before 6.12\"/>\n"
		      "    <system-out></system-out>\n"
		      "  </testcase>\n"
		      "  <testcase classname=\"scenarios\" name=\"min\" file=\"e.scenario\""
		      " time=\"0.000\">\n"
		      "    <failure message=\"passed although it was expected to fail: bug 5\"/>\n"
		      "    <system-out></system-out>\n"
		      "  </testcase>\n"
		      "</testsuite>\n");
}

/* Everything that is in the other two is on the page; what failed is unfolded. */
static void test_html(void **state)
{
	static const char *const there[] = {
		"<p>5 scenarios, 2 failed.</p>",
		"<details class=\"card\"><summary><span class=\"badge ok\">passed</span> current",
		"<details class=\"card\" open><summary><span class=\"badge failed\">failed</span> "
		"oom",
		"<span class=\"of-run\">1.2 s</span>",
		"<pre>again --seed 7</pre>",
		"<p>no swap here</p>",
		"<tr><th>charged</th><td>51 MiB</td><td>50 MiB</td><td>1 MiB</td><td>3 MiB</td>"
		"<td></td><td></td></tr>",
		"FAILED killed</th><td>0</td><td>1</td>",
		"Samples: 0, 0 | 9<",
		"Because: page tables<",
	};
	static const struct outcome hostile = {
		.kind = OUTCOME_FAILED, .name = "</summary><script>", .file = "f", .reason = "<b>"};
	_cleanup_free_ char *text = html(all_kinds, 5), *escaped = html(&hostile, 1);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(there); i++)
		if (!strstr(text, there[i]))
			fail_msg("%s is not in\n%s", there[i], text);
	assert_null(strstr(escaped, "<script>"));
	assert_non_null(strstr(escaped, "<p>&lt;b&gt;</p>"));
	assert_non_null(strstr(escaped, "</body>\n</html>\n"));
}

static void test_hostile_names(void **state)
{
	static const struct {
		const char *name, *tap, *xml;
	} rows[] = {
		{"a # SKIP b", "not ok 1 - a \\# SKIP b\n", "name=\"a # SKIP b\""},
		{"a\nok 2 - b", "not ok 1 - a\\\\x0aok 2 - b\n", "name=\"a\\x0aok 2 - b\""},
		{"a\\", "not ok 1 - a\\\\\n", "name=\"a\\\""},
		{"a\\#", "not ok 1 - a\\\\\\#\n", "name=\"a\\#\""},
		{"\x1b[31m", "not ok 1 - \\\\x1b[31m\n", "name=\"\\x1b[31m\""},
		{"<b>&\"'", "not ok 1 - <b>&\"'\n", "name=\"&lt;b&gt;&amp;&quot;'\""},
		{"]]>", "not ok 1 - ]]>\n", "name=\"]]&gt;\""},
		{"\xe2\x89\xa5", "not ok 1 - \\\\xe2\\\\x89\\\\xa5\n", "name=\"\xe2\x89\xa5\""},
		{"\xff\xc0", "not ok 1 - \\\\xff\\\\xc0\n", "name=\"\\xff\\xc0\""},
		{"\xef\xbf\xbf", "not ok 1 - \\\\xef\\\\xbf\\\\xbf\n", "name=\"\\xef\\xbf\\xbf\""},
		{"\x7f", "not ok 1 - \\\\x7f\n", "name=\"\\x7f\""},
		{"", "not ok 1 - \n", "name=\"\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct outcome outcome = {
			.kind = OUTCOME_FAILED, .name = rows[i].name, .file = rows[i].name};
		_cleanup_free_ char *as_tap = tap(&outcome, 1), *as_xml = junit(&outcome, 1);

		if (!strstr(as_tap, rows[i].tap) || !strstr(as_xml, rows[i].xml))
			fail_msg("row %zu:\n%s%s", i, as_tap, as_xml);
	}
}

static void test_hostile_reasons(void **state)
{
	static const char quotes[] = "a\"\n...\nok 9\t<x>";
	const struct outcome_figure figure = {.name = quotes,
					      .measured = quotes,
					      .expected = quotes,
					      .error = quotes,
					      .tolerance = quotes,
					      .because = quotes};
	const struct outcome outcome = {.kind = OUTCOME_FAILED,
					.name = "n",
					.file = quotes,
					.reason = quotes,
					.repeat = quotes,
					.n_figures = 1,
					.figures = &figure};
	const struct outcome skipped = {
		.kind = OUTCOME_SKIPPED, .name = "n", .file = "f", .reason = "\n# TODO"};
	_cleanup_free_ char *as_tap = tap(&outcome, 1), *as_xml = junit(&outcome, 1),
			    *skip = tap(&skipped, 1);

	(void)state;
	assert_null(strstr(as_tap, "\n...\n"));
	assert_null(strstr(as_tap, "\nok 9"));
	assert_non_null(strstr(as_tap, "  message: \"a\\\"\\x0a...\\x0aok 9\\x09<x>\"\n"));
	assert_null(strstr(as_xml, "<x>"));
	assert_non_null(
		strstr(as_xml, "<failure message=\"a&quot;\\x0a...\\x0aok 9\\x09&lt;x&gt;\"/>"));
	assert_non_null(strstr(skip, "ok 1 - n # SKIP \\\\x0a\\# TODO\n"));
}

static void test_full_disk(void **state)
{
	_cleanup_(fclosep) FILE *full = fopen("/dev/full", "we"), *also = fopen("/dev/full", "we");
	_cleanup_(fclosep) FILE *third = fopen("/dev/full", "we");

	(void)state;
	assert_non_null(full);
	assert_non_null(also);
	assert_non_null(third);
	assert_int_equal(outcome_begin_tap(5, "", full), -EIO);
	assert_int_equal(outcome_write_tap(all_kinds, 1, full), -EIO);
	assert_int_equal(outcome_write_junit("s", all_kinds, 5, also), -EIO);
	assert_int_equal(outcome_write_html(all_kinds, 5, third), -EIO);
}

static void test_exit_status(void **state)
{
	(void)state;
	assert_int_equal(outcome_exit_status(all_kinds, 1), 0);
	assert_int_equal(outcome_exit_status(all_kinds, 2), 1);
	assert_int_equal(outcome_exit_status(all_kinds + 2, 1), 77);
	assert_int_equal(outcome_exit_status(all_kinds + 2, 2), 0);
	assert_int_equal(outcome_exit_status(all_kinds + 4, 1), 1);
	assert_int_equal(outcome_exit_status(NULL, 0), 77);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tap),	      cmocka_unit_test(test_tap_cut_short),
		cmocka_unit_test(test_junit),	      cmocka_unit_test(test_html),
		cmocka_unit_test(test_hostile_names), cmocka_unit_test(test_hostile_reasons),
		cmocka_unit_test(test_full_disk),     cmocka_unit_test(test_exit_status),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
