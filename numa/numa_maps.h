/* SPDX-License-Identifier: Apache-2.0 */
/* Where a process's mapped memory is, from /proc/PID/numa_maps. Swapped pages are nowhere. */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct numa_share {
	uint64_t on_node_bytes, elsewhere_bytes;
};

/*
 * One line, without its newline; adds to *share, and *ret_start (may be NULL) is where the mapping
 * begins. -EBADMSG: malformed, *share is as it was.
 */
int numa_maps_add_line(const char *line, size_t length, unsigned int node, struct numa_share *share,
		       uint64_t *ret_start);

/*
 * proc_fd: a descriptor of /proc. Of the process's own memory: pages of files that have a name,
 * such as programs and libraries, are where somebody happened to read them, and left out. Walks the
 * process's page tables: not for a measured phase.
 * -ENOENT, -ESRCH: it is gone, or the kernel is without NUMA.
 */
int numa_maps_read(int proc_fd, pid_t pid, unsigned int node, struct numa_share *ret);
