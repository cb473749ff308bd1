/* SPDX-License-Identifier: Apache-2.0 */
/* /proc/vmstat: events since boot, in pages where pages are meant. */
#pragma once

#include <stdint.h>

struct vmstat {
	uint64_t allocstall; /* sum over the zones: entries into direct reclaim */
	uint64_t pgscan_direct, pgsteal_direct;
	uint64_t pgscan_kswapd, pgsteal_kswapd;
	uint64_t pgscan_proactive, pgsteal_proactive; /* 0 before 6.18 */
	uint64_t pswpin, pswpout;
	uint64_t pgfault, pgmajfault;
	uint64_t workingset_refault_anon, workingset_refault_file;
	uint64_t oom_kill;
};

/* -EBADMSG: malformed, doubled or missing; *ret_bad (may be NULL) names the field. */
int vmstat_parse(const char *text, struct vmstat *ret, const char **ret_bad);
/* fd: of the open file. -errno of reading. */
int vmstat_read(int fd, struct vmstat *ret, const char **ret_bad);
