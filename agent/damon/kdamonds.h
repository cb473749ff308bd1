/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of DAMON's (kdamonds), each to watch the addresses of one process and to tell which
 * regions of them are cold: set up through sysfs
 * (Documentation/admin-guide/mm/damon/usage.rst), with a scheme whose action is stat, which takes
 * nothing.
 *
 * All of them are ours, or none: they are only taken where there are none, and what was taken is
 * written down first, so that whoever comes next can give back what an agent that was killed has
 * left.
 */
#pragma once

#include "agent/act/hand.h"
#include "agent/policy/cold.h"

#define KDAMONDS      8
#define KDAMONDS_NOTE "kdamonds 8\n" /* what stands in the file */

struct kdamonds {
	int proc_fd, sys_fd; /* stay the caller's */
	const char *note;    /* path of the file that is left behind; outlives this */
	struct hand *hand;   /* does what may block, with ops */
	const struct act_ops *ops;
	bool held;
};

/*
 * Gives back what a former agent has left, unless it was changed since: -ESTALE, and it stays. 0:
 * nothing is left; -EBADMSG: the file is not one of ours.
 */
int kdamonds_restore(struct kdamonds *kdamonds);

/* Takes them, all off. -EBUSY: somebody has some; -EACCES, -ENOENT ... */
int kdamonds_take(struct kdamonds *kdamonds);

/* Ends those that are on, and gives all back. -errno: they are still held. */
int kdamonds_give_back(struct kdamonds *kdamonds);

/*
 * Has one that is off watch a process, and tell of regions no larger than region_max_bytes. -EBUSY:
 * DAMON is somebody's who wants it for himself; -EINVAL: it can't watch processes.
 */
int kdamonds_start(struct kdamonds *kdamonds, unsigned int i, uint64_t pid,
		   const struct cold_pace *pace, uint64_t region_max_bytes);
int kdamonds_stop(struct kdamonds *kdamonds, unsigned int i);

/* It ends by itself when its process does. */
bool kdamonds_is_on(const struct kdamonds *kdamonds, unsigned int i);

/* The regions that are as old as its pace says. -EINVAL: it has ended. */
int kdamonds_read_cold(struct kdamonds *kdamonds, unsigned int i, const struct cold_pace *pace,
		       struct cold_ranges *ret);

/* CPU time it has used since it was started; 0: that can't be known. */
uint64_t kdamonds_cpu_ns(const struct kdamonds *kdamonds, unsigned int i);
