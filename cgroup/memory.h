/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory controller's files of one group. Bytes unless said otherwise. Every reader takes the
 * descriptor of the open file and reads with pread, so it can be called on every tick; parsers are
 * separate so that they can be tested and fuzzed on text.
 *
 * Errors: -ENODEV (the group is gone), -EBADMSG (malformed; *ret_bad, which may be NULL, names the
 * field), -EOVERFLOW (longer than any known kernel writes).
 */
#pragma once

#include "base/saturate.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * memory.stat. Up to 2 s old for changes below 64 pages x CPUs (see the kernel's flush). The root
 * has it too, and memory.numa_stat, though no memory.current, memory.events or limits.
 */
struct memory_stat {
	uint64_t anon, file, kernel, shmem; /* file contains shmem */
	uint64_t file_mapped, file_dirty, file_writeback;
	uint64_t swapcached; /* of anon and shmem: what has its place in swap too */
	uint64_t inactive_anon, active_anon, inactive_file, active_file, unevictable;
	uint64_t slab_reclaimable;
	/* Events since the group was made, in pages. */
	uint64_t workingset_refault_anon, workingset_refault_file;
	uint64_t pgscan, pgsteal, pgscan_direct, pgsteal_direct, pgscan_kswapd, pgsteal_kswapd;
	uint64_t pgscan_proactive, pgsteal_proactive; /* 0 before 6.18: inside *_direct there */
	/* Moved to slower nodes, and counted in pgsteal* too; from 6.12 on. */
	uint64_t pgdemote_kswapd, pgdemote_direct, pgdemote_khugepaged;
	uint64_t pgdemote_proactive; /* 0 before 6.18: inside *_direct there */
	uint64_t pgfault, pgmajfault;
};

/* pgsteal without what is still there, on a slower node. */
static inline uint64_t memory_stat_freed(const struct memory_stat *stat)
{
	return minus(stat->pgsteal, stat->pgdemote_kswapd + stat->pgdemote_direct +
					    stat->pgdemote_khugepaged + stat->pgdemote_proactive);
}
/* Of what was ever demoted, what was not by the kernel's own threads. */
static inline uint64_t memory_stat_demoted_by_tasks(const struct memory_stat *stat)
{
	return stat->pgdemote_direct + stat->pgdemote_proactive;
}

int memory_stat_parse(const char *text, struct memory_stat *ret, const char **ret_bad);
int memory_stat_read(int fd, struct memory_stat *ret, const char **ret_bad);

/* memory.events and memory.events.local */
struct memory_events {
	uint64_t low, high, max, oom, oom_kill;
};
int memory_events_parse(const char *text, struct memory_events *ret, const char **ret_bad);
int memory_events_read(int fd, struct memory_events *ret, const char **ret_bad);

/* memory.numa_stat of one node, bytes. */
struct memory_node_share {
	uint64_t anon, file, shmem, file_dirty, file_writeback;
	uint64_t inactive_anon, active_anon, inactive_file, active_file, unevictable;
	uint64_t slab_reclaimable;
};
#define MEMORY_NODES_MAX 64

/*
 * shares[i] becomes the group's memory on node i, for i < n; nodes in the text beyond n are
 * ignored, nodes not in the text are 0. shares is written only on success. -EINVAL: n is above
 * MEMORY_NODES_MAX.
 */
int memory_numa_stat_parse(const char *text, struct memory_node_share *shares, size_t n,
			   const char **ret_bad);
int memory_numa_stat_read(int fd, struct memory_node_share *shares, size_t n, const char **ret_bad);

/* memory.current, memory.swap.current: one number. The root has neither: -ENOENT. */
int memory_bytes_read(int fd, uint64_t *ret_bytes);
int memory_bytes_read_at(int dir_fd, const char *name, uint64_t *ret_bytes);

/* memory.min/low/high/max/swap.max: UINT64_MAX for "max". */
int memory_limit_read_at(int dir_fd, const char *name, uint64_t *ret_bytes);

struct memory_limits {
	uint64_t min, low, high, max, swap_max; /* swap_max UINT64_MAX without swap accounting */
};
/*
 * -ENOENT: the group has no memory controller (or it is the root): nothing to limit. On any error
 * *ret_bad (may be NULL) names the file.
 */
int memory_limits_read(int dir_fd, struct memory_limits *ret, const char **ret_bad);
