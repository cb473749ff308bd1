/* SPDX-License-Identifier: Apache-2.0 */
/* Loads that are more than memory that stays: processes, pieces. */
#include "tests/unit/load_runner.h"

#include "stress/loads/hugepages.h"
#include "stress/loads/pages.h"
#include "stress/run/janitor.h"

#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
	/* Those that still lived have read theirs back, too. */
	assert_in_range(verified(&running.load), forked * 32, (forked + 4) * 32);
	assert_int_equal(block_get(&block->verified_pages) % 32, 0);
	assert_int_equal(block->skipped_pages, 0);
	assert_int_equal(block->bad_pages, 0);
	/* None is left, alive or dead. */
	assert_int_equal(waitpid(-1, NULL, 0), -1);
	assert_int_equal(errno, ECHILD);
	end(&running);
}

/* The only process of the test's own; 0: the kernel does not tell. */
static pid_t only_child(void)
{
	_cleanup_close_ int fd = -1;
	char path[64], text[32] = "";

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	assert_true(read(fd, text, sizeof(text) - 1) > 0);
	return (pid_t)strtol(text, NULL, 10);
}

/* A process that is killed is never hidden. */
static void test_churn_killed(void **state)
{
	struct running running = begin("churn:size=4K,alive=1,lifetime=10s");
	pid_t child;

	(void)state;
	assert_int_equal(run_really(&running, 50 * NSEC_PER_MSEC), 0);
	child = only_child();
	if (child == 0)
		skip();
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(run_really(&running, NSEC_PER_SEC), -ECANCELED);
	assert_non_null(strstr(running.load.block->why, "killed by signal 9"));
	(void)verified(&running.load);
	end(&running);
}

/* Where a process has a mapping of so many bytes that it can write to and no one shares. */
static uintptr_t find_mapping(pid_t pid, size_t bytes)
{
	_cleanup_(fclosep) FILE *maps = NULL;
	uintptr_t begin, end_at;
	char line[512], mode[5];

	(void)snprintf(line, sizeof(line), "/proc/%d/maps", pid);
	maps = fopen(line, "re");
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps))
		if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s", &begin, &end_at, mode) == 3 &&
		    end_at - begin == bytes && strcmp(mode, "rw-p") == 0)
			return begin;
	fail_msg("no mapping of %zu bytes", bytes);
	return 0;
}

/* Whether it sleeps, and has heard everything it was told. */
static bool waits(pid_t pid)
{
	_cleanup_(fclosep) FILE *status = NULL;
	bool asleep = false, heard = false;
	char line[512];

	(void)snprintf(line, sizeof(line), "/proc/%d/status", pid);
	status = fopen(line, "re");
	assert_non_null(status);
	while (fgets(line, sizeof(line), status)) {
		asleep = asleep || strncmp(line, "State:\tS", 8) == 0;
		heard = heard || strcmp(line, "ShdPnd:\t0000000000000000\n") == 0;
	}
	return asleep && heard;
}

/* Told to, a process reads its pages back while it lives; a byte that went wrong is found at its
 * end. */
