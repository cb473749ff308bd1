/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/kernel_log.h"
#include "stress/check/subject.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

static int start(struct subject *subject, const char *script)
{
	char *const words[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
	struct stress_error error;

	return subject_start(subject, words, &error);
}

static int await(const struct subject *subject, const char *text)
{
	uint64_t until_ns = clock_now_ns() + 30 * NSEC_PER_SEC;
	int r = 0;

	while (r == 0 && clock_now_ns() < until_ns) {
		r = subject_printed(subject, text);
		(void)usleep(1000);
	}
	return r;
}

/* One that was killed stays a zombie until whoever has inherited it looks. */
static bool is_running(pid_t pid)
{
	char path[32], state;
	_cleanup_(fclosep) FILE *stat = NULL;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "re");
	return stat && fscanf(stat, "%*d (sleep) %c", &state) == 1 && state != 'Z';
}

static void test_ready_and_stop(void **state)
{
	struct subject subject;
	char words[32];
	int status = -1;

	(void)state;
	assert_int_equal(start(&subject, "trap 'exit 0' TERM; echo it is ready; "
					 "while :; do sleep 0.01; done"),
			 0);
	assert_int_equal(await(&subject, "is ready"), 1);
	assert_int_equal(subject_printed(&subject, "never"), 0);
	assert_string_equal(subject_last_words(&subject, words, sizeof(words)), "it is ready");
	assert_string_equal(subject_last_words(&subject, words, 6), "eady");
	assert_int_equal(subject_stop(&subject, &status), 0);
	subject_free(&subject);
}

static void test_ends_otherwise(void **state)
{
	struct subject subject;
	int status = -1;

	(void)state;
	assert_int_equal(start(&subject, "exit 3"), 0);
	assert_int_equal(await(&subject, "ready"), -ECHILD);
	assert_int_equal(subject_stop(&subject, &status), -ECHILD);
	assert_int_equal(WEXITSTATUS(status), 3);
	subject_free(&subject);
	assert_int_equal(start(&subject, "kill -KILL $$"), 0);
	assert_int_equal(await(&subject, "ready"), -ECHILD);
	assert_int_equal(subject_stop(&subject, &status), -ECHILD);
	assert_true(WIFSIGNALED(status));
	subject_free(&subject);
}

/* Nothing is left of one that was not told to end. */
static void test_free_kills(void **state)
{
	struct subject subject;
	pid_t pid;

	(void)state;
	assert_int_equal(start(&subject, "trap '' TERM; echo up; while :; do sleep 0.01; done"), 0);
	assert_int_equal(await(&subject, "up"), 1);
	pid = subject.pid;
	subject_free(&subject);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* What a script started does not outlive it: the next run would have it beside it. */
static void test_nothing_is_left(void **state)
{
	struct subject subject;
	char words[32];
	int status;
	pid_t pid;

	(void)state;
	for (int freed = 0; freed < 2; freed++) {
		assert_int_equal(start(&subject, "sleep 1000 & echo $!; echo up; wait"), 0);
		assert_int_equal(await(&subject, "up"), 1);
		pid = (pid_t)strtol(subject_last_words(&subject, words, sizeof(words)), NULL, 10);
		assert_int_equal(kill(pid, 0), 0);
		if (!freed)
			assert_int_equal(subject_stop(&subject, &status), -ECHILD);
		subject_free(&subject);
		for (int i = 0; i < 2000 && is_running(pid); i++)
			(void)usleep(1000);
		assert_false(is_running(pid));
	}
}

static void test_kernel_log(void **state)
{
	static const char *const bad[] = {
		"WARNING: CPU: 0 PID: 12 at mm/memcontrol.c:123 f+0x1/0x2",
		"BUG: kernel NULL pointer dereference, address: 0",
		"kernel BUG at mm/vmscan.c:1!",
		"Oops: 0000 [#1] SMP",
		"INFO: task x:12 blocked for more than 120 seconds.",
	};
	static const char *const good[] = {
		"Memory cgroup out of memory: Killed process 12 (hog)",
		"hog invoked oom-killer: gfp_mask=0xcc0",
		"systemd[1]: debug",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_true(kernel_log_line_is_bad(bad[i]));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_false(kernel_log_line_is_bad(good[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ready_and_stop), cmocka_unit_test(test_ends_otherwise),
		cmocka_unit_test(test_free_kills),     cmocka_unit_test(test_nothing_is_left),
		cmocka_unit_test(test_kernel_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
