/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the kernel is touched. One table of operations: live, or dry-run, which asks the kernel for
 * nothing. Both run on a worker's hand, since a request blocks until the kernel is done.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum backend {
	BACKEND_NONE,
	BACKEND_MEMORY_RECLAIM, /* a group's memory.reclaim */
	BACKEND_NODE_RECLAIM,	/* nodeN/reclaim */
};

const char *backend_name(enum backend backend); /* "memory.reclaim" */

/* One request to the kernel. */
struct request {
	enum backend backend;
	int fd; /* of the knob; stays open until the request is done */
	uint64_t bytes;
	int swappiness; /* as cgroup/reclaim.h and numa/reclaim.h */
};

struct act_ops {
	const char *name;
	bool dry; /* asks the kernel for nothing: whatever changes is not its doing */
	/* 0: all of it was reclaimed; -EAGAIN, -EINTR: less; other -errno: refused. */
	int (*reclaim)(const struct request *request);
	/*
	 * MADV_PAGEOUT or MADV_COLD for a range of the process that pid_fd is, as
	 * process_madvise(2): the bytes advised, which is not what it frees; -errno. -ECANCELED: a
	 * dry run.
	 */
	ssize_t (*advise)(int pid_fd, uint64_t start, uint64_t length, int advice);
};

/*
 * Whether such a process may be advised about its memory: asks about none of it. -ENOSYS;
 * -EACCES: no CAP_SYS_PTRACE; -EPERM: no CAP_SYS_NICE; -ESRCH.
 */
int act_try_advise(int pid);

extern const struct act_ops act_live;
extern const struct act_ops act_dry_run;
