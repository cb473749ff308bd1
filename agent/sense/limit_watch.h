/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tells when somebody wrote memory.min, low, high, max or swap.max of a group, so that limits need
 * not be read again and again.
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

/* Watches the group's files. -ENOSPC: out of inotify watches; its limits must be polled. */
int limit_watch_add(struct limit_watch *watch, int dir_fd, uint64_t group_id);

/*
 * Calls changed for every group whose limits were written since the last call. Returns true when
 * events were lost, so that all limits are to be read. Watches of removed groups go by themselves.
 */
bool limit_watch_take(struct limit_watch *watch, void (*changed)(uint64_t group_id, void *context),
		      void *context);