static void test_churn_meanwhile(void **state)
{
	struct running running = begin("churn:size=1388K,alive=1,lifetime=100s");
	struct worker_block *block = running.load.block;
	uint8_t wrong = 0x5a;
	struct iovec from = {&wrong, 1}, to = {.iov_len = 1};
	pid_t child;

	(void)state;
	assert_int_equal(run_really(&running, 10 * NSEC_PER_MSEC), 0);
	child = only_child();
	if (child == 0)
		skip();
	(void)verified_meanwhile(&running.load);
	while (!waits(child))
		(void)usleep(1000);
	to.iov_base = (void *)(find_mapping(child, 1388 * 1024) + 5 * 4096 + 99);
	if (process_vm_writev(child, &from, 1, &to, 1, 0) != 1)
		skip();
	assert_int_equal(verified(&running.load), 2 * 347);
	assert_int_equal(block->bad_pages, 1);
	assert_int_equal(block->first_bad.page, 5);
	assert_int_equal(block->first_bad.error.offset, 99);
	assert_in_range(block->first_bad.right_ns, running.load.started_ns,
			block->first_bad.found_ns);
	/* It did not live as long as it was to: it is no operation. */
	assert_int_equal(block_get(&block->operations), 0);
	assert_int_equal(waitpid(-1, NULL, 0), -1);
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

/* Pieces that come and go: each burst is filled, left in pieces, and given back. */
static void test_fragment_bursts(void **state)
{
	struct running running =
		begin("fragment:size=8M,order=4,schedule=burst,rate=16M/s,period=2s,hold=1s");
	struct worker_block *block = running.load.block;
	uint64_t kept;

	(void)state;
	run_until(&running, NSEC_PER_SEC);
	assert_in_range(block_get(&block->resident_pages), 64, 512);
	run_until(&running, 1800 * NSEC_PER_MSEC);
	assert_int_equal(block_get(&block->resident_pages), 0);
	assert_int_equal(block->skipped_pages, 2048);
	run_until(&running, 2400 * NSEC_PER_MSEC);
	assert_int_equal(block_get(&block->resident_pages), 1638);
	run_until(&running, 3 * NSEC_PER_SEC);
	kept = block_get(&block->resident_pages);
	assert_in_range(kept, 64, 512);
	assert_int_equal(verified(&running.load), kept);
	assert_int_equal(block->bad_pages, 0);
	assert_int_equal(block->skipped_pages, 2 * 2048 - kept);
	assert_int_equal(block->lost_bytes, 0);
	end(&running);
}

/* What waits in the kernel is what was written, in its order. */
static void test_buffers(void **state)
{
	static const char *const loads[] = {
		"buffers:size=3M,rate=2M/s",
		"buffers:size=3M,rate=2M/s,channel=unix",
		"buffers:size=3M,rate=2M/s,channel=udp",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		struct running running = begin(loads[i]);
		struct worker_block *block = running.load.block;

		run_until(&running, NSEC_PER_SEC);
		assert_int_equal(block_get(&block->resident_pages), 512);
		run_until(&running, 2 * NSEC_PER_SEC);
		assert_int_equal(block_get(&block->resident_pages), 768);
		assert_int_equal(block->first.count, 768);
		/* Looking takes nothing away and changes no order. */
		assert_int_equal(verified_meanwhile(&running.load), 768);
		assert_int_equal(verified_meanwhile(&running.load), 768);
		assert_int_equal(block->bad_pages, 0);
		running.load.content.seed++;
		assert_int_equal(verified(&running.load), 3 * 768);
		assert_int_equal(block->bad_pages, 768);
		end(&running);
	}
}

static void test_slab(void **state)
{
	static const char *const loads[] = {
		"slab:size=384K,rate=192K/s,reuse=uniform,reuse-rate=96K/s",
		"slab:size=384K,rate=192K/s,objects=files",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(loads); i++) {
		char directory[] = DIRECTORY_TEMPLATE;
		struct running running = begin_alone_on_disk(loads[i], directory);
		struct worker_block *block = running.load.block;
		uint64_t n_objects = 384 * 1024 / (i ? 1312 : 192);

		run_until(&running, NSEC_PER_SEC);
		assert_int_equal(block->first.count, n_objects / 2);
		run_until(&running, 3 * NSEC_PER_SEC);
		assert_int_equal(block->first.count, n_objects);
		assert_int_equal(block->reuse.count, i ? 0 : 1536);
		assert_int_equal(rmdir(directory), -1);
		assert_int_equal(errno, ENOTEMPTY);
		assert_int_equal(verified(&running.load), n_objects);
		assert_int_equal(block->bad_pages, 0);
		end(&running);
		assert_int_equal(rmdir(directory), 0);
	}
}

struct undo {
	char path[64];
};

static int write_file(void *context)
{
	const struct undo *undo = context;
	int fd = open(undo->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	return fd < 0 ? -errno : close(fd);
}

/* What is to be undone is, once, when asked for, and when all who could ask were killed. */
static void test_janitor(void **state)
{
	struct janitor janitor = {0}, other = {0};
	struct undo undo;
	siginfo_t info;
	int status;
	pid_t pid;

	(void)state;
	(void)snprintf(undo.path, sizeof(undo.path), "/tmp/janitor.%d", getpid());
	assert_int_equal(janitor_start(&janitor, write_file, &undo), 0);
	/* One that came later has the first one's pipe, too, and is no hindrance. */
	assert_int_equal(janitor_start(&other, write_file, &undo), 0);
	assert_int_equal(access(undo.path, F_OK), -1);
	assert_int_equal(janitor_end(&janitor), 0);
	assert_int_equal(unlink(undo.path), 0);
	assert_int_equal(janitor_end(&janitor), 0);
	assert_int_equal(access(undo.path, F_OK), -1);
	assert_int_equal(janitor_end(&other), 0);
	assert_int_equal(unlink(undo.path), 0);

	pid = fork();
	if (pid == 0) {
		(void)janitor_start(&janitor, write_file, &undo);
		(void)raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	for (int i = 0; i < 500 && access(undo.path, F_OK) < 0; i++)
		(void)usleep(10000);
	assert_int_equal(unlink(undo.path), 0);
	/* A janitor that was killed itself is done without. */
	assert_int_equal(janitor_start(&janitor, write_file, &undo), 0);
	assert_int_equal(kill(janitor.pid, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)janitor.pid, &info, WEXITED | WNOWAIT), 0);
	assert_int_equal(janitor_end(&janitor), 0);
	assert_int_equal(unlink(undo.path), 0);
	/* An error of undoing is told. */
	assert_int_equal(janitor_start(&janitor, write_file, &(struct undo){"/nowhere/at/all"}), 0);
	assert_int_equal(janitor_end(&janitor), -ENOENT);
}

static uint64_t number_in(const struct fixture *fx)
{
	char text[32] = "";
	_cleanup_close_ int fd = openat(fx->fd, "sys/vm/nr_hugepages", O_RDONLY | O_CLOEXEC);

	assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) > 0);
	return strtoull(text, NULL, 10);
}

