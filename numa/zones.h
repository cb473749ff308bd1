/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node's zones and watermarks from /proc/zoneinfo. Reading that file takes every zone's lock:
 * read it when watermarks can have changed, not on every tick.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ZONES_MAX 8

/* All in pages. boost is already contained in min, low and high. */
struct numa_zone {
	char name[16];
	uint64_t free, boost, min, low, high, managed, present;
	/* lowmem_reserve against allocations whose highest zone is [i], in the order of the file.
	 */
	uint64_t reserve[ZONES_MAX];
	size_t index; /* its place among the node's zones in the file: DMA 0, DMA32 1, Normal 2 ...
		       */
};

struct numa_zones {
	size_t n_zones; /* only zones with managed > 0, lowest first */
	struct numa_zone zones[ZONES_MAX];
	size_t highest; /* index (as in numa_zone.index) of the highest zone with memory */
};

/*
 * 0; -EBADMSG with *ret_bad (may be NULL) naming the field; -ENOENT when the node isn't in text.
 * A node's "per-node stats" block is skipped.
 */
int zones_parse(const char *text, unsigned int node, struct numa_zones *ret, const char **ret_bad);

/* proc_fd: a descriptor of /proc. buffer: scratch for the text (64 KiB suffice for 16 nodes). */
int zones_read(int proc_fd, unsigned int node, char *buffer, size_t size, struct numa_zones *ret,
	       const char **ret_bad);

/*
 * Bytes that can be allocated on the node for a highest-zone request before every zone is at its
 * low watermark, which is when the kernel looks elsewhere and then wakes kswapd
 * (get_page_from_freelist with ALLOC_WMARK_LOW: free - reserve[highest] against low, per zone;
 * one zone that passes suffices). Pure.
 */
uint64_t zones_room_bytes(const struct numa_zones *zones, uint64_t page_size);

/*
 * The same with free taken from the node as a whole: the room known from zones, moved by the change
 * of the node's free pages since then. What a tick uses between two readings of zoneinfo.
 */
uint64_t zones_room_now_bytes(const struct numa_zones *zones, uint64_t node_free_pages,
			      uint64_t page_size);

/* Sums over zones, in bytes: the node's own watermarks as kswapd sees them, and managed memory. */
struct zones_sums {
	uint64_t free_bytes, min_bytes, low_bytes, high_bytes, managed_bytes;
};
struct zones_sums zones_sum(const struct numa_zones *zones, uint64_t page_size);
