/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/errand.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#define WAIT_NS (20 * NSEC_PER_SEC) /* for what comes at once on a machine at rest */

struct work {
	int let_go_fd; /* eventfd; -1: it does not hang */
	int done;
	pthread_t by;
};

static void do_work(void *context)
{
	struct work *work = context;
	eventfd_t value;

	if (work->let_go_fd >= 0)
		(void)eventfd_read(work->let_go_fd, &value);
	work->by = pthread_self();
	work->done++;
}

static void test_is_done_by_another_thread(void **state)
{
	struct work work = {.let_go_fd = -1};
	struct errand *errand;

	(void)state;
	assert_int_equal(errand_new("test", do_work, &work, &errand), 0);
	assert_false(errand_is_busy(errand));
	for (int i = 1; i <= 100; i++) {
		assert_int_equal(errand_send(errand), 0);
		assert_int_equal(errand_wait(errand, WAIT_NS), 0);
		assert_int_equal(work.done, i);
		assert_false(pthread_equal(work.by, pthread_self()));
	}
	/* What was sent is done before it ends. */
	assert_int_equal(errand_send(errand), 0);
	assert_int_equal(errand_stop(errand, WAIT_NS), 0);
	assert_int_equal(work.done, 101);
}

static void test_never_sent(void **state)
{
	struct work work = {.let_go_fd = -1};
	struct errand *errand;

	(void)state;
	assert_int_equal(errand_new("test", do_work, &work, &errand), 0);
	assert_int_equal(errand_stop(errand, 0), 0);
	assert_int_equal(work.done, 0);
	assert_int_equal(errand_stop(NULL, 0), 0);
	assert_int_equal(errand_wait(NULL, 0), 0);
}

static void test_hangs(void **state)
{
	_cleanup_close_ int let_go_fd = eventfd(0, EFD_CLOEXEC);
	struct work work = {.let_go_fd = let_go_fd};
	struct errand *errand;

	(void)state;
	assert_true(let_go_fd >= 0);
	assert_int_equal(errand_new("test", do_work, &work, &errand), 0);
	assert_int_equal(errand_send(errand), 0);
	assert_true(errand_is_busy(errand));
	assert_int_equal(errand_wait(errand, NSEC_PER_MSEC), -ETIMEDOUT);
	assert_int_equal(errand_stop(errand, NSEC_PER_MSEC), -ETIMEDOUT);
	assert_true(errand_is_busy(errand));
	assert_int_equal(eventfd_write(let_go_fd, 1), 0);
	assert_int_equal(errand_stop(errand, WAIT_NS), 0);
	assert_int_equal(work.done, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_is_done_by_another_thread),
		cmocka_unit_test(test_never_sent),
		cmocka_unit_test(test_hangs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
