/* SPDX-License-Identifier: Apache-2.0 */
/* Loads that are no page memory follow schedules and set points, too. */
#include "tests/unit/load_runner.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t resident(const struct running *running)
{
	return block_get(&running->load.block->resident_pages);
}

/* Steps at one moment until there are so many pages: processes take their own time to end. */
static void settle(struct running *running, uint64_t at_ns, uint64_t pages)
{
	uint64_t due_ns;

	running->now_ns = START_NS + at_ns;
	for (int i = 0; i < 60000 && resident(running) != pages; i++) {
		assert_int_equal(running->load.ops->step(&running->load, running->now_ns, &due_ns),
				 0);
		if (due_ns)
			(void)usleep(1000);
	}
	assert_int_equal(resident(running), pages);
}

static void check_verified(struct running *running, uint64_t pages)
{
	assert_int_equal(verified(&running->load), pages);
	assert_int_equal(running->load.block->bad_pages, 0);
}

/* The files in all directories of the slab load that has this one to itself. */
static size_t count_files(const char *directory)
{
	_cleanup_(globfree) glob_t found = {0};
	char pattern[128];

	(void)snprintf(pattern, sizeof(pattern), "%s/uswap-stress-*/*/*", directory);
	return glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;
}

/* Directories of 64 files are given back, each when none of it is wanted any more. */
static void test_slab_sine(void **state)
{
	char directory[] = DIRECTORY_TEMPLATE;
	struct running running = begin_alone_on_disk(
		"slab:size=2624K,low=256K,schedule=sine,period=4s,objects=files,reuse=uniform,"
		"reuse-rate=128K/s",
		directory);
	struct worker_block *block = running.load.block;
	uint64_t made;

	(void)state;
	run_until(&running, 1 * NSEC_PER_SEC);
	assert_in_range(resident(&running), 355, 362);
	run_until(&running, 2 * NSEC_PER_SEC);
	made = block->first.count;
	/* The last page of a sine is due at its top alone. */
	assert_in_range(made, 2044, 2048);
	assert_int_equal(resident(&running), made * 1312 / 4096);
	assert_int_equal(count_files(directory), made);
	run_until(&running, 4 * NSEC_PER_SEC);
	assert_int_equal(count_files(directory), 256);
	assert_int_equal(resident(&running), 256 * 1312 / 4096);
	assert_in_range(block->skipped_pages, made - 256, 1792);
	run_until(&running, 5 * NSEC_PER_SEC);
	assert_in_range(block->first.count, made + 856, made + 876);
	check_verified(&running, block->first.count - block->skipped_pages);
	end(&running);
	/* Nothing is left in it. */
	assert_int_equal(rmdir(directory), 0);
}

static void test_slab_dentries(void **state)
{
	struct running running =
		begin_on_disk("slab:size=384K,schedule=burst,rate=384K/s,period=4s,hold=1s");

	(void)state;
	run_until(&running, NSEC_PER_SEC / 2);
	assert_int_equal(resident(&running), 48);
	run_until(&running, 3 * NSEC_PER_SEC / 2);
	assert_int_equal(resident(&running), 96);
	run_until(&running, 3 * NSEC_PER_SEC);
	assert_int_equal(resident(&running), 0);
	assert_int_equal(block_get(&running.load.block->rounds), 1);
	run_until(&running, 9 * NSEC_PER_SEC / 2);
	assert_int_equal(resident(&running), 48);
	assert_int_equal(block_get(&running.load.block->rounds), 2);
	check_verified(&running, 1024);
	end(&running);
}

