/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ring.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Every promise holds for io_uring and for poll(2) alike; where io_uring is refused, twice poll. */
static void with_both(void (*check)(struct ring *ring))
{
	for (int uring = 0; uring <= 1; uring++) {
		_cleanup_(ring_freep) struct ring *ring = NULL;

		assert_int_equal(ring_open(uring, &ring), 0);
		if (!uring)
			assert_false(ring_is_uring(ring));
		check(ring);
	}
}

static void time_is_up(struct ring *ring)
{
	struct ring_event events[4];
	uint64_t begin = clock_now_ns();

	assert_int_equal(ring_wait(ring, 5 * NSEC_PER_MSEC, events, 4), 0);
	assert_true(clock_now_ns() - begin >= 5 * NSEC_PER_MSEC);
}

static void reports_again_and_again(struct ring *ring)
{
	_cleanup_close_ int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct ring_event events[4];
	uint64_t value;

	assert_int_equal(ring_watch(ring, fd, POLLIN, 42), 0);
	for (uint64_t round = 1; round <= 3; round++) {
		assert_int_equal(eventfd_write(fd, round), 0);
		assert_int_equal(ring_wait(ring, NSEC_PER_SEC, events, 4), 1);
		assert_int_equal(events[0].token, 42);
		assert_true(events[0].events & POLLIN);
		assert_int_equal(eventfd_read(fd, &value), 0);
		assert_int_equal(value, round);
	}
	assert_int_equal(ring_wait(ring, NSEC_PER_MSEC, events, 4), 0);
}

static void is_silent_once_unwatched(struct ring *ring)
{
	_cleanup_close_ int old = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	_cleanup_close_ int fresh = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct ring_event events[4];

	assert_int_equal(ring_watch(ring, old, POLLIN, 1), 0);
	assert_int_equal(ring_wait(ring, NSEC_PER_MSEC, events, 4), 0);
	assert_int_equal(eventfd_write(old, 1), 0);
	ring_unwatch(ring, 1);
	/* The slot is used again: the old completion must not be taken for the new watch's. */
	assert_int_equal(ring_watch(ring, fresh, POLLIN, 2), 0);
	assert_int_equal(ring_wait(ring, 5 * NSEC_PER_MSEC, events, 4), 0);
	assert_int_equal(eventfd_write(fresh, 1), 0);
	assert_int_equal(ring_wait(ring, NSEC_PER_SEC, events, 4), 1);
	assert_int_equal(events[0].token, 2);
}

static void holds_hundreds(struct ring *ring)
{
	int fds[300];
	bool seen[300] = {false};
	size_t n_seen = 0;

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
		assert_true(fds[i] >= 0);
		assert_int_equal(ring_watch(ring, fds[i], POLLIN, i + 1), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		assert_int_equal(eventfd_write(fds[i], 1), 0);
	for (int round = 0; round < 200 && n_seen < ARRAY_SIZE(fds); round++) {
		struct ring_event events[7];
		int n = ring_wait(ring, 100 * NSEC_PER_MSEC, events, 7);
		uint64_t value;

		assert_true(n >= 0);
		for (int i = 0; i < n; i++) {
			size_t at = events[i].token - 1;

			n_seen += !seen[at];
			seen[at] = true;
			(void)eventfd_read(fds[at], &value);
		}
	}
	assert_int_equal(n_seen, ARRAY_SIZE(fds));
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		ring_unwatch(ring, i + 1);
		fd_close(fds[i]);
	}
}

/* A descriptor that is not open is an error of the ring's own, which may pass. */
static int broken_watch(struct ring *ring)
{
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct ring_event events[4];

	assert_int_equal(ring_watch(ring, fd, POLLIN, 42), 0);
	assert_int_equal(close(fd), 0);
	assert_int_equal(ring_wait(ring, NSEC_PER_SEC, events, 4), 1);
	assert_int_equal(events[0].token, 42);
	return fd;
}

static void goes_on_after_an_error(struct ring *ring)
{
	int fd = broken_watch(ring);
	_cleanup_close_ int again = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	struct ring_event events[4];

	if (again != fd) {
		assert_int_equal(dup3(again, fd, O_CLOEXEC), fd);
		fd_close(again);
		again = fd;
	}
	assert_int_equal(eventfd_write(fd, 1), 0);
	assert_int_equal(ring_wait(ring, 60 * NSEC_PER_SEC, events, 4), 1);
	assert_int_equal(events[0].token, 42);
	assert_int_equal(events[0].events, POLLIN);
	ring_unwatch(ring, 42);
}

static void test_error(void **state)
{
	(void)state;
	with_both(goes_on_after_an_error);
}

/* One that stays must not keep the owner from sleeping. */
static void test_error_that_stays(void **state)
{
	_cleanup_(ring_freep) struct ring *ring = NULL;
	struct ring_event events[4];
	int n = 0;

	(void)state;
	assert_int_equal(ring_open(true, &ring), 0);
	if (!ring_is_uring(ring)) {
		ring = ring_free(ring);
		skip();
	}
	(void)broken_watch(ring);
	while (n < 1000 && ring_wait(ring, 100 * NSEC_PER_MSEC, events, 4) > 0)
		n++;
	assert_in_range(n, 0, 999);
}

static void test_time(void **state)
{
	(void)state;
	with_both(time_is_up);
}

static void test_repeats(void **state)
{
	(void)state;
	with_both(reports_again_and_again);
}

static void test_unwatch(void **state)
{
	(void)state;
	with_both(is_silent_once_unwatched);
}

static void test_many(void **state)
{
	(void)state;
	with_both(holds_hundreds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_time),	cmocka_unit_test(test_repeats),
		cmocka_unit_test(test_unwatch), cmocka_unit_test(test_many),
		cmocka_unit_test(test_error),	cmocka_unit_test(test_error_that_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
