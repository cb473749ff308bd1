/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/lock.h"

#include "base/kfile.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

#define SUFFIX	".lock"
#define RETRIES 16

struct lock {
	int fd;
	bool made_directory;
	char path[]; /* of the file */
};

/* The directory of path, in place: "/run/uswapd". NULL: the root or none. */
static char *parent_of(char *path)
{
	char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return NULL;
	*slash = '\0';
	return path;
}

static int make_parent(const char *path, bool *ret_made)
{
	_cleanup_free_ char *copy = strdup(path);
	const char *parent;

	if (!copy)
		return -ENOMEM;
	parent = parent_of(copy);
	*ret_made = false;
	if (!parent)
		return 0;
	if (mkdir(parent, 0755) < 0)
		return errno == EEXIST ? 0 : -errno;
	*ret_made = true;
	return 0;
}

static void remove_parent(const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	const char *parent = copy ? parent_of(copy) : NULL;

	if (parent)
		(void)rmdir(parent);
}

static pid_t read_holder(int fd)
{
	char text[32];
	uint64_t pid;
	ssize_t n = kfile_read(fd, text, sizeof(text));

	if (n <= 1 || text[n - 1] != '\n' || parse_u64_n(text, (size_t)n - 1, &pid) < 0 ||
	    pid > INT_MAX)
		return 0;
	return (pid_t)pid;
}

static int write_holder(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	if (ftruncate(fd, 0) < 0)
		return -errno;
	if (pwrite(fd, text, (size_t)n, 0) != n)
		return -EIO;
	return 0;
}

/*
 * Opens and locks the file. -EAGAIN: its last holder removed it in between, and what we locked is
 * no longer what others would find.
 */
static int take_file(const char *path, int *ret_fd, pid_t *ret_holder)
{
	_cleanup_close_ int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	struct stat ours, found;

	if (fd < 0)
		return -errno;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK)
			return -errno;
		*ret_holder = read_holder(fd);
		return -EBUSY;
	}
	if (fstat(fd, &ours) < 0)
		return -errno;
	if (stat(path, &found) < 0 || found.st_ino != ours.st_ino || found.st_dev != ours.st_dev)
		return -EAGAIN;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int lock_take(const char *socket_path, struct lock **ret_lock, pid_t *ret_holder)
{
	_cleanup_(lock_freep) struct lock *lock = NULL;
	size_t n = strlen(socket_path);
	int r;

	lock = malloc(sizeof(*lock) + n + sizeof(SUFFIX));
	if (!lock)
		return -ENOMEM;
	lock->fd = -1;
	lock->made_directory = false;
	memcpy(lock->path, socket_path, n);
	memcpy(lock->path + n, SUFFIX, sizeof(SUFFIX));

	r = make_parent(lock->path, &lock->made_directory);
	if (r < 0)
		return r;
	for (int i = 0; i < RETRIES; i++) {
		r = take_file(lock->path, &lock->fd, ret_holder);
		if (r != -EAGAIN)
			break;
	}
	if (r < 0)
		return r;
	r = write_holder(lock->fd);
	if (r < 0)
		return r;
	*ret_lock = TAKE_PTR(lock);
	return 0;
}

struct lock *lock_free(struct lock *lock)
{
	if (!lock)
		return NULL;
	/* While it is still locked: nobody else's file is removed. */
	if (lock->fd >= 0)
		(void)unlink(lock->path);
	lock->fd = fd_close(lock->fd);
	if (lock->made_directory)
		remove_parent(lock->path);
	free(lock);
	return NULL;
}
