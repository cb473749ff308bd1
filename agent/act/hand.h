/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's hand: the thread that makes requests, one at a time, because they block. The worker
 * hands one over, is told through a descriptor when it is done, and interrupts it when its deadline
 * has passed. Only the owner may call these.
 */
#pragma once

#include "agent/act/backend.h"
#include "base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

struct hand;

struct hand_result {
	int error; /* of the request: 0 or -errno */
	uint64_t wall_ns, cpu_ns;
};

/*
 * Once per process, before the first hand: makes the signal that interrupts hands do nothing but
 * interrupt (no SA_RESTART: 7.x would repeat the whole request).
 */
int hand_prepare_process(void);

/* Starts the thread, on the CPUs and memory policy of the caller, under the given name. */
int hand_start(const char *name, struct hand **ret_hand);

/*
 * Ends the thread: interrupts a running request and waits at most timeout_ns for it. A result can
 * still be taken afterwards.
 * -ETIMEDOUT: it is still inside the kernel; the hand must then be left alone for good.
 */
int hand_stop(struct hand *hand, uint64_t timeout_ns);
/* Of a hand that was stopped. */
struct hand *hand_free(struct hand *hand);

/* Readable when a request is done. */
int hand_fd(const struct hand *hand);
bool hand_is_busy(const struct hand *hand);

/* Has ops make the request. -EBUSY while the last result has not been taken. */
int hand_submit(struct hand *hand, const struct act_ops *ops, const struct request *request);

/* True, and the result, when a request is done; the hand is then free for the next. */
bool hand_take(struct hand *hand, struct hand_result *ret);

/* Repeat until done: a signal that comes before the request has begun is lost. */
void hand_interrupt(struct hand *hand);
