/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/scenario/expect.h"

#include "base/cleanup.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <stdlib.h>

#define MIB INT64_C(1048576)

static void test_judge(void **state)
{
	static const struct {
		struct expect_rule rule;
		int64_t measured;
		bool passed;
		uint64_t error, tolerance;
	} rows[] = {
		{{.kind = EXPECT_IS, .wanted = 5}, 5, true, 0, 0},
		{{.kind = EXPECT_IS, .wanted = 5}, 4, false, 1, 0},
		{{.kind = EXPECT_IS, .wanted = 100, .tolerance = 10}, 90, true, 10, 10},
		{{.kind = EXPECT_IS, .wanted = 100, .tolerance = 10}, 110, true, 10, 10},
		{{.kind = EXPECT_IS, .wanted = 100, .tolerance = 10}, 111, false, 11, 10},
		{{.kind = EXPECT_IS, .wanted = 100, .tolerance = -10}, 101, false, 1, 0},
		{{.kind = EXPECT_IS, .wanted = INT64_MIN}, INT64_MAX, false, UINT64_MAX, 0},
		{{.kind = EXPECT_RANGE, .low = 10, .high = 20}, 10, true, 0, 0},
		{{.kind = EXPECT_RANGE, .low = 10, .high = 20}, 20, true, 0, 0},
		{{.kind = EXPECT_RANGE, .low = 10, .high = 20}, 9, false, 1, 0},
		{{.kind = EXPECT_RANGE, .low = 10, .high = 20}, 25, false, 5, 0},
		{{.kind = EXPECT_RANGE, .low = INT64_MIN, .high = 0}, INT64_MIN, true, 0, 0},
		/* 3 % of the sum is about 6 % of the value: from 94.2 to 106.2 is close to 100. */
		{{.kind = EXPECT_CLOSE, .share_permyriad = 300, .wanted = 1000000},
		 1061800,
		 true,
		 61800,
		 61854},
		{{.kind = EXPECT_CLOSE, .share_permyriad = 300, .wanted = 1000000},
		 1061900,
		 false,
		 61900,
		 61857},
		{{.kind = EXPECT_CLOSE, .share_permyriad = 300, .wanted = 1000000},
		 941000,
		 false,
		 59000,
		 58230},
		{{.kind = EXPECT_CLOSE, .share_permyriad = 300, .wanted = 0}, 0, true, 0, 0},
		/* Whole hundreds: below 100 nothing is left of them. */
		{{.kind = EXPECT_CLOSE, .share_permyriad = 1000, .wanted = 49}, 50, false, 1, 0},
		{{.kind = EXPECT_CLOSE, .share_permyriad = 1000, .wanted = 50}, 51, true, 1, 10},
		{{.kind = EXPECT_CLOSE, .share_permyriad = 1000, .wanted = -500},
		 -400,
		 false,
		 100,
		 0},
		{{.kind = EXPECT_CLOSE, .share_permyriad = 100, .wanted = INT64_MAX},
		 INT64_MAX,
		 true,
		 0,
		 UINT64_C(184467440737095516)},
		{{.kind = EXPECT_CLOSE,
		  .basis = EXPECT_OF_SUM_BY_PAGE,
		  .share_permyriad = 300,
		  .wanted = 1000,
		  .page_bytes = 4096},
		 1000,
		 true,
		 0,
		 60},
		{{.kind = EXPECT_CLOSE,
		  .basis = EXPECT_OF_SUM_BY_PAGE,
		  .share_permyriad = 300,
		  .wanted = 1000,
		  .page_bytes = 16384},
		 1000,
		 true,
		 0,
		 100},
		{{.kind = EXPECT_CLOSE,
		  .basis = EXPECT_OF_SUM_BY_PAGE,
		  .share_permyriad = 300,
		  .wanted = 1000,
		  .page_bytes = 65536},
		 1000,
		 true,
		 0,
		 140},
		{{.kind = EXPECT_CLOSE,
		  .basis = EXPECT_OF_WANTED,
		  .share_permyriad = 300,
		  .wanted = 1000},
		 1030,
		 true,
		 30,
		 30},
		{{.kind = EXPECT_CLOSE,
		  .basis = EXPECT_OF_WANTED,
		  .share_permyriad = 300,
		  .wanted = 1000},
		 1031,
		 false,
		 31,
		 30},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct expect_verdict v = expect_judge(&rows[i].rule, rows[i].measured);

		if (v.passed != rows[i].passed || v.error != rows[i].error ||
		    v.tolerance != rows[i].tolerance || v.measured != rows[i].measured)
			fail_msg("row %zu: passed %d, error %llu, tolerance %llu", i, v.passed,
				 (unsigned long long)v.error, (unsigned long long)v.tolerance);
	}
}

