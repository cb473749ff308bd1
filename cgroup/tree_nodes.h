/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the tree: its groups and how they hang together. What keeps them in step with the
 * kernel is in tree.c.
 */
#pragma once

#include "cgroup/hash.h"
#include "cgroup/tree.h"

#include <sys/queue.h>
#include <sys/types.h>

/* What the tree still has to do for a group. */
enum listing {
	LISTING_DONE,
	LISTING_DUE,	/* its directory is to be read in this refresh */
	LISTING_FAILED, /* something was missing; again at the next refresh */
};

struct node {
	struct cgroup group;  /* first: a struct cgroup * is a struct node * */
	struct cgroup **link; /* what points to it: parent's first_child or a next_sibling */
	struct hash_entry by_id, by_watch, by_path;
	int watch; /* inotify's descriptor of its directory; -1: none */
	enum listing listing;
	LIST_ENTRY(node) work; /* on due or failed, unless LISTING_DONE */
	uint64_t seen;	       /* number of the listing of its parent that saw it last */
	char path[];
};

LIST_HEAD(node_list, node);

struct cgroup_tree {
	struct cgroup_tree_events events;
	struct node *root;
	dev_t device;
	int fd;		  /* inotify, or an eventfd that never fires */
	bool has_inotify; /* fd is inotify */
	bool root_gone;
	struct hash by_id, by_watch, by_path;
	struct node_list due, failed;
	uint64_t n_listings;
	size_t n_groups, n_changes;
};

static inline struct node *node_of(struct cgroup *group)
{
	return (struct node *)group;
}

/* Whether and when the group's directory is to be read. */
void node_set_listing(struct cgroup_tree *tree, struct node *node, enum listing listing);

/* False when there is no watch to be had. */
bool node_set_watch(struct cgroup_tree *tree, struct node *node);
void node_forget_watch(struct cgroup_tree *tree, struct node *node);
struct node *node_find_watch(struct cgroup_tree *tree, int watch);

/* Makes a group of an open directory, whose descriptor it takes over; parent is NULL for the root.
 * Its directory is due. 0 or -ENOMEM. */
int node_insert(struct cgroup_tree *tree, struct node *parent, const char *path, int dir_fd,
		uint64_t id, struct node **ret_node);

/* Tells the owner, and frees the group and all below it, children first. */
void node_remove_subtree(struct cgroup_tree *tree, struct node *top);
