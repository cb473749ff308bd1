/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the kernel's DAMON is there, and who uses it. */
#pragma once

/* Below /sys. */
#define DAMON_KDAMONDS "kernel/mm/damon/admin/kdamonds"

enum damon_use {
	DAMON_FREE, /* nobody uses it: it can be had */
	DAMON_NONE, /* the kernel has none, or not this way to use it */
	DAMON_REFUSED,
	/* Those of the kernel's own that want it for themselves. */
	DAMON_STAT,
	DAMON_RECLAIM,
	DAMON_LRU_SORT,
	DAMON_OTHERS, /* kdamonds that somebody set up */
	DAMON_USES,
};

/* sys_fd: /sys. */
enum damon_use damon_use_of(int sys_fd);

/* Why it can't be had, and what to do: "DAMON_STAT has it ..." */
const char *damon_use_words(enum damon_use use);
