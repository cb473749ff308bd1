/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The group that a job's groups are made in: which it is, whether it can have such children, and
 * how it is left as it was.
 */
#pragma once

#include "cgroup/live.h"
#include "stress/job/job.h"

#include <stdbool.h>

struct parent {
	int mount_fd;		  /* the mount's directory; not owned */
	char path[LIVE_PATH_MAX]; /* relative to the mount; "" for the root */
	/* "supervisor.uswap-stress-...": this process moves there, out of the parent; "": no need
	 */
	char supervisor[LIVE_PATH_MAX];
	bool moved;
	bool gives_known;
	char gives[256]; /* the controllers that it gave to its children before */
};

/* "parent/name" and what the name ends with; false: too long. */
bool parent_join(char to[static LIVE_PATH_MAX], const char *parent, const char *name,
		 const char *mark);

/* Its directory. -errno. */
int parent_open(const struct parent *parent);

/* The group this process is in, as the kernel says it. */
int parent_own_group(int proc_fd, char to[static LIVE_PATH_MAX]);

/*
 * The job's `parent`, else this process's own group. It is the root, or not there yet, or holds
 * nobody but this process: a group with processes can't give limits to children. Changes nothing.
 * mark: what the supervisor's group is to be called by. -EOPNOTSUPP, -errno with words.
 */
int parent_find(struct parent *parent, const struct job *job, int mount_fd, int proc_fd,
		const char *mark, struct stress_error *ret_error);

/* Notes what is to be left as it was, and moves this process aside where that is needed. */
int parent_prepare(struct parent *parent, struct stress_error *ret_error);

/* Gives back its controllers, unless others are in it by now, who may want them. */
void parent_restore(const struct parent *parent);

/* Back into it, so that the supervisor's group can be removed. */
void parent_move_back(struct parent *parent);
