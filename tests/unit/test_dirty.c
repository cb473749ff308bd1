/* SPDX-License-Identifier: Apache-2.0 */
/* The scan over a fake /proc, with a file whose pages say themselves whether they are dirty. */
#include "agent/sense/dirty.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#define MIB (UINT64_C(1) << 20)

/* A page that begins with D is dirty; holes are not cached. */
static int count_by_content(int fd, uint64_t offset, uint64_t length, struct page_counts *ret)
{
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE), end = offset + length;
	struct page_counts counts = {0};

	while (offset < end) {
		off_t data = lseek(fd, (off_t)offset, SEEK_DATA);
		char first;

		if (data < 0 || (uint64_t)data >= end)
			break;
		offset = (uint64_t)data;
		if (pread(fd, &first, 1, data) == 1) {
			counts.cached++;
			counts.dirty += first == 'D';
		}
		offset += page_size - offset % page_size;
	}
	*ret = counts;
	return 0;
}

struct scene {
	struct fixture *fx;
	int proc_fd, group_fd;
	struct dirty_scan *scan;
};

static struct scene *scene_new(count_pages_fn count)
{
	static const struct fixture_file files[] = {
		{"proc/locks", ""},
		{"group/cgroup.procs", "12\n0\n13\n14\n"},
		{"proc/12/maps", "1000-2000 rw-s 0 08:01 7 /a\n2000-3000 rw-p 0 08:01 7 /a\n"
				 "3000-4000 r--s 0 08:01 8 /b\n4000-5000 rw-s 0 00:00 0\n"},
		{"proc/12/smaps", "1000-2000 rw-s 0 08:01 7 /a\nShared_Dirty: 4 kB\n"
				  "Private_Dirty: 8 kB\n"},
		{"proc/12/map_files/", NULL},
		{"proc/12/fd/", NULL},
		{"proc/12/fdinfo/3", "pos:\t0\nflags:\t0100002\nmnt_id:\t29\n"},
		{"proc/12/fdinfo/4", "pos:\t0\nflags:\t0100000\nmnt_id:\t29\n"},
		{"proc/13/maps", "9000-a000 rw-s 0 08:01 7 /a\n"},
		{"proc/13/smaps", ""},
		{"proc/13/map_files/", NULL},
	};
	struct scene *s = calloc(1, sizeof(*s));
	struct statfs fs;

