/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/act/backend.h"

#include "cgroup/reclaim.h"
#include "numa/reclaim.h"

#include <errno.h>

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

static int reclaim_nothing(const struct request *request)
{
	(void)request;
	return -EAGAIN;
}

const struct act_ops act_live = {.name = "live", .reclaim = reclaim_live};
const struct act_ops act_dry_run = {.name = "dry-run", .dry = true, .reclaim = reclaim_nothing};
