/* SPDX-License-Identifier: Apache-2.0 */
/* A tree of groups on a directory of its own, and a journal of what it says. Failures end the test.
 */
#pragma once

#include "cgroup/tree.h"
#include "tests/unit/fixture.h"

/* What the tree told its owner: "+a +a/b -a/b ..." */
struct journal {
	char text[4096];
	size_t n_added, n_removed;
	bool silent;
};

struct world {
	struct fixture *fx;
	struct journal journal;
	struct cgroup_tree *tree;
};

/* With a struct world as the test's state. */
int tree_scene_setup(void **state);
int tree_scene_teardown(void **state);

void make_group(const struct world *world, const char *path);
void drop_group(const struct world *world, const char *path);
void open_tree(struct world *world);
bool tree_is_readable(struct cgroup_tree *tree);

/* Refreshes and compares what was announced, in the order it was. */
void expect_changes(struct world *world, int changes, const char *announced);
