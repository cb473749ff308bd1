/* SPDX-License-Identifier: Apache-2.0 */
#include "base/escape.h"

#include "tests/unit/fixture.h"

#include <string.h>

struct row {
	const char *text, *utf8, *ascii;
};

static void test_escape(void **state)
{
	static const struct row rows[] = {
		{"", "", ""},
		{"system.slice/a b~", "system.slice/a b~", "system.slice/a b~"},
		{"dev-x\\x2dy.swap", "dev-x\\x2dy.swap", "dev-x\\x2dy.swap"},
		{"\x1b[2J\n\x7f", "\x1b[2J\n\x7f", "\\x1b[2J\\x0a\\x7f"},
		{"\xc3\xa4", "\xc3\xa4", "\\xc3\\xa4"},
		{"\xe2\x82\xac", "\xe2\x82\xac", "\\xe2\\x82\\xac"},
		{"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\\xf0\\x9f\\x98\\x80"},
		{"\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf", "\\xf4\\x8f\\xbf\\xbf"},
		{"\xc2\x9b", "\xc2\x9b", "\\xc2\\x9b"}, /* a terminal's CSI in one character */
		/* Not UTF-8: a lone byte, overlong, surrogate, too large, cut, FF. */
		{"a\x80z", "a\\x80z", "a\\x80z"},
		{"\xc0\xaf", "\\xc0\\xaf", "\\xc0\\xaf"},
		{"\xe0\x80\xaf", "\\xe0\\x80\\xaf", "\\xe0\\x80\\xaf"},
		{"\xf0\x80\x80\xaf", "\\xf0\\x80\\x80\\xaf", "\\xf0\\x80\\x80\\xaf"},
		{"\xed\xa0\x80", "\\xed\\xa0\\x80", "\\xed\\xa0\\x80"},
		{"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\\xf4\\x90\\x80\\x80"},
		{"\xe2\x82", "\\xe2\\x82", "\\xe2\\x82"},
		{"\xe2\x82z", "\\xe2\\x82z", "\\xe2\\x82z"},
		{"\xff\xc3\xa4", "\\xff\xc3\xa4", "\\xff\\xc3\\xa4"},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_string_equal(escape_utf8(text, sizeof(text), rows[i].text), rows[i].utf8);
		assert_string_equal(escape_ascii(text, sizeof(text), rows[i].text), rows[i].ascii);
	}
}

/* Cut at a whole character or \xNN, always ended, never written beyond size. */
static void test_cut(void **state)
{
	static const char *const utf8[] = {"", "a", "a", "a", "a\xe2\x82\xac", "a\xe2\x82\xac"};
	static const char *const ascii[] = {"", "a", "a", "a", "a", "a\\xe2"};

	(void)state;
	for (size_t size = 1; size <= ARRAY_SIZE(utf8); size++) {
		char text[16];

		memset(text, '#', sizeof(text));
		assert_string_equal(escape_utf8(text, size, "a\xe2\x82\xac"), utf8[size - 1]);
		assert_int_equal(text[size], '#');
		assert_string_equal(escape_ascii(text, size, "a\xe2\x82\xac"), ascii[size - 1]);
		assert_int_equal(text[size], '#');
	}
}

static void test_worst_case_fits(void **state)
{
	char text[100], escaped[ESCAPE_SIZE(99)];

	(void)state;
	memset(text, 0xff, 99);
	text[99] = '\0';
	assert_int_equal(strlen(escape_utf8(escaped, sizeof(escaped), text)), 4 * 99);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escape),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_worst_case_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
