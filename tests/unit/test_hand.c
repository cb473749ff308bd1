/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/act/hand.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>

/* The request's descriptor is a pipe: a request lasts until something can be read from it. */
static int wait_for_pipe(const struct request *request)
{
	char byte;

	if (request->fd < 0)
		return -EAGAIN;
	return read(request->fd, &byte, 1) < 0 ? -errno : 0;
}

static const struct act_ops act_fake = {.name = "fake", .reclaim = wait_for_pipe};

static struct hand *new_hand(void)
{
	struct hand *hand = NULL;

	assert_int_equal(hand_prepare_process(), 0);
	assert_int_equal(hand_start("hand/test", &hand), 0);
	return hand;
}

static struct hand_result wait_result(struct hand *hand)
{
	struct pollfd done = {.fd = hand_fd(hand), .events = POLLIN};
	struct hand_result result;

	assert_int_equal(poll(&done, 1, 5000), 1);
	assert_true(hand_take(hand, &result));
	assert_false(hand_take(hand, &result));
	return result;
}

static void test_one_request_at_a_time(void **state)
{
	struct hand *hand = new_hand();
	struct hand_result result;
	struct request request = {.fd = -1};
	int fds[2];

	(void)state;
	assert_int_equal(hand_submit(hand, &act_fake, &request), 0);
	assert_int_equal(wait_result(hand).error, -EAGAIN);

	assert_int_equal(pipe2(fds, 0), 0);
	request.fd = fds[0];
	assert_int_equal(hand_submit(hand, &act_fake, &request), 0);
	assert_int_equal(hand_submit(hand, &act_fake, &request), -EBUSY);
	assert_true(hand_is_busy(hand));
	assert_int_equal(write(fds[1], "x", 1), 1);
	result = wait_result(hand);
	assert_int_equal(result.error, 0);
	assert_true(result.wall_ns >= result.cpu_ns);
	assert_false(hand_is_busy(hand));
	assert_int_equal(hand_stop(hand, NSEC_PER_SEC), 0);
	hand_free(hand);
	fd_close(fds[0]);
	fd_close(fds[1]);
}

static void test_interrupt_ends_a_request(void **state)
{
	struct hand *hand = new_hand();
	struct pollfd done = {.fd = hand_fd(hand), .events = POLLIN};
	struct hand_result result;
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, 0), 0);
	assert_int_equal(hand_submit(hand, &act_fake, &(struct request){.fd = fds[0]}), 0);
	for (int i = 0; i < 500 && poll(&done, 1, 10) == 0; i++)
		hand_interrupt(hand);
	assert_true(hand_take(hand, &result));
	assert_int_equal(result.error, -EINTR);
	assert_int_equal(hand_stop(hand, NSEC_PER_SEC), 0);
	hand_free(hand);
	fd_close(fds[0]);
	fd_close(fds[1]);
}

static void test_stop_interrupts_what_is_under_way(void **state)
{
	struct hand *hand = new_hand();
	int fds[2];

	(void)state;
	assert_int_equal(pipe2(fds, 0), 0);
	assert_int_equal(hand_submit(hand, &act_fake, &(struct request){.fd = fds[0]}), 0);
	assert_int_equal(hand_stop(hand, 5 * NSEC_PER_SEC), 0);
	hand_free(hand);
	fd_close(fds[0]);
	fd_close(fds[1]);
	assert_int_equal(hand_stop(NULL, 0), 0);
}

/* Stopped at any moment around the hand-over, the request is finished or given back, never lost. */
static void test_stop_at_any_moment(void **state)
{
	(void)state;
	for (int i = 0; i < 300; i++) {
		struct hand *hand = new_hand();
		struct hand_result result;

		if (i % 3)
			(void)poll(NULL, 0, 0);
		assert_int_equal(hand_submit(hand, &act_fake, &(struct request){.fd = -1}), 0);
		for (int k = 0; k < i % 7; k++)
			hand_interrupt(hand);
		assert_int_equal(hand_stop(hand, 20 * NSEC_PER_SEC), 0);
		assert_true(hand_take(hand, &result));
		assert_true(result.error == -EAGAIN || result.error == -EINTR);
		hand_free(hand);
	}
}

/* A request the kernel does not let go of, as on a disk that has stopped. */
static atomic_bool inside, let_go;

static int never_interrupted(const struct request *request)
{
	(void)request;
	atomic_store(&inside, true);
	while (!atomic_load(&let_go))
		(void)poll(NULL, 0, 5);
	return 0;
}

static void test_stop_is_bounded(void **state)
{
	static const struct act_ops stuck = {.name = "stuck", .reclaim = never_interrupted};
	struct hand *hand = NULL;
	uint64_t begin_ns = clock_now_ns();

	(void)state;
	assert_int_equal(hand_prepare_process(), 0);
	assert_int_equal(hand_start("hand/stuck", &hand), 0);
	assert_int_equal(hand_submit(hand, &stuck, &(struct request){.fd = -1}), 0);
	for (int i = 0; i < 5000 && !atomic_load(&inside); i++)
		(void)poll(NULL, 0, 1);
	assert_int_equal(hand_stop(hand, 50 * NSEC_PER_MSEC), -ETIMEDOUT);
	assert_true(clock_now_ns() - begin_ns < 30 * NSEC_PER_SEC);
	atomic_store(&let_go, true);
	assert_int_equal(hand_stop(hand, 30 * NSEC_PER_SEC), 0);
	hand_free(hand);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_request_at_a_time),
		cmocka_unit_test(test_interrupt_ends_a_request),
		cmocka_unit_test(test_stop_interrupts_what_is_under_way),
		cmocka_unit_test(test_stop_at_any_moment),
		cmocka_unit_test(test_stop_is_bounded),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
