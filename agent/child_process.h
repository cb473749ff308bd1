/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of ours that the agent starts, and which may outlive it inside the kernel. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CHILD_FIRST_FD	      3
#define CHILD_DESCRIPTORS_MAX 4

/*
 * Starts program, without environment and with no signal ignored, nor blocked but for one (0:
 * none), which can so not end it before it is prepared. fds become its descriptors 3, 4, ...; -1:
 * it has none there.
 */
int child_spawn(const char *program, char *const arguments[], const int *fds, size_t n,
		int blocked_signal, pid_t *ret_pid);

/* *pid becomes 0 when it has ended, and stays so. */
bool child_has_ended(pid_t *pid);
bool child_wait_end(pid_t *pid, uint64_t timeout_ns);
