/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/process.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int parse(const char *text, struct process_status *ret, const char **ret_bad)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_close_ int fd = -1;

	fixture_write(fx, "status", text);
	fd = openat(fx->fd, "status", O_RDONLY | O_CLOEXEC);
	return process_status_parse(fd, ret, ret_bad);
}

static void test_status(void **state)
{
	static char text[80000];
	struct process_status s;
	size_t n;

	(void)state;
	assert_int_equal(
		parse("Name:\tdb writer: 1\nUmask:\t0022\nState:\tT (stopped)\nTgid:\t7\n"
		      "Uid:\t1000\t0\t0\t0\nGid:\t5\nVmPeak:\t 9999 kB\nVmRSS:\t    128 kB\n"
		      "RssAnon:\t 4 kB\nVmSwap:\t 64 kB\nThreads:\t1\n",
		      &s, NULL),
		0);
	assert_string_equal(s.name, "db writer: 1");
	assert_int_equal(s.state, 'T');
	assert_int_equal(s.uid, 1000);
	assert_true(s.has_memory);
	assert_int_equal(s.resident_bytes, 128 << 10);
	assert_int_equal(s.swap_bytes, 64 << 10);
	/* A thread of the kernel; a name without a letter; many groups. */
	n = (size_t)snprintf(text, sizeof(text),
			     "Name:\t\nState:\tS (sleeping)\nUid:\t0\nGroups:\t");
	while (n < sizeof(text) - 8)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "12345 ");
	(void)snprintf(text + n, sizeof(text) - n, "\n");
	assert_int_equal(parse(text, &s, NULL), 0);
	assert_string_equal(s.name, "");
	assert_false(s.has_memory);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *bad;
	} rows[] = {
		{"", "Name:"},
		{"State:\tS\nUid:\t0\n", "Name:"},
		{"Name:x\nState:\tS\nUid:\t0\n", "Name:"},
		{"Name:\tx\nName:\tx\nState:\tS\nUid:\t0\n", "Name:"},
		{"Name:\tx\nUid:\t0\n", "State:"},
		{"Name:\tx\nState:\tSleeps\nUid:\t0\n", "State:"},
		{"Name:\tx\nState:\nUid:\t0\n", "State:"},
		{"Name:\tx\nState:\tS\n", "Uid:"},
		{"Name:\tx\nState:\tS\nUid:\t-1\n", "Uid:"},
		{"Name:\tx\nState:\tS\nUid:\t0\nVmRSS:\t12\n", "VmRSS:"},
		{"Name:\tx\nState:\tS\nUid:\t0\nVmRSS:\t12 MB\n", "VmRSS:"},
		{"Name:\tx\nState:\tS\nUid:\t0\nVmSwap:\t99999999999999999999 kB\n", "VmSwap:"},
		{"Name:\tx\nState:\tS\nUid:\t0\nVmSwap:\t1 kB\nVmSwap:\t1 kB\n", "VmSwap:"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct process_status s = {.uid = 42};
		const char *bad = "nothing";

		assert_int_equal(parse(rows[i].text, &s, &bad), -EBADMSG);
		assert_string_equal(bad, rows[i].bad);
		assert_int_equal(s.uid, 42);
	}
}

/* A live one, and what is left of it when it ends. */
static void test_open(void **state)
{
	_cleanup_close_ int proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct process process = {.dir_fd = -1, .pid_fd = -1};
	struct process_status s;
	pid_t pid = fork();
	int r;

	(void)state;
	assert_true(proc_fd >= 0 && pid >= 0);
	if (pid == 0) {
		pause();
		_exit(0);
	}
	assert_int_equal(process_open(proc_fd, (uint64_t)pid, &process), 0);
	assert_int_equal(process.pid, pid);
	assert_int_equal(process_read_status(&process, &s, NULL), 0);
	assert_int_equal(s.uid, getuid());
	assert_true(s.has_memory && s.resident_bytes > 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	/* Whoever has the number next, this is not it. */
	r = process_read_status(&process, &s, NULL);
	assert_true(r == -ESRCH || r == -ENOENT);
	process_close(&process);
	assert_int_equal(process.dir_fd, -1);
	process_close(&process);
	r = process_open(proc_fd, (uint64_t)pid, &process);
	assert_true(r == -ESRCH || r == -ENOENT);
}

/* The number is in use, but not by what the directory belonged to. */
static void test_reused(void **state)
{
	char path[32];
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	struct process process = {.dir_fd = -1, .pid_fd = -1};

	(void)state;
	(void)snprintf(path, sizeof(path), "%d/cmdline", getpid());
	fixture_write(fx, path, "");
	assert_int_equal(process_open(fx->fd, (uint64_t)getpid(), &process), -ENOENT);
	assert_int_equal(process.dir_fd, -1);
	assert_int_equal(process.pid_fd, -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_reused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
