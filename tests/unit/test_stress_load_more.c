/* SPDX-License-Identifier: Apache-2.0 */
/* Loads that are more than memory that stays: processes, pieces. */
#include "tests/unit/load_runner.h"

#include "stress/loads/pages.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>

/* Runs by the real clock, as processes do. */
static int run_really(struct running *running, uint64_t ns)
{
	uint64_t now_ns, due_ns = 0;
	int r = 0;

	running->load.started_ns = clock_now_ns();
	while (r == 0 && (now_ns = clock_now_ns()) < running->load.started_ns + ns) {
		r = running->load.ops->step(&running->load, now_ns, &due_ns);
		if (due_ns > now_ns)
			(void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	}
	return r;
}

static void test_churn(void **state)
{
	struct running running = begin("churn:size=128K,forks=100/s,alive=4,lifetime=10ms");
	struct worker_block *block = running.load.block;
	uint64_t forked;

	(void)state;
	assert_int_equal(run_really(&running, NSEC_PER_SEC), 0);
	forked = block_get(&block->operations);
	/* A machine that is busy may not manage all. */
	assert_in_range(forked, 10, 101);
	assert_int_equal(block->first.count, forked);
	assert_int_equal(block_get(&block->bytes), forked * 128 * 1024);
	assert_int_equal(verified(&running.load), forked * 32);
	assert_int_equal(block->bad_pages, 0);
	/* None is left, alive or dead. */
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	end(&running);
}

/* A process that is killed is never hidden. */
static void test_churn_killed(void **state)
{
	struct running running = begin("churn:size=4K,alive=1,lifetime=10s");
	char path[64], text[32] = "";
	pid_t child;
	int fd;

	(void)state;
	assert_int_equal(run_really(&running, 50 * NSEC_PER_MSEC), 0);
	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		skip();
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	close(fd);
	child = (pid_t)strtol(text, NULL, 10);
	assert_true(child > 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(run_really(&running, NSEC_PER_SEC), -ECANCELED);
	assert_non_null(strstr(running.load.block->why, "killed by signal 9"));
	(void)verified(&running.load);
	end(&running);
}

/* One page of sixteen stays, with its contents; which ones is the kernel's numbers to say. */
static void test_fragment(void **state)
{
	struct running running = begin("fragment:size=8M,order=4,rate=8M/s");
	struct worker_block *block = running.load.block;
	const struct pages *pages = running.load.state;
	uint64_t kept;
	char header[32];

	(void)state;
	run_until(&running, NSEC_PER_SEC / 2);
	assert_int_equal(block_get(&block->resident_pages), 1024);
	run_until(&running, 2 * NSEC_PER_SEC);
	kept = block_get(&block->resident_pages);
	/* By addresses 128 of 2048; by frame numbers it depends on which frames they are. */
	assert_in_range(kept, 64, 512);
	(void)snprintf(header, sizeof(header), "%lx-", (unsigned long)(uintptr_t)pages->memory);
	assert_int_equal(smaps_kib(header, "Rss"), kept * 4);
	assert_int_equal(verified(&running.load), kept);
	assert_int_equal(block->bad_pages, 0);
	assert_int_equal(block->skipped_pages, 2048 - kept);
	running.load.content.seed++;
	(void)verified(&running.load);
	assert_int_equal(block->bad_pages, kept);
	end(&running);
}

static void test_check(void **state)
{
	(void)state;
	assert_bad("churn:size=4M,rate=1M/s");
	assert_bad("churn:size=4M,order=3");
	assert_bad("fragment:size=4M,reuse=uniform");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_churn_killed),
		cmocka_unit_test(test_fragment),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
