/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/node_list.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <stdio.h>

static void test_good(void **state)
{
	static const struct {
		const char *text, *shown;
	} rows[] = {
		{"any", ""},
		{"0", "0"},
		{"7", "7"},
		{"0,2", "0,2"},
		{"0-3", "0,1,2,3"},
		{"1,3-4,9", "1,3,4,9"},
		{"2-2,1023", "2,1023"},
	};
	char text[NODE_LIST_BYTES];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct node_list list = {.n = 99};

		assert_int_equal(node_list_parse(rows[i].text, 1023, &list), 0);
		assert_string_equal(node_list_format(text, sizeof(text), &list), rows[i].shown);
	}
}

static void test_bad(void **state)
{
	static const struct {
		const char *text;
		int error;
	} rows[] = {
		{"", -EINVAL},	   {"one", -EINVAL},	 {"0,", -EINVAL},
		{",0", -EINVAL},   {"0,,1", -EINVAL},	 {"1,0", -EINVAL},
		{"1,1", -EINVAL},  {"0-2,2", -EINVAL},	 {"3-1", -EINVAL},
		{"0-", -EINVAL},   {"-1", -EINVAL},	 {"0-1-2", -EINVAL},
		{"0 ,1", -EINVAL}, {"any,1", -EINVAL},	 {"1024", -ERANGE},
		{"0-64", -ERANGE}, {"0-63,64", -ERANGE}, {"0-18446744073709551615", -ERANGE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct node_list list = {.n = 99};
		int r = node_list_parse(rows[i].text, 1023, &list);

		if (r != rows[i].error || list.n != 99)
			fail_msg("\"%s\": %d, and the list has %zu", rows[i].text, r, list.n);
	}
}

static void test_within(void **state)
{
	static const struct {
		const char *inner, *outer;
		bool is_within;
	} rows[] = {
		{"any", "0", true},    {"0", "0", true},      {"1", "0-2", true},
		{"0,2", "0-2", true},  {"0-2", "0,2", false}, {"3", "0-2", false},
		{"0,3", "0-2", false}, {"0", "any", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct node_list inner, outer;

		assert_int_equal(node_list_parse(rows[i].inner, 9, &inner), 0);
		assert_int_equal(node_list_parse(rows[i].outer, 9, &outer), 0);
		assert_int_equal(node_list_is_within(&inner, &outer), rows[i].is_within);
	}
}

/* What does not fit is cut. */
static void test_long(void **state)
{
	struct node_list list;
	char text[8];

	(void)state;
	assert_int_equal(node_list_parse("0-63", 63, &list), 0);
	assert_int_equal(list.n, 64);
	assert_string_equal(node_list_format(text, sizeof(text), &list), "0,1,2,3");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_within),
		cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
