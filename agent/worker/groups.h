/* SPDX-License-Identifier: Apache-2.0 */
/* The groups a worker knows: their coming and going, who is home to them, and looking at them. */
#pragma once

#include "agent/worker/group.h"

struct worker;

int worker_open_tree(struct worker *worker);
void worker_close_tree(struct worker *worker);
void worker_refresh_tree(struct worker *worker);
void worker_look_at_groups(struct worker *worker, uint64_t now_ns);
void worker_let_go(struct worker *worker, struct group *group);
void worker_unwatch(struct worker *worker, struct group *group);
struct group *worker_find_group(struct worker *worker, uint64_t id);
struct group_context worker_group_context(const struct worker *worker, uint64_t now_ns);
/* Lets the worker that has most of the group's memory on its node look after it. */
void worker_consider_home(struct worker *worker, struct group *group, uint64_t now_ns);
