/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that DAMON watches for us: from the first time that is asked about one until it ends,
 * or has not been asked about for long. DAMON is taken for the first and given back with the last.
 * For one thread, but for its state.
 */
#pragma once

#include "agent/damon/kdamonds.h"
#include "agent/sense/process.h"
#include "base/cleanup.h"

struct damon_watch;

/* For people. */
struct damon_state {
	uint64_t watched; /* processes */
	uint64_t cpu_ns;  /* that it took so far */
	int error;	  /* what it failed with last */
};

/* Looks after *kdamonds, which are not held. */
int damon_watch_new(const struct kdamonds *kdamonds, struct damon_watch **ret_watch);
/* Of one that has let go of all (damon_watch_end), or never was asked. */
struct damon_watch *damon_watch_free(struct damon_watch *watch);
DEFINE_CLEANUP(struct damon_watch *, damon_watch_free)

/* First of all: gives back what a former agent has left; the state tells if that failed. */
void damon_watch_restore(struct damon_watch *watch);

struct damon_question {
	const struct process *process;
	uint64_t resident_bytes; /* of it */
	uint64_t cold_age_ns;
};

/*
 * What the process has not touched for so long; blocks for some 10 ms to half a second.
 * -EAGAIN: it was not watched for long enough; -EUSERS: as many as can be are watched; -ESRCH:
 * it has ended; else DAMON can't be had, which is not tried again for a while.
 */
int damon_watch_read(struct damon_watch *watch, const struct damon_question *question,
		     uint64_t now_ns, struct cold_ranges *ret);

/* Lets go of those that have ended, or have not been asked about for half an hour. */
void damon_watch_tidy(struct damon_watch *watch, uint64_t now_ns);

/* Lets go of all, and gives DAMON back. */
void damon_watch_end(struct damon_watch *watch);

/* True while there is something to tidy. */
bool damon_watch_is_active(const struct damon_watch *watch);

/* CPU time of DAMON's threads since it was last asked. */
uint64_t damon_watch_take_cpu_ns(struct damon_watch *watch);

/* For any thread. */
struct damon_state damon_watch_state(const struct damon_watch *watch);
