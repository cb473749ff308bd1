/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job's cgroups on the live system: made with their limits before anything runs in them,
 * removed at the end. Their names carry this process's number and start time
 * (svc.uswap-stress-1234-567890), so that what a killed run left behind is found and removed by the
 * next one in the same place.
 */
#pragma once

#include "base/cleanup.h"
#include "stress/job/job.h"
#include "stress/job/plan.h"
#include "stress/run/room.h"

#include <stdint.h>

struct placement;

/*
 * Finds the cgroup2 mount and the group that the job's groups go into: parent (relative to the
 * mount), or "" for this process's own, which must be the root or hold this process only. Changes
 * nothing.
 * -EOPNOTSUPP: no cgroup v2 with the memory controller; -errno otherwise; words in *ret_error.
 */
int placement_open(int proc_fd, const char *parent, struct placement **ret_placement,
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

#define PLACEMENT_MARK ".uswap-stress-"

/*
 * Whether name is one of ours and of which process. "svc.uswap-stress-12-34" gives 12 and 34. The
 * group the supervisor moves into is called "supervisor.uswap-stress-...".
 */
bool placement_name_owner(const char *name, pid_t *ret_pid, uint64_t *ret_start_ticks);
