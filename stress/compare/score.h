/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one run of a scenario came to, and many of them under several agents: medians and spreads,
 * and how far each agent is from the first one in the same repetition. Pure.
 */
#pragma once

#include "stress/scenario/formula.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum score_key {
	SCORE_WORK,	 /* operations of all loads */
	SCORE_AVAILABLE, /* MemAvailable at the end; what zram and zswap take is taken off in it */
	SCORE_P99,	 /* of all touches of all loads */
	SCORE_P99_9,
	SCORE_STALL,	/* time some task of a group stood still for memory, sum of the groups */
	SCORE_REFAULTS, /* pages of the whole machine; so below */
	SCORE_WRITTEN,	/* to block devices, zram among them */
	SCORE_CPU,	/* of all processes and the kernel: tasks, kswapd, the agent */
	SCORE_TIME,	/* from the start to the end of the last step */
	SCORE_KEYS,
};

struct score_kind {
	const char *name, *help;
	enum formula_kind kind; /* what it counts in */
};
extern const struct score_kind score_kinds[SCORE_KEYS];

struct score {
	int64_t values[SCORE_KEYS];
};

/* All runs of all agents: score_at of agent a and repetition i. */
struct score_table {
	size_t n_agents, n_runs;
	struct score *scores; /* [a * n_runs + i] */
	bool *ran;	      /* same order; false: it was skipped or failed */
};

/* -ENOMEM. */
int score_table_make(struct score_table *table, size_t n_agents, size_t n_runs);
void score_table_free(struct score_table *table);
void score_table_note(struct score_table *table, size_t agent, size_t run,
		      const struct score *score);

struct score_spread {
	size_t n; /* runs; 0: the rest says nothing */
	int64_t least, middle, greatest;
};

/* middle: the median, the lower one of two. -ENOMEM. */
int score_spread_of(const struct score_table *table, size_t agent, enum score_key key,
		    struct score_spread *ret);

/* The same of what is more than agent 0 had in the same repetition, where both ran. -ENOMEM. */
int score_gain_of(const struct score_table *table, size_t agent, enum score_key key,
		  struct score_spread *ret);

/*
 * The first line of /proc/stat: clock ticks in which CPUs did something, guests and steal left out
 * (the former are in user). -EBADMSG.
 */
int score_cpu_ticks(const char *stat, uint64_t *ret_ticks);
