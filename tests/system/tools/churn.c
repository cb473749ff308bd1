/* SPDX-License-Identifier: Apache-2.0 */
/*
 * churn DIR N LIMIT PATH: N times makes a group below DIR with memory.max LIMIT, has a process in
 * it read PATH up to its limit, ends the process and removes the group at once. A new group is made
 * before the old one goes, so that their numbers differ. Prints "removed N".
 */
#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define PIECE_BYTES ((size_t)64 << 10)

static int make(int dir_fd, const char *name, const char *limit)
{
	_cleanup_close_ int fd = -1;

	if (mkdirat(dir_fd, name, 0755) < 0)
		return -errno;
	fd = kfile_open_dir(dir_fd, name);
	return fd < 0 ? fd : kfile_write_at(fd, "memory.max", limit);
}

/* In a child: fills the group, then ends with the file memory left behind. */
static void use(int dir_fd, const char *name, off_t at, uint64_t bytes, const char *path)
{
	_cleanup_close_ int group_fd = kfile_open_dir(dir_fd, name);
	_cleanup_close_ int fd = kfile_open(AT_FDCWD, path, O_RDONLY);
	static char buffer[PIECE_BYTES];

	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	if (group_fd < 0 || fd < 0 || kfile_write_at(group_fd, "cgroup.procs", "0") < 0)
		_exit(1);
	for (uint64_t done = 0; done < bytes; done += sizeof(buffer))
		if (pread(fd, buffer, sizeof(buffer), at + (off_t)done) < 0)
			_exit(1);
	_exit(0);
}

static int remove_group(int dir_fd, const char *name)
{
	for (int i = 0; i < 500; i++) {
		if (unlinkat(dir_fd, name, AT_REMOVEDIR) == 0)
			return 0;
		if (errno != EBUSY)
			return -errno;
		(void)poll(NULL, 0, 2);
	}
	return -EBUSY;
}

static int round_of(int dir_fd, uint64_t i, uint64_t bytes, const char *limit, const char *path)
{
	char name[32], last[32];
	int status, r;
	pid_t pid;

	(void)snprintf(name, sizeof(name), "churn-%ju", (uintmax_t)i);
	(void)snprintf(last, sizeof(last), "churn-%ju", (uintmax_t)(i - 1));
	r = make(dir_fd, name, limit);
	if (r < 0)
		return r;
	if (i > 0)
		r = remove_group(dir_fd, last);
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0)
		use(dir_fd, name, (off_t)(i * 2 * bytes), 2 * bytes, path);
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return -ECHILD;
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_close_ int dir_fd = argc == 5 ? kfile_open_dir(AT_FDCWD, argv[1]) : -EINVAL;
	uint64_t n = 0, bytes = 0;
	char last[32];
	int r = 0;

	if (dir_fd < 0 || parse_u64(argv[2], &n) < 0 || n == 0 || parse_size(argv[3], &bytes) < 0) {
		(void)fputs("usage: churn DIR N LIMIT PATH\n", stderr);
		return EXIT_FAILURE;
	}
	for (uint64_t i = 0; r == 0 && i < n; i++)
		r = round_of(dir_fd, i, bytes, argv[3], argv[4]);
	(void)snprintf(last, sizeof(last), "churn-%ju", (uintmax_t)(n - 1));
	if (r == 0)
		r = remove_group(dir_fd, last);
	if (r < 0) {
		(void)fprintf(stderr, "churn: %s: %s\n", argv[1], strerrordesc_np(-r));
		return EXIT_FAILURE;
	}
	(void)printf("removed %ju\n", (uintmax_t)n);
	return EXIT_SUCCESS;
}
