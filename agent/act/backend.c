/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/act/backend.h"

#include "base/cleanup.h"
#include "cgroup/reclaim.h"
#include "numa/reclaim.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

const char *backend_name(enum backend backend)
{
	switch (backend) {
	case BACKEND_NONE:
		break;
	case BACKEND_MEMORY_RECLAIM:
		return "memory.reclaim";
	case BACKEND_NODE_RECLAIM:
		return "node/reclaim";
	}
	return "none";
}

static int reclaim_live(const struct request *request)
{
	switch (request->backend) {
	case BACKEND_NONE:
		break;
	case BACKEND_MEMORY_RECLAIM:
		return group_reclaim(request->fd, request->bytes, request->swappiness);
	case BACKEND_NODE_RECLAIM:
		return node_reclaim(request->fd, request->bytes, request->swappiness);
	}
	return -EOPNOTSUPP;
}

static ssize_t advise_live(int pid_fd, uint64_t start, uint64_t length, int advice)
{
	/* An address of another process. */
	struct iovec range = {
		.iov_base = (void *)(uintptr_t)start,
		.iov_len = length,
	};
	ssize_t n = syscall(SYS_process_madvise, pid_fd, &range, 1UL, advice, 0U);

	return n < 0 ? -errno : n;
}

int act_try_advise(int pid)
{
	_cleanup_close_ int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct iovec none = {0};

	if (pid_fd < 0 || syscall(SYS_process_madvise, pid_fd, &none, 0, MADV_COLD, 0) < 0)
		return -errno;
	return 0;
}

static int reclaim_nothing(const struct request *request)
{
	(void)request;
	return -EAGAIN;
}

static ssize_t advise_nothing(int pid_fd, uint64_t start, uint64_t length, int advice)
{
	(void)pid_fd;
	(void)start;
	(void)length;
	(void)advice;
	return -ECANCELED;
}

const struct act_ops act_live = {
	.name = "live",
	.reclaim = reclaim_live,
	.advise = advise_live,
};
const struct act_ops act_dry_run = {
	.name = "dry-run",
	.dry = true,
	.reclaim = reclaim_nothing,
	.advise = advise_nothing,
};
