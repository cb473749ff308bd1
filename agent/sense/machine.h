/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted for the machine as a whole: swap, direct reclaim, kswapd. */
#pragma once

#include "agent/sense/sample.h"
#include "numa/zram.h"

struct machine_counters {
	uint64_t allocstall;	/* times a task entered direct reclaim; never raised by our work */
	uint64_t pgscan_kswapd; /* pages */
	uint64_t pgsteal_proactive;    /* pages; 0 before 6.18 */
	uint64_t pgdemote_proactive;   /* pages; counted in pgsteal_proactive too */
	uint64_t pswpin;	       /* pages read from swap, those read ahead too */
	uint64_t pswpout;	       /* pages written to swap; those kept by zswap are not */
	uint64_t swap_ra, swap_ra_hit; /* pages read ahead, and wanted later; 0 without swap */
};

struct machine_watch {
	int vmstat_fd, meminfo_fd;
	struct zram *zram; /* NULL: none was looked for */
};

int machine_counters_parse(const char *text, struct machine_counters *ret, const char **ret_bad);
/* /proc/meminfo; ret_zswap: of zswap (5.19+, where the kernel has it). */
int swap_parse(const char *text, struct swap_sample *ret, struct swap_store *ret_zswap,
	       const char **ret_bad);

/* proc_fd: a descriptor of /proc. */
int machine_watch_open(int proc_fd, struct machine_watch *ret);
/* Finds the zram devices there are now; sys_fd: a descriptor of /sys. -ENOMEM. */
int machine_find_zram(struct machine_watch *watch, int sys_fd);
/* /proc/swaps: whether some area is no zram device. What can't be read is none. */
bool machine_swaps_to_disk(int proc_fd);
bool swaps_parse_to_disk(const char *text);
void machine_watch_close(struct machine_watch *watch);

int machine_read_counters(const struct machine_watch *watch, struct machine_counters *ret,
			  const char **ret_bad);
/* ret_store: of zswap and all zram devices. */
int machine_read_swap(const struct machine_watch *watch, struct swap_sample *ret,
		      struct swap_store *ret_store, const char **ret_bad);
/*
 * Bytes ever swapped out, less all that was ever written to zram devices: by how much it grows was
 * written to swap on disks. Below zero where zram has other users.
 */
int machine_read_swap_writes(const struct machine_watch *watch, uint64_t page_size,
			     int64_t *ret_bytes);
