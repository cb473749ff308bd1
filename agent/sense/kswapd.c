/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/kswapd.h"

#include "agent/sense/kthread.h"
#include "base/cleanup.h"
#include "base/kfile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_number(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

int kswapd_open(int proc_fd, unsigned int node)
{
	_cleanup_close_ int fd = kfile_open_dir(proc_fd, ".");
	_cleanup_(closedirp) DIR *proc = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	char name[32];

	if (!proc)
		return -ENOENT;
	(void)TAKE_FD(fd);
	(void)snprintf(name, sizeof(name), "kswapd%u", node);
	while ((entry = readdir(proc))) {
		int r = is_number(entry->d_name) ? kthread_open(proc_fd, entry->d_name, name)
						 : -ENOENT;

		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}
