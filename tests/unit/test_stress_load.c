/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads, run in this process by a clock of our own: what they touched, measured and verified is
 * what the job said.
 */
#include "tests/unit/load_runner.h"

#include "tests/unit/fixture.h"

static void test_anon_rate(void **state)
{
	struct running running = begin("anon:size=4M,rate=1M/s");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, 2 * NSEC_PER_SEC);
	assert_int_equal(block_get(&block->bytes), 2 * MIB);
	assert_int_equal(block_get(&block->resident_pages), 512);
	assert_int_equal(block->first.count, 512);
	assert_int_equal(block->reuse.count, 0);
	run_until(&running, 100 * NSEC_PER_SEC);
	assert_int_equal(block_get(&block->bytes), 4 * MIB);
	assert_int_equal(block->debt_bytes, 0);
	assert_int_equal(verified(&running.load), 1024);
	assert_int_equal(block->bad_pages, 0);
	end(&running);
}

/* A check that would find no fault is no check: look for other contents. */
static void test_anon_wrong_contents(void **state)
{
	struct running running = begin("anon:size=1M");

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	running.load.content.seed++;
	assert_int_equal(verified(&running.load), 256);
	assert_int_equal(running.load.block->bad_pages, 256);
	assert_int_equal(running.load.block->first_bad.page, 0);
	assert_int_equal(running.load.block->first_bad.generation, 1);
	end(&running);
}

static void test_anon_reuse(void **state)
{
	struct running running = begin("anon:size=1M,reuse=zipf,reuse-rate=8M/s,reuse-write=50%");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, 4 * NSEC_PER_SEC);
	assert_int_equal(block->first.count, 256);
	/* 32 MiB of touches. */
	assert_in_range(block->reuse.count, 8180, 8192);
	assert_in_range(block_get(&block->passes), 31, 32);
	/* Written pages are of later generations, and each is verified as its own. */
	assert_int_equal(verified(&running.load), 256);
	assert_int_equal(block->bad_pages, 0);
	end(&running);
}

static void test_anon_reuse_after(void **state)
{
	struct running running =
		begin("anon:size=1M,rate=1M/s,reuse=sequential,reuse-when=after,reuse-rate=1M/s");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, NSEC_PER_SEC / 2);
	assert_int_equal(block->reuse.count, 0);
	run_until(&running, 3 * NSEC_PER_SEC);
	assert_in_range(block->reuse.count, 500, 513);
	end(&running);
}

static void test_anon_bursts(void **state)
{
	struct running running =
		begin("anon:size=2M,burst=1M,schedule=burst,rate=4M/s,period=1s,hold=100ms");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, 300 * NSEC_PER_MSEC);
	assert_int_equal(block_get(&block->resident_pages), 256);
	run_until(&running, 400 * NSEC_PER_MSEC);
	assert_int_equal(block_get(&block->resident_pages), 0);
	run_until(&running, 3500 * NSEC_PER_MSEC);
	assert_int_equal(block_get(&block->rounds), 4);
	assert_int_equal(block->first.count, 4 * 256);
	assert_int_equal(block->lost_bytes, 0);
	assert_int_equal(block_get(&block->resident_pages), 0);
	assert_int_equal(verified(&running.load), 0);
	end(&running);
}

/* A worker that was held up gives up what it missed, and says how much. */
static void test_anon_burst_loss(void **state)
{
	struct running running = begin("anon:size=1M,schedule=burst,rate=1M/s,period=2s,"
				       "release=dontneed,hold=2s");
	struct worker_block *block = running.load.block;
	uint64_t due_ns;

	(void)state;
	run_until(&running, NSEC_PER_SEC / 2);
	assert_int_equal(block_get(&block->resident_pages), 128);
	/* Nothing until the middle of the fourth burst: half of one and two whole ones are lost. */
	assert_int_equal(
		running.load.ops->step(&running.load, START_NS + 6500 * NSEC_PER_MSEC, &due_ns), 0);
	assert_int_equal(block->lost_bytes, 5 * MIB / 2);
	assert_int_equal(block_get(&block->rounds), 4);
	assert_int_equal(block->debt_bytes, MIB / 2 - LOAD_BATCH * CONTENT_PAGE_BYTES);
	run_until(&running, 7 * NSEC_PER_SEC);
	assert_int_equal(block->debt_max_bytes, MIB / 2);
	assert_int_equal(verified(&running.load), 256);
	assert_int_equal(block->bad_pages, 0);
	end(&running);
}

