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
	uint64_t memcg;	      /* as lru_gen numbers it: its cgroup id from 7.x on */
	const struct lru_generations *generations; /* good as long as path */
};

/* sys_fd: /sys. A descriptor, or -errno. */
int ages_open(int sys_fd);

/* Where a group's memory on a node stands in lru_gen. */
struct age_place {
	uint64_t memcg;
	struct lru_generations generations;
};

/*
 * Of several by that path, of which all but one were removed, it is the one whose number is the
 * group's cgroup id (7.x). Adds to *blocks the groups and nodes that were read for it. -ENOENT:
 * there is none; -ENOTUNIQ: which it is can't be told; else as ages_read.
 */
int ages_find(int fd, const char *path, uint64_t node, uint64_t cgroup_id, uint64_t *blocks,
	      struct age_place *ret, const char **ret_bad);

/*
 * Calls found for each group and node. The kernel takes some 50 us for each, once all are read.
 * -EBADMSG: malformed; *ret_bad (may be NULL) says where.
 */
int ages_read(int fd, uint64_t idle_ms, void (*found)(const struct age_found *found, void *context),
	      void *context, const char **ret_bad);
