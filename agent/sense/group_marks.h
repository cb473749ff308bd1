/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is said of a group on its directory, in extended attributes that whoever starts the group
 * may set (setfattr; cgroup2 has them from 5.7 on):
 *
 *	user.uswapd.exclude	yes: nothing is taken from it, nor from those below it
 *	user.uswapd.weight	1 to 10000, 100 by default: its share of what a node wants,
 *				beside its size
 *
 * Only on directories that belong to root or to the agent's own user: one to whom a group was
 * delegated does not decide what the machine may take.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define GROUP_WEIGHT_DEFAULT 100
#define GROUP_WEIGHT_MAX     10000

struct group_marks {
	uid_t owner; /* of the directory */
	bool exclude;
	uint64_t weight; /* 0: not set */
};

/* -ENODEV: gone; -EBADMSG: *ret_bad (may be NULL) names the attribute. */
int group_marks_read(int dir_fd, struct group_marks *ret, const char **ret_bad);
