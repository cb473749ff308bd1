/* SPDX-License-Identifier: Apache-2.0 */
/* All runs of one scenario, taken together. */
#pragma once

#include "stress/check/common.h"
#include "stress/check/figures.h"
#include "stress/check/trial.h"
#include "stress/scenario/outcome.h"

/* One run. */
struct result_run {
	enum outcome_kind kind;
	char reason[2 * TRIAL_WORDS_BYTES]; /* "": none */
	size_t n_figures;
	struct figure *figures;
};

struct result {
	const struct scenario *scenario;
	const struct scenario_mutant *mutant; /* as that of its trials */
	const char *path;
	size_t n_runs;
	struct result_run *runs;
	uint64_t duration_ns;
	/* What outcome points to. */
	char *name, *repeat;
	char (*spreads)[FIGURE_TEXT_BYTES * 3];
	struct outcome_figure *figures;
	struct outcome outcome;
};

/* Takes the trial's figures as one more run. -ENOMEM. */
int result_add(struct result *result, const struct trial *trial);
/* One more run, which could not take place for want of what was to be there. -ENOMEM. */
int result_add_failure(struct result *result, const char *words);

/*
 * When all runs were added: the worst run's outcome, each figure with its spread over all runs, and
 * the command line that repeats them, with what was said for all scenarios. -ENOMEM.
 */
int result_conclude(struct result *result, const struct common_options *options);

void result_free(struct result *result);

/* Everything of every run, as {"format": "uswap-check/1", ...}. -errno. */
int results_write_json(const struct result *results, size_t n, FILE *to);
