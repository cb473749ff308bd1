/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/tree.h"

#include "base/kfile.h"
#include "cgroup/tree_nodes.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#define EVENTS_BYTES 16384
/* A refresh stops here though events keep coming; the descriptor stays readable. */
#define READS_MAX 64

static bool is_within(const struct cgroup *group, const struct cgroup *top)
{
	while (group && group != top)
		group = group->parent;
	return group;
}

/* Returns 0, or -errno when the group is there but could not be taken in. */
static int add_child(struct cgroup_tree *tree, struct node *parent, const char *path,
		     const char *name)
{
	_cleanup_close_ int fd = kfile_open_dir(parent->group.dir_fd, name);
	struct cgroup *twin;
	struct node *node;
	struct stat st;
	int r;

	if (fd < 0)
		return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? 0 : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* Renamed (a fake tree only: cgroup v2 has no rename), the old place not yet looked at. */
	twin = cgroup_tree_find_id(tree, st.st_ino);
	if (twin && is_within(&parent->group, twin))
		return 0;
	if (twin)
		node_remove_subtree(tree, node_of(twin));
	r = node_insert(tree, parent, path, fd, st.st_ino, &node);
	if (r < 0)
		return r;
	TAKE_FD(fd);
	if (tree->events.on_add)
		tree->events.on_add(&node->group, tree->events.context);
	return 0;
}