static void test_anon_word(void **state)
{
	struct running running = begin("anon:size=1M,contents=word");

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	assert_int_equal(verified(&running.load), 256);
	assert_int_equal(running.load.block->bad_pages, 0);
	running.load.content.seed++;
	(void)verified(&running.load);
	assert_int_equal(running.load.block->bad_pages, 256);
	end(&running);
}

static void test_verify_sample(void **state)
{
	struct running running = begin("anon:size=16M,verify=sample");

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	/* One of 16, by lot: 256 of 4096, give or take five deviations. */
	assert_in_range(verified(&running.load), 180, 335);
	assert_int_equal(running.load.block->skipped_pages +
				 block_get(&running.load.block->verified_pages),
			 4096);
	end(&running);
}

/* Below the floor nothing grows, and that is counted. */
static void test_floor(void **state)
{
	static const struct fixture_file files[] = {
		{"meminfo", "MemTotal: 1000000 kB\nMemFree: 10000 kB\nMemAvailable: 90000 kB\n"
			    "SwapTotal: 0 kB\nSwapFree: 0 kB\n"}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct running running = begin("anon:size=64M");
	struct worker_block *block = running.load.block;

	(void)state;
	running.load.proc_fd = fx->fd;
	running.load.floor_bytes = UINT64_C(100000) * 1024;
	run_until(&running, NSEC_PER_SEC / 10);
	assert_int_equal(block_get(&block->bytes), 0);
	assert_true(block->floor_waits > 0);
	/* Swap that is free counts as memory that can be had. */
	fixture_write(fx, "meminfo",
		      "MemTotal: 1000000 kB\nMemFree: 10000 kB\nMemAvailable: 90000 kB\n"
		      "SwapTotal: 20000 kB\nSwapFree: 20000 kB\n");
	run_until(&running, NSEC_PER_SEC);
	assert_int_equal(block_get(&block->bytes), 64 * MIB);
	end(&running);
}

static void test_fileread(void **state)
{
	static const char *const loads[] = {
		"fileread:size=4M,files=3,block=64K,rate=16M/s",
		"fileread:size=4M,files=3,block=64K,rate=16M/s,via=mmap",
		"fileread:size=4M,files=3,block=64K,rate=16M/s,access=uniform",
		"fileread:size=4M,files=3,block=64K,rate=16M/s,sparse=yes",
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		struct running running = begin_on_disk(loads[i]);
		struct worker_block *block = running.load.block;
		uint64_t files_pages = 3 * 342;

		run_until(&running, NSEC_PER_SEC);
		assert_in_range(block_get(&block->bytes), 16 * MIB - 65536, 16 * MIB);
		assert_in_range(block_get(&block->passes), 3, 4);
		assert_int_equal(block->cached_at_start_pages, 0);
		/* Each block is read first once, and then again. */
		if (i != 2 && running.load.settings->via == VIA_READ)
			assert_int_equal(block->first.count, 3 * 22);
		if (running.load.settings->via == VIA_MMAP)
			assert_int_equal(block->first.count, files_pages);
		assert_true(block->reuse.count > block->first.count * 2);
		assert_in_range(verified(&running.load), files_pages * 9 / 10, files_pages);
		assert_int_equal(block->bad_pages, 0);
		running.load.content.seed++;
		(void)verified(&running.load);
		assert_true(block->bad_pages > 0 || running.load.settings->sparse);
		end(&running);
	}
}

/* A stream's page cache is always new. */
static void test_stream(void **state)
{
	struct running running = begin_on_disk("fileread:size=4M,files=2,mode=stream,rate=16M/s");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	assert_int_equal(block->reuse.count, 0);
	assert_int_equal(block->first.count, 256);
	assert_int_equal(verified(&running.load), 1024);
	assert_int_equal(block->bad_pages, 0);
	end(&running);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anon_rate),   cmocka_unit_test(test_anon_wrong_contents),
		cmocka_unit_test(test_anon_reuse),  cmocka_unit_test(test_anon_reuse_after),
		cmocka_unit_test(test_anon_bursts), cmocka_unit_test(test_anon_burst_loss),
		cmocka_unit_test(test_anon_word),   cmocka_unit_test(test_verify_sample),
		cmocka_unit_test(test_floor),	    cmocka_unit_test(test_fileread),
		cmocka_unit_test(test_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
