/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/mode.h"

#include "tests/unit/fixture.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static void test_writes_whole_files(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	static const char *const modes[] = {"act", "observe"};
	char config_file[128], path[MODE_PATH_MAX], expected[64];
	struct stat st;
	mode_t umask_before = umask(0077);

	(void)state;
	(void)snprintf(config_file, sizeof(config_file), "%s/u.conf", fx->path);
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		_cleanup_free_ char *text = NULL;

		assert_int_equal(mode_write(config_file, modes[i], path), 0);
		assert_non_null(strstr(path, "/u.conf.d/90-mode.conf"));
		text = fixture_read(fx, "u.conf.d/90-mode.conf");
		(void)snprintf(expected, sizeof(expected), "\n[agent]\nmode = %s\n", modes[i]);
		assert_non_null(strstr(text, expected));
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_mode & 0777, 0644);
	}
	(void)umask(umask_before);
	fixture_remove(fx, "u.conf.d/90-mode.conf");
	(void)snprintf(path, sizeof(path), "%s/u.conf.d", fx->path);
	assert_int_equal(rmdir(path), 0); /* nothing else was left in it */
}

static void test_failures_name_the_file(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	char config_file[MODE_PATH_MAX], path[MODE_PATH_MAX];

	(void)state;
	(void)snprintf(config_file, sizeof(config_file), "%s/none/u.conf", fx->path);
	assert_int_equal(mode_write(config_file, "act", path), -ENOENT);
	assert_non_null(strstr(path, "/none/u.conf.d"));
	fixture_write(fx, "u.conf.d/90-mode.conf/x", "");
	(void)snprintf(config_file, sizeof(config_file), "%s/u.conf", fx->path);
	assert_int_equal(mode_write(config_file, "act", path), -EISDIR);
	fixture_remove(fx, "u.conf.d/90-mode.conf");
	(void)snprintf(path, sizeof(path), "%s/u.conf.d", fx->path);
	assert_int_equal(rmdir(path), 0);
	memset(config_file, 'x', sizeof(config_file) - 1);
	config_file[sizeof(config_file) - 1] = '\0';
	assert_int_equal(mode_write(config_file, "act", path), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writes_whole_files),
		cmocka_unit_test(test_failures_name_the_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
