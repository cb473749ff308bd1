/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/reclaim.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * A file can't refuse what is written to it, so this stands in front of write(2): to one descriptor
 * that no process has it answers as a kernel would and remembers what was asked.
 */
#define KERNEL_FD 987654

static struct {
	const char *refuses;
	int error; /* errno */
	char asked[64];
} kernel;

/* NOLINTNEXTLINE(readability-inconsistent-declaration-parameter-name) */
ssize_t write(int fd, const void *text, size_t n)
{
	if (fd != KERNEL_FD)
		return syscall(SYS_write, fd, text, n);
	(void)snprintf(kernel.asked, sizeof(kernel.asked), "%.*s", (int)n, (const char *)text);
	if (!kernel.refuses || !strstr(kernel.asked, kernel.refuses))
		return (ssize_t)n;
	errno = kernel.error;
	return -1;
}

static void test_requests(void **state)
{
	static const struct {
		uint64_t bytes;
		int swappiness, result;
		const char *asked;
	} rows[] = {
		{1048576, GROUP_RECLAIM_DEFAULT, 0, "1048576"},
		{1048576, GROUP_RECLAIM_NO_ANON, 0, "1048576 swappiness=0"},
		{4096, 200, 0, "4096 swappiness=200"},
		{UINT64_MAX, 1, 0, "18446744073709551615 swappiness=1"},
		{4096, 201, -EINVAL, ""},
		{4096, -2, -EINVAL, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		memset(&kernel, 0, sizeof(kernel));
		assert_int_equal(group_reclaim(KERNEL_FD, rows[i].bytes, rows[i].swappiness),
				 rows[i].result);
		assert_string_equal(kernel.asked, rows[i].asked);
	}
}

static void test_errors_are_passed_on(void **state)
{
	static const int errors[] = {EAGAIN, EINTR, ENODEV, EINVAL, EBUSY};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		kernel.refuses = "4096";
		kernel.error = errors[i];
		assert_int_equal(group_reclaim(KERNEL_FD, 4096, GROUP_RECLAIM_DEFAULT), -errors[i]);
	}
}

static void test_probe(void **state)
{
	static const struct {
		const char *refuses;
		int error, result;
		bool swappiness;
	} rows[] = {
		{NULL, 0, 0, true},
		{"swappiness", EINVAL, 0, false},
		{"swappiness", ENODEV, -ENODEV, true},
		{"swappiness", EACCES, -EACCES, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct group_reclaim_features features = {true};

		kernel.refuses = rows[i].refuses;
		kernel.error = rows[i].error;
		assert_int_equal(group_reclaim_probe(KERNEL_FD, &features), rows[i].result);
		assert_int_equal(features.swappiness, rows[i].swappiness);
		assert_int_equal(kernel.asked[0], '0'); /* an amount of 0, whatever follows */
		assert_int_equal(kernel.asked[1], ' ');
	}
}

static void test_open(void **state)
{
	static const struct fixture_file files[] = {{"a/memory.reclaim", NULL}, {"b/", NULL}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_close_ int a = kfile_open(fx->fd, "a", O_RDONLY | O_DIRECTORY);
	_cleanup_close_ int b = kfile_open(fx->fd, "b", O_RDONLY | O_DIRECTORY);
	_cleanup_close_ int fd = group_reclaim_open(a);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_WRONLY);
	assert_int_equal(group_reclaim_open(b), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_errors_are_passed_on),
		cmocka_unit_test(test_probe),
		cmocka_unit_test(test_open),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
