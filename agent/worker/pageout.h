/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's part in paging out: while its node or one of its groups wants memory, or a step of
 * trim waits, has one group after another looked through for processes that are cold beyond doubt,
 * and takes in what came of it. The looking and the calls are the pager's.
 */
#pragma once

#include "agent/worker/shared.h"
#include "agent/worker/swap.h"

struct group;
struct worker;

/* Paging out: one group asked at a time, round after round while memory is wanted. */
struct pageout_round {
	int slot;	     /* of the pager; -1: nothing is under way */
	struct group *asked; /* NULL: gone */
	uint64_t asked_id;
	bool dry;			      /* what is under way takes nothing */
	struct group *group;		      /* that wants the memory; NULL: the node */
	bool for_step;			      /* of trim, of that group */
	size_t at;			      /* index of the next group to ask */
	uint64_t applied_bytes, chosen_bytes; /* of this round */
	bool store_known;
	struct swap_store store; /* before it was asked */
	struct swap_mark swap_mark;
	uint64_t wait_ns, due_ns; /* steps have their own */
};

/*
 * What the pager is at ends with its next piece: it may no longer be done, or not as it was asked
 * for. What it has done is taken in as ever.
 */
void worker_pageout_cancel(struct worker *worker);
/* The same, when what the group claims counts for what is being paged out: it is looked at anew. */
void worker_pageout_limits_changed(struct worker *worker, const struct group *group);

/* Takes in what is done, and asks for the next group when policy wants memory. */
void worker_pageout(struct worker *worker, uint64_t now_ns);

/*
 * Who a step of the group's cold memory is for first: what is cold beyond doubt goes before what
 * only seems to be. The hand takes what the pager does not find, or does not come to.
 */
enum asker worker_pageout_first(const struct worker *worker, const struct group *group,
				uint64_t now_ns);

/* The pager is at a step of the group. */
bool worker_pageout_is_at_step(const struct worker *worker, const struct group *group);

/* The group is let go. */
void worker_pageout_forget(struct worker *worker, const struct group *group);
