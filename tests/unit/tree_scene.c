/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/tree_scene.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

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

int tree_scene_setup(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->fx = fixture_new_in_memory();
	*state = world;
	return 0;
}

int tree_scene_teardown(void **state)
{
	struct world *world = *state;

	world->tree = cgroup_tree_free(world->tree);
	assert_int_equal(world->journal.n_added, world->journal.n_removed);
	fixture_free(world->fx);
	free(world);
	return 0;
}

void make_group(const struct world *world, const char *path)
{
	assert_int_equal(mkdirat(world->fx->fd, path, 0755), 0);
}

void drop_group(const struct world *world, const char *path)
{
	assert_int_equal(unlinkat(world->fx->fd, path, AT_REMOVEDIR), 0);
}

void open_tree(struct world *world)
{
	const struct cgroup_tree_events events = {on_add, on_remove, &world->journal};

	assert_int_equal(cgroup_tree_open(world->fx->fd, &events, &world->tree), 0);
}

bool tree_is_readable(struct cgroup_tree *tree)
{
	struct pollfd fd = {.fd = cgroup_tree_fd(tree), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

void expect_changes(struct world *world, int changes, const char *announced)
{
	world->journal.text[0] = '\0';
	assert_int_equal(cgroup_tree_refresh(world->tree), changes);
	assert_string_equal(world->journal.text, announced);
	assert_false(tree_is_readable(world->tree));
}