/* What is left is what was written, whatever was read and written in between. */
static void test_buffers_sawtooth(void **state)
{
	static const char *const channels[] = {"pipe", "unix", "udp"};
	char settings[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(channels); i++) {
		struct running running;
		struct worker_block *block;

		(void)snprintf(settings, sizeof(settings),
			       "buffers:size=3M,low=1M,schedule=sawtooth,period=1s,channel=%s",
			       channels[i]);
		running = begin(settings);
		block = running.load.block;
		run_until(&running, NSEC_PER_SEC / 2);
		assert_int_equal(resident(&running), 512);
		run_until(&running, NSEC_PER_SEC + NSEC_PER_SEC / 4);
		assert_int_equal(resident(&running), 384);
		assert_int_equal(block_get(&block->rounds), 2);
		assert_in_range(block->skipped_pages, 510, 512);
		assert_int_equal(verified_meanwhile(&running.load), 384);
		run_until(&running, NSEC_PER_SEC + NSEC_PER_SEC / 2);
		assert_int_equal(resident(&running), 512);
		check_verified(&running, 384 + 512);
		assert_in_range(block->first.count, 256 + 512 + 256 - 2, 256 + 512 + 256);
		end(&running);
	}
}

/* Somebody else's memory comes and goes; ours makes up for it. The tree stands for the group. */
static void test_buffers_set_point(void **state)
{
	static const struct fixture_file files[] = {{"memory.current", "1048576\n"}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct running running = plan_load("buffers:size=16M,set-point=free 4M");
	uint64_t others = MIB;
	const char *why = "";
	char text[32];

	(void)state;
	running.job->loads[0].settings.set_point.signal = SETPOINT_CURRENT;
	running.load.group_fd = fx->fd;
	assert_int_equal(prepare(&running.load, &why), 0);
	for (uint64_t ms = 20; ms <= 2000; ms += 20) {
		uint64_t current;

		run_until(&running, ms * NSEC_PER_MSEC);
		if (ms == 1000)
			others = 2 * MIB;
		current = others + resident(&running) * CONTENT_PAGE_BYTES;
		(void)snprintf(text, sizeof(text), "%ju\n", (uintmax_t)current);
		fixture_write(fx, "memory.current", text);
		if ((ms > 400 && ms < 1000) || ms > 1400)
			assert_in_range(current, 4 * MIB * 98 / 100, 4 * MIB * 102 / 100);
	}
	end(&running);
}

/* A schedule is of all processes together; those that are too many end before their time. */
static void test_churn_sine(void **state)
{
	struct running running = begin("churn:size=128K,alive=5,lifetime=100s,low=128K,"
				       "schedule=sine,period=4s");
	struct worker_block *block = running.load.block;

	(void)state;
	settle(&running, 1 * NSEC_PER_MSEC, 32);
	settle(&running, 1 * NSEC_PER_SEC, 3 * 32);
	settle(&running, 2 * NSEC_PER_SEC, 5 * 32);
	settle(&running, 3 * NSEC_PER_SEC, 3 * 32);
	settle(&running, 4 * NSEC_PER_SEC, 1 * 32);
	/* They were verified at their ends; none lived as long as it was to. */
	assert_int_equal(block_get(&block->verified_pages), 4 * 32);
	assert_int_equal(block_get(&block->operations), 0);
	settle(&running, 5 * NSEC_PER_SEC, 3 * 32);
	check_verified(&running, 7 * 32);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	end(&running);
}

/* What was not wanted is not forked later all at once: 10 a second, from when there is room again.
 */
static void test_churn_rate(void **state)
{
	struct running running = begin("churn:size=128K,alive=8,lifetime=100s,schedule=burst,"
				       "forks=10/s,burst=384K,period=10s");

	(void)state;
	run_until(&running, 100 * NSEC_PER_MSEC);
	assert_int_equal(resident(&running), 32);
	run_until(&running, 300 * NSEC_PER_MSEC);
	settle(&running, 301 * NSEC_PER_MSEC, 0);
	run_until(&running, 10 * NSEC_PER_SEC + 50 * NSEC_PER_MSEC);
	assert_int_equal(resident(&running), 0);
	run_until(&running, 10 * NSEC_PER_SEC + 110 * NSEC_PER_MSEC);
	assert_int_equal(resident(&running), 32);
	check_verified(&running, 4 * 32);
	end(&running);
}

/*
 * A folio at the edge of what is given back stays whole; and the machine may reclaim some of what
 * is in use at any time (where DAMON does it, some of every run).
 */
#define EDGE_PAGES 64

/* Pages of one file that are in the page cache, as the kernel says. */
static uint64_t cached_in(const char *path)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	unsigned char residency[4096];
	struct stat st;
	uint64_t n = 0;
	void *map;

	assert_true(fd >= 0 && fstat(fd, &st) == 0);
	if (st.st_size == 0)
		return 0;
	assert_true((uint64_t)st.st_size <= sizeof(residency) * CONTENT_PAGE_BYTES);
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	assert_true(map != MAP_FAILED);
	assert_int_equal(mincore(map, (size_t)st.st_size, residency), 0);
	for (uint64_t i = 0; i < (uint64_t)st.st_size / CONTENT_PAGE_BYTES; i++)
		n += residency[i] & 1;
	(void)munmap(map, (size_t)st.st_size);
	return n;
}

