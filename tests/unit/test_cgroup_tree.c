/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/tree.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

/*
 * Stand in front of the system calls, to run out of watches, instances and descriptors. The names
 * of their parameters are libc's own affair.
 * NOLINTBEGIN(readability-inconsistent-declaration-parameter-name)
 */
static struct {
	int watches_left; /* -1: any number */
	bool no_instances;
	unsigned int reads;
} limits = {.watches_left = -1};

int inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	if (limits.watches_left == 0) {
		errno = ENOSPC;
		return -1;
	}
	if (limits.watches_left > 0)
		limits.watches_left--;
	return (int)syscall(SYS_inotify_add_watch, fd, path, mask);
}

int inotify_init1(int flags)
{
	if (limits.no_instances) {
		errno = EMFILE;
		return -1;
	}
	return (int)syscall(SYS_inotify_init1, flags);
}

ssize_t read(int fd, void *buffer, size_t n)
{
	limits.reads++;
	return syscall(SYS_read, fd, buffer, n);
}
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

/* What the tree told its owner: "+a +a/b -a/b ..." */
struct journal {
	char text[4096];
	size_t n_added, n_removed;
	bool silent;
};

static void note(struct journal *journal, char sign, const struct cgroup *group)
{
	size_t used = strlen(journal->text);

	if (!journal->silent)
		(void)snprintf(journal->text + used, sizeof(journal->text) - used, "%s%c%s",
			       used ? " " : "", sign, group->path);
}

static void on_add(struct cgroup *group, void *context)
{
	struct journal *journal = context;

	note(journal, '+', group);
	journal->n_added++;
	assert_null(group->data);
	group->data = journal;
	if (group->parent) {
		/* Parents first. */
		assert_ptr_equal(group->parent->data, journal);
		assert_int_equal(group->depth, group->parent->depth + 1);
	}
}

static void on_remove(struct cgroup *group, void *context)
{
	struct journal *journal = context;

	note(journal, '-', group);
	journal->n_removed++;
	assert_ptr_equal(group->data, journal);
	assert_null(group->first_child);
	assert_true(fcntl(group->dir_fd, F_GETFD) >= 0);
	group->data = NULL;
}

struct world {
	struct fixture *fx;
	struct journal journal;
	struct cgroup_tree *tree;
};

static int setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->fx = fixture_new(NULL, 0);
	limits.watches_left = -1;
	limits.no_instances = false;
	*state = world;
	return 0;
}

static int teardown(void **state)
{
	struct world *world = *state;

	world->tree = cgroup_tree_free(world->tree);
	assert_int_equal(world->journal.n_added, world->journal.n_removed);
	fixture_free(world->fx);
	free(world);
	return 0;
}

static void make(const struct world *world, const char *path)
{
	assert_int_equal(mkdirat(world->fx->fd, path, 0755), 0);
}

static void drop(const struct world *world, const char *path)
{
	assert_int_equal(unlinkat(world->fx->fd, path, AT_REMOVEDIR), 0);
}

static void open_tree(struct world *world)
{
	const struct cgroup_tree_events events = {on_add, on_remove, &world->journal};

	assert_int_equal(cgroup_tree_open(world->fx->fd, &events, &world->tree), 0);
}

