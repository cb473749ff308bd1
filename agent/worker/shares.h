/* SPDX-License-Identifier: Apache-2.0 */
/* Whose memory there is on a worker's node, and what of it could be taken. */
#pragma once

#include "cgroup/memory.h"

struct group;
struct worker;

/* Each group's memory here, read at most once a second. */
void worker_read_shares(struct worker *worker, uint64_t now_ns);
/* Whether a protected or excluded group has memory on the node, by looking now. */
bool worker_node_is_spared(struct worker *worker);
/* Whether there is such a group, or a weighted one, wherever its memory is. */
bool worker_anyone_is_spared(const struct worker *worker);
/* A group's memory here, by looking now. -errno. */
int worker_read_share(const struct worker *worker, const struct group *group,
		      struct memory_node_share *ret_here);
/* File memory here that is charged to the group or to removed ones below it, by looking now. */
uint64_t worker_left_behind(const struct worker *worker, const struct group *group);
