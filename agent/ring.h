/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker sleeps on: descriptors and a time. An io_uring with multishot polls, so that a
 * wait costs one system call however many groups are watched; poll(2) where io_uring is refused.
 * One submitter: only the owner's thread may call these.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring;

struct ring_event {
	uint64_t token;	 /* as given to ring_watch */
	uint32_t events; /* POLLIN, POLLPRI, POLLERR ... */
};

/* try_uring false: use poll(2) at once (for tests, and where the operator wants it). */
int ring_open(bool try_uring, struct ring **ret_ring);
struct ring *ring_free(struct ring *ring);
DEFINE_CLEANUP(struct ring *, ring_free)

bool ring_is_uring(const struct ring *ring);

/*
 * Reports events (POLLIN, POLLPRI) on fd under token until unwatched. The descriptor stays the
 * caller's and must stay open until ring_unwatch. May allocate: call it when groups arrive.
 * Tokens must be unique; 0 is reserved.
 */
int ring_watch(struct ring *ring, int fd, uint32_t events, uint64_t token);
void ring_unwatch(struct ring *ring, uint64_t token);

/*
 * Waits until something is ready or timeout_ns has passed. Writes at most n events; the rest comes
 * with the next call. Returns their number (0: time is up, or a signal came) or -errno.
 */
int ring_wait(struct ring *ring, uint64_t timeout_ns, struct ring_event *events, size_t n);
