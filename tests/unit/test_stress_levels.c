/* SPDX-License-Identifier: Apache-2.0 */
/* Page memory that follows a schedule up and down, a set point, and a pattern that changes. */
#include "stress/loads/pages.h"
#include "tests/unit/load_runner.h"

#include <errno.h>
#include <stdio.h>

#define PAGES_A_MIB 256

static uint64_t resident(const struct running *running)
{
	return block_get(&running->load.block->resident_pages);
}

static void check_verified(struct running *running)
{
	uint64_t there = resident(running);

	assert_int_equal(verified(&running->load), there);
	assert_int_equal(running->load.block->bad_pages, 0);
}

static void test_sine(void **state)
{
	struct running running = begin("anon:size=4M,low=1M,schedule=sine,period=4s");

	(void)state;
	run_until(&running, NSEC_PER_MSEC);
	assert_int_equal(resident(&running), PAGES_A_MIB);
	run_until(&running, 1 * NSEC_PER_SEC);
	assert_in_range(resident(&running), 5 * PAGES_A_MIB / 2 - 2, 5 * PAGES_A_MIB / 2 + 2);
	run_until(&running, 2 * NSEC_PER_SEC);
	assert_in_range(resident(&running), 4 * PAGES_A_MIB - 1, 4 * PAGES_A_MIB);
	run_until(&running, 4 * NSEC_PER_SEC);
	assert_in_range(resident(&running), PAGES_A_MIB, PAGES_A_MIB + 1);
	/* Memory that was given back is new when it comes again. */
	run_until(&running, 5 * NSEC_PER_SEC);
	assert_in_range(running.load.block->first.count, 4 * PAGES_A_MIB + 300,
			6 * PAGES_A_MIB + 2);
	check_verified(&running);
	end(&running);
}

static void test_sawtooth(void **state)
{
	struct running running = begin("anon:size=3M,low=1M,schedule=sawtooth,period=1s");
	uint64_t due_ns;

	(void)state;
	run_until(&running, NSEC_PER_SEC / 2);
	assert_int_equal(resident(&running), 2 * PAGES_A_MIB);
	run_until(&running, NSEC_PER_SEC + NSEC_PER_SEC / 4);
	assert_int_equal(resident(&running), 3 * PAGES_A_MIB / 2);
	assert_int_equal(block_get(&running.load.block->rounds), 2);
	/* The last page of a tooth is due when it ends. */
	assert_int_equal(running.load.block->lost_bytes, CONTENT_PAGE_BYTES);
	/* Nobody came until the middle of the fourth: most of one and a whole one are lost. */
	running.load.block->lost_bytes = 0;
	running.now_ns = START_NS + 7 * NSEC_PER_SEC / 2;
	assert_int_equal(running.load.ops->step(&running.load, running.now_ns, &due_ns), 0);
	assert_int_equal(running.load.block->lost_bytes, 3 * MIB / 2 + 2 * MIB);
	run_until(&running, 7 * NSEC_PER_SEC / 2 + NSEC_PER_MSEC);
	assert_in_range(resident(&running), 2 * PAGES_A_MIB, 2 * PAGES_A_MIB + 2);
	check_verified(&running);
	end(&running);
}

static void test_steps_and_leak(void **state)
{
	struct running running =
		begin("anon:size=4M,low=1M,schedule=step,steps=3,period=1s,rate=4M/s");

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	assert_int_equal(resident(&running), PAGES_A_MIB);
	run_until(&running, NSEC_PER_SEC + NSEC_PER_SEC / 8);
	assert_int_equal(resident(&running), 3 * PAGES_A_MIB / 2);
	run_until(&running, 5 * NSEC_PER_SEC / 2);
	assert_int_equal(resident(&running), 3 * PAGES_A_MIB);
	run_until(&running, 100 * NSEC_PER_SEC);
	assert_int_equal(resident(&running), 4 * PAGES_A_MIB);
	end(&running);

	running = begin("anon:size=4M,low=1M,schedule=leak,rate=1M/s");
	run_until(&running, NSEC_PER_SEC);
	assert_int_equal(resident(&running), 2 * PAGES_A_MIB);
	run_until(&running, 100 * NSEC_PER_SEC);
	assert_int_equal(resident(&running), 4 * PAGES_A_MIB);
	check_verified(&running);
	end(&running);
}

