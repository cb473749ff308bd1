/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/tree_nodes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>

#define WATCH_MASK (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)

void node_set_listing(struct cgroup_tree *tree, struct node *node, enum listing listing)
{
	if (node->listing != LISTING_DONE)
		LIST_REMOVE(node, work);
	node->listing = listing;
	if (listing == LISTING_DUE)
		LIST_INSERT_HEAD(&tree->due, node, work);
	else if (listing == LISTING_FAILED)
		LIST_INSERT_HEAD(&tree->failed, node, work);
}

struct node *node_find_watch(struct cgroup_tree *tree, int watch)
{
	return hash_owner(hash_first(&tree->by_watch, (uint64_t)watch), struct node, by_watch);
}

void node_forget_watch(struct cgroup_tree *tree, struct node *node)
{
	if (node->watch < 0)
		return;
	hash_remove(&tree->by_watch, &node->by_watch);
	node->watch = -1;
}

bool node_set_watch(struct cgroup_tree *tree, struct node *node)
{
	char link[32];
	int watch;

	if (node->watch >= 0)
		return true;
	if (!tree->has_inotify)
		return false;
	/* inotify knows only paths. This one is not a place to read the kernel's state from but
	 * the descriptor itself, so it is right for a fake tree too. */
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", node->group.dir_fd);
	watch = inotify_add_watch(tree->fd, link, WATCH_MASK);
	if (watch < 0)
		return false;
	node->watch = watch;
	hash_insert(&tree->by_watch, &node->by_watch, (uint64_t)watch);
	return true;
}

/* Takes a group without children out of the tree. */
static void remove_leaf(struct cgroup_tree *tree, struct node *node)
{
	if (tree->events.on_remove)
		tree->events.on_remove(&node->group, tree->events.context);
	if (node->link) {
		*node->link = node->group.next_sibling;
		if (node->group.next_sibling)
			node_of(node->group.next_sibling)->link = node->link;
	}
	node_set_listing(tree, node, LISTING_DONE);
	if (node->watch >= 0)
		(void)inotify_rm_watch(tree->fd, node->watch);
	node_forget_watch(tree, node);
	hash_remove(&tree->by_id, &node->by_id);
	hash_remove(&tree->by_path, &node->by_path);
	fd_close(node->group.dir_fd);
	free(node);
	tree->n_groups--;
	tree->n_changes++;
}

void node_remove_subtree(struct cgroup_tree *tree, struct node *top)
{
	struct node *node = top;

	for (;;) {
		struct cgroup *parent;

		while (node->group.first_child)
			node = node_of(node->group.first_child);
		parent = node->group.parent;
		if (node == top)
			break;
		remove_leaf(tree, node);
		node = node_of(parent);
	}
	remove_leaf(tree, top);
}

/* Makes a node of an open directory and takes dir_fd over. */
int node_insert(struct cgroup_tree *tree, struct node *parent, const char *path, int dir_fd,
		uint64_t id, struct node **ret_node)
{
	size_t n = strlen(path) + 1;
	struct node *node = calloc(1, sizeof(*node) + n);

	if (!node)
		return -ENOMEM;
	memcpy(node->path, path, n);
	node->group = (struct cgroup){.id = id, .path = node->path, .dir_fd = dir_fd};
	node->watch = -1;
	node->seen = tree->n_listings;
	if (parent) {
		node->group.parent = &parent->group;
		node->group.depth = parent->group.depth + 1;
		node->group.next_sibling = parent->group.first_child;
		node->link = &parent->group.first_child;
		if (node->group.next_sibling)
			node_of(node->group.next_sibling)->link = &node->group.next_sibling;
		parent->group.first_child = &node->group;
	}
	hash_insert(&tree->by_id, &node->by_id, id);
	hash_insert(&tree->by_path, &node->by_path, hash_text(path));
	node_set_listing(tree, node, LISTING_DUE);
	tree->n_groups++;
	tree->n_changes++;
	*ret_node = node;
	return 0;
}

struct cgroup *cgroup_tree_root(struct cgroup_tree *tree)
{
	return &tree->root->group;
}

size_t cgroup_tree_size(const struct cgroup_tree *tree)
{
	return tree->n_groups;
}

struct cgroup *cgroup_tree_find(struct cgroup_tree *tree, const char *path)
{
	struct hash_entry *entry = hash_first(&tree->by_path, hash_text(path));

	for (; entry; entry = hash_next(entry)) {
		struct node *node = hash_owner(entry, struct node, by_path);

		if (strcmp(node->path, path) == 0)
			return &node->group;
	}
	return NULL;
}

struct cgroup *cgroup_tree_find_id(struct cgroup_tree *tree, uint64_t id)
{
	struct node *node = hash_owner(hash_first(&tree->by_id, id), struct node, by_id);

	return node ? &node->group : NULL;
}

struct cgroup *cgroup_tree_next(struct cgroup *group)
{
	if (group->first_child)
		return group->first_child;
	while (group && !group->next_sibling)
		group = group->parent;
	return group ? group->next_sibling : NULL;
}
