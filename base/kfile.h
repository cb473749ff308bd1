/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of /proc, /sys and the cgroup tree, always relative to a directory descriptor, so that the
 * same code works on the live kernel and on a fake tree.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Opens with O_CLOEXEC | O_NOFOLLOW on the last part. Returns a descriptor or -errno. */
int kfile_open(int dir_fd, const char *path, int flags);

/* Opens a directory (O_PATH is not used: it is read and watched). Descriptor or -errno. */
int kfile_open_dir(int dir_fd, const char *path);

/*
 * Reads the whole file from its beginning into text and ends it with NUL; short reads are
 * continued. Returns the length, or -errno; -EOVERFLOW when it does not fit into size - 1 bytes
 * (the content is then unusable: half a line looks like a smaller number).
 */
ssize_t kfile_read(int fd, char *text, size_t size);
ssize_t kfile_read_at(int dir_fd, const char *path, char *text, size_t size);

/* The same of its first line, without the newline; and its length. */
ssize_t kfile_read_line(int fd, char *text, size_t size);
ssize_t kfile_read_line_at(int dir_fd, const char *path, char *text, size_t size);

/* The number that is all the file holds. -EBADMSG, or -EOVERFLOW: it holds something else. */
int kfile_read_number(int fd, uint64_t *ret);
int kfile_read_number_at(int dir_fd, const char *path, uint64_t *ret);

/*
 * Writes text as one write(2), as knobs demand: no continuation after a short write (-EIO), no
 * repetition after a signal (-EINTR).
 */
int kfile_write(int fd, const char *text);
int kfile_write_at(int dir_fd, const char *path, const char *text);
