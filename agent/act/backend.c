/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/act/backend.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "cgroup/reclaim.h"
#include "numa/buddy.h"
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
	case BACKEND_PROCESS_MADVISE:
		return "process_madvise";
	case BACKEND_NODE_COMPACT:
		return "node/compact";
	case BACKEND_LRU_GEN:
		return "lru_gen";
	case BACKEND_DROP_SLAB:
		return "drop_caches";
	case BACKEND_KDAMOND:
		return "damon";
	}
	return "none";
}

static int advise(const struct request *request)
{
	/* An address of another process. */
	struct iovec range = {
		.iov_base = (void *)(uintptr_t)request->start,
		.iov_len = request->bytes,
	};

	return syscall(SYS_process_madvise, request->fd, &range, 1UL, request->advice, 0U) < 0
		       ? -errno
		       : 0;
}

static int command_kdamond(const struct request *request)
{
	static const char *const words[] = {
		[KDAMOND_ON] = "on",
		[KDAMOND_OFF] = "off",
		[KDAMOND_TELL] = "update_schemes_tried_regions",
	};

	if (request->advice < 0 || (size_t)request->advice >= ARRAY_SIZE(words))
		return -EINVAL;
	return kfile_write(request->fd, words[request->advice]);
}

static int make_live(const struct request *request)
{
	switch (request->backend) {
	case BACKEND_NONE:
		break;
	case BACKEND_MEMORY_RECLAIM:
		return group_reclaim(request->fd, request->bytes, request->swappiness);
	case BACKEND_NODE_RECLAIM:
		return node_reclaim(request->fd, request->bytes, request->swappiness);
	case BACKEND_PROCESS_MADVISE:
		return advise(request);
	case BACKEND_NODE_COMPACT:
		return node_compact(request->fd);
	case BACKEND_LRU_GEN:
		return lru_gen_evict(request->fd, &request->eviction);
	case BACKEND_DROP_SLAB:
		return kfile_write(request->fd, "2"); /* slab alone: 1 and 3 drop the page cache */
	case BACKEND_KDAMOND:
		return command_kdamond(request);
	}
	return -EOPNOTSUPP;
}

int act_try_advise(int pid)
{
	_cleanup_close_ int pid_fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct iovec none = {0};

	if (pid_fd < 0 || syscall(SYS_process_madvise, pid_fd, &none, 0, MADV_COLD, 0) < 0)
		return -errno;
	return 0;
}

static int make_nothing(const struct request *request)
{
	(void)request;
	return -ECANCELED;
}

const struct act_ops act_live = {.name = "live", .blocks = true, .make = make_live};
const struct act_ops act_dry_run = {.name = "dry-run", .dry = true, .make = make_nothing};
