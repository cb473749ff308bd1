/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/kswapd.h"

#include "tests/unit/fixture.h"

#include <errno.h>

static const struct fixture_file files[] = {
	{"1/comm", "systemd\n"},	{"1/schedstat", "1 2 3\n"}, {"51/comm", "kswapd0\n"},
	{"51/schedstat", "1000 5 7\n"}, {"52/comm", "kswapd1\n"},   {"52/schedstat", "2000 5 7\n"},
	{"900/comm", "kswapd12\n"},	{"self/comm", "kswapd3\n"},
};

static void test_finds_the_thread_of_its_node(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_close_ int fd = kswapd_open(fx->fd, 1);
	uint64_t run_ns = 0;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(kswapd_read(fd, &run_ns), 0);
	assert_int_equal(run_ns, 2000);
	fixture_write(fx, "52/schedstat", "2500 6 8\n");
	assert_int_equal(kswapd_read(fd, &run_ns), 0);
	assert_int_equal(run_ns, 2500);
	assert_int_equal(kswapd_open(fx->fd, 3), -ENOENT);
	/* The kernel keeps no such figure. */
	assert_int_equal(kswapd_open(fx->fd, 12), -ENOENT);
}

static void test_malformed(void **state)
{
	uint64_t run_ns = 42;

	(void)state;
	assert_int_equal(kswapd_parse("", &run_ns), -EBADMSG);
	assert_int_equal(kswapd_parse("\n", &run_ns), -EBADMSG);
	assert_int_equal(kswapd_parse("-1 2 3\n", &run_ns), -EBADMSG);
	assert_int_equal(kswapd_parse("99999999999999999999 2 3\n", &run_ns), -EBADMSG);
	assert_int_equal(run_ns, 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds_the_thread_of_its_node),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
