/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hand makes requests for its owner, one at a time, because they block. It does so in a process
 * of its own (uswapd-hand): with swap on a disk that has stopped, a request sleeps inside the
 * kernel where no signal reaches it, and a process with a thread in there can't end. A process can
 * be left behind, and another one be started.
 *
 * The owner hands a request over, is told through a descriptor when it is done, and interrupts it
 * when its deadline has passed. Only the owner's thread may call these, and it must live as long as
 * the hand: the process dies with it.
 */
#pragma once

#include "agent/act/backend.h"
#include "base/cleanup.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the hands of an agent have in common; outlives them. */
struct hands {
	const char *program;	/* uswapd-hand */
	_Atomic uint64_t stuck; /* processes left behind that are inside the kernel still */
	_Atomic uint64_t
		stuck_ns;      /* when the first of them got its request; while some are stuck */
	_Atomic uint64_t lost; /* processes that were left behind, or ended, since the beginning */
};

/* Of one hand as many processes may be stuck; then it starts no more. */
#define HAND_STUCK_MAX 4

struct hand;

struct hand_result {
	/*
	 * Of the request: 0 or -errno. -ETIMEDOUT: given up, and its process left behind; -EPIPE:
	 * its process has ended, another one makes the next.
	 */
	int error;
	uint64_t wall_ns, cpu_ns; /* not more CPU time than there was time */
};

/* name: for who looks at the processes. Starts none. */
int hand_new(struct hands *hands, const char *name, struct hand **ret_hand);

/*
 * Starts its process, on the CPUs and memory policy of the caller, unless it runs: the first
 * request then does not wait for it. -EBUSY: too many are stuck.
 */
int hand_start(struct hand *hand);

/*
 * Ends its process: interrupts a running request, waits at most timeout_ns for it, and then leaves
 * it behind. A result can still be taken afterwards.
 */
void hand_stop(struct hand *hand, uint64_t timeout_ns);
/* Of a hand that was stopped. */
struct hand *hand_free(struct hand *hand);
DEFINE_CLEANUP(struct hand *, hand_free)

/* Readable when a request is done. */
int hand_fd(const struct hand *hand);
/* Processes of it that are inside the kernel still. */
size_t hand_stuck(const struct hand *hand);

/*
 * Has ops make the request; those that do not block make it at once, in the calling thread. -EBUSY
 * while the last result has not been taken, and as of hand_start.
 */
int hand_submit(struct hand *hand, const struct act_ops *ops, const struct request *request);

/*
 * True, and the result, when a request is done; the hand is then free for the next. Sees too that
 * processes left behind have ended.
 */
bool hand_take(struct hand *hand, struct hand_result *ret);

/*
 * Repeat until done: a signal that comes before the request has begun is lost. One that does not
 * come back seconds after the first is given up.
 */
void hand_interrupt(struct hand *hand);
/*
 * Gives up a request that heeds only a fatal signal: -ETIMEDOUT, and its process is killed and left
 * behind, until hand_take sees that it has ended.
 */
void hand_give_up(struct hand *hand);

/*
 * Submits a request and waits for it, interrupting it after deadline_ns; when *leaving, the hand is
 * stopped. 0 and the result, or -errno as of hand_submit.
 */
int hand_make(struct hand *hand, const struct act_ops *ops, const struct request *request,
	      uint64_t deadline_ns, const _Atomic bool *leaving, struct hand_result *ret);

/* Makes the request here and now; what a hand's process does. */
struct hand_result hand_perform(const struct act_ops *ops, const struct request *request);
