/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How scenarios went: for other programs as TAP 14 (testanything.org) and JUnit XML, for people as
 * HTML. Titles, names and reasons may hold any bytes: names of groups
 * are hostile input. Every figure is told with its error and tolerance, on success too.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum outcome_kind {
	OUTCOME_PASSED,
	OUTCOME_FAILED,
	OUTCOME_SKIPPED, /* this machine can't; the reason says why */
	OUTCOME_XFAILED, /* failed, as was expected here; the reason says why */
	OUTCOME_XPASSED, /* passed although it was expected to fail: counts as failed */
};

/* One expectation. Texts as people read them: "51.2 MiB". */
struct outcome_figure {
	const char *name;
	bool passed;
	const char *measured, *expected, *error, *tolerance;
	const char *because; /* the reason of the tolerance; NULL: none */
	const char *spread;  /* of what was measured in several runs; NULL: there was one */
	const char *from;    /* the files it was measured in */
	const char *file;    /* where it is expected, and the line; NULL: nowhere */
	unsigned int line;
	const char *samples; /* around the moment it was judged; NULL: none */
};

struct outcome {
	enum outcome_kind kind;
	const char *name; /* of the scenario */
	const char *file;
	const char *reason; /* NULL: none */
	const char *repeat; /* a command line that repeats it; NULL: none */
	size_t n_runs, n_good;
	uint64_t duration_ns; /* of all runs */
	size_t n_figures;
	const struct outcome_figure *figures;
};

/* "passed", "failed", "skipped", "failed as expected", "passed unexpectedly" */
const char *outcome_kind_name(enum outcome_kind kind);

bool outcome_is_good(enum outcome_kind kind);

/*
 * The first line and the plan, of nothing (0) with the reason; then the outcomes, from number 1, as
 * they come; and where no more will come, why. 0, -EIO.
 */
int outcome_begin_tap(size_t n, const char *why_none, FILE *to);
int outcome_write_tap(const struct outcome *outcome, size_t number, FILE *to);
int outcome_bail_tap(const char *why, FILE *to);

/* 0, -EIO, -ENOMEM. */
int outcome_write_junit(const char *suite, const struct outcome *outcomes, size_t n, FILE *to);

/* A page for people, which needs nothing else. 0, -EIO, -ENOMEM. */
int outcome_write_html(const struct outcome *outcomes, size_t n, FILE *to);

/* 0: all is well; 1: something failed; 77: all there was, was skipped (nothing, too). */
int outcome_exit_status(const struct outcome *outcomes, size_t n);
