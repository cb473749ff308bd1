/* SPDX-License-Identifier: Apache-2.0 */
/* Notices that the kernel gives of files of groups, by poll(2) and by inotify(7). */
#pragma once

#include "stress/scenario/scenario.h"

#include <stddef.h>
#include <stdint.h>

struct watch_state {
	int fd;
	uint64_t seen[FORMULA_WATCH_KEYS];
};

struct watches {
	const struct scenario *scenario;
	struct watch_state *list; /* in the scenario's order */
};

/* directory: of a group by its index, as a path. watches_close after an error, too. */
int watches_open(struct watches *watches, const struct scenario *scenario, const int *group_fds,
		 int (*directory)(const void *context, size_t group, char *path, size_t size),
		 const void *context, struct stress_error *ret_error);
void watches_close(struct watches *watches);

/* Takes in what has been noticed since. */
void watches_look(struct watches *watches);
