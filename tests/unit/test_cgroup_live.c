/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What of cgroup/live.h can be tried on any machine without changing it; tests/system/cgroup-live
 * does the rest. Whatever kind of system this is, the answer must agree with the mounts.
 */
#include "cgroup/live.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

static void test_mount(void **state)
{
	struct live_mount mount = {.path = "untouched"};
	const char *why = NULL;
	char controllers[4096];
	struct statfs fs;
	int r, dir;

	(void)state;
	r = live_mount_find(&mount, &why);
	if (r < 0) {
		assert_int_equal(r, -ENOENT);
		assert_non_null(why);
		assert_string_equal(mount.path, "untouched");
		skip();
	}
	assert_int_equal(statfs(mount.path, &fs), 0);
	assert_int_equal(fs.f_type, CGROUP2_SUPER_MAGIC);
	dir = kfile_open_dir(AT_FDCWD, mount.path);
	assert_true(dir >= 0);
	assert_true(kfile_read_at(dir, "cgroup.controllers", controllers, sizeof(controllers)) >=
		    0);
	fd_close(dir);
	/* The list is "cpu io memory pids". */
	assert_int_equal(mount.has_memory, strstr(controllers, "memory") != NULL);
	assert_int_equal(live_mount_find(&mount, NULL), 0);
}

/* All of these must be refused before anything is touched. */
static void test_refusals(void **state)
{
	static const struct live_setting no_controller = {"max", "1"};
	static const struct live_setting in_another = {"../memory.max", "1"};
	static const struct live_setting long_name = {
		"a_controller_whose_name_is_longer_than_any.max", "1"};
	static const char *const paths[] = {"", "/", "/a", "a/", "a//b", ".", "a/../b", "a/./b"};
	struct live_mount mount = {.path = "/nowhere"};
	char endless[5000];
	const char *why;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		why = NULL;
		assert_int_equal(live_group_create(&mount, paths[i], NULL, 0, &why), -EINVAL);
		assert_non_null(why);
		assert_int_equal(live_group_attach(&mount, paths[i], 1, NULL), -EINVAL);
		assert_int_equal(live_group_delete(&mount, paths[i], NULL), -EINVAL);
	}
	memset(endless, 'a', sizeof(endless));
	endless[sizeof(endless) - 1] = '\0';
	assert_int_equal(live_group_create(&mount, endless, NULL, 0, NULL), -ENAMETOOLONG);
	endless[4000] = '\0';
	assert_int_equal(live_group_create(&mount, endless, NULL, 0, NULL), -ENAMETOOLONG);
	assert_int_equal(live_group_create(&mount, "a", &no_controller, 1, &why), -EINVAL);
	assert_string_equal(why, "max");
	assert_int_equal(live_group_create(&mount, "a", &in_another, 1, NULL), -EINVAL);
	assert_int_equal(live_group_create(&mount, "a", &long_name, 1, NULL), -EINVAL);
	/* The controllers of this machine are not of a mount called /nowhere. */
	assert_true(live_group_create(&mount, "a", NULL, 0, &why) < 0);
	assert_non_null(why);
	assert_true(live_group_delete(&mount, "a", NULL) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mount),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
