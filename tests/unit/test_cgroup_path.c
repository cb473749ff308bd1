/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/path.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

static void test_typed_paths(void **state)
{
	static const struct {
		const char *text, *path;
		int result;
	} rows[] = {
		{"", "", 0},
		{"/", "", 0},
		{"///", "", 0},
		{"a", "a", 0},
		{"a/b", "a/b", 0},
		{"/a//b/", "a/b", 0},
		{"a\nb/\xff", "a\nb/\xff", 0},
		{"/a/./b", NULL, -EINVAL},
		{"../a", NULL, -EINVAL},
		{"a/..", NULL, -EINVAL},
		{"..a/.../.b", "..a/.../.b", 0},
	};
	char path[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		strcpy(path, "untouched");
		assert_int_equal(cgroup_path_parse(rows[i].text, path, sizeof(path)),
				 rows[i].result);
		assert_string_equal(path, rows[i].result < 0 ? "untouched" : rows[i].path);
	}
}

static void test_lengths(void **state)
{
	char text[9000], path[4096], small[8];

	(void)state;
	assert_int_equal(cgroup_path_parse("//abc///efg/", small, sizeof(small)), 0);
	assert_string_equal(small, "abc/efg");
	assert_int_equal(cgroup_path_parse("abc/efgh", small, sizeof(small)), -ENAMETOOLONG);
	memset(text, 'x', sizeof(text));
	text[4095] = '\0';
	assert_int_equal(cgroup_path_parse(text, path, sizeof(path)), 0);
	text[4095] = 'x';
	text[4096] = '\0';
	assert_int_equal(cgroup_path_parse(text, path, sizeof(path)), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typed_paths),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
