/* SPDX-License-Identifier: Apache-2.0 */
/* TAP 14. It goes to terminals, too: nothing but printable ASCII passes. */
#include "stress/scenario/outcome.h"

#include "base/clock.h"

#include <errno.h>
#include <inttypes.h>

static void put_byte(unsigned char c, const char *escaped, FILE *to)
{
	if (c < ' ' || c > '~') {
		(void)fprintf(to, "\\x%02x", c);
		return;
	}
	for (const char *e = escaped; *e; e++)
		if (c == (unsigned char)*e)
			(void)fputc('\\', to);
	(void)fputc(c, to);
}

/*
 * A description or a reason: a '#' would begin a directive. What is not printable is \\xNN: the
 * backslash itself is escaped in TAP, and a reader takes one off.
 */
static void put_plain(const char *text, FILE *to)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			(void)fputc('\\', to);
		put_byte((unsigned char)*text, "#\\", to);
	}
}

/* A double-quoted scalar of YAML, which knows \xNN itself. words need no escaping. */
static void put_yaml(const char *key, const char *words, const char *text, FILE *to)
{
	(void)fprintf(to, "%s: \"%s", key, words);
	for (; text && *text; text++)
		put_byte((unsigned char)*text, "\"\\", to);
	(void)fputs("\"\n", to);
}

static void put_figure(const struct outcome_figure *figure, FILE *to)
{
	put_yaml("    - name", "", figure->name, to);
	(void)fprintf(to, "      passed: %s\n", figure->passed ? "true" : "false");
	put_yaml("      measured", "", figure->measured, to);
	put_yaml("      expected", "", figure->expected, to);
	put_yaml("      error", "", figure->error, to);
	put_yaml("      tolerance", "", figure->tolerance, to);
	if (figure->because)
		put_yaml("      because", "", figure->because, to);
	if (figure->spread)
		put_yaml("      spread", "", figure->spread, to);
	if (figure->from)
		put_yaml("      from", "", figure->from, to);
	if (!figure->passed && figure->file) {
		put_yaml("      file", "", figure->file, to);
		(void)fprintf(to, "      line: %u\n", figure->line);
	}
	if (figure->samples)
		put_yaml("      samples", "", figure->samples, to);
}

static void put_details(const struct outcome *outcome, FILE *to)
{
	(void)fputs("  ---\n", to);
	put_yaml("  file", "", outcome->file, to);
	(void)fprintf(to, "  duration_ms: %" PRIu64 "\n", outcome->duration_ns / NSEC_PER_MSEC);
	if (outcome->n_runs > 1)
		(void)fprintf(to, "  runs: %zu\n  good: %zu\n", outcome->n_runs, outcome->n_good);
	if (outcome->kind == OUTCOME_XPASSED)
		put_yaml("  message", "passed although it was expected to fail: ", outcome->reason,
			 to);
	else if (outcome->kind == OUTCOME_FAILED && outcome->reason)
		put_yaml("  message", "", outcome->reason, to);
	if (outcome->repeat)
		put_yaml("  repeat", "", outcome->repeat, to);
	if (outcome->n_figures)
		(void)fputs("  figures:\n", to);
	for (size_t i = 0; i < outcome->n_figures; i++)
		put_figure(&outcome->figures[i], to);
	(void)fputs("  ...\n", to);
}

static int flush(FILE *to)
{
	return fflush(to) == 0 && !ferror(to) ? 0 : -EIO;
}

int outcome_begin_tap(size_t n, const char *why_none, FILE *to)
{
	(void)fprintf(to, "TAP version 14\n1..%zu", n);
	if (n == 0) {
		(void)fputs(" # SKIP ", to);
		put_plain(why_none, to);
	}
	(void)fputc('\n', to);
	return flush(to);
}

int outcome_bail_tap(const char *why, FILE *to)
{
	(void)fputs("Bail out! ", to);
	put_plain(why, to);
	(void)fputc('\n', to);
	return flush(to);
}

int outcome_write_tap(const struct outcome *outcome, size_t number, FILE *to)
{
	const char *directive = outcome->kind == OUTCOME_SKIPPED   ? " # SKIP "
				: outcome->kind == OUTCOME_XFAILED ? " # TODO "
								   : NULL;
	bool ok = outcome->kind == OUTCOME_PASSED || outcome->kind == OUTCOME_SKIPPED;

	(void)fprintf(to, "%sok %zu - ", ok ? "" : "not ", number);
	put_plain(outcome->name, to);
	if (directive) {
		(void)fputs(directive, to);
		put_plain(outcome->reason ? outcome->reason : "", to);
	}
	(void)fputc('\n', to);
	put_details(outcome, to);
	return flush(to);
}