/* What was added is taken away, and no more: others count on theirs. */
static void test_hugepages(void **state)
{
	static const struct fixture_file files[] = {{"sys/vm/nr_hugepages", "10\n"}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct hugepages one, two, three;

	(void)state;
	assert_int_equal(hugepages_add(&one, fx->fd, 20), 0);
	assert_int_equal(number_in(fx), 30);
	assert_int_equal(hugepages_add(&two, fx->fd, 15), 0);
	assert_int_equal(number_in(fx), 45);
	hugepages_end(&one);
	assert_int_equal(number_in(fx), 25);
	fixture_write(fx, "sys/vm/nr_hugepages", "5\n");
	hugepages_end(&two);
	assert_int_equal(number_in(fx), 0);
	fixture_write(fx, "sys/vm/nr_hugepages", "many\n");
	assert_int_equal(hugepages_add(&three, fx->fd, 1), -EBADMSG);
	assert_int_equal(hugepages_add(&three, -1, 1), -EBADF);
}

static void test_spin(void **state)
{
	struct running running = begin("spin");
	uint64_t then_ns = clock_thread_cpu_ns();

	(void)state;
	assert_int_equal(run_really(&running, 50 * NSEC_PER_MSEC), 0);
	assert_true(block_get(&running.load.block->operations) > 0);
	assert_true(clock_thread_cpu_ns() > then_ns);
	assert_int_equal(verified(&running.load), 0);
	end(&running);
}

/*
 * A process of its own, as a worker is: threads end with it; TSan's own comes with the first of
 * them. Returns its exit status.
 */
static int run_in_process(const char *settings, uint64_t ns, size_t n_threads)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		size_t before = fixture_entries("/proc/self/task");
		struct running running = begin(settings);

		if (run_really(&running, ns) < 0)
			_exit(101);
		_exit(block_get(&running.load.block->operations) == n_threads &&
				      fixture_entries("/proc/self/task") >= before + n_threads
			      ? 100
			      : 102);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void test_thread(void **state)
{
	int result = 0;

	(void)state;
	assert_int_equal(run_in_process("thread", 50 * NSEC_PER_MSEC, 1), 100);
	/* On a busy machine not all may have begun within a second. */
	for (uint64_t ns = NSEC_PER_SEC; ns < 60 * NSEC_PER_SEC && result != 100; ns *= 4)
		result = run_in_process("thread:threads=100", ns, 100);
	assert_int_equal(result, 100);
}

static void test_exit(void **state)
{
	(void)state;
	assert_int_equal(run_in_process("exit:status=3", NSEC_PER_SEC, 0), 3);
	assert_int_equal(run_in_process("exit:status=3,lifetime=100s", NSEC_PER_MSEC, 0), 100);
}

static void test_check(void **state)
{
	(void)state;
	assert_bad("churn:size=4M,rate=1M/s");
	assert_bad("churn:size=4M,order=3");
	assert_bad("anon:size=4M,reserve=yes");
	assert_bad("buffers:size=4M,block=4K");
	assert_bad("slab:size=4M,files=3");
	assert_bad("fragment:size=4M,reuse=uniform");
	assert_bad("spin:size=4M");
	assert_bad("anon");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_churn),
		cmocka_unit_test(test_churn_killed),
		cmocka_unit_test(test_churn_meanwhile),
		cmocka_unit_test(test_fragment),
		cmocka_unit_test(test_fragment_bursts),
		cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_slab),
		cmocka_unit_test(test_janitor),
		cmocka_unit_test(test_hugepages),
		cmocka_unit_test(test_spin),
		cmocka_unit_test(test_thread),
		cmocka_unit_test(test_exit),
		cmocka_unit_test(test_check),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
