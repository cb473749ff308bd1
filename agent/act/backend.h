/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the kernel is touched. One table of operations: live, or dry-run, which asks the kernel for
 * nothing. Both are for a hand (act/hand.h), since a request blocks until the kernel is done.
 */
#pragma once

#include "cgroup/lru_gen.h"

#include <stdbool.h>
#include <stdint.h>

enum backend {
	BACKEND_NONE,
	BACKEND_MEMORY_RECLAIM,	 /* a group's memory.reclaim */
	BACKEND_NODE_RECLAIM,	 /* nodeN/reclaim */
	BACKEND_PROCESS_MADVISE, /* a range of a process */
	BACKEND_NODE_COMPACT,	 /* nodeN/compact: takes nothing */
	BACKEND_LRU_GEN,	 /* clean files of a group on a node, through debugfs */
	BACKEND_DROP_SLAB,	 /* vm.drop_caches=2: of the whole machine */
	BACKEND_KDAMOND,	 /* state of a thread of DAMON's: takes nothing */
};

const char *backend_name(enum backend backend); /* "memory.reclaim" */

/* What a thread of DAMON's is told. */
enum kdamond_command {
	KDAMOND_ON,
	KDAMOND_OFF,
	KDAMOND_TELL, /* to show the regions that its scheme is for: when it next applies it */
};

/* One request to the kernel. */
struct request {
	enum backend backend;
	int fd; /* of the knob, or of the process (pidfd); stays open until the request is done */
	uint64_t bytes;
	int swappiness; /* as cgroup/reclaim.h and numa/reclaim.h */
	uint64_t start; /* address of a range */
	int advice;	/* about it: MADV_PAGEOUT, MADV_COLD; or enum kdamond_command */
	struct lru_gen_eviction eviction; /* through lru_gen */
};

struct act_ops {
	const char *name;
	bool dry;    /* asks the kernel for nothing: whatever changes is not its doing */
	bool blocks; /* as long as the kernel likes */
	/*
	 * 0: all of it was reclaimed, or advised or evicted, which is not what it frees; -EAGAIN,
	 * -EINTR: less; -ECANCELED: a dry run; other -errno: refused.
	 */
	int (*make)(const struct request *request);
};

/*
 * Whether such a process may be advised about its memory: asks about none of it. -ENOSYS;
 * -EACCES: no CAP_SYS_PTRACE; -EPERM: no CAP_SYS_NICE; -ESRCH.
 */
int act_try_advise(int pid);

extern const struct act_ops act_live;
extern const struct act_ops act_dry_run;
