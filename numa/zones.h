/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node's zones and watermarks from /proc/zoneinfo. Reading that file takes zone locks: read it
 * when watermarks can have changed (boost, hotplug, sysctl), not on every tick.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define ZONES_MAX 8

/* All in pages. boost is already contained in min, low and high; 0 where not shown (before 5.18) */
struct numa_zone {
	char name[16];
	uint64_t free, boost, min, low, high, managed, present;
	/* lowmem_reserve against allocations whose highest zone is [i], in the order of the file */
	uint64_t reserve[ZONES_MAX];
	/* its place among the node's zones in the file, empty ones too: DMA 0, DMA32 1, Normal 2 */
	size_t index;
};

struct numa_zones {
	size_t n_zones; /* only zones with managed > 0, lowest first; at least 1 */
	struct numa_zone zones[ZONES_MAX];
	/*
	 * Index (as in numa_zone.index) of the highest zone with memory. Memory of users is asked
	 * for with ZONE_MOVABLE as the highest; the reserves against that are the same, since a
	 * reserve grows only with the memory of the zones above (setup_per_zone_lowmem_reserve).
	 */
	size_t highest;
};

/*
 * Both: 0; -ENOENT when the node isn't there or has no memory; -EBADMSG for a field of one of the
 * node's zones that is missing, doubled or no number, and for a node cut short (it has as many
 * zones as a zone has reserves). *ret_bad (may be NULL) names what is wrong: of text, the field; of
 * the file, file, node, zone and field in what was the buffer. Only the given node is looked at.
 */
int zones_parse(const char *text, unsigned int node, struct numa_zones *ret, const char **ret_bad);

/*
 * proc_fd: a descriptor of /proc. buffer: scratch; the file (hundreds of KiB on large machines)
 * streams through it, so that only a line must fit; 4 KiB are fine. -EOVERFLOW when one doesn't.
 */
int zones_read(int proc_fd, unsigned int node, char *buffer, size_t size, struct numa_zones *ret,
	       const char **ret_bad);

/*
 * Bytes that can be allocated on the node for a highest-zone request before every zone is at its
 * low watermark, which is when the kernel looks elsewhere and then wakes kswapd
 * (get_page_from_freelist with ALLOC_WMARK_LOW: free - reserve[highest] against low, per zone;
 * one zone that passes suffices): the sum of free - low - reserve[highest] over the zones where
 * that is positive. Pure.
 */
uint64_t zones_room_bytes(const struct numa_zones *zones, uint64_t page_size);

/*
 * The same with free taken from the node as a whole (node_counters.free_pages): what a tick uses
 * between two readings of zoneinfo. The room known from zones, moved by the change of free pages
 * since; which zone they changed in is not known, and the answer is the lowest possible:
 *	fewer free: all of them gone from zones that had room;
 *	more free: they first fill up the zones that were below their mark (those that can reach
 *	it), and only the rest is room. With one zone, or none below its mark, this is exact.
 */
uint64_t zones_room_now_bytes(const struct numa_zones *zones, uint64_t node_free_pages,
			      uint64_t page_size);

/* Sums over zones, in bytes: the node's own watermarks as kswapd sees them, and managed memory. */
struct zones_sums {
	uint64_t free_bytes, min_bytes, low_bytes, high_bytes, managed_bytes;
};
struct zones_sums zones_sum(const struct numa_zones *zones, uint64_t page_size);