static const char *last_part(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static bool join_path(const struct node *parent, const char *name, char *path, size_t n)
{
	int length = snprintf(path, n, "%s%s%s", parent->path, *parent->path ? "/" : "", name);

	return length > 0 && (size_t)length < n;
}

/*
 * Makes the tree agree with what is called name in parent's directory now. Events and listings
 * only say where to look, so their order and age do not matter.
 */
static int reconcile(struct cgroup_tree *tree, struct node *parent, const char *name)
{
	char path[CGROUP_PATH_MAX];
	struct cgroup *known;
	struct stat st;
	bool there;

	if (parent->group.depth >= CGROUP_DEPTH_MAX || !join_path(parent, name, path, sizeof(path)))
		return 0;
	known = cgroup_tree_find(tree, path);
	if (fstatat(parent->group.dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		there = S_ISDIR(st.st_mode) && st.st_dev == tree->device;
	else if (errno == ENOENT || errno == ENOTDIR)
		there = false;
	else
		return -errno;
	if (known && there && known->id == st.st_ino) {
		node_of(known)->seen = tree->n_listings;
		return 0;
	}
	if (known)
		node_remove_subtree(tree, node_of(known));
	return there ? add_child(tree, parent, path, name) : 0;
}

/* A group nobody may look into stays out for good; anything else can pass. */
static bool is_passing(int r)
{
	return r < 0 && r != -EACCES && r != -EPERM;
}

static bool is_group_name(const struct dirent64 *entry)
{
	return (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN) &&
	       strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Reconciles all that is in the directory. */
static int read_directory(struct cgroup_tree *tree, struct node *node)
{
	_Alignas(struct dirent64) char buffer[8192];
	int first_error = 0;

	if (lseek(node->group.dir_fd, 0, SEEK_SET) < 0)
		return -errno;
	for (;;) {
		ssize_t n = getdents64(node->group.dir_fd, buffer, sizeof(buffer));

		if (n < 0 && errno != ENOENT)
			return -errno;
		if (n < 0 && node == tree->root)
			tree->root_gone = true;
		if (n <= 0)
			return first_error;
		for (ssize_t at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(buffer + at);
			int r = is_group_name(entry) ? reconcile(tree, node, entry->d_name) : 0;

			if (first_error == 0 && is_passing(r))
				first_error = r;
			at += entry->d_reclen;
		}
	}
}

/* A directory that changes while it is read may skip an entry: look each missing one up. */
static int recheck_unseen(struct cgroup_tree *tree, struct node *parent)
{
	struct cgroup *child = parent->group.first_child;
	int first_error = 0;

	while (child) {
		struct cgroup *next = child->next_sibling;
		int r = 0;

		if (node_of(child)->seen != tree->n_listings)
			r = reconcile(tree, parent, last_part(child->path));
		if (first_error == 0 && is_passing(r))
			first_error = r;
		child = next;
	}
	return first_error;
}

static void list(struct cgroup_tree *tree, struct node *node)
{
	/* Watch first: what comes between the two is announced, and seen twice at worst. */
	bool watched = node_set_watch(tree, node);
	int r;

	node_set_listing(tree, node, LISTING_DONE);
	tree->n_listings++;
	r = read_directory(tree, node);
	if (r == 0)
		r = recheck_unseen(tree, node);
	if (r < 0 || !watched)
		node_set_listing(tree, node, LISTING_FAILED);
}

/* New groups are due themselves, so this walks down into what it finds. */
static void list_due(struct cgroup_tree *tree)
{
	while (!LIST_EMPTY(&tree->due))
		list(tree, LIST_FIRST(&tree->due));
}

static void handle_event(struct cgroup_tree *tree, const struct inotify_event *event)
{
	struct node *node;

	if (event->mask & IN_Q_OVERFLOW) {
		cgroup_tree_for_each (group, tree)
			node_set_listing(tree, node_of(group), LISTING_DUE);
		return;
	}
	node = node_find_watch(tree, event->wd);
	if (!node)
		return;
	if (event->mask & IN_IGNORED) {
		/* Not our doing: the directory is gone or unmounted. Its parent knows. */
		node_forget_watch(tree, node);
		node_set_listing(tree, node, LISTING_DUE);
		if (node->group.parent)
			node_set_listing(tree, node_of(node->group.parent), LISTING_DUE);
	} else if ((event->mask & IN_ISDIR) && event->len > 0) {
		if (is_passing(reconcile(tree, node, event->name)))
			node_set_listing(tree, node, LISTING_DUE);
	}
}

static int read_events(struct cgroup_tree *tree)
{
	_Alignas(struct inotify_event) char buffer[EVENTS_BYTES];

	for (int i = 0; i < READS_MAX; i++) {
		ssize_t n = read(tree->fd, buffer, sizeof(buffer));

		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0 && errno != EINTR)
			return -errno;
		for (ssize_t at = 0; at < n;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			handle_event(tree, event);
			at += (ssize_t)(sizeof(*event) + event->len);
		}
	}
	return 0;
}

int cgroup_tree_refresh(struct cgroup_tree *tree)
{
	int r;

	tree->n_changes = 0;
	while (!LIST_EMPTY(&tree->failed))
		node_set_listing(tree, LIST_FIRST(&tree->failed), LISTING_DUE);
	r = read_events(tree);
	list_due(tree);
	if (r < 0)
		return r;
	if (tree->root_gone)
		return -ENODEV;
	return (int)MIN(tree->n_changes, (size_t)INT_MAX);
}

bool cgroup_tree_is_complete(const struct cgroup_tree *tree)
{
	return LIST_EMPTY(&tree->failed);
}

static int open_notifier(struct cgroup_tree *tree)
{
	tree->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	tree->has_inotify = tree->fd >= 0;
	if (tree->fd < 0)
		tree->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	return tree->fd < 0 ? -errno : 0;
}

static int open_root(struct cgroup_tree *tree, int root_fd)
{
	_cleanup_close_ int fd = kfile_open_dir(root_fd, ".");
	struct stat st;
	int r;

	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	tree->device = st.st_dev;
	r = node_insert(tree, NULL, "", fd, st.st_ino, &tree->root);
	if (r < 0)
		return r;
	TAKE_FD(fd);
	return 0;
}

int cgroup_tree_open(int root_fd, const struct cgroup_tree_events *events,
		     struct cgroup_tree **ret_tree)
{
	_cleanup_(cgroup_tree_freep) struct cgroup_tree *tree = calloc(1, sizeof(*tree));
	int r;

	if (!tree)
		return -ENOMEM;
	tree->fd = -1;
	LIST_INIT(&tree->due);
	LIST_INIT(&tree->failed);
	if (hash_init(&tree->by_id) < 0 || hash_init(&tree->by_watch) < 0 ||
	    hash_init(&tree->by_path) < 0)
		return -ENOMEM;
	r = open_notifier(tree);
	if (r < 0)
		return r;
	r = open_root(tree, root_fd);
	if (r < 0)
		return r;
	/* From here on on_remove is called for all that on_add was called for. */
	tree->events = *events;
	if (events->on_add)
		events->on_add(&tree->root->group, events->context);
	list_due(tree);
	*ret_tree = TAKE_PTR(tree);
	return 0;
}

struct cgroup_tree *cgroup_tree_free(struct cgroup_tree *tree)
{
	if (!tree)
		return NULL;
	if (tree->root)
		node_remove_subtree(tree, tree->root);
	hash_done(&tree->by_id);
	hash_done(&tree->by_watch);
	hash_done(&tree->by_path);
	fd_close(tree->fd);
	free(tree);
	return NULL;
}

int cgroup_tree_fd(const struct cgroup_tree *tree)
{
	return tree->fd;
}
