/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the kernel's own reclaim thread of a node has run. Before 7.x no counter of the node
 * tells, and /proc/vmstat costs ten times as much as the thread's own /proc/PID/schedstat.
 */
#pragma once

/*
 * Finds the thread kswapdN below proc_fd (/proc). Returns a descriptor for sense/kthread.h;
 * -ENOENT: it can't be seen (a PID namespace, a fake tree), or the kernel keeps no such figure.
 */
int kswapd_open(int proc_fd, unsigned int node);
