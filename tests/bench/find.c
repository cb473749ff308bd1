/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to find the dirty files of a process that has many mapped:
 *
 *	bench-find [DIRECTORY [FILES]]
 *
 * Makes FILES (default 20000) files of 64 KiB in a directory of its own below DIRECTORY (/var/tmp),
 * which a child maps all, one page each of every hundredth dirty. Prints CPU time and time per
 * file, of five looks; then how long the child needs to map, touch and unmap 64 KiB, while it is
 * left alone, while another child with the same mappings is looked at, which costs it no more than
 * any program on the next CPU does, and while it is looked at itself; with the pauses that the
 * agent makes. That is done in rounds, and p99 compared within each. Times in which somebody else
 * was given the child's CPU are left out: they tell how busy the machine is, and waiting for a lock
 * is no such time. Needs root, for /proc/PID/map_files.
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
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define FILE_BYTES ((size_t)64 << 10)
#define DIRTY_EACH 100
#define LOOKS	   5
#define ROUNDS	   15
#define TIMES_MAX  ((size_t)1 << 19)

enum looked_at { NOBODY, ANOTHER, ITSELF, LOOKED_AT };

/* How long the child needed in this round, by who was looked at. */
struct beside {
	_Atomic bool measures;
	_Atomic int looked_at;
	struct times {
		size_t n, n_preempted;
		uint64_t ns[TIMES_MAX];
	} times[LOOKED_AT];
};

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

static void map_touch_unmap(void)
{
	volatile char *map =
		mmap(NULL, FILE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED)
		die("map memory");
	for (size_t at = 0; at < FILE_BYTES; at += 4096)
		map[at] = 1;
	(void)munmap((void *)map, FILE_BYTES);
}

static long preemptions(void)
{
	struct rusage usage;

	return getrusage(RUSAGE_THREAD, &usage) < 0 ? 0 : usage.ru_nivcsw;
}

static void measure(struct beside *beside)
{
	struct times *times = &beside->times[atomic_load(&beside->looked_at)];
	long preempted = preemptions();
	uint64_t begun_ns = clock_now_ns(), took_ns;

	map_touch_unmap();
	took_ns = clock_now_ns() - begun_ns;
	if (preemptions() != preempted)
		times->n_preempted++;
	else if (times->n < TIMES_MAX)
		times->ns[times->n++] = took_ns;
}

static _Noreturn void hold(int dir_fd, uint64_t n, int ready_fd, struct beside *beside)
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
		if (beside && atomic_load(&beside->measures))
			measure(beside);
		else
			(void)poll(NULL, 0, 10);
}

/* A group is a directory with cgroup.procs, as far as looking goes. */
static void make_group(int dir_fd, int pid)
{
	_cleanup_close_ int fd = openat(dir_fd, "cgroup.procs", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || dprintf(fd, "%d\n", pid) < 0)
		die("make the group");
}

/* A child that has all files mapped; the one with beside measures when told to. */
static pid_t start(int dir_fd, uint64_t n, struct beside *beside)
{
	int pair[2];
	pid_t pid;
	char ready;

	if (pipe2(pair, O_CLOEXEC) < 0)
		die("make a pipe");
	pid = fork();
	if (pid < 0)
		die("start a child");
	if (pid == 0)
		hold(dir_fd, n, pair[1], beside);
	pair[1] = fd_close(pair[1]);
	if (read(pair[0], &ready, 1) != 1)
		die("wait for the mappings");
	pair[0] = fd_close(pair[0]);
	return pid;
}

