/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/act/hand.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct fixture_file files[] = {
	{"memory.reclaim", ""},
	{"mute", "#!/bin/sh\nexec sleep 1000\n"},
};

/* A hand of its own for each test; its knob is a plain file, or a full pipe, where it blocks. */
struct scene {
	struct fixture *fx;
	char mute[256]; /* a program that never answers */
	struct hands hands;
	struct hand *hand;
	struct request request;
	int full[2];
};

static struct scene scene_new(void)
{
	struct scene s = {.fx = fixture_new(files, ARRAY_SIZE(files))};
	static const char zeros[4096];

	(void)snprintf(s.mute, sizeof(s.mute), "%s/mute", s.fx->path);
	assert_int_equal(fchmodat(s.fx->fd, "mute", 0700, 0), 0);
	s.request = (struct request){
		.backend = BACKEND_MEMORY_RECLAIM,
		.fd = openat(s.fx->fd, "memory.reclaim", O_WRONLY | O_CLOEXEC),
		.bytes = 4096,
	};
	assert_true(s.request.fd >= 0);
	assert_int_equal(pipe2(s.full, O_NONBLOCK | O_CLOEXEC), 0);
	while (write(s.full[1], zeros, sizeof(zeros)) > 0)
		;
	assert_int_equal(fcntl(s.full[1], F_SETFL, 0), 0);
	return s;
}

static void start(struct scene *s, const char *program)
{
	s->hands.program = program;
	assert_int_equal(hand_new(&s->hands, "test", &s->hand), 0);
}

static void scene_end(struct scene *s)
{
	hand_free(s->hand);
	fd_close(s->request.fd);
	fd_close(s->full[0]);
	fd_close(s->full[1]);
	fixture_free(s->fx);
}

static void submit(struct scene *s)
{
	assert_int_equal(hand_submit(s->hand, &act_live, &s->request), 0);
}

static void submit_to_full(struct scene *s)
{
	struct request request = s->request;

	request.fd = s->full[1];
	assert_int_equal(hand_submit(s->hand, &act_live, &request), 0);
}

static struct hand_result wait_result(struct hand *hand)
{
	struct pollfd done = {.fd = hand_fd(hand), .events = POLLIN};
	struct hand_result result;

	assert_int_equal(poll(&done, 1, 60000), 1);
	assert_true(hand_take(hand, &result));
	assert_false(hand_take(hand, &result));
	/* Nothing is left that would wake its owner again. */
	assert_int_equal(poll(&done, 1, 0), 0);
	return result;
}

/* What blocks until it is told to stop. */
static struct hand_result interrupt_until_done(struct hand *hand)
{
	struct pollfd done = {.fd = hand_fd(hand), .events = POLLIN};

	for (int i = 0; i < 6000 && poll(&done, 1, 10) == 0; i++)
		hand_interrupt(hand);
	return wait_result(hand);
}

static int make_nothing(const struct request *request)
{
	return request->bytes == 4096 ? -EAGAIN : 0;
}

static void test_what_does_not_block_is_made_at_once(void **state)
{
	static const struct act_ops ops = {.name = "fake", .make = make_nothing};
	struct scene s = scene_new();

	(void)state;
	start(&s, "/nonexistent");
	for (int i = 0; i < 3; i++) {
		assert_int_equal(hand_submit(s.hand, &ops, &s.request), 0);
		assert_int_equal(hand_submit(s.hand, &ops, &s.request), -EBUSY);
		assert_int_equal(wait_result(s.hand).error, -EAGAIN);
		assert_int_equal(hand_submit(s.hand, &act_dry_run, &s.request), 0);
		assert_int_equal(wait_result(s.hand).error, -ECANCELED);
	}
	assert_int_equal(hand_submit(s.hand, &act_live, &s.request), -ENOENT);
	hand_stop(s.hand, 0);
	scene_end(&s);
}

static void test_its_process_makes_requests(void **state)
{
	struct scene s = scene_new();
	_cleanup_free_ char *text = NULL;

	(void)state;
	start(&s, FIXTURE_PATH(USWAP_HAND));
	assert_int_equal(hand_start(s.hand), 0);
	for (int i = 0; i < 20; i++) {
		struct hand_result result;

		submit(&s);
		assert_int_equal(hand_submit(s.hand, &act_live, &s.request), -EBUSY);
		result = wait_result(s.hand);
		assert_int_equal(result.error, 0);
		assert_true(result.cpu_ns > 0 && result.cpu_ns <= result.wall_ns);
	}
	text = fixture_read(s.fx, "memory.reclaim");
	assert_int_equal(strncmp(text, "4096 swappiness=0", 17), 0);
	s.request.backend = BACKEND_LRU_GEN;
	s.request.eviction = (struct lru_gen_eviction){4294967299, 1, 7, 2560};
	submit(&s);
	assert_int_equal(wait_result(s.hand).error, 0);
	free(text);
	text = fixture_read(s.fx, "memory.reclaim");
	assert_non_null(strstr(text, "- 4294967299 1 7 0 2560"));
	/* What is refused is told as it was. */
	s.request.backend = BACKEND_PROCESS_MADVISE;
	submit(&s);
	assert_int_equal(wait_result(s.hand).error, -EBADF);
	s.request.backend = BACKEND_NONE;
	submit(&s);
	assert_int_equal(wait_result(s.hand).error, -EOPNOTSUPP);
	hand_stop(s.hand, 30 * NSEC_PER_SEC);
	assert_int_equal(s.hands.lost, 0);
	scene_end(&s);
}

