/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JUnit XML, as its many readers have agreed on it: testsuite, testcase, failure, skipped,
 * system-out.
 */
#include "stress/scenario/outcome.h"

#include "base/clock.h"
#include "stress/scenario/markup.h"

#include <errno.h>
#include <inttypes.h>

static void put_seconds(uint64_t ns, FILE *to)
{
	(void)fprintf(to, " time=\"%" PRIu64 ".%03" PRIu64 "\"", ns / NSEC_PER_SEC,
		      ns % NSEC_PER_SEC / NSEC_PER_MSEC);
}

static int put_figure(const struct outcome_figure *figure, FILE *to)
{
	int r = markup_put(figure->passed ? "ok " : "FAILED ", figure->name, "", to);

	r = r < 0 ? r : markup_put(": measured ", figure->measured, "", to);
	r = r < 0 ? r : markup_put(", expected ", figure->expected, "", to);
	r = r < 0 ? r : markup_put(", error ", figure->error, "", to);
	r = r < 0 ? r : markup_put(", tolerance ", figure->tolerance, "", to);
	r = r < 0 ? r : markup_put(" (", figure->because, ")", to);
	r = r < 0 ? r : markup_put(", ", figure->spread, "", to);
	r = r < 0 ? r : markup_put(", from ", figure->from, "", to);
	r = r < 0 ? r : markup_put(", samples ", figure->samples, "", to);
	(void)fputc('\n', to);
	return r;
}

static const char *first_failed(const struct outcome *outcome)
{
	for (size_t i = 0; i < outcome->n_figures; i++)
		if (!outcome->figures[i].passed)
			return outcome->figures[i].name;
	return "failed";
}

static int put_kind(const struct outcome *outcome, FILE *to)
{
	const char *reason = outcome->reason ? outcome->reason : first_failed(outcome);

	switch (outcome->kind) {
	case OUTCOME_FAILED:
		return markup_put("    <failure message=\"", reason, "\"/>\n", to);
	case OUTCOME_XPASSED:
		return markup_put(
			"    <failure message=\"passed although it was expected to fail: ",
			outcome->reason ? outcome->reason : "", "\"/>\n", to);
	case OUTCOME_SKIPPED:
		return markup_put("    <skipped message=\"", outcome->reason ? outcome->reason : "",
				  "\"/>\n", to);
	case OUTCOME_XFAILED:
		return markup_put("    <skipped message=\"failed as expected: ",
				  outcome->reason ? outcome->reason : "", "\"/>\n", to);
	default:
		return 0;
	}
}

static int put_outcome(const char *suite, const struct outcome *outcome, FILE *to)
{
	int r = markup_put("  <testcase classname=\"", suite, "\"", to);

	r = r < 0 ? r : markup_put(" name=\"", outcome->name, "\"", to);
	r = r < 0 ? r : markup_put(" file=\"", outcome->file, "\"", to);
	put_seconds(outcome->duration_ns, to);
	(void)fputs(">\n", to);
	r = r < 0 ? r : put_kind(outcome, to);
	(void)fputs("    <system-out>", to);
	for (size_t i = 0; i < outcome->n_figures && r == 0; i++)
		r = put_figure(&outcome->figures[i], to);
	if (outcome->n_runs > 1)
		(void)fprintf(to, "%zu of %zu runs were good\n", outcome->n_good, outcome->n_runs);
	r = r < 0 ? r : markup_put("repeat: ", outcome->repeat, "\n", to);
	(void)fputs("</system-out>\n  </testcase>\n", to);
	return r;
}

int outcome_write_junit(const char *suite, const struct outcome *outcomes, size_t n, FILE *to)
{
	size_t failed = 0, skipped = 0;
	uint64_t duration_ns = 0;
	int r;

	for (size_t i = 0; i < n; i++) {
		failed += !outcome_is_good(outcomes[i].kind);
		skipped += outcomes[i].kind == OUTCOME_SKIPPED ||
			   outcomes[i].kind == OUTCOME_XFAILED;
		duration_ns += outcomes[i].duration_ns;
	}
	r = markup_put("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"", suite,
		       "\"", to);
	(void)fprintf(to, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\"", n, failed,
		      skipped);
	put_seconds(duration_ns, to);
	(void)fputs(">\n", to);
	for (size_t i = 0; i < n && r == 0; i++)
		r = put_outcome(suite, &outcomes[i], to);
	(void)fputs("</testsuite>\n", to);
	if (r < 0)
		return r;
	return fflush(to) == 0 && !ferror(to) ? 0 : -EIO;
}
