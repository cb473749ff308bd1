/* SPDX-License-Identifier: Apache-2.0 */
#include "base/kfile.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int kfile_open(int dir_fd, const char *path, int flags)
{
	int fd = openat(dir_fd, path, flags | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : fd;
}

int kfile_open_dir(int dir_fd, const char *path)
{
	return kfile_open(dir_fd, path, O_RDONLY | O_DIRECTORY);
}

ssize_t kfile_read(int fd, char *text, size_t size)
{
	size_t used = 0;

	for (;;) {
		ssize_t n;

		/* With the buffer full one byte more tells "fits exactly" from "cut". */
		if (used + 1 >= size)
			return -EOVERFLOW;
		n = pread(fd, text + used, size - 1 - used, (off_t)used);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
	}
	text[used] = '\0';
	return (ssize_t)used;
}

ssize_t kfile_read_at(int dir_fd, const char *path, char *text, size_t size)
{
	_cleanup_close_ int fd = kfile_open(dir_fd, path, O_RDONLY);

	return fd < 0 ? fd : kfile_read(fd, text, size);
}

int kfile_write(int fd, const char *text)
{
	size_t n = strlen(text);
	ssize_t written = write(fd, text, n);

	if (written < 0)
		return -errno;
	return (size_t)written == n ? 0 : -EIO;
}

int kfile_write_at(int dir_fd, const char *path, const char *text)
{
	_cleanup_close_ int fd = kfile_open(dir_fd, path, O_WRONLY);

	return fd < 0 ? fd : kfile_write(fd, text);
}
