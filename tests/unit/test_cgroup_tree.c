/* SPDX-License-Identifier: Apache-2.0 */
/* The tree follows what comes, goes and moves. */
#include "tests/unit/tree_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

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
	expect_changes(world, 0, "");
}

static void test_groups_come_and_go(void **state)
{
	struct world *world = *state;

	open_tree(world);
	make_group(world, "a");
	assert_true(tree_is_readable(world->tree));
	expect_changes(world, 1, "+a");
	make_group(world, "a/b");
	make_group(world, "c");
	expect_changes(world, 2, "+a/b +c");
	drop_group(world, "a/b");
	drop_group(world, "a");
	expect_changes(world, 2, "-a/b -a");
	/* Came and went unseen. */
	make_group(world, "x");
	drop_group(world, "x");
	expect_changes(world, 0, "");
	/* Files are none of our business. */
	fixture_write(world->fx, "c/file", "1");
	expect_changes(world, 0, "");
}

static void test_subtree_made_before_its_watch(void **state)
{
	static const char *const paths[] = {"", "a", "a/b", "a/b/c", "a/b/c/d"};
	struct world *world = *state;

	open_tree(world);
	fixture_write(world->fx, "a/b/c/d/", NULL);
	expect_changes(world, 4, "+a +a/b +a/b/c +a/b/c/d");
	expect_groups(world, paths, ARRAY_SIZE(paths));
	fixture_remove(world->fx, "a");
	expect_changes(world, 4, "-a/b/c/d -a/b/c -a/b -a");
}

static void test_same_name_is_another_group(void **state)
{
	struct world *world = *state;
	uint64_t id;

	make_group(world, "a");
	make_group(world, "a/old");
	open_tree(world);
	id = cgroup_tree_find(world->tree, "a")->id;
	drop_group(world, "a/old");
	drop_group(world, "a");
	make_group(world, "a");
	make_group(world, "a/new");
	expect_changes(world, 4, "-a/old -a +a +a/new");
	assert_true(cgroup_tree_find(world->tree, "a")->id != id);
	/* And it is watched. */
	make_group(world, "a/newer");
	expect_changes(world, 1, "+a/newer");
}

static void test_moves(void **state)
{
	struct world *world = *state;
	_cleanup_(fixture_freep) struct fixture *outside = fixture_new_in_memory();

	fixture_write(world->fx, "a/b/c/", NULL);
	make_group(world, "z");
	open_tree(world);
	assert_int_equal(renameat(world->fx->fd, "a/b", world->fx->fd, "z/y"), 0);
	expect_changes(world, 4, "-a/b/c -a/b +z/y +z/y/c");
	make_group(world, "z/y/c/d");
	expect_changes(world, 1, "+z/y/c/d");
	assert_int_equal(renameat(world->fx->fd, "z", world->fx->fd, "a/z"), 0);
	expect_changes(world, 8, "-z/y/c/d -z/y/c -z/y -z +a/z +a/z/y +a/z/y/c +a/z/y/c/d");
	make_group(world, "a/z/y/c/d/e");
	expect_changes(world, 1, "+a/z/y/c/d/e");
	/* Out of the tree. */
	assert_int_equal(renameat(world->fx->fd, "a/z/y", outside->fd, "y"), 0);
	expect_changes(world, 4, "-a/z/y/c/d/e -a/z/y/c/d -a/z/y/c -a/z/y");
	assert_int_equal(mkdirat(outside->fd, "y/far", 0755), 0);
	assert_false(tree_is_readable(world->tree));
	assert_int_equal(unlinkat(outside->fd, "y/far", AT_REMOVEDIR), 0);
	assert_int_equal(renameat(outside->fd, "y", world->fx->fd, "y"), 0);
	expect_changes(world, 4, "+y +y/c +y/c/d +y/c/d/e");
}

static void test_hostile_names(void **state)
{
	struct world *world = *state;
	char longest[256];

	open_tree(world);
	memset(longest, 'n', 255);
	longest[255] = '\0';
	make_group(world, "a\nb");
	make_group(world, "\x1b[2J\xff");
	make_group(world, "...");
	make_group(world, longest);
	assert_int_equal(cgroup_tree_refresh(world->tree), 4);
	assert_non_null(cgroup_tree_find(world->tree, "a\nb"));
	assert_non_null(cgroup_tree_find(world->tree, "..."));
	assert_non_null(cgroup_tree_find(world->tree, longest));
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
	expect_changes(world, 0, "");
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

#define in_world(test) cmocka_unit_test_setup_teardown(test, tree_scene_setup, tree_scene_teardown)

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
		in_world(test_root_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
