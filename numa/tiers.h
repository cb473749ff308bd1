/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory tiers: which nodes are slower than others, and whether reclaim moves pages down to those
 * (demotion) before it frees any. devices/virtual/memory_tiering (6.1+) and
 * kernel/mm/numa/demotion_enabled, see Documentation/ABI/testing/sysfs-kernel-mm-numa and
 * sysfs-kernel-mm-memory-tiers.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define MEMORY_TIERS_MAX	16
#define MEMORY_TIER_NODES_BYTES 256

struct memory_tier {
	unsigned int id;		     /* the kernel's number: the higher, the slower */
	char nodes[MEMORY_TIER_NODES_BYTES]; /* as "0-1,3" */
};

struct memory_tiers {
	bool enabled; /* demotion is, whether or not there is where to */
	size_t n;     /* tiers that have nodes, fastest first; 0: the kernel tells of none */
	struct memory_tier tiers[MEMORY_TIERS_MAX];
};

/* Whether reclaim moves pages to slower nodes here. */
static inline bool memory_tiers_demote(const struct memory_tiers *tiers)
{
	return tiers->enabled && tiers->n > 1;
}

/* A list of nodes as sysfs has it, "0-1,3", in rising order, or empty. */
bool memory_tier_nodes_are_good(const char *text);

/*
 * sys_fd: a descriptor of /sys. What is not there is none: kernels without NUMA or migration.
 * -EBADMSG: *ret_bad (may be NULL) names the file; -E2BIG: over MEMORY_TIERS_MAX; -errno.
 */
int memory_tiers_read(int sys_fd, struct memory_tiers *ret, const char **ret_bad);