static void test_interrupt_ends_a_request(void **state)
{
	struct scene s = scene_new();
	struct pollfd done;

	(void)state;
	start(&s, FIXTURE_PATH(USWAP_HAND));
	submit_to_full(&s);
	done = (struct pollfd){.fd = hand_fd(s.hand), .events = POLLIN};
	assert_int_equal(poll(&done, 1, 100), 0);
	assert_int_equal(interrupt_until_done(s.hand).error, -EINTR);
	/* The same process makes the next. */
	submit(&s);
	assert_int_equal(wait_result(s.hand).error, 0);
	hand_stop(s.hand, 30 * NSEC_PER_SEC);
	assert_int_equal(s.hands.lost, 0);
	scene_end(&s);
}

/* The owner sleeps on the descriptor: an interruption that finds the answer must not swallow it. */
static void test_interrupt_leaves_an_answer_to_be_seen(void **state)
{
	struct scene s = scene_new();
	struct pollfd done;

	(void)state;
	start(&s, FIXTURE_PATH(USWAP_HAND));
	done = (struct pollfd){.fd = hand_fd(s.hand), .events = POLLIN};
	submit(&s);
	assert_int_equal(poll(&done, 1, 60000), 1);
	hand_interrupt(s.hand);
	assert_int_equal(poll(&done, 1, 0), 1);
	assert_int_equal(wait_result(s.hand).error, 0);
	assert_int_equal(poll(&done, 1, 0), 0);
	hand_stop(s.hand, NSEC_PER_SEC);
	scene_end(&s);
}

static void test_stop_interrupts_what_is_under_way(void **state)
{
	struct scene s = scene_new();
	struct hand_result result;

	(void)state;
	hand_stop(NULL, 0);
	assert_int_equal(hand_stuck(NULL), 0);
	start(&s, FIXTURE_PATH(USWAP_HAND));
	submit_to_full(&s);
	hand_stop(s.hand, 60 * NSEC_PER_SEC);
	assert_true(hand_take(s.hand, &result));
	assert_int_equal(result.error, -EINTR);
	assert_int_equal(s.hands.lost, 0);
	scene_end(&s);
}

/* Stopped at any moment around the hand-over, the request is finished or given back, never lost. */
static void test_stop_at_any_moment(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++) {
		struct scene s = scene_new();
		struct hand_result result;

		start(&s, FIXTURE_PATH(USWAP_HAND));
		if (i % 3) {
			submit(&s);
			assert_int_equal(wait_result(s.hand).error, 0);
		}
		submit(&s);
		(void)poll(NULL, 0, i % 2);
		for (int k = 0; k < i % 7; k++)
			hand_interrupt(s.hand);
		hand_stop(s.hand, 60 * NSEC_PER_SEC);
		assert_true(hand_take(s.hand, &result));
		assert_true(result.error == 0 || result.error == -EINTR);
		assert_int_equal(s.hands.lost, 0);
		scene_end(&s);
	}
}

static void wait_unstuck(struct scene *s)
{
	struct hand_result none;

	for (int i = 0; i < 6000 && hand_stuck(s->hand) > 0; i++) {
		(void)poll(NULL, 0, 10);
		assert_false(hand_take(s->hand, &none));
	}
	assert_int_equal(hand_stuck(s->hand), 0);
	assert_int_equal(s->hands.stuck, 0);
}

static void test_what_never_comes_back_is_given_up(void **state)
{
	struct scene s = scene_new();
	uint64_t before_ns = clock_now_ns();

	(void)state;
	start(&s, s.mute);
	submit(&s);
	assert_int_equal(interrupt_until_done(s.hand).error, -ETIMEDOUT);
	assert_int_equal(s.hands.lost, 1);
	/* Killed a moment ago, it may have ended already. */
	if (s.hands.stuck > 0)
		assert_in_range(s.hands.stuck_ns, before_ns, clock_now_ns());
	/* No kernel kept it. */
	wait_unstuck(&s);
	s.hands.program = FIXTURE_PATH(USWAP_HAND);
	submit(&s);
	assert_int_equal(wait_result(s.hand).error, 0);
	hand_stop(s.hand, 30 * NSEC_PER_SEC);
	assert_int_equal(s.hands.lost, 1);
	scene_end(&s);
}

