/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's part in trimming: looks at all its groups at every interval, has steps taken by the
 * pager, where processes are cold beyond doubt, and by the hand when neither headroom nor balance
 * wants it, and takes in what came of them.
 */
#pragma once

#include "agent/account/ledger.h"
#include "agent/act/backend.h"
#include "agent/damon/reclaim.h"
#include "agent/sense/machine.h"
#include "agent/worker/shared.h"
#include "agent/worker/target.h"

struct group;
struct worker;

/* Trimming of all its groups. */
struct worker_trim {
	uint64_t due_ns; /* the next round */
	struct machine_counters machine;
	size_t n_triggers; /* PSI triggers that are open */
	int ages_fd;	   /* -1: ages are not to be had */
	uint64_t ages_due_ns;
	struct damon_reclaim damon_reclaim;
	bool damon_takes; /* as of this round */
};

/* The group is to be trimmed: it holds memory of its own, and trimming is wanted. */
bool group_is_trimmed(const struct group *group);

/* When the next round is due; UINT64_MAX: never. */
uint64_t worker_trim_due_ns(const struct worker *worker);
void worker_trim(struct worker *worker, uint64_t now_ns);

/* The largest step that waits for him; NULL: none. */
struct group *worker_trim_next(struct worker *worker, enum asker taker);

/* Takes in what a piece of a step brought. */
void worker_trim_account(struct worker *worker, struct group *group, const struct request *request,
			 int error, const struct taken *taken, uint64_t now_ns);

/* So much of a step was paged out. */
void worker_trim_paged_out(struct worker *worker, struct group *group, uint64_t applied_bytes);

/* The group's PSI trigger fired: what is left of the step is not taken. */
void worker_trim_stalled(struct worker *worker, struct group *group, uint64_t now_ns);

/* The group is no longer watched. */
void worker_trim_forget(struct worker *worker, struct group *group);
