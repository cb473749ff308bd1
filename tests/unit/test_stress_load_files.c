/* SPDX-License-Identifier: Apache-2.0 */
/* Loads of files: what is written, to whom it belongs, and that all of it is verified. */
#include "tests/unit/load_runner.h"

#include "stress/loads/fileset.h"

static void test_filemap(void **state)
{
	struct running running = begin_on_disk("filemap:size=2M,rate=8M/s");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	assert_int_equal(block_get(&block->bytes), 8 * MIB);
	assert_int_equal(block->first.count, 512);
	assert_int_equal(block->reuse.count, 3 * 512);
	assert_int_equal(block_get(&block->passes), 4);
	assert_int_equal(verified(&running.load), 512);
	assert_int_equal(block->bad_pages, 0);
	end(&running);
}

/* A hole is zeros until a page is written, and all of it is verified. */
static void test_sparse(void **state)
{
	struct running running = begin_on_disk("filemap:size=2M,rate=2M/s,sparse=yes,dirty=25%");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	assert_int_equal(block->first.count, 512);
	assert_int_equal(verified(&running.load), 512);
	assert_int_equal(block->bad_pages, 0);
	end(&running);
}

/* What was written is not taken for a hole, however often that was. */
static void test_sparse_written_often(void **state)
{
	struct running running = begin_on_disk("filemap:size=16K,rate=4M/s,sparse=yes");
	struct worker_block *block = running.load.block;

	(void)state;
	for (uint64_t writes = 1; writes <= 600; writes++) {
		run_until(&running, writes * 4 * NSEC_PER_SEC / 1024);
		if (writes < 250)
			continue;
		assert_int_equal(verified_meanwhile(&running.load), 4);
		assert_int_equal(block->bad_pages, 0);
	}
	end(&running);
}

/* Of the mapping of the file without a name. */
static long kib(const char *field)
{
	return smaps_kib("/var/tmp/#", field);
}

/* Written pages are the worker's own; the file stays as it was, and both are verified. */
static void test_private(void **state)
{
	struct running running =
		begin_on_disk("filemap:size=2M,rate=8M/s,mapping=private,dirty=25%");
	struct worker_block *block = running.load.block;
	long own_kib;

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	own_kib = kib("Anonymous");
	/* A quarter of 512 pages by lot, five deviations. */
	assert_in_range(own_kib, (128 - 49) * 4, (128 + 49) * 4);
	assert_int_equal(kib("Rss"), 2048);
	assert_int_equal(verified(&running.load), 512 + own_kib / 4);
	assert_int_equal(block->bad_pages, 0);
	assert_int_equal(block->skipped_pages, 0);
	end(&running);
}

/* Without writes nothing is dirty; with some, only those pages that may be. */
static void test_shares(void **state)
{
	static const struct {
		const char *settings;
		long min_kib, max_kib;
	} cases[] = {
		{"filemap:size=2M,rate=2M/s,write=0%,mapping=private", 0, 0},
		{"filemap:size=2M,rate=2M/s,dirty=0%,mapping=private", 0, 0},
		{"filemap:size=2M,rate=2M/s,write=50%,mapping=private", (256 - 57) * 4,
		 (256 + 57) * 4},
		{"filemap:size=2M,rate=20M/s,write=50%,mapping=private", 2048 - 16, 2048},
		{"filemap:size=2M,rate=20M/s,write=50%,dirty=50%,mapping=private", (256 - 57) * 4,
		 (256 + 57) * 4},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct running running = begin_on_disk(cases[i].settings);

		run_until(&running, NSEC_PER_SEC);
		assert_in_range(kib("Anonymous"), cases[i].min_kib, cases[i].max_kib);
		end(&running);
	}
}

static void test_filewrite(void **state)
{
	static const char *const loads[] = {
		"filewrite:size=4M,files=3,block=64K,rate=16M/s",
		"filewrite:size=4M,files=3,block=64K,rate=16M/s,access=uniform,write=30%",
		"filewrite:size=4M,files=3,block=64K,rate=16M/s,sync=data,sync-every=100ms",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		struct running running = begin_on_disk(loads[i]);
		struct worker_block *block = running.load.block;

		run_until(&running, NSEC_PER_SEC);
		assert_in_range(block_get(&block->bytes), 16 * MIB - 65536, 16 * MIB);
		/* Each block is written for the first time once: 3 files of 22 blocks. */
		if (i != 1)
			assert_int_equal(block->first.count, 66);
		assert_true(block->reuse.count > block->first.count * 2);
		assert_in_range(verified(&running.load), 900, 1026);
		assert_int_equal(block->bad_pages, 0);
		running.load.content.seed++;
		(void)verified(&running.load);
		assert_in_range(block->bad_pages, 900, 1026);
		end(&running);
	}
}

