/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to find the dirty files of a process that has many mapped:
 *
 *	bench-find [DIRECTORY [FILES]]
 *
 * Makes FILES (default 20000) files of 64 KiB in a directory of its own below DIRECTORY (/var/tmp),
 * which a child maps all, one page each of every hundredth dirty. Prints CPU time and time per
 * file, of five looks. Needs root, for /proc/PID/map_files.
 */
#include "agent/sense/dirty.h"
#include "base/cleanup.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define FILE_BYTES ((size_t)64 << 10)
#define DIRTY_EACH 100
#define LOOKS	   5

static void die(const char *what)
{
	(void)fprintf(stderr, "bench-find: %s: %s\n", what, strerrordesc_np(errno));
	exit(1);
}

static void make_files(int dir_fd, uint64_t n)
{
	static char bytes[FILE_BYTES];

	for (uint64_t i = 0; i < n; i++) {
		_cleanup_close_ int fd = -1;
		char name[24];

		(void)snprintf(name, sizeof(name), "%ju", (uintmax_t)i);
		fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, bytes, FILE_BYTES) != (ssize_t)FILE_BYTES)
			die("make a file");
	}
	/* What is dirty later is dirty through the mappings. */
	if (syncfs(dir_fd) < 0)
		die("sync");
}

static _Noreturn void hold(int dir_fd, uint64_t n, int ready_fd)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (uint64_t i = 0; i < n; i++) {
		_cleanup_close_ int fd = -1;
		char name[24];
		char *map;

		(void)snprintf(name, sizeof(name), "%ju", (uintmax_t)i);
		fd = openat(dir_fd, name, O_RDWR | O_CLOEXEC);
		map = fd < 0 ? MAP_FAILED
			     : mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED)
			die("map a file");
		if (i % DIRTY_EACH == 0)
			*(volatile char *)map = 1;
	}
	if (write(ready_fd, "", 1) != 1)
		die("say ready");
	for (;;)
		(void)poll(NULL, 0, -1);
}

/* A group is a directory with cgroup.procs, as far as looking goes. */
static void make_group(int dir_fd, int pid)
{
	_cleanup_close_ int fd = openat(dir_fd, "cgroup.procs", O_WRONLY | O_CREAT, 0600);

	if (fd < 0 || dprintf(fd, "%d\n", pid) < 0)
		die("make the group");
}

static void look(struct dirty_scan *scan, int dir_fd)
{
	uint64_t begun_ns = clock_now_ns(), begun_cpu_ns = clock_thread_cpu_ns(), wall_ns, cpu_ns;
	const struct dirty_totals *totals = dirty_scan_totals(scan);
	uint64_t steps = 0, longest_ns = 0;
	int r;

	dirty_scan_begin(scan, false);
	if (dirty_scan_group(scan, dir_fd) < 0)
		die("look at the group");
	do {
		struct dirty_file found[8];
		uint64_t step_ns = clock_now_ns();
		size_t n;

		r = dirty_scan_step(scan, DIRTY_STEP_WORK, found, ARRAY_SIZE(found), &n);
		longest_ns = MAX(longest_ns, clock_now_ns() - step_ns);
		steps++;
		for (size_t i = 0; i < n; i++)
			dirty_file_close(&found[i]);
	} while (r > 0);
	wall_ns = clock_now_ns() - begun_ns;
	cpu_ns = clock_thread_cpu_ns() - begun_cpu_ns;
	printf("%ju files, %ju dirty: %.2f us of CPU and %.2f us a file; %ju steps, the longest "
	       "%.2f ms\n",
	       (uintmax_t)totals->files, (uintmax_t)totals->dirty_files,
	       (double)cpu_ns / 1e3 / (double)MAX(totals->files, UINT64_C(1)),
	       (double)wall_ns / 1e3 / (double)MAX(totals->files, UINT64_C(1)), (uintmax_t)steps,
	       (double)longest_ns / 1e6);
}

static void remove_files(int dir_fd, const char *path, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		char name[24];

		(void)snprintf(name, sizeof(name), "%ju", (uintmax_t)i);
		(void)unlinkat(dir_fd, name, 0);
	}
	(void)unlinkat(dir_fd, "cgroup.procs", 0);
	(void)rmdir(path);
}

int main(int argc, char **argv)
{
	_cleanup_(dirty_scan_freep) struct dirty_scan *scan = NULL;
	_cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int dir_fd = -1;
	uint64_t n = 20000;
	char path[4096];
	int pair[2];
	pid_t pid;

	if (argc > 2 && parse_u64(argv[2], &n) < 0)
		die("FILES");
	(void)snprintf(path, sizeof(path), "%s/bench-find-XXXXXX", argc > 1 ? argv[1] : "/var/tmp");
	if (!mkdtemp(path) || pipe2(pair, O_CLOEXEC) < 0)
		die(path);
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_files(dir_fd, n);
	pid = fork();
	if (pid == 0)
		hold(dir_fd, n, pair[1]);
	make_group(dir_fd, pid);
	pair[1] = fd_close(pair[1]);
	if (read(pair[0], path + sizeof(path) - 1, 1) != 1)
		die("wait for the mappings");
	if (dirty_scan_new(proc_fd, cachestat_read, &scan) < 0)
		die("no memory");
	for (int i = 0; i < LOOKS; i++)
		look(scan, dir_fd);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	remove_files(dir_fd, path, n);
	return 0;
}
