/* SPDX-License-Identifier: Apache-2.0 */
/* The open files of one group that a worker is home to. */
#pragma once

#include "agent/sense/sample.h"

struct group_watch {
	int current_fd, stat_fd, events_fd, pressure_fd, swap_fd; /* -1: not there */
	int reclaim_fd;
};

#define GROUP_WATCH_CLOSED                       \
	((struct group_watch){.current_fd = -1,  \
			      .stat_fd = -1,     \
			      .events_fd = -1,   \
			      .pressure_fd = -1, \
			      .swap_fd = -1,     \
			      .reclaim_fd = -1})

/*
 * Opens the files below the group's directory. memory.current, memory.stat and memory.events.local
 * must be there; the rest may be missing (no PSI, no swap, a kernel without memory.reclaim, or a
 * dry run without the right to write).
 */
int group_watch_open(int dir_fd, struct group_watch *ret);
void group_watch_close(struct group_watch *watch);

/*
 * Reads everything a decision needs into sample: current_bytes, stat, events, swap_current_bytes.
 * The rest is the caller's. -ENODEV: the group is gone; -EBADMSG with *ret_bad naming the field.
 */
int group_watch_read(const struct group_watch *watch, struct group_sample *sample,
		     const char **ret_bad);
