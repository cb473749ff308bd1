/* SPDX-License-Identifier: Apache-2.0 */
/* `uswap-stress compare`: one scenario under several agents, in turn, and what each came to. */
#pragma once

#include "base/log.h"
#include "stress/check/trial.h"
#include "stress/compare/rival.h"
#include "stress/compare/score.h"

/* One agent and how its runs went. */
struct contender {
	struct rival rival;
	struct scenario *scenario; /* with it in the place of the scenario's own */
	size_t n_runs, n_failed;
	bool absent;		       /* or the scenario can't be run with it */
	char words[TRIAL_WORDS_BYTES]; /* why it is absent, or why the first run failed */
};

struct comparison {
	const char *path; /* of the scenario */
	uint64_t repeat, seed;
	size_t n;
	struct contender *contenders;
	struct score_table table;
};

/* words: what followed `compare`. Exit status and *ret_signal as of check_command. */
int compare_command(char **words, int n, const struct trial_ground *ground, const struct log *log,
		    int *ret_signal);

/* compare_report.c. 0, -EIO, -ENOMEM. */
int comparison_write_text(const struct comparison *comparison, FILE *to);
/* {"format": "uswap-compare/1", ...} */
int comparison_write_json(const struct comparison *comparison, FILE *to);
int comparison_write_html(const struct comparison *comparison, FILE *to);

/* Which agent has the turn: each repetition begins with another one. Pure. */
size_t compare_turn(size_t n_agents, size_t repetition, size_t turn);