/* The same of all files of the load. */
static uint64_t cached(void)
{
	_cleanup_(closedirp) DIR *dir = opendir("/proc/self/fd");
	const struct dirent *entry;
	uint64_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		char path[300], target[300] = "";

		(void)snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		if (readlink(path, target, sizeof(target) - 1) > 0 &&
		    strncmp(target, "/var/tmp/", 9) == 0)
			n += cached_in(path);
	}
	return n;
}

static void check_cached(const struct running *running, uint64_t pages)
{
	assert_in_range(resident(running), pages - EDGE_PAGES / 2, pages);
	assert_in_range(cached(), resident(running) - EDGE_PAGES, resident(running) + EDGE_PAGES);
}

/* What is not in use any more is not in the page cache, and is read anew when it is again. */
static void test_fileread_sine(void **state)
{
	struct running running =
		begin_on_disk("fileread:size=8M,files=2,low=1M,schedule=sine,period=4s,rate=64M/s,"
			      "access=uniform");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, 1 * NSEC_PER_SEC);
	check_cached(&running, 1152);
	run_until(&running, 2 * NSEC_PER_SEC);
	check_cached(&running, 2048);
	assert_in_range(block->first.count, 126, 128);
	run_until(&running, 3 * NSEC_PER_SEC);
	check_cached(&running, 1152);
	run_until(&running, 4 * NSEC_PER_SEC);
	check_cached(&running, 256);
	run_until(&running, 5 * NSEC_PER_SEC);
	check_cached(&running, 1152);
	assert_in_range(block->first.count, 128 + 54, 128 + 58);
	/* The rate is that of reading, as without a schedule. */
	assert_in_range(block_get(&block->bytes), 319 * MIB, 321 * MIB);
	assert_in_range(verified(&running.load), 1152 - EDGE_PAGES, 1152);
	assert_int_equal(block->bad_pages, 0);
	end(&running);
}

static void test_filewrite_burst(void **state)
{
	struct running running = begin_on_disk(
		"filewrite:size=4M,block=16K,schedule=burst,rate=8M/s,period=2s,hold=100ms");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, NSEC_PER_SEC / 4);
	check_cached(&running, 512);
	run_until(&running, 550 * NSEC_PER_MSEC);
	check_cached(&running, 1024);
	run_until(&running, NSEC_PER_SEC);
	assert_int_equal(resident(&running), 0);
	assert_in_range(cached(), 0, EDGE_PAGES);
	/* Nothing is owed for the pause. */
	run_until(&running, 2 * NSEC_PER_SEC + NSEC_PER_SEC / 4);
	check_cached(&running, 512);
	assert_int_equal(block_get(&block->rounds), 2);
	assert_int_equal(block->lost_bytes, 0);
	check_verified(&running, 1024);
	end(&running);
}

