/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The groups below a cgroup v2 root, kept up to date by inotify. One owner a tree; nothing here is
 * shared between threads.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup_tree;

#define CGROUP_DEPTH_MAX 64   /* deeper groups are left out */
#define CGROUP_PATH_MAX	 4096 /* with the final NUL; longer paths are left out */

/* A group. Lives in the tree; valid until on_remove has been called for it. */
struct cgroup {
	uint64_t id;	  /* inode of its directory = cgroup id */
	const char *path; /* relative to the root, "" for the root, "a/b"; hostile bytes possible */
	struct cgroup *parent; /* NULL for the root */
	struct cgroup *first_child, *next_sibling;
	unsigned int depth;
	int dir_fd; /* its directory, for openat; the read position belongs to the tree */
	void *data; /* the owner's; on_remove is where it is let go */
};

struct cgroup_tree_events {
	/* Called for every group found, parents first; sets group->data. May not fail. */
	void (*on_add)(struct cgroup *group, void *context);
	/* Called once a group is gone, children first, and for all by cgroup_tree_free. */
	void (*on_remove)(struct cgroup *group, void *context);
	void *context;
};

/*
 * root_fd: a directory of a cgroup2 mount (or a fake tree); duplicated. Walks it and sets watches.
 * -ENOMEM, -EMFILE, -errno of the root itself; a group that can't be opened is left out. Each group
 * takes a descriptor: raise RLIMIT_NOFILE before. Other file systems mounted inside are left out.
 */
int cgroup_tree_open(int root_fd, const struct cgroup_tree_events *events,
		     struct cgroup_tree **ret_tree);
struct cgroup_tree *cgroup_tree_free(struct cgroup_tree *tree);
DEFINE_CLEANUP(struct cgroup_tree *, cgroup_tree_free)

/* Readable when groups came or went. Always a descriptor, even where inotify can't be had. */
int cgroup_tree_fd(const struct cgroup_tree *tree);

/*
 * Takes in what the descriptor announced; walks everything anew after an overflow of the queue,
 * keeping the groups that are unchanged (same path and id). One read(2) when nothing changed.
 * Returns the number of groups added plus removed, or -errno. That the root itself is gone is not
 * announced: -ENODEV comes when it is listed again, reading its files says so at once.
 */
int cgroup_tree_refresh(struct cgroup_tree *tree);

/*
 * False while something is missing for want of descriptors, memory or inotify watches
 * (fs.inotify.max_user_watches, max_user_instances). The descriptor does not announce changes
 * there: call cgroup_tree_refresh from time to time, it lists just those directories again.
 */
bool cgroup_tree_is_complete(const struct cgroup_tree *tree);

struct cgroup *cgroup_tree_root(struct cgroup_tree *tree);
size_t cgroup_tree_size(const struct cgroup_tree *tree);
struct cgroup *cgroup_tree_find(struct cgroup_tree *tree, const char *path);
struct cgroup *cgroup_tree_find_id(struct cgroup_tree *tree, uint64_t id);
/* The next group in depth-first order, parents before children; NULL after the last. */
struct cgroup *cgroup_tree_next(struct cgroup *group);

#define cgroup_tree_for_each(group, tree) \
	for (struct cgroup *group = cgroup_tree_root(tree); group; group = cgroup_tree_next(group))
