/* SPDX-License-Identifier: Apache-2.0 */
/* What was expected and measured, in words for people. */
#pragma once

#include "stress/check/trial.h"
#include "stress/scenario/outcome.h"

#include <stddef.h>
#include <stdint.h>

#define FIGURE_TEXT_BYTES    96
#define FIGURE_SAMPLES_BYTES (TRIAL_SAMPLES * 16)

/* One expectation of one trial. Lives longer than the trial. */
struct figure {
	char name[STRESS_NAME_MAX];
	bool passed;
	enum formula_kind kind;
	int64_t value; /* measured; only where there is a verdict */
	bool has_value;
	char measured[SOURCES_WORDS_BYTES];
	char expected[2 * FIGURE_TEXT_BYTES], error[FIGURE_TEXT_BYTES],
		tolerance[FIGURE_TEXT_BYTES];
	const char *because; /* the scenario's; NULL: none */
	/* Where it is expected, and what it is measured in: "memory.stat:anon(A)". */
	struct job_place place;
	char from[SOURCES_WORDS_BYTES];
	/* "1.0 MiB, 2.0 MiB | 2.0 MiB": what it was before and after it was judged. */
	char samples[FIGURE_SAMPLES_BYTES];
};

/* "51.2 MiB", "3.0 s", "2.50%", "12", "max". Returns text. */
char *figure_value(char *text, size_t n, enum formula_kind kind, int64_t value);

/* Expectations that were judged, and those that could not be read: *ret_n of them. -ENOMEM. */
int figures_of(const struct trial *trial, struct figure **ret_figures, size_t *ret_n);