static void test_stop_is_bounded(void **state)
{
	struct scene s = scene_new();
	struct hand_result result;
	uint64_t begin_ns;

	(void)state;
	start(&s, s.mute);
	submit(&s);
	begin_ns = clock_now_ns();
	hand_stop(s.hand, 50 * NSEC_PER_MSEC);
	assert_true(clock_now_ns() - begin_ns < 60 * NSEC_PER_SEC);
	assert_true(hand_take(s.hand, &result));
	assert_int_equal(result.error, -ETIMEDOUT);
	assert_int_equal(s.hands.lost, 1);
	wait_unstuck(&s);
	scene_end(&s);
}

/* Its end is seen at once, not at a deadline. */
static void test_a_process_that_has_ended_is_replaced(void **state)
{
	struct scene s = scene_new();

	(void)state;
	start(&s, "/bin/true");
	for (uint64_t i = 1; i <= 3; i++) {
		int r = hand_submit(s.hand, &act_live, &s.request);

		assert_true(r == 0 || r == -EPIPE);
		if (r == 0)
			assert_int_equal(wait_result(s.hand).error, -EPIPE);
	}
	assert_true(s.hands.lost >= 2);
	wait_unstuck(&s);
	hand_stop(s.hand, 30 * NSEC_PER_SEC);
	scene_end(&s);
}

static void test_waits_for_a_request(void **state)
{
	struct scene s = scene_new();
	struct request request = s.request;
	_Atomic bool leaving = false;
	struct hand_result result;

	(void)state;
	start(&s, FIXTURE_PATH(USWAP_HAND));
	assert_int_equal(
		hand_make(s.hand, &act_live, &request, 60 * NSEC_PER_SEC, &leaving, &result), 0);
	assert_int_equal(result.error, 0);
	request.fd = s.full[1];
	assert_int_equal(
		hand_make(s.hand, &act_live, &request, 50 * NSEC_PER_MSEC, &leaving, &result), 0);
	assert_int_equal(result.error, -EINTR);
	assert_true(result.wall_ns >= 50 * NSEC_PER_MSEC);
	leaving = true;
	assert_int_equal(
		hand_make(s.hand, &act_live, &request, 60 * NSEC_PER_SEC, &leaving, &result), 0);
	assert_true(result.error == -EINTR || result.error == -ETIMEDOUT);
	hand_stop(s.hand, 30 * NSEC_PER_SEC);
	wait_unstuck(&s);
	scene_end(&s);
}

/* An agent that is killed leaves no request behind. The pipe tells: nobody else can write to it. */
static void test_dies_with_its_owner(void **state)
{
	struct scene s = scene_new();
	struct pollfd readable = {.fd = s.full[0], .events = POLLIN};
	pid_t owner;
	int status;

	(void)state;
	s.hands.program = FIXTURE_PATH(USWAP_HAND);
	owner = fork();
	assert_true(owner >= 0);
	if (owner == 0) {
		if (hand_new(&s.hands, "test", &s.hand) < 0)
			_exit(1);
		for (int i = 0; i < 2; i++) {
			struct pollfd done = {.fd = hand_fd(s.hand), .events = POLLIN};
			struct request request = s.request;
			struct hand_result result;

			request.fd = i == 0 ? s.request.fd : s.full[1];
			if (hand_submit(s.hand, &act_live, &request) < 0)
				_exit(2);
			if (i == 0 && (poll(&done, 1, 60000) != 1 || !hand_take(s.hand, &result)))
				_exit(3);
		}
		(void)poll(NULL, 0, 50);
		_exit(0);
	}
	s.full[1] = fd_close(s.full[1]);
	assert_int_equal(waitpid(owner, &status, 0), owner);
	assert_int_equal(status, 0);
	for (int i = 0; i < 6000 && !(readable.revents & POLLHUP); i++) {
		assert_int_equal(poll(&readable, 1, 1000), 1);
		(void)poll(NULL, 0, 10);
	}
	assert_true(readable.revents & POLLHUP);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_does_not_block_is_made_at_once),
		cmocka_unit_test(test_its_process_makes_requests),
		cmocka_unit_test(test_interrupt_ends_a_request),
		cmocka_unit_test(test_interrupt_leaves_an_answer_to_be_seen),
		cmocka_unit_test(test_stop_interrupts_what_is_under_way),
		cmocka_unit_test(test_stop_at_any_moment),
		cmocka_unit_test(test_what_never_comes_back_is_given_up),
		cmocka_unit_test(test_stop_is_bounded),
		cmocka_unit_test(test_a_process_that_has_ended_is_replaced),
		cmocka_unit_test(test_waits_for_a_request),
		cmocka_unit_test(test_dies_with_its_owner),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
