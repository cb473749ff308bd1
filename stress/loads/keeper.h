/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What has to be undone even if this program is killed: a process of its own waits for that, and
 * for nothing else.
 */
#pragma once

#include <sys/types.h>

struct keeper {
	pid_t pid; /* 0: none */
	int fd;
};

#define KEEPER_NONE      \
	{                \
		.fd = -1 \
	}

/*
 * From now on undo(context) is called in the keeper, once: by keeper_end, or when this process and
 * those it forked later are gone, however they end. context is the copy of this moment. undo
 * returns 0 or -errno and may not use what is shared with other processes. 0, or -errno of starting
 * it.
 */
int keeper_start(struct keeper *keeper, int (*undo)(void *context), void *context);

/* Has it undone now; returns what undo did, -ECHILD when the keeper itself was killed. */
int keeper_end(struct keeper *keeper);
