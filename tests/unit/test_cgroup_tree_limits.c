/* SPDX-License-Identifier: Apache-2.0 */
/* The tree where events are lost, or watches, instances and descriptors run out; and its cost. */
#include "base/kfile.h"
#include "tests/unit/tree_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
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
		make_group(world, "churn");
		drop_group(world, "churn");
	}
}

static void refresh_all(struct world *world)
{
	do
		assert_true(cgroup_tree_refresh(world->tree) >= 0);
	while (tree_is_readable(world->tree));
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

static void test_overflow_keeps_unchanged_groups(void **state)
{
	struct world *world = *state;
	struct cgroup *kept, *grandchild;

	fixture_write(world->fx, "kept/grandchild/", NULL);
	make_group(world, "lost");
	open_tree(world);
	kept = cgroup_tree_find(world->tree, "kept");
	grandchild = cgroup_tree_find(world->tree, "kept/grandchild");
	world->journal.silent = true;
	lose_events(world);
	drop_group(world, "lost");
	make_group(world, "kept/grandchild/new");
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
	make_group(world, "a/from_b/x");
	make_group(world, "b/from_a/y");
	expect_changes(world, 2, "+a/from_b/x +b/from_a/y");
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
	make_group(world, "a/b/c");
	assert_false(tree_is_readable(world->tree));
	expect_changes(world, 1, "+a/b/c");
	drop_group(world, "a/b/c");
	expect_changes(world, 1, "-a/b/c");
	limits.watches_left = -1;
	expect_changes(world, 0, "");
	assert_true(cgroup_tree_is_complete(world->tree));
	make_group(world, "a/b/d");
	assert_true(tree_is_readable(world->tree));
	expect_changes(world, 1, "+a/b/d");
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
	make_group(world, "a/c");
	fixture_remove(world->fx, "a/b");
	assert_int_equal(cgroup_tree_refresh(world->tree), 2);
	assert_non_null(cgroup_tree_find(world->tree, "a/c"));
	assert_null(cgroup_tree_find(world->tree, "a/b"));
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
		make_group(world, name);
	}
	assert_int_equal(cgroup_tree_refresh(world->tree), GROUPS);
	for (int i = 0; i < GROUPS; i += 2) {
		(void)snprintf(name, sizeof(name), "g%d", i);
		drop_group(world, name);
	}
	assert_int_equal(cgroup_tree_refresh(world->tree), GROUPS / 2);
	assert_int_equal(cgroup_tree_size(world->tree), GROUPS / 2 + 1);
	world->tree = cgroup_tree_free(world->tree);
	set_descriptor_limit(before.rlim_cur);
}

static int setup(void **state)
{
	limits.watches_left = -1;
	limits.no_instances = false;
	return tree_scene_setup(state);
}

#define with_limits(test) cmocka_unit_test_setup_teardown(test, setup, tree_scene_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		with_limits(test_steady_state_is_one_read),
		with_limits(test_overflow_keeps_unchanged_groups),
		with_limits(test_moves_among_lost_events),
		with_limits(test_without_descriptors_groups_wait),
		with_limits(test_without_watches_directories_are_listed_again),
		with_limits(test_without_inotify),
		with_limits(test_ten_thousand_groups),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
