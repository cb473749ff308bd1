/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/group_mark.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/parse.h"
#include "stress/measure/procstat.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

int group_mark_write(int proc_fd, char ret_mark[static GROUP_MARK_BYTES])
{
	struct procstat self;
	int r = procstat_read(proc_fd, getpid(), &self);

	if (r < 0)
		return r;
	(void)snprintf(ret_mark, GROUP_MARK_BYTES, GROUP_MARK "%d-%" PRIu64, getpid(),
		       self.start_ticks);
	return 0;
}

bool group_mark_read(const char *name, pid_t *ret_pid, uint64_t *ret_start_ticks)
{
	const char *mark = strstr(name, GROUP_MARK);
	const char *numbers, *dash;
	uint64_t pid, start;

	if (!mark || mark == name)
		return false;
	numbers = mark + strlen(GROUP_MARK);
	dash = strchr(numbers, '-');
	if (!dash || parse_u64_n(numbers, (size_t)(dash - numbers), &pid) < 0 ||
	    parse_u64(dash + 1, &start) < 0 || pid == 0 || pid > INT32_MAX)
		return false;
	*ret_pid = (pid_t)pid;
	*ret_start_ticks = start;
	return true;
}

static bool is_alive(int proc_fd, pid_t pid, uint64_t start_ticks)
{
	struct procstat stat;

	return procstat_read(proc_fd, pid, &stat) == 0 && stat.start_ticks == start_ticks;
}

/* The entries of a group's directory; NULL where there is none. */
static DIR *list_group(int mount_fd, const char *path)
{
	int fd = kfile_open_dir(mount_fd, *path ? path : ".");
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir)
		fd_close(fd);
	return dir;
}

/* Removes the group and those in it. */
static void remove_tree(const struct live_mount *mount, int mount_fd, const char *path)
{
	_cleanup_(closedirp) DIR *dir = list_group(mount_fd, path);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *child = NULL;

		if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
		    asprintf(&child, "%s/%s", path, entry->d_name) >= 0)
			remove_tree(mount, mount_fd, child);
	}
	(void)live_group_delete(mount, path, NULL);
}

void group_mark_sweep(const struct live_mount *mount, int mount_fd, const char *parent, int proc_fd)
{
	_cleanup_(closedirp) DIR *dir = list_group(mount_fd, parent);
	struct dirent *entry;

	while (dir && (entry = readdir(dir))) {
		_cleanup_free_ char *path = NULL;
		uint64_t start;
		pid_t pid;

		if (entry->d_type != DT_DIR || !group_mark_read(entry->d_name, &pid, &start) ||
		    is_alive(proc_fd, pid, start))
			continue;
		if (asprintf(&path, "%s%s%s", parent, *parent ? "/" : "", entry->d_name) >= 0)
			remove_tree(mount, mount_fd, path);
	}
}
