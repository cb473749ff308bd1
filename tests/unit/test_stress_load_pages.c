/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kinds of page memory: what they make is what smaps says it is, it grows and is verified as any
 * other, and what can't be had is refused by the setting's name.
 */
#include "tests/unit/load_runner.h"

#include "stress/loads/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

static long kib(const struct running *running, const char *field)
{
	const struct pages *pages = running->load.state;
	char begin[32];

	(void)snprintf(begin, sizeof(begin), "%lx-", (unsigned long)(uintptr_t)pages->memory);
	return smaps_kib(begin, field);
}

/* Grows, is touched again and written anew, and every page is as it should be. */
static void check_use(const char *settings, const char *field, long expected_kib)
{
	struct running running = begin(settings);
	struct worker_block *block = running.load.block;

	run_until(&running, NSEC_PER_SEC);
	assert_int_equal(block_get(&block->resident_pages), 512);
	assert_in_range(block->reuse.count, 250, 257);
	assert_int_equal(kib(&running, "Rss"), 2048);
	assert_int_equal(kib(&running, field), expected_kib);
	run_until(&running, 3 * NSEC_PER_SEC);
	assert_int_equal(verified(&running.load), 1024);
	assert_int_equal(block->bad_pages, 0);
	running.load.content.seed++;
	(void)verified(&running.load);
	assert_int_equal(block->bad_pages, 1024);
	end(&running);
}

#define USED "size=4M,rate=2M/s,reuse=uniform,reuse-rate=1M/s,reuse-write=50%"

static void test_kinds(void **state)
{
	(void)state;
	check_use("anon:" USED, "Anonymous", 2048);
	check_use("shmem:" USED, "Anonymous", 0);
	check_use("shmem:backing=anonymous," USED, "Anonymous", 0);
	check_use("locked:" USED, "Locked", 2048);
	check_use("locked:lock=mlock," USED, "Locked", 2048);
}

/* Shared memory is given back for good, too, and comes as new again. */
static void test_bursts(void **state)
{
	static const char *const loads[] = {
		"anon:release=dontneed,",   "shmem:",  "shmem:release=dontneed,",
		"shmem:backing=anonymous,", "locked:", "locked:release=dontneed,",
		"locked:lock=mlock,",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		char settings[128];
		struct running running;

		(void)snprintf(settings, sizeof(settings),
			       "%ssize=1M,schedule=burst,rate=4M/s,period=1s,hold=100ms", loads[i]);
		running = begin(settings);
		run_until(&running, 300 * NSEC_PER_MSEC);
		assert_int_equal(kib(&running, "Rss"), 1024);
		run_until(&running, 400 * NSEC_PER_MSEC);
		assert_int_equal(kib(&running, "Rss"), 0);
		run_until(&running, 1300 * NSEC_PER_MSEC);
		assert_int_equal(running.load.block->first.count, 512);
		assert_int_equal(verified(&running.load), 256);
		assert_int_equal(running.load.block->bad_pages, 0);
		end(&running);
	}
}

/* A leak goes on and is never touched again. */
static void test_leak(void **state)
{
	struct running running = begin("leak:size=4M,rate=1M/s");
	struct worker_block *block = running.load.block;

	(void)state;
	run_until(&running, 2 * NSEC_PER_SEC);
	assert_int_equal(block_get(&block->resident_pages), 512);
	run_until(&running, 60 * NSEC_PER_SEC);
	assert_int_equal(block_get(&block->resident_pages), 1024);
	assert_int_equal(block->reuse.count, 0);
	assert_int_equal(verified(&running.load), 1024);
	assert_int_equal(block->bad_pages, 0);
	end(&running);
}

/* ... also by steps, or evenly. */
static void test_leak_schedules(void **state)
{
	struct running running = begin("leak:size=4M,low=1M,schedule=step,steps=3,period=1s");

	(void)state;
	run_until(&running, NSEC_PER_SEC / 2);
	assert_int_equal(kib(&running, "Rss"), 1024);
	run_until(&running, 5 * NSEC_PER_SEC / 2);
	assert_int_equal(kib(&running, "Rss"), 3072);
	end(&running);
	running = begin("leak:size=4M,schedule=ramp,period=4s");
	run_until(&running, NSEC_PER_SEC);
	assert_int_equal(kib(&running, "Rss"), 1024);
	run_until(&running, 60 * NSEC_PER_SEC);
	assert_int_equal(kib(&running, "Rss"), 4096);
	assert_int_equal(verified(&running.load), 1024);
	assert_int_equal(running.load.block->bad_pages, 0);
	end(&running);
}

/* Without privilege there is a limit; it is met before anything is made. */
static void refuse_locked(void)
{
	const struct rlimit limit = {65536, 65536};
	const char *why = "";

	if (setrlimit(RLIMIT_MEMLOCK, &limit) < 0 || (geteuid() == 0 && setuid(65534) < 0))
		_exit(2);
	_exit(refusal("locked:size=4M", &why) == -EOPNOTSUPP && strncmp(why, "size: ", 6) == 0 &&
			      refusal("locked:size=4M,lock=mlock", &why) == -EOPNOTSUPP &&
			      refusal("locked:size=32K", &why) == 0
		      ? 0
		      : 1);
}

static void test_lock_refused(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		refuse_locked();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* More huge pages than any machine has set aside. */
static void test_hugetlb_refused(void **state)
{
	const char *why = "";

	(void)state;
	assert_int_equal(refusal("anon:size=1T,pages=hugetlb,contents=word", &why), -EOPNOTSUPP);
	assert_memory_equal(why, "pages: ", 7);
}

static void test_check(void **state)
{
	(void)state;
	assert_bad("leak:size=4M");
	assert_bad("leak:size=4M,rate=1M/s,reuse=uniform");
	assert_bad("shmem:size=4M,pages=thp");
	assert_bad("locked:size=4M,contents=word,reuse-write=10%");
	assert_bad("anon:size=4M,lock=mlock");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kinds),	     cmocka_unit_test(test_bursts),
		cmocka_unit_test(test_leak),	     cmocka_unit_test(test_leak_schedules),
		cmocka_unit_test(test_lock_refused), cmocka_unit_test(test_hugetlb_refused),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
