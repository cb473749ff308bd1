/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/mountinfo.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

static void test_lines(void **state)
{
	static const struct {
		const char *line, *path;
		int result;
		bool nsdelegate, recursive;
	} rows[] = {
		{"34 27 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 "
		 "rw,nsdelegate,memory_recursiveprot\n",
		 "/sys/fs/cgroup", 1, true, true},
		{"34 27 0:28 / /c rw shared:9 master:1 - cgroup2 none rw,memory_recursiveprot",
		 "/c", 1, false, true},
		/* Options of the mount are not those of the file system. */
		{"1 1 0:1 / /c rw,nsdelegate - cgroup2 none rw,nsdelegated,x=memory_recursiveprot",
		 "/c", 1, false, false},
		{"1 1 0:1 / /a\\040b\\134c\\012 rw - cgroup2 none rw", "/a b\\c\n", 1, false,
		 false},
		{"32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu", NULL, 0, false,
		 false},
		{"26 23 254:1 / / rw,relatime - ext4 /dev/vda1 rw", NULL, 0, false, false},
		{"", NULL, -EBADMSG, false, false},
		{"34 27 0:28 /", NULL, -EBADMSG, false, false},
		{"34 27 0:28 / /c rw", NULL, -EBADMSG, false, false},
		{"34 27 0:28 / /c rw -", NULL, -EBADMSG, false, false},
		{"34 27 0:28 / /c rw - cgroup2", NULL, -EBADMSG, false, false},
		{"34 27 0:28 / /c rw - cgroup2 none", NULL, -EBADMSG, false, false},
		{"1 1 0:1 / /a\\04 rw - cgroup2 none rw", NULL, -EBADMSG, false, false},
		{"1 1 0:1 / /a\\09x rw - cgroup2 none rw", NULL, -EBADMSG, false, false},
		{"1 1 0:1 / /a\\000 rw - cgroup2 none rw", NULL, -EBADMSG, false, false},
		{"1 1 0:1 / /a\\777 rw - cgroup2 none rw", NULL, -EBADMSG, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mountinfo_cgroup2 got = {.path = "untouched"};

		assert_int_equal(mountinfo_parse_line(rows[i].line, &got), rows[i].result);
		assert_string_equal(got.path, rows[i].result > 0 ? rows[i].path : "untouched");
		assert_int_equal(got.nsdelegate, rows[i].nsdelegate);
		assert_int_equal(got.recursive_protection, rows[i].recursive);
	}
}

static void test_long_paths(void **state)
{
	const size_t size = MOUNTINFO_PATH_MAX + 100;
	_cleanup_free_ char *line = malloc(size);
	struct mountinfo_cgroup2 got;

	(void)state;
	assert_non_null(line);
	for (int too_long = 0; too_long < 2; too_long++) {
		size_t n = MOUNTINFO_PATH_MAX - 1 + (size_t)too_long;
		size_t used = (size_t)snprintf(line, size, "1 1 0:1 / ");

		memset(line + used, '/', n);
		(void)snprintf(line + used + n, size - used - n, " rw - cgroup2 none rw");
		assert_int_equal(mountinfo_parse_line(line, &got), too_long ? -EBADMSG : 1);
	}
	assert_int_equal(strlen(got.path), MOUNTINFO_PATH_MAX - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_long_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
