/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What other processes cost while a job runs: the kernel's own reclaim threads, and those the job
 * names (an agent, say). Which they are is settled at the beginning.
 */
#pragma once

#include "base/cleanup.h"
#include "stress/job/settings.h"
#include "stress/measure/procstat.h"

#include <stdbool.h>
#include <stddef.h>

struct watched {
	pid_t pid;
	uint64_t start_ticks;
	char name[64];
	bool kernel; /* kswapdN */
	bool gone;   /* it did not live to the end: its cost is not known */
	struct proc_cost begin, end;
};

struct watch {
	int proc_fd; /* not owned */
	size_t n;
	struct watched *processes;
};

/*
 * Finds kswapd's threads and the listed processes. -ESRCH: a listed one does not exist,
 * *ret_missing is its index in the list.
 */
int watch_open(int proc_fd, const struct watch_list *list, struct watch **ret_watch,
	       size_t *ret_missing);
struct watch *watch_free(struct watch *watch);
DEFINE_CLEANUP(struct watch *, watch_free)

void watch_begin(struct watch *watch);
void watch_end(struct watch *watch);
