/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/tree.h"

#include "base/kfile.h"
#include "cgroup/hash.h"
#include "cgroup/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/queue.h>
#include <sys/stat.h>

#define EVENTS_BYTES 16384
/* A refresh stops here though events keep coming; the descriptor stays readable. */
#define READS_MAX  64

#define WATCH_MASK (IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR)

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

static struct node *node_of(struct cgroup *group)
{
	return (struct node *)group;
}

static void set_listing(struct cgroup_tree *tree, struct node *node, enum listing listing)
{
	if (node->listing != LISTING_DONE)
		LIST_REMOVE(node, work);
	node->listing = listing;
	if (listing == LISTING_DUE)
		LIST_INSERT_HEAD(&tree->due, node, work);
	else if (listing == LISTING_FAILED)
		LIST_INSERT_HEAD(&tree->failed, node, work);
}

static struct node *find_watch(struct cgroup_tree *tree, int watch)
{
	return hash_owner(hash_first(&tree->by_watch, (uint64_t)watch), struct node, by_watch);
}

static void forget_watch(struct cgroup_tree *tree, struct node *node)
{
	if (node->watch < 0)
		return;
	hash_remove(&tree->by_watch, &node->by_watch);
	node->watch = -1;
}

static bool set_watch(struct cgroup_tree *tree, struct node *node)
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
	set_listing(tree, node, LISTING_DONE);
	if (node->watch >= 0)
		(void)inotify_rm_watch(tree->fd, node->watch);
	forget_watch(tree, node);
	hash_remove(&tree->by_id, &node->by_id);
	hash_remove(&tree->by_path, &node->by_path);
	fd_close(node->group.dir_fd);
	free(node);
	tree->n_groups--;
	tree->n_changes++;
}

static void remove_subtree(struct cgroup_tree *tree, struct node *top)
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

static bool is_within(const struct cgroup *group, const struct cgroup *top)
{
	while (group && group != top)
		group = group->parent;
	return group;
}

/* Makes a node of an open directory and takes dir_fd over. */
static int insert(struct cgroup_tree *tree, struct node *parent, const char *path, int dir_fd,
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
	set_listing(tree, node, LISTING_DUE);
	tree->n_groups++;
	tree->n_changes++;
	*ret_node = node;
	return 0;
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
		remove_subtree(tree, node_of(twin));
	r = insert(tree, parent, path, fd, st.st_ino, &node);
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
		remove_subtree(tree, node_of(known));
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
	bool watched = set_watch(tree, node);
	int r;

	set_listing(tree, node, LISTING_DONE);
	tree->n_listings++;
	r = read_directory(tree, node);
	if (r == 0)
		r = recheck_unseen(tree, node);
	if (r < 0 || !watched)
		set_listing(tree, node, LISTING_FAILED);
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
			set_listing(tree, node_of(group), LISTING_DUE);
		return;
	}
	node = find_watch(tree, event->wd);
	if (!node)
		return;
	if (event->mask & IN_IGNORED) {
		/* Not our doing: the directory is gone or unmounted. Its parent knows. */
		forget_watch(tree, node);
		set_listing(tree, node, LISTING_DUE);
		if (node->group.parent)
			set_listing(tree, node_of(node->group.parent), LISTING_DUE);
	} else if ((event->mask & IN_ISDIR) && event->len > 0) {
		if (is_passing(reconcile(tree, node, event->name)))
			set_listing(tree, node, LISTING_DUE);
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
	struct node *node;
	int r;

	tree->n_changes = 0;
	LIST_FOREACH(node, &tree->failed, work)
	node->listing = LISTING_DUE;
	/* due is empty between refreshes: take the list over whole. */
	tree->due = tree->failed;
	if (!LIST_EMPTY(&tree->due))
		LIST_FIRST(&tree->due)->work.le_prev = &LIST_FIRST(&tree->due);
	LIST_INIT(&tree->failed);

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
	r = insert(tree, NULL, "", fd, st.st_ino, &tree->root);
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
		remove_subtree(tree, tree->root);
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

struct cgroup *cgroup_tree_lookup(struct cgroup_tree *tree, const char *text)
{
	char path[CGROUP_PATH_MAX];

	if (cgroup_path_parse(text, path, sizeof(path)) < 0)
		return NULL;
	return cgroup_tree_find(tree, path);
}

struct cgroup *cgroup_tree_next(struct cgroup *group)
{
	if (group->first_child)
		return group->first_child;
	while (group && !group->next_sibling)
		group = group->parent;
	return group ? group->next_sibling : NULL;
}
