/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of the agent: small, named, and not disturbed by signals. */
#pragma once

#include <pthread.h>
#include <stdint.h>

/*
 * Starts run(arg) with every signal blocked from its first instruction on, and stack_bytes of stack
 * (at least what the system asks). A name has 15 bytes at most. Returns 0 or -errno.
 */
int thread_start(const char *name, size_t stack_bytes, void *(*run)(void *), void *arg,
		 pthread_t *ret_thread);

/*
 * Waits for its end, at most timeout_ns. -ETIMEDOUT: it is stuck in the kernel, and so is what it
 * uses; it may be waited for again.
 */
int thread_join(pthread_t thread, uint64_t timeout_ns);
