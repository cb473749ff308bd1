/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/thread.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <signal.h>
#include <sys/eventfd.h>

#define WAIT_NS (60 * NSEC_PER_SEC)

static void *wait_for_word(void *arg)
{
	eventfd_t value;

	(void)eventfd_read(*(int *)arg, &value);
	return NULL;
}

static void test_one_that_is_stuck_is_not_waited_for(void **state)
{
	int word_fd = eventfd(0, EFD_CLOEXEC);
	char name[16];
	pthread_t thread;

	(void)state;
	assert_int_equal(thread_start("uswapd/stuck", 0, wait_for_word, &word_fd, &thread), 0);
	assert_int_equal(thread_join(thread, 0), -ETIMEDOUT);
	assert_int_equal(thread_join(thread, 5 * NSEC_PER_MSEC), -ETIMEDOUT);
	assert_int_equal(pthread_getname_np(thread, name, sizeof(name)), 0);
	assert_string_equal(name, "uswapd/stuck");
	assert_int_equal(eventfd_write(word_fd, 1), 0);
	assert_int_equal(thread_join(thread, WAIT_NS), 0);
	close(word_fd);
}

static void *see_what_is_blocked(void *arg)
{
	(void)pthread_sigmask(SIG_SETMASK, NULL, arg);
	return NULL;
}

static void test_gets_no_signals(void **state)
{
	sigset_t blocked;
	pthread_t thread;

	(void)state;
	sigemptyset(&blocked);
	assert_int_equal(thread_start("signals", 0, see_what_is_blocked, &blocked, &thread), 0);
	assert_int_equal(thread_join(thread, WAIT_NS), 0);
	assert_true(sigismember(&blocked, SIGTERM));
	assert_true(sigismember(&blocked, SIGHUP));
	(void)pthread_sigmask(SIG_SETMASK, NULL, &blocked);
	assert_false(sigismember(&blocked, SIGTERM));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_that_is_stuck_is_not_waited_for),
		cmocka_unit_test(test_gets_no_signals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
