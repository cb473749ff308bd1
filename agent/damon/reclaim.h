/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel's DAMON_RECLAIM: a module that pages out what it finds cold, of the whole machine. Who
 * takes cold memory beside it pays for the same pages twice, and can't tell whose come back.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* It works by quotas and watermarks, with breaks. */
#define DAMON_RECLAIM_BREAK_NS (60 * UINT64_C(1000000000))

/* All zero at the start. */
struct damon_reclaim {
	bool seen;
	uint64_t bytes;	  /* taken in all, at the last look; it begins anew when switched on */
	uint64_t took_ns; /* when it was last seen to have taken some; 0: never */
};

/*
 * sys_fd: /sys. True: it is on, and has taken memory within DAMON_RECLAIM_BREAK_NS. What can't be
 * read is not there.
 */
bool damon_reclaim_takes(struct damon_reclaim *reclaim, int sys_fd, uint64_t now_ns);