static bool is_readable(struct cgroup_tree *tree)
{
	struct pollfd fd = {.fd = cgroup_tree_fd(tree), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

/* Refreshes and compares what was announced, in the order it was. */
static void expect(struct world *world, int changes, const char *announced)
{
	world->journal.text[0] = '\0';
	assert_int_equal(cgroup_tree_refresh(world->tree), changes);
	assert_string_equal(world->journal.text, announced);
	assert_false(is_readable(world->tree));
}

/* Depth-first, as "a a/b c"; the links must agree with find. */
static void expect_groups(struct world *world, const char *const *paths, size_t n)
{
	size_t seen = 0;

	cgroup_tree_for_each (group, world->tree) {
		struct stat st;

		seen++;
		assert_ptr_equal(cgroup_tree_find(world->tree, group->path), group);
		assert_ptr_equal(cgroup_tree_find_id(world->tree, group->id), group);
		assert_int_equal(fstat(group->dir_fd, &st), 0);
		assert_int_equal(st.st_ino, group->id);
	}
	assert_int_equal(seen, n);
	assert_int_equal(cgroup_tree_size(world->tree), n);
	for (size_t i = 0; i < n; i++)
		assert_non_null(cgroup_tree_find(world->tree, paths[i]));
}

static void test_walks_what_is_there(void **state)
{
	static const char *const paths[] = {"", "a", "a/b", "a/b/c", "d"};
	struct world *world = *state;

	fixture_write(world->fx, "a/b/c/memory.current", "0\n");
	fixture_write(world->fx, "d/", NULL);
	fixture_write(world->fx, "cgroup.procs", NULL);
	assert_int_equal(symlinkat("a", world->fx->fd, "link"), 0);
	open_tree(world);
	expect_groups(world, paths, ARRAY_SIZE(paths));
	assert_true(cgroup_tree_is_complete(world->tree));
	assert_int_equal(cgroup_tree_find(world->tree, "a/b/c")->depth, 3);
	assert_null(cgroup_tree_find(world->tree, "a/"));
	assert_null(cgroup_tree_find(world->tree, "link"));
	assert_null(cgroup_tree_find_id(world->tree, 1));
	assert_ptr_equal(cgroup_tree_lookup(world->tree, "/a//b/"),
			 cgroup_tree_find(world->tree, "a/b"));
	assert_ptr_equal(cgroup_tree_lookup(world->tree, "/"), cgroup_tree_root(world->tree));
	assert_null(cgroup_tree_lookup(world->tree, "/a/.."));
	expect(world, 0, "");
}

static void test_groups_come_and_go(void **state)
{
	struct world *world = *state;

	open_tree(world);
	make(world, "a");
	assert_true(is_readable(world->tree));
	expect(world, 1, "+a");
	make(world, "a/b");
	make(world, "c");
	expect(world, 2, "+a/b +c");
	drop(world, "a/b");
	drop(world, "a");
	expect(world, 2, "-a/b -a");
	/* Came and went unseen. */
	make(world, "x");
	drop(world, "x");
	expect(world, 0, "");
	/* Files are none of our business. */
	fixture_write(world->fx, "c/file", "1");
	expect(world, 0, "");
}

static void test_subtree_made_before_its_watch(void **state)
{
	static const char *const paths[] = {"", "a", "a/b", "a/b/c", "a/b/c/d"};
	struct world *world = *state;

	open_tree(world);
	fixture_write(world->fx, "a/b/c/d/", NULL);
	expect(world, 4, "+a +a/b +a/b/c +a/b/c/d");
	expect_groups(world, paths, ARRAY_SIZE(paths));
	fixture_remove(world->fx, "a");
	expect(world, 4, "-a/b/c/d -a/b/c -a/b -a");
}

static void test_same_name_is_another_group(void **state)
{
	struct world *world = *state;
	uint64_t id;

	make(world, "a");
	make(world, "a/old");
	open_tree(world);
	id = cgroup_tree_find(world->tree, "a")->id;
	drop(world, "a/old");
	drop(world, "a");
	make(world, "a");
	make(world, "a/new");
	expect(world, 4, "-a/old -a +a +a/new");
	assert_true(cgroup_tree_find(world->tree, "a")->id != id);
	/* And it is watched. */
	make(world, "a/newer");
	expect(world, 1, "+a/newer");
}

static void test_moves(void **state)
{
	struct world *world = *state;
	_cleanup_(fixture_freep) struct fixture *outside = fixture_new(NULL, 0);

	fixture_write(world->fx, "a/b/c/", NULL);
	make(world, "z");
	open_tree(world);
	assert_int_equal(renameat(world->fx->fd, "a/b", world->fx->fd, "z/y"), 0);
	expect(world, 4, "-a/b/c -a/b +z/y +z/y/c");
	make(world, "z/y/c/d");
	expect(world, 1, "+z/y/c/d");
	assert_int_equal(renameat(world->fx->fd, "z", world->fx->fd, "a/z"), 0);
	expect(world, 8, "-z/y/c/d -z/y/c -z/y -z +a/z +a/z/y +a/z/y/c +a/z/y/c/d");
	make(world, "a/z/y/c/d/e");
	expect(world, 1, "+a/z/y/c/d/e");
	/* Out of the tree. */
	assert_int_equal(renameat(world->fx->fd, "a/z/y", outside->fd, "y"), 0);
	expect(world, 4, "-a/z/y/c/d/e -a/z/y/c/d -a/z/y/c -a/z/y");
	assert_int_equal(mkdirat(outside->fd, "y/far", 0755), 0);
	assert_false(is_readable(world->tree));
	assert_int_equal(unlinkat(outside->fd, "y/far", AT_REMOVEDIR), 0);
	assert_int_equal(renameat(outside->fd, "y", world->fx->fd, "y"), 0);
	expect(world, 4, "+y +y/c +y/c/d +y/c/d/e");
}

static void test_hostile_names(void **state)
{
	struct world *world = *state;
	char longest[256];

	open_tree(world);
	memset(longest, 'n', 255);
	longest[255] = '\0';
	make(world, "a\nb");
	make(world, "\x1b[2J\xff");
	make(world, "...");
	make(world, longest);
	assert_int_equal(cgroup_tree_refresh(world->tree), 4);
	assert_non_null(cgroup_tree_find(world->tree, "a\nb"));
	assert_non_null(cgroup_tree_find(world->tree, "..."));
	assert_non_null(cgroup_tree_find(world->tree, longest));
	assert_ptr_equal(cgroup_tree_lookup(world->tree, "/a\\x0ab"),
			 cgroup_tree_find(world->tree, "a\nb"));
	assert_true(cgroup_tree_is_complete(world->tree));
}

/* Makes directories in one another; returns a descriptor of the deepest. */
static int make_chain(const struct world *world, const char *name, size_t depth)
{
	int fd = fcntl(world->fx->fd, F_DUPFD_CLOEXEC, 0);

	for (size_t i = 0; i < depth; i++) {
		int next;

		assert_int_equal(mkdirat(fd, name, 0755), 0);
		next = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		assert_true(next >= 0);
		fd_close(fd);
		fd = next;
	}
	return fd;
}

/* No path reaches that deep: back up by "..". Takes fd over. */
static void drop_chain(int fd, const char *name, size_t depth)
{
	for (size_t i = 0; i < depth; i++) {
		int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		assert_true(up >= 0);
		assert_int_equal(unlinkat(up, name, AT_REMOVEDIR), 0);
		fd_close(fd);
		fd = up;
	}
	fd_close(fd);
}

static void test_absurd_depth_is_left_out(void **state)
{
	struct world *world = *state;
	_cleanup_close_ int deepest = make_chain(world, "d", CGROUP_DEPTH_MAX + 10);

	open_tree(world);
	assert_int_equal(cgroup_tree_size(world->tree), CGROUP_DEPTH_MAX + 1);
	assert_true(cgroup_tree_is_complete(world->tree));
	assert_int_equal(mkdirat(deepest, "more", 0755), 0);
	expect(world, 0, "");
}

static void test_paths_that_are_too_long_are_left_out(void **state)
{
	struct world *world = *state;
	char name[256];
	int deepest;

	memset(name, 'n', 255);
	name[255] = '\0';
	deepest = make_chain(world, name, 17);
	open_tree(world);
	/* 16 names and 15 slashes are 4095 bytes: they just fit. */
	assert_int_equal(cgroup_tree_size(world->tree), 17);
	assert_true(cgroup_tree_is_complete(world->tree));
	cgroup_tree_for_each (group, world->tree)
		assert_true(strlen(group->path) < CGROUP_PATH_MAX);
	drop_chain(deepest, name, 17);
	assert_int_equal(cgroup_tree_refresh(world->tree), 16);
}

static void test_steady_state_is_one_read(void **state)
{
	struct world *world = *state;

	fixture_write(world->fx, "a/b/", NULL);
	open_tree(world);
	assert_int_equal(cgroup_tree_refresh(world->tree), 0);
	limits.reads = 0;
	assert_int_equal(cgroup_tree_refresh(world->tree), 0);
	assert_int_equal(limits.reads, 1);
}

/* More events than the queue holds, whatever this machine's setting is (16384 by default). */
static void lose_events(struct world *world)
{
	char text[32];
	long queue;

	assert_true(kfile_read_at(AT_FDCWD, "/proc/sys/fs/inotify/max_queued_events", text,
				  sizeof(text)) > 0);
	queue = strtol(text, NULL, 10);
	if (queue > 200000)
		skip();
	for (long i = 0; i <= queue / 2; i++) {
		make(world, "churn");
		drop(world, "churn");
	}
}

static void refresh_all(struct world *world)
{
	do
		assert_true(cgroup_tree_refresh(world->tree) >= 0);
	while (is_readable(world->tree));
}

static void test_overflow_keeps_unchanged_groups(void **state)
{
	struct world *world = *state;
	struct cgroup *kept, *grandchild;

	fixture_write(world->fx, "kept/grandchild/", NULL);
	make(world, "lost");
	open_tree(world);
	kept = cgroup_tree_find(world->tree, "kept");
	grandchild = cgroup_tree_find(world->tree, "kept/grandchild");
	world->journal.silent = true;
	lose_events(world);
	drop(world, "lost");
	make(world, "kept/grandchild/new");
	refresh_all(world);
	assert_ptr_equal(cgroup_tree_find(world->tree, "kept"), kept);
	assert_ptr_equal(cgroup_tree_find(world->tree, "kept/grandchild"), grandchild);
	assert_non_null(cgroup_tree_find(world->tree, "kept/grandchild/new"));
	assert_null(cgroup_tree_find(world->tree, "lost"));
	assert_null(cgroup_tree_find(world->tree, "churn"));
	assert_int_equal(cgroup_tree_size(world->tree), 4);
	assert_true(cgroup_tree_is_complete(world->tree));
}

/*
 * Whichever of the two directories is read first, one group is seen in its new place before it is
 * missed in its old one. It is one group all the same: it goes before it comes.
 */
static void test_moves_among_lost_events(void **state)
{
	struct world *world = *state;
	const char *text = world->journal.text;

	fixture_write(world->fx, "a/from_a/", NULL);
	fixture_write(world->fx, "b/from_b/", NULL);
	open_tree(world);
	world->journal.silent = true;
	lose_events(world);
	assert_int_equal(renameat(world->fx->fd, "a/from_a", world->fx->fd, "b/from_a"), 0);
	assert_int_equal(renameat(world->fx->fd, "b/from_b", world->fx->fd, "a/from_b"), 0);
	world->journal.text[0] = '\0';
	world->journal.silent = false;
	refresh_all(world);
	assert_true(strstr(text, "-a/from_a") < strstr(text, "+b/from_a"));
	assert_true(strstr(text, "-b/from_b") < strstr(text, "+a/from_b"));
	assert_non_null(strstr(text, "-a/from_a"));
	assert_non_null(strstr(text, "-b/from_b"));
	assert_int_equal(cgroup_tree_size(world->tree), 5);
	/* Both are watched. */
	make(world, "a/from_b/x");
	make(world, "b/from_a/y");
	expect(world, 2, "+a/from_b/x +b/from_a/y");
}

static void set_descriptor_limit(rlim_t n)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static void test_without_descriptors_groups_wait(void **state)
{
	struct world *world = *state;
	struct rlimit before;
	int next;

	fixture_write(world->fx, "a/b/", NULL);
	fixture_write(world->fx, "c/d/", NULL);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	next = dup(world->fx->fd);
	assert_true(next >= 0);
	close(next);
	/* Room for inotify, the root and one group. */
	set_descriptor_limit((rlim_t)next + 3);
	open_tree(world);
	assert_int_equal(cgroup_tree_size(world->tree), 2);
	assert_false(cgroup_tree_is_complete(world->tree));
	assert_int_equal(cgroup_tree_refresh(world->tree), 0);
	assert_false(cgroup_tree_is_complete(world->tree));
	set_descriptor_limit(before.rlim_cur);
	assert_int_equal(cgroup_tree_refresh(world->tree), 3);
	assert_true(cgroup_tree_is_complete(world->tree));
	assert_int_equal(cgroup_tree_size(world->tree), 5);
}

static void test_without_watches_directories_are_listed_again(void **state)
{
	struct world *world = *state;

	fixture_write(world->fx, "a/b/", NULL);
	limits.watches_left = 2;
	open_tree(world);
	assert_int_equal(cgroup_tree_size(world->tree), 3);
	assert_false(cgroup_tree_is_complete(world->tree));
	make(world, "a/b/c");
	assert_false(is_readable(world->tree));
	expect(world, 1, "+a/b/c");
	drop(world, "a/b/c");
	expect(world, 1, "-a/b/c");
	limits.watches_left = -1;
	expect(world, 0, "");
	assert_true(cgroup_tree_is_complete(world->tree));
	make(world, "a/b/d");
	assert_true(is_readable(world->tree));
	expect(world, 1, "+a/b/d");
}

static void test_without_inotify(void **state)
{
	struct world *world = *state;

	fixture_write(world->fx, "a/b/", NULL);
	limits.no_instances = true;
	open_tree(world);
	assert_true(cgroup_tree_fd(world->tree) >= 0);
	assert_int_equal(cgroup_tree_size(world->tree), 3);
	assert_false(cgroup_tree_is_complete(world->tree));
	make(world, "a/c");
	fixture_remove(world->fx, "a/b");
	assert_int_equal(cgroup_tree_refresh(world->tree), 2);
	assert_non_null(cgroup_tree_find(world->tree, "a/c"));
	assert_null(cgroup_tree_find(world->tree, "a/b"));
}

static void test_root_itself(void **state)
{
	const struct cgroup_tree_events events = {0};
	struct world *world = *state;
	struct cgroup_tree *tree = NULL;
	_cleanup_close_ int file = -1, gone = -1;

	fixture_write(world->fx, "file", "1");
	file = openat(world->fx->fd, "file", O_RDONLY | O_CLOEXEC);
	assert_int_equal(cgroup_tree_open(file, &events, &tree), -ENOTDIR);
	assert_int_equal(cgroup_tree_open(-1, &events, &tree), -EBADF);
	fixture_write(world->fx, "gone/a/", NULL);
	gone = openat(world->fx->fd, "gone", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(cgroup_tree_open(gone, &events, &tree), 0);
	fixture_remove(world->fx, "gone");
	/* The directory "a" went with an event; that its parent went too is seen by reading it. */
	assert_int_equal(cgroup_tree_refresh(tree), 1);
	assert_int_equal(cgroup_tree_size(tree), 1);
	cgroup_tree_free(tree);
	assert_null(cgroup_tree_free(NULL));
}

/* Ten thousand siblings, removed in the order they came: the worst for a list of children. */
static void test_ten_thousand_groups(void **state)
{
	enum { GROUPS = 10000 };
	struct world *world = *state;
	struct rlimit before;
	char name[32];

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	if (before.rlim_max < GROUPS + 100)
		skip();
	set_descriptor_limit(GROUPS + 100);
	world->journal.silent = true;
	open_tree(world);
	for (int i = 0; i < GROUPS; i++) {
		(void)snprintf(name, sizeof(name), "g%d", i);
		make(world, name);
	}
	assert_int_equal(cgroup_tree_refresh(world->tree), GROUPS);
	for (int i = 0; i < GROUPS; i += 2) {
		(void)snprintf(name, sizeof(name), "g%d", i);
		drop(world, name);
	}
	assert_int_equal(cgroup_tree_refresh(world->tree), GROUPS / 2);
	assert_int_equal(cgroup_tree_size(world->tree), GROUPS / 2 + 1);
	world->tree = cgroup_tree_free(world->tree);
	set_descriptor_limit(before.rlim_cur);
}

#define in_world(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_world(test_walks_what_is_there),
		in_world(test_groups_come_and_go),
		in_world(test_subtree_made_before_its_watch),
		in_world(test_same_name_is_another_group),
		in_world(test_moves),
		in_world(test_hostile_names),
		in_world(test_absurd_depth_is_left_out),
		in_world(test_paths_that_are_too_long_are_left_out),
		in_world(test_steady_state_is_one_read),
		in_world(test_overflow_keeps_unchanged_groups),
		in_world(test_moves_among_lost_events),
		in_world(test_without_descriptors_groups_wait),
		in_world(test_without_watches_directories_are_listed_again),
		in_world(test_without_inotify),
		in_world(test_root_itself),
		in_world(test_ten_thousand_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
