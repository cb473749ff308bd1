/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A userspace kswapd for one node: a thread that owns its node, its ring, its hands and its ledger.
 * Main talks to it through the calls below, which never take a lock the tick would wait for.
 */
#pragma once

#include "agent/act/hand.h"
#include "agent/config/config.h"
#include "agent/report/journal.h"
#include "agent/status.h"
#include "agent/worker/shared.h"
#include "cgroup/reclaim.h"
#include "numa/topology.h"

struct cleaner;
struct pager;
struct recorder;

/* What all workers of an agent have in common; outlives them. */
struct worker_world {
	struct log log;
	const struct journal *journal;	/* NULL: no records of actions */
	int proc_fd, sys_fd, cgroup_fd; /* the roots everything is read below */
	const struct topology *topology;
	struct shared *shared;
	const struct act_ops *act;
	struct hands *hands;	   /* what the hands of all have in common */
	struct cleaner *cleaner;   /* NULL: dirty files are not written back */
	struct pager *pager;	   /* NULL: processes are not paged out */
	struct recorder *recorder; /* NULL: nothing is recorded */
	struct group_reclaim_features reclaim_features;
	bool has_memory_reclaim;   /* the kernel has memory.reclaim */
	bool recursive_protection; /* the mount has memory_recursiveprot */
	bool whole_machine;	   /* not only the groups below some directory */
	bool try_uring;
	bool bind; /* to the node's CPUs and memory: not on a fake tree */
};

struct worker;

/*
 * Starts the worker of topology->nodes[index] and waits until it is ready. -errno after it has
 * logged why it can't work.
 */
int worker_start(const struct worker_world *world, size_t index, const struct config *config,
		 struct worker **ret_worker);

/* Asks it to stop; returns at once. */
void worker_ask_to_stop(struct worker *worker);

/*
 * Waits for the end, at most timeout_ns. -ETIMEDOUT: it is still inside the kernel and must be left
 * alone; the process can only exit.
 */
int worker_join(struct worker *worker, uint64_t timeout_ns);

/* Of a worker that was joined, when all have been: they wake one another until their end. */
struct worker *worker_free(struct worker *worker);

/* The new configuration holds from the worker's next tick on. */
void worker_set_config(struct worker *worker, const struct config *config);
/* The configuration the worker's last tick went by: when it is no longer the old one, that is free.
 */
const struct config *worker_config_in_use(const struct worker *worker);

/*
 * Paused, it goes on looking and deciding, and asks the kernel for nothing; a request, compaction
 * or paging out under way is cut short, write-back is not.
 */
void worker_set_paused(struct worker *worker, bool paused);

/* When the worker last turned: a hung one can be told from one that has nothing to do. */
uint64_t worker_turned_ns(const struct worker *worker);

/* Orders bytes to be reclaimed on the worker's node, whatever the policies think. */
void worker_order(struct worker *worker, uint64_t bytes);

/* Has it see to it that bytes are free in pieces of that order (1 or more), soon or not at all. */
void worker_want_order(struct worker *worker, unsigned int order, uint64_t bytes);

/* Has the worker copy out its status; several do so at once. */
void worker_ask_status(struct worker *worker);

/*
 * What the worker was asked for, waited for until end_ns at most. ret->groups belongs to the worker
 * and is good until it is asked again. -ETIMEDOUT: not answered.
 */
int worker_status(struct worker *worker, uint64_t end_ns, struct node_status *ret);
