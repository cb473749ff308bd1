/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has cost so far, from /proc/PID: CPU time, memory, context switches. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* /proc/PID/stat */
struct procstat {
	char name[64]; /* comm: 15 bytes for a program, more for a kernel thread */
	uint64_t user_ticks, system_ticks; /* of all its threads, gone ones too */
	uint64_t start_ticks; /* since boot: with the pid it names one process for good */
	uint64_t resident_pages;
};

/* -EBADMSG for malformed text. The name may hold anything, blanks and brackets too. */
int procstat_parse(const char *text, struct procstat *ret);
/* proc_fd: a descriptor of /proc. -ENOENT or -ESRCH: no such process. */
int procstat_read(int proc_fd, pid_t pid, struct procstat *ret);

struct proc_cost {
	uint64_t cpu_ns;     /* user + system, in the kernel's clock ticks */
	uint64_t runtime_ns; /* schedstat of its living threads, exact; 0 without schedstat */
	uint64_t resident_bytes;
	uint64_t voluntary_switches, involuntary_switches; /* of its living threads */
	uint64_t threads;
};

/* -ENOENT, -ESRCH: it is gone. */
int proc_cost_read(int proc_fd, pid_t pid, struct proc_cost *ret);

/*
 * Calls found for every process whose name fits: is equal, or, when prefix is set, begins so and
 * goes on with digits only ("kswapd" finds kswapd0). 0 or -errno.
 */
int proc_find(int proc_fd, const char *name, bool prefix,
	      void (*found)(void *context, pid_t pid, const struct procstat *stat), void *context);
