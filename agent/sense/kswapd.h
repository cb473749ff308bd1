/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the kernel's own reclaim thread of a node has run. Before 7.x no counter of the node
 * tells, and /proc/vmstat costs ten times as much as the thread's own /proc/PID/schedstat.
 */
#pragma once

#include <stdint.h>

/*
 * Finds the thread kswapdN below proc_fd (/proc) and opens its schedstat. Returns a descriptor;
 * -ENOENT: it can't be seen (a PID namespace, a fake tree), or the kernel keeps no such figure.
 */
int kswapd_open(int proc_fd, unsigned int node);

/* CPU time it has used, in ns. -ESRCH: gone, with its node. */
int kswapd_read(int fd, uint64_t *ret_run_ns);

int kswapd_parse(const char *text, uint64_t *ret_run_ns);
