/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the memory of all groups was not used, from /sys/kernel/debug/lru_gen. It has no figures
 * with MGLRU switched off, and can't be read without debugfs or CAP_DAC_READ_SEARCH.
 */
#pragma once

#include "cgroup/lru_gen.h"

/* One group on one node. Its path is the hierarchy's, and may be that of a group that was removed.
 */
struct age_found {
	const char *path; /* "a/b", "" is the root; good until the callback returns */
	uint64_t node;
	struct lru_idle idle; /* for as long as was asked */
};

/* sys_fd: /sys. A descriptor, or -errno. */
int ages_open(int sys_fd);

/*
 * Calls found for each group and node. The kernel takes some 50 us for each, once all are read.
 * -EBADMSG: malformed; *ret_bad (may be NULL) says where.
 */
int ages_read(int fd, uint64_t idle_ms, void (*found)(const struct age_found *found, void *context),
	      void *context, const char **ret_bad);