/* The tree stands for the load's group. */
static struct running plan_in_group(const char *settings, const struct fixture *fx)
{
	struct running running = plan_load(settings);

	running.job->loads[0].settings.set_point.signal = SETPOINT_CURRENT;
	running.load.group_fd = fx->fd;
	return running;
}

/* A group of which somebody else has 1 MiB, and takes 64 KiB away from us every 100 ms. */
static void test_set_point(void **state)
{
	static const struct fixture_file files[] = {{"memory.current", "1048576\n"}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct running running =
		plan_in_group("anon:size=64M,set-point=resident 8M,rate=32M/s", fx);
	uint64_t current = MIB, taken = 0;
	const char *why = "";
	char text[32];

	(void)state;
	assert_int_equal(prepare(&running.load, &why), 0);
	for (uint64_t ms = 1; ms <= 3000; ms++) {
		run_until(&running, ms * NSEC_PER_MSEC);
		taken += ms % 100 == 0 ? MIB / 16 : 0;
		current = MIB + resident(&running) * CONTENT_PAGE_BYTES - taken;
		(void)snprintf(text, sizeof(text), "%ju\n", (uintmax_t)current);
		fixture_write(fx, "memory.current", text);
		/* At most at its rate: 7 MiB take 0.2 s and more. */
		if (ms == 100)
			assert_in_range(current, 3 * MIB, 9 * MIB / 2);
		if (ms > 500)
			assert_in_range(current, 8 * MIB * 98 / 100, 8 * MIB * 101 / 100);
	}
	assert_in_range(block_get(&running.load.block->looks), 140, 151);
	assert_in_range(block_get(&running.load.block->looks_near), 125, 145);
	/* Somebody else grows: it gives back. */
	fixture_write(fx, "memory.current", "67108864\n");
	run_until(&running, 3100 * NSEC_PER_MSEC);
	assert_int_equal(resident(&running), 0);
	/* The group is gone. */
	fixture_write(fx, "memory.current", "");
	running.now_ns += NSEC_PER_SEC;
	assert_int_equal(running.load.ops->step(&running.load, running.now_ns, &taken), -EBADMSG);
	end(&running);
}

static void test_set_point_refused(void **state)
{
	static const struct fixture_file files[] = {{"cgroup.procs", ""}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct running running = plan_in_group("anon:size=64M,set-point=resident 8M", fx);
	const char *why = "";

	(void)state;
	assert_int_equal(prepare(&running.load, &why), -ENOENT);
	assert_string_equal(why, "memory.current");
	end(&running);
}

static void test_replay(void **state)
{
	static const struct fixture_file files[] = {
		{"good.csv", "seconds,bytes\n1,2M\n2,8M\n3,1M\n"},
		{"bad.csv", "seconds,bytes\n1,2M\n1,8M\n"},
	};
	static const struct {
		const char *file, *more, *words;
	} bad[] = {
		{"bad.csv", "", "bad.csv:3: neither TIME,BYTES"},
		{"missing.csv", "", "trace: read "},
		{"good.csv", ",trace-scale=51%", "highest level is 4.1 MiB, and size 4.0 MiB"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct running running;
	char settings[256];

	(void)state;
	(void)snprintf(settings, sizeof(settings),
		       "anon:size=4M,schedule=replay,trace=%s/good.csv,trace-scale=50%%", fx->path);
	running = begin(settings);
	run_until(&running, NSEC_PER_SEC / 2);
	assert_int_equal(resident(&running), 0);
	run_until(&running, 3 * NSEC_PER_SEC / 2);
	assert_int_equal(resident(&running), PAGES_A_MIB);
	run_until(&running, 5 * NSEC_PER_SEC / 2);
	assert_int_equal(resident(&running), 4 * PAGES_A_MIB);
	run_until(&running, 100 * NSEC_PER_SEC);
	assert_int_equal(resident(&running), PAGES_A_MIB / 2);
	check_verified(&running);
	end(&running);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const char *why = "";

		(void)snprintf(settings, sizeof(settings),
			       "anon:size=4M,schedule=replay,trace=%s/%s%s", fx->path, bad[i].file,
			       bad[i].more);
		running = plan_load(settings);
		assert_true(prepare(&running.load, &why) < 0);
		if (!strstr(why, bad[i].words))
			fail_msg("\"%s\" lacks \"%s\"", why, bad[i].words);
		end(&running);
	}
}

/* A fifth of the pages is touched; once in 10 s all others are, too. */
static void test_revisit(void **state)
{
	struct running running = begin("anon:size=1M,reuse=hot:20%,reuse-rate=4M/s,revisit=10s,"
				       "reuse-write=100%");
	unsigned int touched = 0;

	(void)state;
	run_until(&running, 9 * NSEC_PER_SEC);
	for (uint64_t page = 0; page < PAGES_A_MIB; page++)
		touched += ((const struct pages *)running.load.state)->generations[page] > 1;
	assert_int_equal(touched, PAGES_A_MIB / 5);
	run_until(&running, 11 * NSEC_PER_SEC);
	for (uint64_t page = 0; page < PAGES_A_MIB; page++)
		assert_true(((const struct pages *)running.load.state)->generations[page] > 1);
	check_verified(&running);
	end(&running);
}

static void test_think(void **state)
{
	struct running running = begin("anon:size=1M,reuse=uniform,think=100ms,think-after=400K");

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	assert_in_range(running.load.block->reuse.count, 900, 1100);
	assert_int_equal(running.load.block->debt_max_bytes, 0);
	end(&running);
}

/* Begun a second late, it is a second behind. */
static void test_reuse_late(void **state)
{
	struct running running = begin("anon:size=1M,reuse=uniform,reuse-rate=1M/s");
	struct worker_block *block = running.load.block;

	(void)state;
	running.now_ns = START_NS + NSEC_PER_SEC;
	run_until(&running, 2 * NSEC_PER_SEC);
	assert_int_equal(block->debt_max_bytes, MIB);
	assert_in_range(block->reuse.count, 2 * PAGES_A_MIB - 1, 2 * PAGES_A_MIB);
	end(&running);
}

/* Nobody came for 10 s: what is beyond the bound is lost, not made up for. */
static void test_reuse_loss(void **state)
{
	struct running running =
		begin("anon:size=1M,reuse=uniform,reuse-rate=1M/s,reuse-debt=512K");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	running.now_ns = START_NS + 11 * NSEC_PER_SEC;
	run_until(&running, 11 * NSEC_PER_SEC + NSEC_PER_MSEC);
	assert_in_range(block->lost_bytes, 19 * MIB / 2 - 8192, 19 * MIB / 2 + 8192);
	assert_int_equal(block->debt_max_bytes, MIB / 2);
	assert_in_range(block->reuse.count, 3 * PAGES_A_MIB / 2 - 3, 3 * PAGES_A_MIB / 2 + 3);
	end(&running);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sine),
		cmocka_unit_test(test_sawtooth),
		cmocka_unit_test(test_steps_and_leak),
		cmocka_unit_test(test_set_point),
		cmocka_unit_test(test_set_point_refused),
		cmocka_unit_test(test_revisit),
		cmocka_unit_test(test_think),
		cmocka_unit_test(test_reuse_loss),
		cmocka_unit_test(test_reuse_late),
		cmocka_unit_test(test_replay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
