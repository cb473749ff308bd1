/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/path.h"

#include "base/escape.h"
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

static void test_what_is_shown_can_be_typed(void **state)
{
	static const char *const names[] = {
		"a\nb",	     "\x1b[2J", "\x7f\xff\x80", "\xe2\x80\xae", /* right-to-left override */
		"\x01/\x02",
	};
	char shown[ESCAPE_SIZE(64)];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)escape_ascii(shown, sizeof(shown), names[i]);
		assert_string_not_equal(shown, names[i]);
		cgroup_path_unescape(shown);
		assert_string_equal(shown, names[i]);
	}
}

static void test_what_is_no_escape_of_ours_stays(void **state)
{
	static const char *const names[] = {
		"dev-disk-by\\x2duuid", /* systemd's */
		"\\x2f",
		"\\x00",
		"\\x0A",
		"\\x0",
		"\\x",
		"\\",
		"\\\\x41",
		"x0a",
	};
	char text[32];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		strcpy(text, names[i]);
		cgroup_path_unescape(text);
		assert_string_equal(text, names[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_typed_paths),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_what_is_shown_can_be_typed),
		cmocka_unit_test(test_what_is_no_escape_of_ours_stays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
