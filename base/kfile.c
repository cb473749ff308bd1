/* SPDX-License-Identifier: Apache-2.0 */
#include "base/kfile.h"

#include "base/cleanup.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* The longest number, a newline and NUL. */
#define NUMBER_BYTES 24

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

ssize_t kfile_read_line(int fd, char *text, size_t size)
{
	ssize_t n = kfile_read(fd, text, size);

	if (n < 0)
		return n;
	n = (ssize_t)strcspn(text, "\n");
	text[n] = '\0';
	return n;
}

ssize_t kfile_read_line_at(int dir_fd, const char *path, char *text, size_t size)
{
	_cleanup_close_ int fd = kfile_open(dir_fd, path, O_RDONLY);

	return fd < 0 ? fd : kfile_read_line(fd, text, size);
}

int kfile_read_number(int fd, uint64_t *ret)
{
	char text[NUMBER_BYTES];
	ssize_t n = kfile_read(fd, text, sizeof(text));

	if (n < 0)
		return (int)n;
	/* More than one where a shorter number was written over a longer one. */
	while (n > 0 && text[n - 1] == '\n')
		text[--n] = '\0';
	return parse_u64(text, ret) < 0 ? -EBADMSG : 0;
}

int kfile_read_number_at(int dir_fd, const char *path, uint64_t *ret)
{
	_cleanup_close_ int fd = kfile_open(dir_fd, path, O_RDONLY);

	return fd < 0 ? fd : kfile_read_number(fd, ret);
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
