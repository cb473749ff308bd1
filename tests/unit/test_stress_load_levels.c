/* SPDX-License-Identifier: Apache-2.0 */
/* Loads that are no page memory follow schedules and set points, too. */
#include "tests/unit/load_runner.h"

#include <dirent.h>
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

/* The files in all directories of the slab load in /var/tmp that was made last. */
static size_t count_files(void)
{
	_cleanup_(closedirp) DIR *dir = opendir("/var/tmp");
	const struct dirent *entry;
	char newest[300] = "", path[600];
	struct timespec newest_time = {0};
	size_t n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		struct stat st;

		if (strncmp(entry->d_name, "uswap-stress-", 13) != 0 ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) < 0 || st.st_uid != geteuid() ||
		    st.st_ctim.tv_sec < newest_time.tv_sec)
			continue;
		newest_time = st.st_ctim;
		(void)snprintf(newest, sizeof(newest), "/var/tmp/%s", entry->d_name);
	}
	assert_string_not_equal(newest, "");
	for (unsigned int i = 0; i < 8; i++) {
		_cleanup_(closedirp) DIR *below = NULL;

		(void)snprintf(path, sizeof(path), "%s/%u", newest, i);
		below = opendir(path);
		while (below && (entry = readdir(below)))
			n += entry->d_name[0] != '.';
	}
	return n;
}

/* Directories of 512 objects are given back, each when none of it is wanted any more. */
static void test_slab_sine(void **state)
{
	struct running running = begin_on_disk(
		"slab:size=2624K,low=256K,schedule=sine,period=4s,objects=files,reuse=uniform,"
		"reuse-rate=128K/s");
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
	assert_int_equal(count_files(), made);
	run_until(&running, 4 * NSEC_PER_SEC);
	assert_int_equal(count_files(), 512);
	assert_int_equal(resident(&running), 512 * 1312 / 4096);
	assert_in_range(block->skipped_pages, made - 512, 1536);
	run_until(&running, 5 * NSEC_PER_SEC);
	assert_in_range(block->first.count, made + 600, made + 620);
	check_verified(&running, block->first.count - block->skipped_pages);
	end(&running);
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

static void test_check(void **state)
{
	(void)state;
	assert_bad("buffers:size=4M,set-point=resident 2M");
	assert_bad("slab:size=4M,schedule=ramp,rate=1M/s");
	assert_bad("slab:size=4M,schedule=leak");
	assert_bad("churn:size=4M,set-point=memory.current 8M");
	assert_bad("churn:size=4M,rate=1M/s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slab_sine),
		cmocka_unit_test(test_slab_dentries),
		cmocka_unit_test(test_buffers_sawtooth),
		cmocka_unit_test(test_buffers_set_point),
		cmocka_unit_test(test_churn_sine),
		cmocka_unit_test(test_churn_rate),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
