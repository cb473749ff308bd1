/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/path.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

static void test_hostile_bytes_are_shown_harmless(void **state)
{
	static const struct {
		const char *path, *text;
	} rows[] = {
		{"", "/"},
		{"a/b", "/a/b"},
		{"system.slice/dev-disk-by\\x2duuid", "/system.slice/dev-disk-by\\x2duuid"},
		{"a\nb", "/a\\x0ab"},
		{"\x1b[2J", "/\\x1b[2J"},
		{"\x7f\xff", "/\\x7f\\xff"},
		/* Names that look like ours but are not. */
		{"a\\x0ab", "/a\\x5cx0ab"},
		{"\\x5c", "/\\x5cx5c"},
		{"\\\\x0a", "/\\\\x5cx0a"},
		{"\\x0A\\x", "/\\x0A\\x"},
	};
	char text[CGROUP_PATH_TEXT_MAX], path[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(cgroup_path_format(rows[i].path, text, sizeof(text)),
				    rows[i].text);
		assert_int_equal(cgroup_path_parse(text, path, sizeof(path)), 0);
		assert_string_equal(path, rows[i].path);
	}
}

/* Every name of three bytes out of those that matter comes back as it was. */
static void test_shown_names_are_unambiguous(void **state)
{
	static const char bytes[] = "\\x05cfa\n\x7f\xe4 ";
	const size_t n = sizeof(bytes) - 1;
	char name[7] = {'\\', 'x'}, text[64], path[64];

	(void)state;
	for (size_t i = 0; i < n * n * n * n; i++) {
		size_t rest = i;

		for (size_t at = 2; at < 6; at++, rest /= n)
			name[at] = bytes[rest % n];
		(void)cgroup_path_format(name, text, sizeof(text));
		assert_int_equal(cgroup_path_parse(text, path, sizeof(path)), 0);
		assert_string_equal(path, name);
		/* And without the prefix that tempts into an escape. */
		(void)cgroup_path_format(name + 2, text, sizeof(text));
		assert_int_equal(cgroup_path_parse(text, path, sizeof(path)), 0);
		assert_string_equal(path, name + 2);
	}
}

static void test_typed_paths(void **state)
{
	static const struct {
		const char *text, *path;
		int result;
	} rows[] = {
		{"", "", 0},
		{"/", "", 0},
		{"///", "", 0},
		{"a/b", "a/b", 0},
		{"/a//b/", "a/b", 0},
		{"/a/./b", NULL, -EINVAL},
		{"../a", NULL, -EINVAL},
		{"..a/...", "..a/...", 0},
		{"a\\x00b", NULL, -EINVAL},
		{"a\\x2fb", "a\\x2fb", 0}, /* not a byte we escape: the name holds a backslash */
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
	/* Cut before an escape that does not fit whole. */
	assert_string_equal(cgroup_path_format("ab\nc", small, sizeof(small)), "/ab\\x0a");
	assert_string_equal(cgroup_path_format("abc\nc", small, sizeof(small)), "/abc");
	assert_string_equal(cgroup_path_format("abc", small, 1), "");
	assert_int_equal(cgroup_path_parse("abcdefg", small, sizeof(small)), 0);
	assert_int_equal(cgroup_path_parse("abcdefgh", small, sizeof(small)), -ENAMETOOLONG);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(cgroup_path_parse(text, path, sizeof(path)), -ENAMETOOLONG);
	memset(text, '/', 4095);
	assert_int_equal(cgroup_path_parse(text, path, sizeof(path)), -ENAMETOOLONG);
	text[4095 + 4095] = '\0';
	assert_int_equal(cgroup_path_parse(text, path, sizeof(path)), 0);
	text[0] = 'a';
	assert_int_equal(cgroup_path_parse(text, path, sizeof(path)), -ENAMETOOLONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_bytes_are_shown_harmless),
		cmocka_unit_test(test_shown_names_are_unambiguous),
		cmocka_unit_test(test_typed_paths),
		cmocka_unit_test(test_lengths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
