/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/mode.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME	 "90-mode.conf"
#define NEW_NAME NAME ".new" /* which the agent does not read */

/* With the mode of other configuration files, whatever the caller's umask. */
static int write_new(int dir_fd, const char *text)
{
	_cleanup_close_ int fd = openat(
		dir_fd, NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
	int r;

	if (fd < 0)
		return -errno;
	r = fchmod(fd, 0644) < 0 ? -errno : file_write_all(fd, text, strlen(text));
	if (r == 0 && fsync(fd) < 0)
		r = -errno;
	if (r == 0 && renameat(dir_fd, NEW_NAME, dir_fd, NAME) < 0)
		r = -errno;
	if (r < 0)
		(void)unlinkat(dir_fd, NEW_NAME, 0);
	return r;
}

int mode_write(const char *config_file, const char *mode, char path[MODE_PATH_MAX])
{
	_cleanup_close_ int dir_fd = -1;
	char text[128];
	int n = snprintf(path, MODE_PATH_MAX, "%s.d", config_file);
	int r;

	if (n < 0 || (size_t)n + sizeof("/" NAME) > MODE_PATH_MAX)
		return -ENAMETOOLONG;
	if (mkdir(path, 0755) < 0 && errno != EEXIST)
		return -errno;
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	(void)snprintf(path + n, MODE_PATH_MAX - (size_t)n, "/%s", NAME);
	if (dir_fd < 0)
		return -errno;
	(void)snprintf(text, sizeof(text),
		       "# Written by uswapctl enable and disable.\n[agent]\nmode = %s\n", mode);
	r = write_new(dir_fd, text);
	/* The name's new place on disk too. */
	return r == 0 && fsync(dir_fd) < 0 ? -errno : r;
}
