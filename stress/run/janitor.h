/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Against SIGKILL a program can do nothing. What must be undone all the same is left to a small
 * process of its own session that waits for that and for nothing else.
 */
#pragma once

#include <sys/types.h>

struct janitor {
	pid_t pid; /* 0: none */
	int fd;
	int (*undo)(void *context);
	void *context;
};

/*
 * From now on undo(context) is called in the janitor, once: by janitor_end, or when this process
 * and those it forked later are gone, however they ended. context is the copy of this moment, and
 * stays there until janitor_end. undo returns 0 or -errno. 0, or -errno of starting it.
 */
int janitor_start(struct janitor *janitor, int (*undo)(void *context), void *context);

/*
 * Has it undone now, here if the janitor was killed; returns what undo did, -ECHILD when it was
 * killed while it did so.
 */
int janitor_end(struct janitor *janitor);

/* Sends it away: there is nothing to undo any more. */
void janitor_dismiss(struct janitor *janitor);
