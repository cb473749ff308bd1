/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that pages out for all workers: looking at processes takes their locks and can block,
 * so no worker does. Workers talk to it through slots, without a lock: ask, and collect when it is
 * done.
 */
#pragma once

#include "agent/pageout/pass.h"

struct pager;

/* All of it outlives the pager. */
struct pager_world {
	int proc_fd, sys_fd;
	struct hands *hands;
	const char *damon_note;	    /* as struct kdamonds; NULL: DAMON is left alone */
	struct record_lane *record; /* the pager's own; NULL: nothing is recorded */
};

int pager_start(const struct pager_world *world, struct pager **ret_pager);

/* Returns at once. */
void pager_ask_to_stop(struct pager *pager);
/*
 * Waits for the end, at most timeout_ns. -ETIMEDOUT: the thread is stuck in the kernel, and the
 * pager must be left alone.
 */
int pager_stop(struct pager *pager, uint64_t timeout_ns);

/* Has DAMON watch no process any more, until it is asked for one again. Returns at once. */
void pager_unwatch(struct pager *pager);

/* For people. */
struct damon_state pager_damon_state(const struct pager *pager);

#define PAGER_SLOTS 32

/*
 * Asks for what *ask says; group_fd stays the caller's. Returns a slot; -EBUSY: all are taken.
 * wake_fd is an eventfd to be written when it is done; -1: none.
 */
int pager_ask(struct pager *pager, const struct act_ops *ops, const struct config *config,
	      const struct pageout_ask *ask, int wake_fd);

/*
 * Of what was asked for no more than the piece under way is done. It is collected as ever; asked
 * for again, it goes on from there.
 */
void pager_cancel(struct pager *pager, int slot);

/* True: it is done, the result is in *ret, the slot free again. */
bool pager_collect(struct pager *pager, int slot, struct pageout_result *ret);
