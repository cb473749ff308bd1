/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Free memory of a node by the size of its pieces, and making larger ones of them: /proc/buddyinfo
 * and nodeN/compact.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Of x86 there are 11 (MAX_PAGE_ORDER 10); other architectures have up to 16. */
#define BUDDY_ORDERS_MAX 16

/* Summed over the node's zones but ZONE_DMA, which hardly anything is allocated from. */
struct buddy {
	size_t n_orders;
	uint64_t blocks[BUDDY_ORDERS_MAX]; /* free, of each order */
};

/* -EBADMSG: malformed, *ret_bad (may be NULL) says what; -ENODEV: no zone of that node. */
int buddy_parse(const char *text, unsigned int node, struct buddy *ret, const char **ret_bad);

/* fd: /proc/buddyinfo. The kernel takes each zone's lock for it: not to be read often. */
int buddy_read(int fd, unsigned int node, struct buddy *ret, const char **ret_bad);

/* Pages that are free in pieces of this order or larger. */
uint64_t buddy_pages(const struct buddy *buddy, unsigned int order);

/* Opens nodeN/compact below sys_fd (/sys) for writing. -ENOENT: the kernel can't; -EACCES. */
int node_compact_open(int sys_fd, unsigned int node);

/*
 * Compacts the whole node, which takes as long as it takes: only a deadly signal ends it (6.8+).
 */
int node_compact(int fd);
