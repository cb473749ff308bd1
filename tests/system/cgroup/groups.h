/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the system tests of cgroup/ share: they run as root on a live cgroup v2 of their own (the
 * guest of tests/vm/run), below one group that is removed at both ends. Results go out as lines of
 * "ok - ..." and "not ok - ...", then a line of totals.
 */
#pragma once

#include "cgroup/live.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct results {
	unsigned int passed, failed, skipped;
};

/* Counts and prints one result; returns good. */
bool check(struct results *results, bool good, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void skip(struct results *results, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Prints the totals; the exit status. */
int finish(const struct results *results);

/* Ends the program as skipped (77) with the reason unless this is root on a live cgroup v2. */
struct live_mount need_live_mount(void);

/* Paths below are relative to the mount; these end the program when they can't do it. */
void group_make(const struct live_mount *mount, const char *path);
void group_write(const struct live_mount *mount, const char *path, const char *file,
		 const char *value);
/* Removes the group and all below it, killing what is in them. Nothing to remove is fine. */
void group_remove(const struct live_mount *mount, const char *path);
int group_open(const struct live_mount *mount, const char *path);

/* Starts a process in the group that runs body(argument), then sleeps until killed. Returns after
 * body is done. */
pid_t group_run(const struct live_mount *mount, const char *path, void (*body)(const void *),
		const void *argument);
/* Kills it and waits for its end. */
void group_stop(pid_t pid);