	assert_non_null(s);
	s->fx = fixture_new(files, ARRAY_SIZE(files));
	s->proc_fd = openat(s->fx->fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->group_fd = openat(s->fx->fd, "group", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(s->proc_fd >= 0 && s->group_fd >= 0);
	assert_int_equal(symlinkat("/proc/self", s->proc_fd, "self"), 0);
	fixture_write(s->fx, "a", "D");
	fixture_write(s->fx, "c", "D");
	assert_int_equal(symlinkat("../../../a", s->proc_fd, "12/map_files/1000-2000"), 0);
	assert_int_equal(symlinkat("../../../a", s->proc_fd, "13/map_files/9000-a000"), 0);
	assert_int_equal(symlinkat("/proc/../", s->proc_fd, "12/fd/1"), 0);
	assert_int_equal(dirty_scan_new(s->proc_fd, count, &s->scan), 0);
	assert_int_equal(fstatfs(s->proc_fd, &fs), 0);
	if (file_system_check((uint64_t)fs.f_type, false) != FILE_PASSED) {
		print_message("temporary files are in memory\n");
		skip();
	}
	return s;
}

/* Absolute, as the kernel's are: what does not begin with a slash is no file. */
static void add_descriptor(struct scene *s, const char *number, const char *file)
{
	char target[128], link[64];

	(void)snprintf(target, sizeof(target), "%s%s", file[0] == '/' ? "" : s->fx->path, file);
	if (file[0] != '/')
		(void)snprintf(target, sizeof(target), "%s/%s", s->fx->path, file);
	(void)snprintf(link, sizeof(link), "12/fd/%s", number);
	assert_int_equal(symlinkat(target, s->proc_fd, link), 0);
}

static void scene_free(struct scene *s)
{
	dirty_scan_free(s->scan);
	fd_close(s->proc_fd);
	fd_close(s->group_fd);
	fixture_free(s->fx);
	free(s);
}

static size_t scan_all(struct scene *s, uint64_t work, struct dirty_file *files, size_t n,
		       size_t *ret_steps)
{
	size_t found = 0, steps = 0;
	int r;

	dirty_scan_begin(s->scan, false);
	assert_int_equal(dirty_scan_group(s->scan, s->group_fd), 0);
	do {
		size_t more;

		r = dirty_scan_step(s->scan, work, files + found, n - found, &more);
		assert_true(r >= 0);
		found += more;
		steps++;
		assert_true(steps < 100000);
	} while (r > 0);
	if (ret_steps)
		*ret_steps = steps;
	return found;
}

static void test_each_file_once(void **state)
{
	struct scene *s = scene_new(count_by_content);
	struct dirty_file files[8];
	const struct dirty_totals *totals = dirty_scan_totals(s->scan);

	(void)state;
	add_descriptor(s, "3", "a");	     /* mapped too */
	add_descriptor(s, "4", "c");	     /* for reading only */
	add_descriptor(s, "5", "/dev/null"); /* no fdinfo */
	assert_int_equal(scan_all(s, 1000, files, 8, NULL), 1);
	assert_true(files[0].mapped);
	assert_false(files[0].estimated);
	assert_int_equal(files[0].n_ranges, 1);
	assert_int_equal(files[0].ranges[0].offset, 0);
	assert_int_equal(files[0].dirty_bytes, 1);
	assert_true(files[0].fd >= 0);
	dirty_file_close(&files[0]);
	assert_int_equal(totals->processes, 3);
	assert_int_equal(totals->mappings, 5);
	assert_int_equal(totals->descriptors, 4);
	assert_int_equal(totals->files, 1);
	scene_free(s);
}

static void test_descriptor(void **state)
{
	struct scene *s = scene_new(count_by_content);
	struct dirty_file files[8];

	(void)state;
	add_descriptor(s, "3", "c");
	assert_int_equal(scan_all(s, 1000, files, 8, NULL), 2);
	assert_false(files[1].mapped);
	assert_int_equal(fcntl(files[1].fd, F_GETFL) & O_ACCMODE, O_RDONLY);
	dirty_file_close(&files[0]);
	dirty_file_close(&files[1]);
	scene_free(s);
}

/* Whatever a step may cost, and however few files the caller takes at a time. */
static void test_resumes(void **state)
{
	struct scene *s = scene_new(count_by_content);
	struct dirty_file files[8];
	size_t steps;

	(void)state;
	add_descriptor(s, "3", "c");
	for (uint64_t work = 1; work < 60; work += 7) {
		assert_int_equal(scan_all(s, work, files, 8, &steps), 2);
		assert_true(work > 30 || steps > 2);
		dirty_file_close(&files[0]);
		dirty_file_close(&files[1]);
	}
	scene_free(s);
}

static void test_no_cachestat(void **state)
{
	struct scene *s = scene_new(NULL);
	struct dirty_file files[8];

	(void)state;
	add_descriptor(s, "3", "c");
	assert_int_equal(scan_all(s, 1000, files, 8, NULL), 2);
	assert_true(files[0].estimated && files[0].mapped);
	assert_int_equal(files[0].dirty_bytes, 12288);
	assert_int_equal(files[0].n_ranges, 1);
	/* What could be dirty behind a descriptor is not known. */
	assert_true(files[1].estimated && !files[1].mapped);
	assert_int_equal(files[1].dirty_bytes, 1);
	dirty_file_close(&files[0]);
	dirty_file_close(&files[1]);
	scene_free(s);
}

static void test_clean_and_refused(void **state)
{
	struct scene *s = scene_new(count_by_content);
	const struct dirty_totals *totals = dirty_scan_totals(s->scan);
	struct dirty_file files[8];

	(void)state;
	fixture_write(s->fx, "a", "clean");
	fixture_write(s->fx, "proc/12/fdinfo/5", "flags:\t02\n");
	add_descriptor(s, "5", "/dev/null");
	assert_int_equal(scan_all(s, 1000, files, 8, NULL), 0);
	assert_int_equal(totals->files, 1);
	assert_int_equal(totals->refused[FILE_NOT_REGULAR], 1);
	/* Without knowing the leases nothing may be opened. */
	fixture_remove(s->fx, "proc/locks");
	fixture_write(s->fx, "a", "D");
	assert_int_equal(scan_all(s, 1000, files, 8, NULL), 0);
	assert_int_equal(totals->refused[FILE_LEASED], 1);
	scene_free(s);
}

static void test_group_without_processes(void **state)
{
	struct scene *s = scene_new(count_by_content);
	struct dirty_file files[8];
	size_t n;

	(void)state;
	fixture_write(s->fx, "group/cgroup.procs", "");
	assert_int_equal(scan_all(s, 10, files, 8, NULL), 0);
	fixture_write(s->fx, "group/cgroup.procs", "x\n");
	assert_int_equal(dirty_scan_group(s->scan, s->group_fd), 0);
	assert_int_equal(dirty_scan_step(s->scan, 100, files, 8, &n), -EBADMSG);
	/* An error ends it. */
	assert_int_equal(dirty_scan_step(s->scan, 100, files, 8, &n), 0);
	fixture_remove(s->fx, "group/cgroup.procs");
	assert_int_equal(dirty_scan_group(s->scan, s->group_fd), -ENOENT);
	scene_free(s);
}

/* A page every step bytes from begin to end is dirty. */
static void dirty_pages(int fd, uint64_t begin, uint64_t end, uint64_t step)
{
	for (uint64_t at = begin; at < end; at += step)
		assert_int_equal(pwrite(fd, "D", 1, (off_t)at), 1);
}

static uint64_t walk(int fd, uint64_t size, struct dirty_range *ranges, size_t max, size_t *ret_n)
{
	struct range_walk w = {0};
	uint64_t spent = 0;
	int r;

	*ret_n = 0;
	do {
		uint64_t calls = 1;

		assert_true(*ret_n < max);
		r = range_walk_next(&w, fd, size, count_by_content, &calls, &ranges[*ret_n]);
		spent += 1 - calls;
		*ret_n += r == 1;
	} while (r == 1 || r == -EAGAIN);
	assert_int_equal(r, 0);
	return spent;
}

static void test_ranges(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_close_ int fd = openat(fx->fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct dirty_range ranges[64];
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), calls;
	size_t n;

	(void)state;
	/* A hole of a tebibyte costs a few dozen questions. */
	assert_int_equal(ftruncate(fd, (off_t)(MIB << 20)), 0);
	calls = walk(fd, MIB << 20, ranges, 64, &n);
	assert_int_equal(n, 0);
	assert_in_range(calls, 1, 40);
	/* One page in the middle is found, with little around it. */
	dirty_pages(fd, 300 * MIB + page, 300 * MIB + 2 * page, page);
	calls = walk(fd, MIB << 20, ranges, 64, &n);
	assert_int_equal(n, 1);
	assert_int_equal(ranges[0].length, RANGE_STEP_MIN_BYTES);
	assert_int_equal(ranges[0].offset, 300 * MIB);
	assert_int_equal(ranges[0].dirty_bytes, page);
	assert_in_range(calls, 1, 80);
	/* Two MiB dirty throughout, at the very end too. */
	assert_int_equal(ftruncate(fd, 0), 0);
	dirty_pages(fd, 6 * MIB, 8 * MIB, page);
	dirty_pages(fd, 21 * MIB, 21 * MIB + 3 * page, page);
	(void)walk(fd, 21 * MIB + 3 * page, ranges, 64, &n);
	assert_int_equal(n, 2);
	assert_int_equal(ranges[0].offset, 6 * MIB);
	assert_int_equal(ranges[0].dirty_bytes, 2 * MIB);
	assert_int_equal(ranges[1].offset, 20 * MIB);
	assert_int_equal(ranges[1].offset + ranges[1].length, 21 * MIB + 3 * page);
}

/* What is dirty throughout comes in pieces of which some can be left for later. */
static void test_long_ranges(void **state)
{
	struct scene *s = scene_new(count_by_content);
	_cleanup_close_ int fd = openat(s->fx->fd, "a", O_RDWR | O_CLOEXEC);
	struct dirty_file files[2];
	uint64_t at = 0;

	(void)state;
	dirty_pages(fd, 0, 150 * MIB, 4096);
	assert_int_equal(scan_all(s, 100000, files, 2, NULL), 1);
	assert_int_equal(files[0].dirty_bytes, files[0].size_bytes);
	assert_in_range(files[0].n_ranges, 3, 4);
	for (size_t i = 0; i < files[0].n_ranges; i++) {
		assert_int_equal(files[0].ranges[i].offset, at);
		assert_in_range(files[0].ranges[i].length, 1, RANGE_MAX_BYTES);
		at += files[0].ranges[i].length;
	}
	assert_int_equal(at, files[0].size_bytes);
	dirty_file_close(&files[0]);
	scene_free(s);
}

/* Of a process of one's own and the kernel's own count. */
static void test_live(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int fd = openat(fx->fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	_cleanup_(dirty_scan_freep) struct dirty_scan *scan = NULL;
	struct page_counts counts;
	struct dirty_file files[8];
	char pid[32];
	size_t n = 0;
	bool seen = false;
	int r;

	(void)state;
	if (cachestat_read(fd, 0, 1, &counts) < 0)
		skip();
	dirty_pages(fd, 0, MIB, 4096);
	assert_int_equal(cachestat_read(fd, 0, 0, &counts), 0);
	assert_int_equal(counts.cached, 0);
	assert_int_equal(cachestat_read(fd, 0, MIB, &counts), 0);
	assert_int_equal(counts.cached, MIB / (uint64_t)sysconf(_SC_PAGESIZE));
	(void)snprintf(pid, sizeof(pid), "%d\n", getpid());
	fixture_write(fx, "cgroup.procs", pid);
	if (counts.dirty == 0)
		skip(); /* in memory, or written back at once */
	assert_int_equal(dirty_scan_new(proc_fd, cachestat_read, &scan), 0);
	dirty_scan_begin(scan, false);
	assert_int_equal(dirty_scan_group(scan, fx->fd), 0);
	do {
		struct stat st;

		r = dirty_scan_step(scan, 100, files, 8, &n);
		assert_true(r >= 0);
		assert_int_equal(fstat(fd, &st), 0);
		for (size_t i = 0; i < n; i++) {
			seen |= files[i].inode == st.st_ino && files[i].dirty_bytes > 0;
			dirty_file_close(&files[i]);
		}
	} while (r > 0);
	/* Unless temporary files are on something that may not be touched. */
	if (dirty_scan_totals(scan)->refused[FILE_IN_MEMORY] > 0 && !seen)
		skip();
	assert_true(seen);
}

/* A twentieth of the time at most, where steps are neither very short nor very long. */
static void test_pauses(void **state)
{
	(void)state;
	assert_int_equal(dirty_step_pause_ns(0), 2 * NSEC_PER_MSEC);
	assert_int_equal(dirty_step_pause_ns(500 * NSEC_PER_USEC), 10 * NSEC_PER_MSEC);
	assert_int_equal(dirty_step_pause_ns(NSEC_PER_MSEC), 20 * NSEC_PER_MSEC);
	assert_int_equal(dirty_step_pause_ns(UINT64_MAX), 20 * NSEC_PER_MSEC);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pauses),
		cmocka_unit_test(test_each_file_once),
		cmocka_unit_test(test_descriptor),
		cmocka_unit_test(test_resumes),
		cmocka_unit_test(test_no_cachestat),
		cmocka_unit_test(test_clean_and_refused),
		cmocka_unit_test(test_group_without_processes),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_long_ranges),
		cmocka_unit_test(test_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