static void test_filemap_sawtooth(void **state)
{
	static const char *const mappings[] = {"shared", "private"};
	char settings[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(mappings); i++) {
		struct running running;

		(void)snprintf(settings, sizeof(settings),
			       "filemap:size=4M,low=1M,schedule=sawtooth,period=1s,rate=32M/s,"
			       "mapping=%s",
			       mappings[i]);
		running = begin_on_disk(settings);
		run_until(&running, NSEC_PER_SEC / 2);
		check_cached(&running, 640);
		assert_in_range(smaps_kib("/var/tmp/#", "Rss"), 4 * (640 - EDGE_PAGES),
				4 * (640 + EDGE_PAGES));
		run_until(&running, NSEC_PER_SEC + NSEC_PER_SEC / 4);
		check_cached(&running, 448);
		assert_in_range(smaps_kib("/var/tmp/#", "Rss"), 4 * (448 - EDGE_PAGES),
				4 * (448 + EDGE_PAGES));
		if (i == 1)
			assert_int_equal(smaps_kib("/var/tmp/#", "Anonymous"),
					 4 * resident(&running));
		/* Of the private ones their own pages, too. */
		check_verified(&running, 1024 + i * resident(&running));
		end(&running);
	}
}

/* The oldest part of a log goes. */
static void test_filelog_sawtooth(void **state)
{
	struct running running = begin_on_disk(
		"filelog:size=4M,files=4,low=1M,block=16K,schedule=sawtooth,period=1s,rate=64M/s");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, NSEC_PER_SEC / 2);
	check_cached(&running, 640);
	run_until(&running, NSEC_PER_SEC + NSEC_PER_SEC / 4);
	check_cached(&running, 448);
	/* Round and round, through all of its files. */
	run_until(&running, 9 * NSEC_PER_SEC / 2);
	check_cached(&running, 640);
	assert_in_range(block_get(&block->bytes), 14 * MIB, 29 * MIB / 2);
	assert_in_range(verified(&running.load), 768, 1024);
	assert_int_equal(block->bad_pages, 0);
	end(&running);
}

/* Somebody takes cache away, now and then; what is read instead makes up for it. */
static void test_fileread_set_point(void **state)
{
	static const struct fixture_file files[] = {{"memory.current", "1048576\n"}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct running running = begin_on_disk("fileread:size=1M");
	uint64_t taken = 0;
	const char *why = "";
	char text[32];

	(void)state;
	end(&running);
	running = plan_load("fileread:size=16M,block=16K,set-point=free 4M,rate=256M/s");
	running.job->loads[0].settings.set_point.signal = SETPOINT_CURRENT;
	running.load.group_fd = fx->fd;
	assert_int_equal(prepare(&running.load, &why), 0);
	for (uint64_t ms = 20; ms <= 2000; ms += 20) {
		uint64_t current;

		run_until(&running, ms * NSEC_PER_MSEC);
		taken += ms % 500 == 0 ? MIB / 2 : 0;
		current = MIB + resident(&running) * CONTENT_PAGE_BYTES - taken;
		(void)snprintf(text, sizeof(text), "%ju\n", (uintmax_t)current);
		fixture_write(fx, "memory.current", text);
		if (ms % 500 > 300)
			assert_in_range(current, 4 * MIB * 98 / 100, 4 * MIB * 102 / 100);
	}
	end(&running);
}

static void test_check(void **state)
{
	(void)state;
	assert_bad("buffers:size=4M,set-point=resident 2M");
	assert_bad("slab:size=4M,schedule=ramp,rate=1M/s");
	assert_bad("slab:size=4M,schedule=leak");
	assert_bad("churn:size=4M,set-point=memory.current 8M");
	assert_bad("churn:size=4M,rate=1M/s");
	assert_bad("fileread:size=4M,set-point=resident 2M");
	assert_bad("fileread:size=4M,mode=stream,schedule=ramp");
	assert_bad("filewrite:size=4M,set-point=resident 2M");
	assert_bad("filelog:size=4M,set-point=resident 2M");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slab_sine),	   cmocka_unit_test(test_slab_dentries),
		cmocka_unit_test(test_buffers_sawtooth),   cmocka_unit_test(test_buffers_set_point),
		cmocka_unit_test(test_churn_sine),	   cmocka_unit_test(test_churn_rate),
		cmocka_unit_test(test_fileread_sine),	   cmocka_unit_test(test_filewrite_burst),
		cmocka_unit_test(test_filemap_sawtooth),   cmocka_unit_test(test_filelog_sawtooth),
		cmocka_unit_test(test_fileread_set_point), cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
