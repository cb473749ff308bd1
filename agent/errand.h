/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may hang, as a file system does whose disk is gone, done by a thread of its own: whoever
 * sends it goes on. The thread is there only once there was something to do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct errand;

/* run(context) is what it does; name is the thread's: 15 bytes at most. Returns 0 or -errno. */
int errand_new(const char *name, void (*run)(void *context), void *context,
	       struct errand **ret_errand);

/* What run works on is the thread's from here on, until it is no longer busy. Not while it is. */
int errand_send(struct errand *errand);
/* NULL: it is not. */
bool errand_is_busy(const struct errand *errand);

/* For it to be done: -ETIMEDOUT. */
int errand_wait(const struct errand *errand, uint64_t timeout_ns);

/*
 * Lets it be done, ends the thread and frees. -ETIMEDOUT: it hangs, and what run works on must be
 * left alone; the process can only exit.
 */
int errand_stop(struct errand *errand, uint64_t timeout_ns);