/* As the kernel's selftests have it, in their own type. */
static bool values_close(long a, long b, int err)
{
	return labs(a - b) <= (a + b) / 100 * err;
}

static void test_close_is_the_selftests(void **state)
{
	static const int64_t wanted[] = {0, 99, 4096, 29 * MIB, 30 * MIB, 50 * MIB, 150 * MIB};
	static const int errors[] = {0, 1, 3, 5, 10, 15, 20};

	(void)state;
	for (size_t w = 0; w < ARRAY_SIZE(wanted); w++)
		for (size_t e = 0; e < ARRAY_SIZE(errors); e++)
			for (int64_t percent = 0; percent <= 200; percent++) {
				struct expect_rule rule = {.kind = EXPECT_CLOSE,
							   .share_permyriad = (uint64_t)errors[e] *
									      100,
							   .wanted = wanted[w]};
				int64_t measured = wanted[w] / 100 * percent + percent;

				assert_int_equal(expect_judge(&rule, measured).passed,
						 values_close(measured, wanted[w], errors[e]));
			}
}

static void test_delta_and_ratio(void **state)
{
	int64_t value = 42;

	(void)state;
	assert_int_equal(expect_delta(INT64_MIN, INT64_MAX, &value), -EOVERFLOW);
	assert_int_equal(expect_ratio(1, 0, &value), -EDOM);
	assert_int_equal(expect_ratio(INT64_MAX, 1, &value), -EOVERFLOW);
	assert_int_equal(value, 42);
	assert_int_equal(expect_delta(10, 4, &value), 0);
	assert_int_equal(value, -6);
	assert_int_equal(expect_ratio(1, 3, &value), 0);
	assert_int_equal(value, 3333);
	assert_int_equal(expect_ratio(INT64_MAX, INT64_MAX, &value), 0);
	assert_int_equal(value, 10000);
	assert_int_equal(expect_ratio(-1, 3, &value), 0);
	assert_int_equal(value, -3333);
}

static void test_poll(void **state)
{
	const struct expect_poll once = {.begin_ns = 1000},
				 often = {.begin_ns = 1000, .interval_ns = 100, .timeout_ns = 250},
				 busy = {.begin_ns = 1000, .timeout_ns = 2};
	uint64_t next = 42;

	(void)state;
	assert_int_equal(expect_poll_next(&once, 1000, true, &next), EXPECT_PASSED);
	assert_int_equal(expect_poll_next(&once, 1000, false, &next), EXPECT_FAILED);
	assert_int_equal(expect_poll_next(&often, 1000, true, &next), EXPECT_PASSED);
	assert_int_equal(next, 42);
	assert_int_equal(expect_poll_next(&often, 1000, false, &next), EXPECT_LOOK_AGAIN);
	assert_int_equal(next, 1100);
	/* A look that was late: back on the grid, and what was missed is not made up for. */
	assert_int_equal(expect_poll_next(&often, 1130, false, &next), EXPECT_LOOK_AGAIN);
	assert_int_equal(next, 1200);
	/* The last one is when the time is over, on the grid or not. */
	assert_int_equal(expect_poll_next(&often, 1200, false, &next), EXPECT_LOOK_AGAIN);
	assert_int_equal(next, 1250);
	assert_int_equal(expect_poll_next(&often, 1250, true, &next), EXPECT_PASSED);
	assert_int_equal(expect_poll_next(&often, 1250, false, &next), EXPECT_FAILED);
	assert_int_equal(expect_poll_next(&often, 9999, false, &next), EXPECT_FAILED);
	assert_int_equal(expect_poll_next(&busy, 1000, false, &next), EXPECT_LOOK_AGAIN);
	assert_int_equal(next, 1001);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_judge),
		cmocka_unit_test(test_close_is_the_selftests),
		cmocka_unit_test(test_delta_and_ratio),
		cmocka_unit_test(test_poll),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