static void end(pid_t pid)
{
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* With pauses as the agent makes them, or at once and telling what it cost. */
static void look(struct dirty_scan *scan, int dir_fd, bool pauses)
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
		uint64_t step_ns = clock_now_ns(), took_ns;
		size_t n;

		r = dirty_scan_step(scan, DIRTY_STEP_WORK, found, ARRAY_SIZE(found), &n);
		took_ns = clock_now_ns() - step_ns;
		longest_ns = MAX(longest_ns, took_ns);
		steps++;
		for (size_t i = 0; i < n; i++)
			dirty_file_close(&found[i]);
		if (pauses)
			(void)poll(NULL, 0, (int)(dirty_step_pause_ns(took_ns) / NSEC_PER_MSEC));
	} while (r > 0);
	if (pauses)
		return;
	wall_ns = clock_now_ns() - begun_ns;
	cpu_ns = clock_thread_cpu_ns() - begun_cpu_ns;
	printf("%ju files, %ju dirty: %.2f us of CPU and %.2f us a file; %ju steps, the longest "
	       "%.2f ms\n",
	       (uintmax_t)totals->files, (uintmax_t)totals->dirty_files,
	       (double)cpu_ns / 1e3 / (double)MAX(totals->files, UINT64_C(1)),
	       (double)wall_ns / 1e3 / (double)MAX(totals->files, UINT64_C(1)), (uintmax_t)steps,
	       (double)longest_ns / 1e6);
}

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static int by_time(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* Of the times since the last call. */
static double take_p99_us(struct times *times, size_t *n, size_t *n_preempted)
{
	double us;

	if (times->n == 0)
		die("nothing measured");
	qsort(times->ns, times->n, sizeof(*times->ns), by_time);
	us = (double)times->ns[times->n * 99 / 100] / 1e3;
	*n += times->n;
	*n_preempted += times->n_preempted;
	times->n = times->n_preempted = 0;
	return us;
}

/* In turns, each as long as a look. */
static void look_in_turn(struct dirty_scan *scan, int dir_fd, const pid_t *children,
			 struct beside *beside)
{
	uint64_t begun_ns = clock_now_ns();

	atomic_store(&beside->measures, true);
	for (int whom = ANOTHER; whom <= ITSELF; whom++) {
		make_group(dir_fd, children[whom]);
		atomic_store(&beside->looked_at, whom);
		look(scan, dir_fd, true);
	}
	atomic_store(&beside->looked_at, NOBODY);
	(void)poll(NULL, 0, (int)((clock_now_ns() - begun_ns) / 2 / NSEC_PER_MSEC));
	atomic_store(&beside->measures, false);
	(void)poll(NULL, 0, 50);
}

static void print_rounds(const char *name, double *values)
{
	qsort(values, ROUNDS, sizeof(*values), by_size);
	printf("%s: %.3g (%.3g..%.3g)\n", name, values[ROUNDS / 2], values[0], values[ROUNDS - 1]);
}

static void look_beside(struct dirty_scan *scan, int dir_fd, const pid_t *children,
			struct beside *beside)
{
	double p99_us[LOOKED_AT][ROUNDS], of_alone[ROUNDS], of_another[ROUNDS];
	size_t n = 0, n_preempted = 0;

	for (int i = 0; i < ROUNDS; i++) {
		look_in_turn(scan, dir_fd, children, beside);
		for (int whom = NOBODY; whom < LOOKED_AT; whom++)
			p99_us[whom][i] = take_p99_us(&beside->times[whom], &n, &n_preempted);
		of_alone[i] = p99_us[ITSELF][i] / p99_us[NOBODY][i];
		of_another[i] = p99_us[ITSELF][i] / p99_us[ANOTHER][i];
	}
	printf("to map, touch and unmap, %zu times (%zu left out), medians of %d rounds:\n", n,
	       n_preempted, ROUNDS);
	print_rounds("p99 left alone, us", p99_us[NOBODY]);
	print_rounds("p99 while another is looked at, us", p99_us[ANOTHER]);
	print_rounds("p99 looked at, us", p99_us[ITSELF]);
	print_rounds("p99 looked at, of that left alone", of_alone);
	print_rounds("p99 looked at, of that while another is", of_another);
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
	struct beside *beside = mmap(NULL, sizeof(*beside), PROT_READ | PROT_WRITE,
				     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t n = 20000;
	pid_t children[LOOKED_AT];
	char path[4096];

	if (argc > 2 && parse_u64(argv[2], &n) < 0)
		die("FILES");
	(void)snprintf(path, sizeof(path), "%s/bench-find-XXXXXX", argc > 1 ? argv[1] : "/var/tmp");
	if (beside == MAP_FAILED || !mkdtemp(path))
		die(path);
	dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	make_files(dir_fd, n);
	children[ANOTHER] = start(dir_fd, n, NULL);
	children[ITSELF] = start(dir_fd, n, beside);
	if (dirty_scan_new(proc_fd, cachestat_read, &scan) < 0)
		die("no memory");
	make_group(dir_fd, children[ITSELF]);
	for (int i = 0; i < LOOKS; i++)
		look(scan, dir_fd, false);
	look_beside(scan, dir_fd, children, beside);
	end(children[ANOTHER]);
	end(children[ITSELF]);
	remove_files(dir_fd, path, n);
	return 0;
}
