/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One way through the processes of a group: looks at each and at its mappings, and has paged out
 * what policy chooses, a bounded piece at a time. It stops when as much as was asked for has been
 * tried, and goes on from there when the same is asked again.
 */
#pragma once

#include "agent/act/hand.h"
#include "agent/damon/watch.h"
#include "agent/policy/pageout.h"
#include "base/cleanup.h"

/* What is wanted. */
struct pageout_ask {
	uint64_t group; /* id */
	int group_fd;	/* its directory */
	int node;	/* memory on this one; -1: wherever it is */
	uint64_t bytes;
	bool may_swap, group_named;
	bool cold_only; /* the rest gets no second chance: it would be taken at once */
};

/* What came of it. tried: resident in the ranges of all calls; what it brought is measured. */
struct pageout_result {
	int error;  /* of the first call that was refused: -EPERM ...; the way then ends */
	bool ended; /* the group was looked through to its end */
	uint64_t processes[PAGEOUT_REASONS];
	uint64_t mappings[PAGEOUT_MAPPINGS];
	uint64_t calls;
	uint64_t chosen_bytes;	/* would be tried: in a dry run that is all */
	uint64_t tried_bytes;	/* paged out */
	uint64_t cooled_bytes;	/* made cold */
	uint64_t applied_bytes; /* what the resident memory of processes fell by */
	uint64_t swapped_bytes; /* and their swapped memory rose by */
	uint64_t calls_ns;	/* time the calls took */
	uint64_t cpu_ns;	/* of the calls; a pager adds its own */
};

struct pageout_pass;

/*
 * proc_fd: /proc; hand: makes the calls, which end early when *leaving; watch tells what is cold,
 * NULL: nobody does. All stay the caller's, as do ops.
 */
int pageout_pass_new(int proc_fd, struct hand *hand, struct damon_watch *watch,
		     const _Atomic bool *leaving, struct pageout_pass **ret_pass);
struct pageout_pass *pageout_pass_free(struct pageout_pass *pass);
DEFINE_CLEANUP(struct pageout_pass *, pageout_pass_free)

struct record_lane;
/* What it decides goes into the lane; NULL, as at first: nowhere. */
void pageout_pass_record(struct pageout_pass *pass, struct record_lane *lane);

/*
 * Begins, or goes on where the last one stopped when the same was asked for and settings name the
 * same processes. ops must live until it is done.
 */
int pageout_pass_begin(struct pageout_pass *pass, const struct pageout_ask *ask,
		       const struct pageout_settings *settings, const struct act_ops *ops);

/*
 * About a millisecond of looking, or one call. 1: there is more to do; 0: done, the result stands.
 * piece_bytes: how much one call may take.
 */
int pageout_pass_step(struct pageout_pass *pass, struct pageout_history *history,
		      uint64_t piece_bytes, uint64_t now_ns);

const struct pageout_result *pageout_pass_result(const struct pageout_pass *pass);

/* Whether it stopped somewhere on its way. */
bool pageout_pass_is_open(const struct pageout_pass *pass);

/* Lets go of the process it stopped at. */
void pageout_pass_end(struct pageout_pass *pass);
