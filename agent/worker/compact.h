/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free memory of the node in larger pieces, through nodeN/compact: a compaction may take seconds
 * and only a fatal signal ends it, so it has a hand of its own, which is ended for it: when it
 * takes too long, and when nothing may be asked of the kernel any more.
 */
#pragma once

#include "agent/act/hand.h"
#include "agent/policy/order.h"

struct worker;

/* Free memory in larger pieces. */
struct worker_compaction {
	struct order_want once; /* of uswapctl wake; order 0: nothing */
	uint64_t once_until_ns;
	bool once_reclaimed; /* what was missing for it */
	struct order_history history;
	enum order_reason reason; /* of the last look */
	uint64_t fitting_bytes;	  /* the same */
	uint64_t due_ns;
	int buddy_fd, compact_fd; /* -1: not there */
	struct hands hands;	  /* of its own: one that is stuck says nothing of swap */
	struct hand *hand;
	bool under_way;
	uint64_t end_ns; /* then it is ended */
	struct order_want begun_for;
	uint64_t before_bytes;
	uint64_t compactions, wall_ns, cpu_ns;
};

int worker_compact_open(struct worker *worker);
/* The node is back: its files are other ones. */
void worker_compact_reopen(struct worker *worker);
/* A compaction that is under way gets so long to end, and is then left behind. */
void worker_compact_close(struct worker *worker, uint64_t timeout_ns);

void worker_compact(struct worker *worker, uint64_t now_ns);
uint64_t worker_compact_due_ns(const struct worker *worker);

/* What is wanted now: what was asked for by uswapctl wake, or else by the configuration. */
struct order_want worker_order_want(const struct worker *worker);