/* Only what is in the files still can be verified. */
static void test_filelog(void **state)
{
	struct running running = begin_on_disk("filelog:size=1M,files=4,block=12K,rate=4M/s");
	struct worker_block *block = running.load.block;

	(void)state;
	/*
	 * 660 pages are due, but no block of 3 after 658: a file of 64 ends with one of 1. Twice
	 * through all files, 0 and 1 for the third time, and 18 pages of file 2.
	 */
	run_until(&running, NSEC_PER_SEC * 660 / 1024);
	assert_int_equal(block_get(&block->bytes), 658 * 4096);
	assert_int_equal(block_get(&block->passes), 2);
	/* The older pages of file 2 went with the rotation. */
	assert_int_equal(verified(&running.load), 3 * 64 + 18);
	assert_int_equal(block->skipped_pages, 658 - 210);
	assert_int_equal(block->bad_pages, 0);
	end(&running);
}

/* Verified while they go on: right then, nothing is written back or dropped, and right at the end.
 */
static void test_meanwhile(void **state)
{
	static const struct {
		const char *settings;
		uint64_t pages;
	} cases[] = {
		{"fileread:size=2M,files=2,block=64K,rate=4M/s", 512},
		{"fileread:size=2M,via=mmap,block=64K,rate=4M/s", 512},
		{"filewrite:size=2M,files=2,block=64K,rate=4M/s", 512},
		{"filelog:size=2M,files=2,block=64K,rate=2M/s", 512},
		{"filemap:size=2M,rate=4M/s", 512},
		{"filemap:size=2M,rate=4M/s,mapping=private", 1024},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct running running = begin_on_disk(cases[i].settings);
		struct load *load = &running.load;

		run_until(&running, NSEC_PER_SEC);
		assert_int_equal(verified_meanwhile(load), cases[i].pages);
		assert_int_equal(load->block->bad_pages, 0);
		load->content.seed++;
		(void)verified_meanwhile(load);
		assert_int_equal(load->block->bad_pages, cases[i].pages);
		load->content.seed--;
		load->block->bad_pages = 0;
		run_until(&running, NSEC_PER_SEC * 3 / 2);
		block_set(&load->block->verified_pages, 0);
		assert_in_range(verified(load), 256, cases[i].pages);
		assert_int_equal(load->block->bad_pages, 0);
		end(&running);
	}
}

static void test_check(void **state)
{
	(void)state;
	assert_bad("filemap:size=4M,access=none");
	assert_bad("filemap:size=4M,mapping=private,sync=data");
	assert_bad("filewrite:size=4M,block=5000");
	assert_bad("filewrite:size=4M,write=0%");
	assert_bad("filewrite:size=4M,access=none");
	assert_bad("filelog:size=4M,block=5000");
	assert_bad("filelog:size=4M,access=uniform");
}

/* More than any disk has, and a directory that is none. */
static void test_refused(void **state)
{
	const char *why = "";

	(void)state;
	assert_int_equal(refusal("filewrite:size=60T", &why), -ENOSPC);
	assert_memory_equal(why, "directory: ", 11);
	assert_int_equal(refusal("filelog:size=60T", &why), -ENOSPC);
	assert_int_equal(refusal("filewrite:size=4M,directory=/nowhere", &why), -ENOENT);
	assert_int_equal(refusal("filelog:size=4M,directory=/dev/shm", &why), -EOPNOTSUPP);
	assert_memory_equal(why, "directory: ", 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filemap),
		cmocka_unit_test(test_sparse),
		cmocka_unit_test(test_sparse_written_often),
		cmocka_unit_test(test_private),
		cmocka_unit_test(test_shares),
		cmocka_unit_test(test_filewrite),
		cmocka_unit_test(test_filelog),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_meanwhile),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
