/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/meminfo and nodeN/meminfo, in bytes. */
#pragma once

#include <stdint.h>

struct meminfo {
	uint64_t total, free, available, swap_total, swap_free;
	/* What is in zswap, and the memory that takes; 0 before 5.19 and without zswap. */
	uint64_t zswap_stored, zswap_used;
};

/* -EBADMSG: malformed, doubled or missing; *ret_bad (may be NULL) names the field. */
int meminfo_parse(const char *text, struct meminfo *ret, const char **ret_bad);
/* proc_fd: a descriptor of /proc. */
int meminfo_read(int proc_fd, struct meminfo *ret, const char **ret_bad);
/* The same of the open file. */
int meminfo_read_fd(int fd, struct meminfo *ret, const char **ret_bad);

/* nodeN/meminfo has lines "Node N MemTotal: 123 kB"; available is free + file pages + slab. */
struct node_meminfo {
	uint64_t total, free, available;
};
int node_meminfo_parse(const char *text, struct node_meminfo *ret, const char **ret_bad);
/* sys_fd: a descriptor of /sys. -ENOENT: no such node. */
int node_meminfo_read(int sys_fd, unsigned int node, struct node_meminfo *ret,
		      const char **ret_bad);
