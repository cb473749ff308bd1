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
 * Everything below returns 0 or -errno; on error *ret_why (may be NULL) points to static words of
 * libcgroup or ours that say what it was.
 */
int live_mount_find(struct live_mount *ret, const char **ret_why);

struct live_setting {
	const char *file; /* "memory.max" */
	const char *value;
};

/*
 * Makes the group path (relative to the mount, parents too), enabling the memory controller (and
 * those the settings' names begin with) from the root down, then writes the settings in their
 * order. On error what was made is removed again. -EEXIST when it is there already.
 */
int live_group_create(const struct live_mount *mount, const char *path,
		      const struct live_setting *settings, size_t n, const char **ret_why);
int live_group_attach(const struct live_mount *mount, const char *path, pid_t pid,
		      const char **ret_why);
/* Removes the group and the parents live_group_create made that are empty now. Bounded retries
 * while the kernel still holds exiting tasks. */
int live_group_delete(const struct live_mount *mount, const char *path, const char **ret_why);
