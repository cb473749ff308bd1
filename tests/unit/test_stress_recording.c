/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/recording.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void test_good(void **state)
{
	_cleanup_free_ struct schedule_point *points = NULL;
	unsigned int line;
	size_t n = 0;

	(void)state;
	assert_int_equal(recording_parse("time,bytes\n# a night\n0,1048576\n 0.5 , 1.5M \r\n\n"
					 "750ms,0 # restarted\n2min,2G",
					 5000, &points, &n, &line),
			 0);
	assert_int_equal(n, 4);
	assert_int_equal(points[0].at_ns, 0);
	assert_int_equal(points[0].bytes, 524288);
	assert_int_equal(points[1].at_ns, NSEC_PER_SEC / 2);
	assert_int_equal(points[1].bytes, 768 << 10);
	assert_int_equal(points[2].at_ns, 750 * NSEC_PER_MSEC);
	assert_int_equal(points[2].bytes, 0);
	assert_int_equal(points[3].at_ns, 120 * NSEC_PER_SEC);
	assert_int_equal(points[3].bytes, 1 << 30);
}

static void test_many(void **state)
{
	_cleanup_free_ struct schedule_point *points = NULL;
	_cleanup_free_ char *text = NULL;
	unsigned int line;
	size_t n = 0, size;
	FILE *file = open_memstream(&text, &size);

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < 10000; i++)
		(void)fprintf(file, "%d,%d\n", i, 2 * i);
	(void)fclose(file);
	assert_int_equal(recording_parse(text, 10000, &points, &n, &line), 0);
	assert_int_equal(n, 10000);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(points[i].bytes, 2 * i);
}

static void test_bad(void **state)
{
	static const struct {
		const char *text;
		unsigned int line;
	} rows[] = {
		{"", 0},	   {"time,bytes\n", 0}, {"# nothing\n\n", 0},
		{"1,2\n1,3\n", 2}, {"1,2\n0.5,3\n", 2}, {"1,2\n\ntwo,3\n", 3},
		{"1,2\n3\n", 2},   {"1,\n", 1},		{"1,2,3\n", 1},
		{",2\n", 1},	   {"1,-2\n", 1},	{"-1,2\n", 1},
		{"1,2Q\n", 1},	   {"1x,2\n", 1},	{"1,16383P\n", 1}, /* times 100 */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct schedule_point *points = NULL;
		unsigned int line = 99;
		size_t n = 7;

		if (recording_parse(rows[i].text, 1000000, &points, &n, &line) != -EINVAL)
			fail_msg("\"%s\" was taken", rows[i].text);
		if (line != rows[i].line)
			fail_msg("\"%s\": line %u", rows[i].text, line);
		assert_null(points);
		assert_int_equal(n, 7);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_bad),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
