/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <stdbool.h>

struct row {
	const char *text;
	int result;
	uint64_t value;
};

static void check(int (*parse)(const char *, uint64_t *), const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint64_t value = 4711;
		int r = parse(rows[i].text, &value);

		if (r != rows[i].result || value != (r < 0 ? 4711 : rows[i].value))
			fail_msg("\"%s\": %d, %ju", rows[i].text, r, (uintmax_t)value);
	}
}

static void test_u64(void **state)
{
	static const struct row rows[] = {
		{"0", 0, 0},
		{"18446744073709551615", 0, UINT64_MAX},
		{"18446744073709551616", -ERANGE, 0},
		{"007", 0, 7},
		{"", -EINVAL, 0},
		{" 1", -EINVAL, 0},
		{"1 ", -EINVAL, 0},
		{"+1", -EINVAL, 0},
		{"-1", -EINVAL, 0},
		{"0x10", -EINVAL, 0},
		{"99999999999999999999x", -EINVAL, 0},
	};
	(void)state;
	check(parse_u64, rows, ARRAY_SIZE(rows));
}

static void test_size(void **state)
{
	static const struct row rows[] = {
		{"0", 0, 0},
		{"512", 0, 512},
		{"512B", 0, 512},
		{"4K", 0, 4096},
		{"1.5M", 0, 1572864},
		{"2GiB", 0, UINT64_C(2) << 30},
		{"16383P", 0, UINT64_C(16383) << 50},
		{"16384P", -ERANGE, 0},
		{"1.", -EINVAL, 0},
		{".5M", -EINVAL, 0},
		{"1m", -EINVAL, 0},
		{"1 M", -EINVAL, 0},
		{"1MB", -EINVAL, 0},
		{"1.0000000001M", -EINVAL, 0},
		{"max", -EINVAL, 0},
	};
	(void)state;
	check(parse_size, rows, ARRAY_SIZE(rows));
}

static void test_duration(void **state)
{
	static const struct row rows[] = {
		{"0s", 0, 0},
		{"10ms", 0, 10000000},
		{"1.5s", 0, 1500000000},
		{"2min", 0, UINT64_C(120000000000)},
		{"250us", 0, 250000},
		{"7ns", 0, 7},
		{"1d", 0, UINT64_C(86400000000000)},
		{"213504d", -ERANGE, 0},
		{"5", -EINVAL, 0},
		{"5 s", -EINVAL, 0},
		{"-5s", -EINVAL, 0},
	};
	(void)state;
	check(parse_duration, rows, ARRAY_SIZE(rows));
}

static void test_percent(void **state)
{
	static const struct row rows[] = {
		{"0%", 0, 0},	   {"2.5%", 0, 250},	   {"100%", 0, 10000},
		{"0.01%", 0, 1},   {"10000%", 0, 1000000}, {"10000.01%", -ERANGE, 0},
		{"5", -EINVAL, 0}, {"%", -EINVAL, 0},	   {"5%%", -EINVAL, 0},
	};
	(void)state;
	check(parse_percent, rows, ARRAY_SIZE(rows));
}

static void test_limit(void **state)
{
	static const struct row rows[] = {
		{"max\n", 0, UINT64_MAX}, {"max", 0, UINT64_MAX}, {"4096\n", 0, 4096},
		{"max\n\n", -EINVAL, 0},  {"", -EINVAL, 0},	  {"\n", -EINVAL, 0},
		{"maximum", -EINVAL, 0},
	};
	(void)state;
	check(parse_limit, rows, ARRAY_SIZE(rows));
}

static void test_bool(void **state)
{
	bool value = false;

	(void)state;
	assert_int_equal(parse_bool("yes", &value), 0);
	assert_true(value);
	assert_int_equal(parse_bool("off", &value), 0);
	assert_false(value);
	assert_int_equal(parse_bool("Yes", &value), -EINVAL);
	assert_int_equal(parse_bool("", &value), -EINVAL);
	assert_false(value);
}

static void test_format_size(void **state)
{
	char text[FORMAT_SIZE_BYTES];

	(void)state;
	assert_string_equal(format_size(text, sizeof(text), 0), "0 B");
	assert_string_equal(format_size(text, sizeof(text), 1023), "1023 B");
	assert_string_equal(format_size(text, sizeof(text), 1536), "1.5 KiB");
	assert_string_equal(format_size(text, sizeof(text), UINT64_MAX), "16.0 EiB");
}

static void test_format_duration(void **state)
{
	static const struct {
		uint64_t ns;
		const char *text;
	} rows[] = {
		{0, "0 ns"},
		{999, "999 ns"},
		{1000, "1 us"},
		{1500, "1.5 us"},
		{250 * UINT64_C(1000000), "250 ms"},
		{9990 * UINT64_C(1000000), "9.9 s"},
		{59 * UINT64_C(1000000000), "59 s"},
		{60 * UINT64_C(1000000000), "1 min"},
		{90 * UINT64_C(60000000000), "1.5 h"},
		{UINT64_C(86400000000000), "1 d"},
		{UINT64_MAX, "213503 d"},
	};
	char text[FORMAT_DURATION_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(format_duration(text, sizeof(text), rows[i].ns), rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_u64),	    cmocka_unit_test(test_size),
		cmocka_unit_test(test_duration),    cmocka_unit_test(test_percent),
		cmocka_unit_test(test_limit),	    cmocka_unit_test(test_bool),
		cmocka_unit_test(test_format_size), cmocka_unit_test(test_format_duration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
