/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/reclaim.h"

#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#define SWAPPINESS_MAX 200

int node_reclaim_open(int sys_fd, unsigned int node)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "devices/system/node/node%u/reclaim", node);
	return kfile_open(sys_fd, path, O_WRONLY);
}

int node_reclaim(int fd, uint64_t bytes, int swappiness)
{
	char request[64];

	if (swappiness < -1 || swappiness > SWAPPINESS_MAX)
		return -EINVAL;
	if (swappiness < 0)
		(void)snprintf(request, sizeof(request), "%" PRIu64, bytes);
	else
		(void)snprintf(request, sizeof(request), "%" PRIu64 " swappiness=%d", bytes,
			       swappiness);
	return kfile_write(fd, request);
}
