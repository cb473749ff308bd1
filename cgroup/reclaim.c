/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/reclaim.h"

#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>

#define SWAPPINESS_MAX 200

int group_reclaim_open(int dir_fd)
{
	return kfile_open(dir_fd, "memory.reclaim", O_WRONLY);
}

/* True or false, or -errno when the file itself does not work. */
static int accepts(int fd, const char *text)
{
	int r = kfile_write(fd, text);

	if (r == -EINVAL)
		return false;
	return r < 0 ? r : true;
}

int group_reclaim_probe(int fd, struct group_reclaim_features *ret)
{
	int number = accepts(fd, "0 swappiness=60");

	if (number < 0)
		return number;
	*ret = (struct group_reclaim_features){.swappiness = number};
	return 0;
}

int group_reclaim(int fd, uint64_t bytes, int swappiness)
{
	char text[64];

	if (swappiness == GROUP_RECLAIM_DEFAULT)
		(void)snprintf(text, sizeof(text), "%" PRIu64, bytes);
	else if (swappiness >= 0 && swappiness <= SWAPPINESS_MAX)
		(void)snprintf(text, sizeof(text), "%" PRIu64 " swappiness=%d", bytes, swappiness);
	else
		return -EINVAL;
	return kfile_write(fd, text);
}
