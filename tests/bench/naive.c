/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rival of the bench: what people run today to keep a service from its limit. It polls
 * memory.current every 2 ms and writes memory.reclaim as soon as less than 40 MiB are left below
 *the group's limit, whatever that memory is used for.
 *
 *	bench-naive CGROUP-ROOT
 *
 * It looks after the first group right below the root that has a limit, and waits for one to come.
 */
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "cgroup/memory.h"
#include "cgroup/reclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <time.h>

#define POLL_NS	     (2 * NSEC_PER_MSEC)
#define SEARCH_NS    (20 * NSEC_PER_MSEC)
#define MARGIN_BYTES (UINT64_C(40) << 20)

static void sleep_ns(uint64_t ns)
{
	const struct timespec time = {
		.tv_sec = (time_t)(ns / NSEC_PER_SEC),
		.tv_nsec = (long)(ns % NSEC_PER_SEC),
	};

	(void)nanosleep(&time, NULL);
}

/* A descriptor of the group's directory and its limit, or -ENOENT. */
static int find_group(int root_fd, uint64_t *ret_limit_bytes)
{
	_cleanup_(closedirp) DIR *dir = NULL;
	struct memory_limits limits;
	struct dirent *entry;
	int fd = kfile_open_dir(root_fd, ".");

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir) {
		close(fd);
		return -ENOMEM;
	}
	while ((entry = readdir(dir))) {
		_cleanup_close_ int group_fd = -1;

		if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
			continue;
		group_fd = kfile_open_dir(root_fd, entry->d_name);
		if (group_fd < 0 || memory_limits_read(group_fd, &limits, NULL) < 0 ||
		    MIN(limits.high, limits.max) == UINT64_MAX)
			continue;
		*ret_limit_bytes = MIN(limits.high, limits.max);
		return TAKE_FD(group_fd);
	}
	return -ENOENT;
}

/* Until the group is gone. */
static void look_after(int group_fd, uint64_t limit_bytes)
{
	_cleanup_close_ int current_fd = kfile_open(group_fd, "memory.current", O_RDONLY);
	_cleanup_close_ int reclaim_fd = group_reclaim_open(group_fd);
	uint64_t mark = limit_bytes > MARGIN_BYTES ? limit_bytes - MARGIN_BYTES : 0;
	uint64_t current;

	while (memory_bytes_read(current_fd, &current) == 0) {
		if (current > mark)
			(void)group_reclaim(reclaim_fd, current - mark, GROUP_RECLAIM_DEFAULT);
		sleep_ns(POLL_NS);
	}
}

int main(int argc, char **argv)
{
	_cleanup_close_ int root_fd = -1;

	if (argc != 2) {
		(void)fprintf(stderr, "usage: bench-naive CGROUP-ROOT\n");
		return 2;
	}
	root_fd = kfile_open_dir(AT_FDCWD, argv[1]);
	if (root_fd < 0) {
		(void)fprintf(stderr, "bench-naive: %s: %s\n", argv[1], strerror(-root_fd));
		return 1;
	}
	for (;;) {
		uint64_t limit_bytes;
		_cleanup_close_ int group_fd = find_group(root_fd, &limit_bytes);

		if (group_fd >= 0)
			look_after(group_fd, limit_bytes);
		sleep_ns(SEARCH_NS);
	}
}
