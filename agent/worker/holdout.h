/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's part in the hold-out: draws a lot for each of its groups, and for its node, at each
 * window's beginning, measures the window at its end, and sees what looking after them does.
 */
#pragma once

#include "agent/account/effect.h"
#include "agent/policy/verdict.h"

struct group;
struct worker;

/* What looking after groups does for them, or after the node. */
struct worker_holdout {
	uint64_t seed;
	struct effect_log log;
	struct effect effects[EFFECT_SIGNALS];
	size_t stale;		 /* so many of the effects are not of the log as it is */
	enum effect_signal next; /* the oldest of them */
	bool searching;		 /* for that one */
	struct effect_search search;
	bool harmful;		 /* headroom and trim have stopped, or balance */
	enum effect_signal harm; /* the signal that showed it */
};

void worker_holdout(struct worker *worker, uint64_t now_ns);

/* Its lot, or harm that was found, says that the group is left alone. */
bool worker_leaves_alone(const struct worker *worker, const struct group *group);

/* The same of the node: what would act on it then does not. */
void worker_leave_node_alone(struct worker *worker, struct verdict *verdict);
/* Tasks stall: if the node was left alone, it is no longer in this window. */
void worker_node_stalled(struct worker *worker);
