/* SPDX-License-Identifier: Apache-2.0 */
/* What a group is, apart from its memory: cgroup.type and cgroup.events. */
#pragma once

#include <stdbool.h>

struct group_state {
	/* cgroup.type is not "domain": the group holds threads of a domain above, which its memory
	 * is charged to (or, "domain invalid", can't hold anything). */
	bool threaded;
	bool populated; /* it or a group below has processes */
	bool frozen;	/* all of them stand still: they neither fault nor free */
};

/*
 * 0; -ENOENT: the root (which is never any of these), or not a cgroup; -ENODEV: gone; -EBADMSG:
 * *ret_bad (may be NULL) names the file or field.
 */
int group_state_read(int dir_fd, struct group_state *ret, const char **ret_bad);
int group_state_parse(const char *type, const char *events, struct group_state *ret,
		      const char **ret_bad);
