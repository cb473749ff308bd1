/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of the agent: small, named, and not disturbed by signals. */
#pragma once

#include <pthread.h>

/*
 * Starts run(arg) with every signal blocked from its first instruction on, and stack_bytes of stack
 * (at least what the system asks). A name has 15 bytes at most. Returns 0 or -errno.
 */
int thread_start(const char *name, size_t stack_bytes, void *(*run)(void *), void *arg,
		 pthread_t *ret_thread);
