/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/reclaim.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>

#define RECLAIM "devices/system/node/node1/reclaim"

static void test_writes_the_request(void **state)
{
	static const struct {
		uint64_t bytes;
		int swappiness;
		const char *text;
	} rows[] = {
		{0, -1, "0"},
		{1048576, -1, "1048576"},
		{4096, 0, "4096 swappiness=0"},
		{4096, 200, "4096 swappiness=200"},
		{UINT64_MAX, 60, "18446744073709551615 swappiness=60"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
		_cleanup_free_ char *text = NULL;
		_cleanup_close_ int fd = -1;

		fixture_write(fx, RECLAIM, "");
		fd = node_reclaim_open(fx->fd, 1);
		assert_true(fd >= 0);
		assert_int_equal(node_reclaim(fd, rows[i].bytes, rows[i].swappiness), 0);
		text = fixture_read(fx, RECLAIM);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_refuses_other_swappiness(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_free_ char *text = NULL;
	_cleanup_close_ int fd = -1;

	(void)state;
	fixture_write(fx, RECLAIM, "");
	fd = node_reclaim_open(fx->fd, 1);
	assert_int_equal(node_reclaim(fd, 4096, 201), -EINVAL);
	assert_int_equal(node_reclaim(fd, 4096, -2), -EINVAL);
	text = fixture_read(fx, RECLAIM);
	assert_string_equal(text, "");
}

static void test_errors_come_through(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_close_ int read_only = -1, full = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)state;
	assert_int_equal(node_reclaim_open(fx->fd, 1), -ENOENT);
	fixture_write(fx, RECLAIM, "");
	read_only = openat(fx->fd, RECLAIM, O_RDONLY | O_CLOEXEC);
	assert_int_equal(node_reclaim(read_only, 4096, -1), -EBADF);
	assert_int_equal(node_reclaim(full, 4096, -1), -ENOSPC);
	assert_int_equal(node_reclaim(-1, 4096, -1), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes_the_request),
		cmocka_unit_test(test_refuses_other_swappiness),
		cmocka_unit_test(test_errors_come_through),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
