/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asks memory.reclaim of a group for BYTES, in pieces, until so much is gone or a minute is over:
 *
 *	bench-reclaim GROUP-DIRECTORY BYTES [clean]
 *
 * clean: never asks for more than there is of clean file memory, as the agent does. Prints what
 * came of it as JSON.
 */
#include "cgroup/reclaim.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/parse.h"
#include "cgroup/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#define PIECE_BYTES (UINT64_C(16) << 20)
#define LEAST_BYTES (UINT64_C(1) << 20)
#define MOST_NS	    (60 * NSEC_PER_SEC)

struct outcome {
	uint64_t freed_bytes, took_ns, longest_ns, requests, came_short;
};

static uint64_t clean_bytes(int stat_fd)
{
	struct memory_stat stat;
	uint64_t file, dirty;

	if (memory_stat_read(stat_fd, &stat, NULL) < 0)
		return 0;
	file = stat.inactive_file + stat.active_file;
	dirty = stat.file_dirty + stat.file_writeback;
	return file > dirty ? file - dirty : 0;
}

static int ask(int reclaim_fd, uint64_t bytes, struct outcome *outcome)
{
	uint64_t begun_ns = clock_now_ns();
	int r = group_reclaim(reclaim_fd, bytes, GROUP_RECLAIM_DEFAULT);

	outcome->longest_ns = MAX(outcome->longest_ns, clock_now_ns() - begun_ns);
	outcome->requests++;
	outcome->came_short += r == -EAGAIN;
	return r == -EAGAIN ? 0 : r;
}

static int run(int dir_fd, uint64_t wanted_bytes, bool clean, struct outcome *outcome)
{
	_cleanup_close_ int reclaim_fd = group_reclaim_open(dir_fd);
	_cleanup_close_ int stat_fd = openat(dir_fd, "memory.stat", O_RDONLY | O_CLOEXEC);
	uint64_t begun_ns = clock_now_ns(), before, now;
	int r = memory_bytes_read_at(dir_fd, "memory.current", &before);

	if (reclaim_fd < 0 || stat_fd < 0)
		return -ENOENT;
	while (r == 0 && outcome->freed_bytes < wanted_bytes && outcome->took_ns < MOST_NS) {
		uint64_t left = wanted_bytes - outcome->freed_bytes;
		uint64_t bytes = MIN(left, PIECE_BYTES);

		if (clean)
			bytes = MIN(bytes, clean_bytes(stat_fd));
		if (bytes >= MIN(left, LEAST_BYTES))
			r = ask(reclaim_fd, bytes, outcome);
		else
			(void)poll(NULL, 0, 5);
		if (r == 0)
			r = memory_bytes_read_at(dir_fd, "memory.current", &now);
		outcome->freed_bytes = before > now ? before - now : 0;
		outcome->took_ns = clock_now_ns() - begun_ns;
	}
	return r;
}

int main(int argc, char **argv)
{
	_cleanup_close_ int dir_fd = argc < 3 ? -1 : open(argv[1], O_RDONLY | O_DIRECTORY);
	struct outcome outcome = {0};
	struct utsname system;
	uint64_t wanted;
	int r;

	if (dir_fd < 0 || parse_size(argv[2], &wanted) < 0 || uname(&system) < 0) {
		(void)fputs("usage: bench-reclaim GROUP-DIRECTORY BYTES [clean]\n", stderr);
		return 2;
	}
	r = run(dir_fd, wanted, argc > 3 && strcmp(argv[3], "clean") == 0, &outcome);
	if (r < 0) {
		(void)fprintf(stderr, "bench-reclaim: %s\n", strerrordesc_np(-r));
		return 1;
	}
	printf("{\"schema\": \"reclaim\", \"kernel\": \"%s\", \"wanted_bytes\": %ju, "
	       "\"freed_bytes\": %ju, \"took_ns\": %ju, \"requests\": %ju, \"came_short\": %ju, "
	       "\"longest_ns\": %ju}\n",
	       system.release, (uintmax_t)wanted, (uintmax_t)outcome.freed_bytes,
	       (uintmax_t)outcome.took_ns, (uintmax_t)outcome.requests,
	       (uintmax_t)outcome.came_short, (uintmax_t)outcome.longest_ns);
	return 0;
}
