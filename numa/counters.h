/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A node's counters, cheap enough for every tick: the descriptor stays open, the file is read with
 * pread into the reader's own buffer. Counters of the kernel are folded from its CPUs once a second
 * and drift by up to the "vm stats threshold" (zoneinfo) x CPUs pages.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

/* From nodeN/vmstat: pages, or events since boot. */
struct node_counters {
	uint64_t free_pages;
	uint64_t inactive_anon_pages, active_anon_pages;
	uint64_t inactive_file_pages, active_file_pages;
	uint64_t unevictable_pages;
	uint64_t file_pages, shmem_pages;
	uint64_t dirty_pages, writeback_pages;
	uint64_t slab_reclaimable_pages, slab_unreclaimable_pages;
	uint64_t page_table_pages;
	uint64_t kernel_stack_kib;
	uint64_t zspages; /* what zram and zswap keep; 0 where the kernel does not say */
	uint64_t workingset_refault_anon, workingset_refault_file;
	uint64_t numa_hit, numa_miss, numa_foreign;
	/* Moved from here to slower nodes; 0 before 6.12, proactive before 6.18 (inside direct). */
	uint64_t pgdemote_direct, pgdemote_proactive;
	/* Not before 7.x in this file; has_scan says whether they are there. */
	uint64_t pgscan_kswapd, pgsteal_kswapd, pgscan_direct, pgsteal_direct;
	uint64_t pgsteal_proactive;
	bool has_scan;
};

/* All but what kswapd and khugepaged did. */
static inline uint64_t node_counters_demoted_by_tasks(const struct node_counters *counters)
{
	return counters->pgdemote_direct + counters->pgdemote_proactive;
}

/*
 * 0; -EBADMSG with *ret_bad (may be NULL) naming the field that is missing, doubled or no number,
 * or "end of file" when the text was cut in the middle of a line.
 */
int node_counters_parse(const char *text, struct node_counters *ret, const char **ret_bad);

/* Of one thread at a time. */
struct node_reader;

/*
 * sys_fd: a descriptor of /sys (or of a fake one). Opens devices/system/node/nodeN/vmstat.
 * -ENOENT: no such node.
 */
int node_reader_open(int sys_fd, unsigned int node, struct node_reader **ret_reader);
struct node_reader *node_reader_free(struct node_reader *reader);
DEFINE_CLEANUP(struct node_reader *, node_reader_free)

/*
 * 0; -EBADMSG; -EOVERFLOW; -ENODEV when the node has gone (for good: a node that comes back needs a
 * new reader). On an error *ret_bad (may be NULL) names the file, and the field if it is one's
 * fault: "node1/vmstat: nr_dirty". The text lives until the next read.
 */
int node_reader_read(struct node_reader *reader, struct node_counters *ret, const char **ret_bad);
