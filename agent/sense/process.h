/* SPDX-License-Identifier: Apache-2.0 */
/* A process that may be advised about its memory, and what it is. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Held by descriptors: should it end, its number may come to mean another one, they never do. */
struct process {
	uint64_t pid;
	int dir_fd; /* /proc/PID; -1: none */
	int pid_fd;
};

/*
 * -ENOENT, -ESRCH: it is gone, or ends; -ENOSYS: no pidfd_open(2). Errors of open(2) else.
 */
int process_open(int proc_fd, uint64_t pid, struct process *ret);
void process_close(struct process *process);

#define PROCESS_NAME_BYTES 80 /* the kernel cuts at 15 bytes, and escapes some of them */

/* Of /proc/PID/status. The kernel counts memory per CPU: it is off by up to 64 pages a CPU. */
struct process_status {
	char name[PROCESS_NAME_BYTES];
	char state;	 /* as ps(1): T is stopped, Z is ended */
	uint64_t uid;	 /* real */
	bool has_memory; /* false: a thread of the kernel, or it is ending */
	uint64_t resident_bytes, swap_bytes;
};

/* -ESRCH: it has ended; -EBADMSG: *ret_bad (may be NULL) names the field. */
int process_read_status(const struct process *process, struct process_status *ret,
			const char **ret_bad);

/* The same of an open file, read from where it stands. */
int process_status_parse(int fd, struct process_status *ret, const char **ret_bad);
