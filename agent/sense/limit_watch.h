/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells when somebody wrote memory.min, low, high, max or swap.max of a group, or attributes of its
 * directory, so that limits and marks need not be read again and again.
 */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdint.h>

struct limit_watch;

int limit_watch_open(struct limit_watch **ret_watch);
struct limit_watch *limit_watch_free(struct limit_watch *watch);
DEFINE_CLEANUP(struct limit_watch *, limit_watch_free)

int limit_watch_fd(const struct limit_watch *watch);

#define LIMIT_FILES 6

/* One group's watches; -1: none. */
struct limit_watches {
	int wd[LIMIT_FILES];
};

/*
 * Watches those of the group's files that are there; *watches is what limit_watch_remove needs.
 * -ENOSPC: out of inotify watches; -ENOENT: the group has no limits (its parent does not give it
 * the memory controller): then nothing is watched.
 */
int limit_watch_add(struct limit_watch *watch, int dir_fd, uint64_t group_id,
		    struct limit_watches *watches);

/* The kernel does not let go of the watches of a removed group by itself (seen on 6.18). */
void limit_watch_remove(struct limit_watch *watch, struct limit_watches *watches);

/*
 * Calls changed for every group whose limits were written since the last call, whether or not they
 * are others now; a group may be named many times. Returns true when events were lost, or are more
 * than are taken at once, so that all limits are to be read.
 */
bool limit_watch_take(struct limit_watch *watch, void (*changed)(uint64_t group_id, void *context),
		      void *context);
