/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report/metrics_file.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Not flushed to the disk: after a crash the figures are worth nothing. */
static int write_new(const char *path, const char *text, size_t n, struct stat *ret_st)
{
	_cleanup_close_ int fd = -1;
	int r;

	/* Of an agent that was killed. The directory may be another user's: no link is followed. */
	(void)unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	r = file_write_all(fd, text, n);
	if (r == 0 && (fchmod(fd, 0644) < 0 || fstat(fd, ret_st) < 0))
		r = -errno;
	return r;
}

int metrics_file_write(struct metrics_file *file, const char *text, size_t n)
{
	char beside[CONFIG_PATH_MAX + sizeof(".tmp")];
	struct stat st = {0};
	int r;

	(void)snprintf(beside, sizeof(beside), "%s.tmp", file->path);
	r = write_new(beside, text, n, &st);
	if (r == 0 && rename(beside, file->path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(beside);
		return r;
	}
	file->device = st.st_dev;
	file->inode = st.st_ino;
	file->modified = st.st_mtim;
	return 0;
}

static bool is_ours(const struct metrics_file *file, const struct stat *st)
{
	return st->st_dev == file->device && st->st_ino == file->inode &&
	       st->st_mtim.tv_sec == file->modified.tv_sec &&
	       st->st_mtim.tv_nsec == file->modified.tv_nsec;
}

void metrics_file_remove(struct metrics_file *file)
{
	struct stat st;

	if (file->inode != 0 && lstat(file->path, &st) == 0 && is_ours(file, &st))
		(void)unlink(file->path);
	file->inode = 0;
}
