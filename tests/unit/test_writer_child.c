/* SPDX-License-Identifier: Apache-2.0 */
/* The real process, started as the agent starts it. */
#include "agent/writer/child.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#define BYTES (UINT64_C(1) << 20)

static struct writer_answer next_answer(struct writer *w)
{
	struct pollfd ready = {.fd = writer_fd(w), .events = POLLIN};
	struct writer_answer answer;

	do {
		assert_int_equal(poll(&ready, 1, 20000), 1);
		assert_int_equal(writer_take(w, &answer), 1);
	} while (answer.kind == WRITER_PROGRESS);
	return answer;
}

static int make_file(const struct fixture *fx)
{
	char bytes[4096];
	int fd = openat(fx->fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	memset(bytes, 'x', sizeof(bytes));
	for (uint64_t at = 0; at < BYTES; at += sizeof(bytes))
		assert_int_equal(write(fd, bytes, sizeof(bytes)), sizeof(bytes));
	return fd;
}

static const struct writer_order all = {.id = 5, .length = BYTES, .target_ns = NSEC_PER_SEC};

static void test_life(void **state)
{
	for (int try_uring = 0; try_uring < 2; try_uring++) {
		_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
		_cleanup_(writer_freep) struct writer *w = NULL;
		_cleanup_close_ int fd = make_file(fx), stat_fd = -1;
		struct writer_answer answer;

		(void)state;
		fixture_write(fx, "stat", "1 1 1 1 1 1 1 1 0 1 1\n");
		stat_fd = openat(fx->fd, "stat", O_RDONLY | O_CLOEXEC);
		assert_int_equal(writer_start(FIXTURE_PATH(USWAP_WRITER), 0x801, stat_fd, stat_fd,
					      try_uring, &w),
				 0);
		assert_int_equal(writer_device(w), 0x801);
		answer = next_answer(w);
		assert_int_equal(answer.kind, WRITER_HELLO);
		assert_true(try_uring || !(answer.flags & WRITER_HAS_URING));
		assert_int_equal(writer_take(w, &answer), 0);
		assert_int_equal(writer_give(w, &all, fd), 0);
		answer = next_answer(w);
		assert_int_equal(answer.kind, WRITER_DONE);
		assert_int_equal(answer.id, 5);
		assert_int_equal(answer.error, 0);
		assert_false(writer_has_ended(w));
		assert_int_equal(writer_stop(w, 5 * NSEC_PER_SEC), 0);
	}
}

static void test_killed(void **state)
{
	_cleanup_(writer_freep) struct writer *w = NULL;
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_close_ int fd = make_file(fx);
	struct writer_answer answer;

	(void)state;
	assert_int_equal(writer_start(FIXTURE_PATH(USWAP_WRITER), 0x801, -1, -1, true, &w), 0);
	(void)next_answer(w);
	assert_int_equal(kill(writer_pid(w), SIGKILL), 0);
	while (!writer_has_ended(w))
		(void)poll(NULL, 0, 5);
	assert_int_equal(writer_take(w, &answer), -EPIPE);
	assert_int_equal(writer_give(w, &all, fd), -EPIPE);
	assert_int_equal(writer_stop(w, NSEC_PER_SEC), 0);
}

/* It does not take what is no order for one. */
static void test_nonsense(void **state)
{
	_cleanup_(writer_freep) struct writer *w = NULL;
	const struct writer_answer no_order = {.magic = WRITER_MAGIC, .version = WRITER_VERSION};
	uint64_t end_ns = clock_now_ns() + 10 * NSEC_PER_SEC;

	(void)state;
	assert_int_equal(writer_start(FIXTURE_PATH(USWAP_WRITER), 0x801, -1, -1, true, &w), 0);
	(void)next_answer(w);
	assert_int_equal(writer_answer_send(writer_fd(w), &no_order), 0);
	while (!writer_has_ended(w)) {
		assert_true(clock_now_ns() < end_ns);
		(void)poll(NULL, 0, 5);
	}
	assert_int_equal(writer_stop(w, NSEC_PER_SEC), 0);
}

/* One that does not answer at all, whatever is said to it. */
static void test_stuck(void **state)
{
	_cleanup_(writer_freep) struct writer *w = NULL;
	uint64_t begin_ns;

	(void)state;
	assert_int_equal(writer_start(FIXTURE_PATH(USWAP_WRITER), 0x801, -1, -1, true, &w), 0);
	(void)next_answer(w);
	assert_int_equal(kill(writer_pid(w), SIGSTOP), 0);
	begin_ns = clock_now_ns();
	assert_int_equal(writer_stop(w, 200 * NSEC_PER_MSEC), 0);
	assert_in_range(clock_now_ns() - begin_ns, 200 * NSEC_PER_MSEC, 60 * NSEC_PER_SEC);
	assert_true(writer_has_ended(w));
}

static void test_no_program(void **state)
{
	struct writer *w = NULL;

	(void)state;
	assert_int_equal(writer_start("/nonexistent/uswapd-writer", 0x801, -1, -1, true, &w),
			 -ENOENT);
	assert_null(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),	   cmocka_unit_test(test_killed),
		cmocka_unit_test(test_nonsense),   cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_no_program),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
