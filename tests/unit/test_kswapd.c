/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/kswapd.h"
#include "agent/sense/kthread.h"

#include "tests/unit/fixture.h"

#include <errno.h>

static const struct fixture_file files[] = {
	{"1/comm", "systemd\n"},
	{"1/schedstat", "1 2 3\n"},
	{"51/comm", "kswapd0\n"},
	{"51/stat", "51 (kswapd0) S 2 0 0 0 -1 2359360 0 0\n"},
	{"51/schedstat", "1000 5 7\n"},
	{"52/comm", "kswapd1\n"},
	{"52/stat", "52 (kswapd1) S 2 0 0 0 -1 2359360 0 0\n"},
	{"52/schedstat", "2000 5 7\n"},
	{"900/comm", "kswapd12\n"},
	{"900/stat", "900 (kswapd12) S 2 0 0 0 -1 2359360 0 0\n"},
	{"self/comm", "kswapd3\n"},
};

static void test_finds_the_thread_of_its_node(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_close_ int fd = kswapd_open(fx->fd, 1);
	uint64_t run_ns = 0;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(kthread_read(fd, &run_ns), 0);
	assert_int_equal(run_ns, 2000);
	fixture_write(fx, "52/schedstat", "2500 6 8\n");
	assert_int_equal(kthread_read(fd, &run_ns), 0);
	assert_int_equal(run_ns, 2500);
	assert_int_equal(kswapd_open(fx->fd, 3), -ENOENT);
	/* The kernel keeps no such figure. */
	assert_int_equal(kswapd_open(fx->fd, 12), -ENOENT);
}

/* Where the kernel's threads can't be seen, or their names are used by others. */
static void test_a_name_is_not_enough(void **state)
{
	static const char *const stats[] = {
		"7 (kswapd0) S 1 7 7 0 -1 4194304 0 0\n",
		"7 (kswapd0) S 2 0 0 0 -1\n",
		"7 (kswapd0) S 2 0 0 0 -1 x\n",
		"7 kswapd0",
		"",
		NULL,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stats); i++) {
		_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);

		fixture_write(fx, "7/comm", "kswapd0\n");
		fixture_write(fx, "7/schedstat", "1 2 3\n");
		if (stats[i])
			fixture_write(fx, "7/stat", stats[i]);
		assert_int_equal(kswapd_open(fx->fd, 0), -ENOENT);
	}
}

static void test_malformed(void **state)
{
	uint64_t run_ns = 42;

	(void)state;
	assert_int_equal(kthread_parse("", &run_ns), -EBADMSG);
	assert_int_equal(kthread_parse("\n", &run_ns), -EBADMSG);
	assert_int_equal(kthread_parse("-1 2 3\n", &run_ns), -EBADMSG);
	assert_int_equal(kthread_parse("99999999999999999999 2 3\n", &run_ns), -EBADMSG);
	assert_int_equal(run_ns, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_the_thread_of_its_node),
		cmocka_unit_test(test_a_name_is_not_enough),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
