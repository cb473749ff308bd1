/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The live system's cgroup v2 hierarchy through libcgroup: where it is mounted, what controllers it
 * has, making, setting, entering and removing groups. The only place that includes libcgroup.h.
 * libcgroup keeps process-global tables and absolute paths: for start-up and tools,
 * single-threaded, never for a tick and never for a fake tree.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LIVE_PATH_MAX 4096

struct live_mount {
	char path[LIVE_PATH_MAX];  /* where cgroup2 is mounted */
	bool has_memory;	   /* the memory controller is v2's */
	bool recursive_protection; /* mounted with memory_recursiveprot */
	bool nsdelegate;
};

/*
 * Everything below returns 0 or -errno. On error *ret_why (may be NULL) points to words that say
 * what it was: libcgroup's, ours, or the file of the setting that failed.
 */

/*
 * -ENOENT: no cgroup v2 mount. On a hybrid system (the memory controller is v1's) it succeeds and
 * says has_memory false.
 */
int live_mount_find(struct live_mount *ret, const char **ret_why);

struct live_setting {
	const char *file; /* "memory.max" */
	const char *value;
};

/*
 * Makes the group path (relative to the mount, parents too), enabling the memory controller (and
 * those the settings' names begin with) from the root down, then writes the settings in their
 * order. On error the groups that were made are removed again; controllers stay enabled. -EEXIST
 * when it is there already; -EOPNOTSUPP: a controller is not v2's here; -EBUSY: a parent has
 * processes of its own, so it can't hand on controllers; -EINVAL, -ENAMETOOLONG: the path.
 *
 * What was made is marked by the extended attribute LIVE_MARK, which a later process can find.
 */
#define LIVE_MARK "user.uswap.made"
int live_group_create(const struct live_mount *mount, const char *path,
		      const struct live_setting *settings, size_t n, const char **ret_why);

/* Moves a process there. -ENOENT: no such group; -ESRCH: no such process. */
int live_group_attach(const struct live_mount *mount, const char *path, pid_t pid,
		      const char **ret_why);

/*
 * Removes the group, and the parents live_group_create made that are empty now. Waits up to 2 s
 * while the kernel still holds exiting tasks, then -EBUSY, as with processes or groups inside;
 * nothing is killed or moved. -ENOENT: no such group.
 */
int live_group_delete(const struct live_mount *mount, const char *path, const char **ret_why);
