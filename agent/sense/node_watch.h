/* SPDX-License-Identifier: Apache-2.0 */
/* The open files of a worker's node, and the watermarks as last read. */
#pragma once

#include "base/cleanup.h"
#include "numa/counters.h"
#include "numa/zones.h"

struct node_watch;

/* proc_fd, sys_fd: /proc and /sys. Nothing is read yet. -ENOENT: no such node. */
int node_watch_open(int proc_fd, int sys_fd, unsigned int node, struct node_watch **ret_watch);
struct node_watch *node_watch_free(struct node_watch *watch);
DEFINE_CLEANUP(struct node_watch *, node_watch_free)

struct node_view {
	struct node_counters counters;
	struct zones_sums sums;
	uint64_t room_bytes;
};

/*
 * Reads the counters; the watermarks too when they are older than max_age_ns, since zoneinfo takes
 * the zones' locks. *ret_bad names what is wrong with the text, and is good until the next call.
 */
int node_watch_read(struct node_watch *watch, uint64_t now_ns, uint64_t max_age_ns,
		    struct node_view *ret, const char **ret_bad);
