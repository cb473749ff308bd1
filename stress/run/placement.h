/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job's cgroups on the live system: made with their limits before anything runs in them,
 * removed at the end. group_mark.h says what they are called.
 */
#pragma once

#include "base/cleanup.h"
#include "stress/job/job.h"
#include "stress/job/plan.h"
#include "stress/run/room.h"

#include <stdint.h>

struct placement;

/*
 * Finds the cgroup2 mount and the group that the job's groups go into: its `parent`, else this
 * process's own. It must be the root, hold this process only or nobody, or not be there yet.
 * Changes nothing.
 * -EOPNOTSUPP: no cgroup v2 with the memory controller; -errno otherwise; words in *ret_error.
 */
int placement_open(int proc_fd, const struct job *job, struct placement **ret_placement,
		   struct stress_error *ret_error);

/* Of the group the job's groups are made in. */
struct group_room placement_parent_room(const struct placement *placement);

/* Of the group this process is in; none where there is no cgroup v2. */
struct group_room placement_own_room(int proc_fd);

/* Reads a file of that group whole. Errors as kfile_read. */
int placement_read_parent(const struct placement *placement, const char *file, char *text,
			  size_t size);

/*
 * Removes what dead runs left in the parent; moves this process out of its own group into a child
 * of it where that is the parent, since a group with processes can't give limits to children; makes
 * all groups of the job. placement_free undoes it, after an error too; a janitor does if this
 * process is killed.
 */
int placement_make(struct placement *placement, const struct job *job, const struct plan *plan,
		   struct stress_error *ret_error);

/* Directory and path (relative to the mount) of the group by its index in the job. */
int placement_group_fd(const struct placement *placement, size_t index);
const char *placement_group_path(const struct placement *placement, size_t index);

/* Its directory as a path from the root of the file system. -ENAMETOOLONG. */
int placement_group_directory(const struct placement *placement, size_t index, char *path,
			      size_t size);

/* Closes its descriptor and removes the group, which must be empty. -errno. */
int placement_remove_group(struct placement *placement, size_t index);

/* Removes the groups. Returns the number that could not be removed, the first one's path in
 * *ret_error. */
size_t placement_remove(struct placement *placement, struct stress_error *ret_error);

/* Removes the groups if that was not done. */
struct placement *placement_free(struct placement *placement);
DEFINE_CLEANUP(struct placement *, placement_free)
