/* SPDX-License-Identifier: Apache-2.0 */
/* What is counted for the machine as a whole: swap, direct reclaim, kswapd. */
#pragma once

#include "agent/sense/sample.h"

struct machine_counters {
	uint64_t allocstall;	/* times a task entered direct reclaim; never raised by our work */
	uint64_t pgscan_kswapd; /* pages */
	uint64_t pgsteal_proactive;    /* pages; 0 before 6.18 */
	uint64_t pswpin;	       /* pages read from swap, those read ahead too */
	uint64_t swap_ra, swap_ra_hit; /* pages read ahead, and wanted later; 0 without swap */
};

struct machine_watch {
	int vmstat_fd, meminfo_fd;
};

int machine_counters_parse(const char *text, struct machine_counters *ret, const char **ret_bad);
int swap_parse(const char *text, struct swap_sample *ret, const char **ret_bad);

/* proc_fd: a descriptor of /proc. */
int machine_watch_open(int proc_fd, struct machine_watch *ret);
void machine_watch_close(struct machine_watch *watch);

int machine_read_counters(const struct machine_watch *watch, struct machine_counters *ret,
			  const char **ret_bad);
int machine_read_swap(const struct machine_watch *watch, struct swap_sample *ret,
		      const char **ret_bad);
