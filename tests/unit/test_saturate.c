/* SPDX-License-Identifier: Apache-2.0 */
#include "base/saturate.h"

#include "tests/unit/fixture.h"

#define MOST UINT64_MAX

static void test_sums_and_differences_end_at_the_ends(void **state)
{
	(void)state;
	assert_int_equal(plus(2, 3), 5);
	assert_true(plus(MOST - 1, 1) == MOST);
	assert_true(plus(MOST, 1) == MOST);
	assert_true(plus(MOST, MOST) == MOST);
	assert_int_equal(minus(5, 3), 2);
	assert_int_equal(minus(3, 3), 0);
	assert_int_equal(minus(3, 5), 0);
	assert_int_equal(minus(0, MOST), 0);
}

static void test_scale(void **state)
{
	static const struct {
		uint64_t a, b, c, down, up;
	} rows[] = {
		{0, 7, 3, 0, 0},
		{10, 7, 5, 14, 14},
		{10, 7, 3, 23, 24},
		{MOST, MOST, MOST, MOST, MOST}, /* more than 64 bits only in between */
		{MOST, 2, 3, MOST / 3 * 2, MOST / 3 * 2},
		{MOST, 3, 2, MOST, MOST},
		{MOST, MOST, 1, MOST, MOST},
		{7, 3, 0, 21, 21},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_true(scale(rows[i].a, rows[i].b, rows[i].c) == rows[i].down);
		assert_true(scale_up(rows[i].a, rows[i].b, rows[i].c) == rows[i].up);
	}
	assert_int_equal(share(20000, 25), 50);
	assert_true(share(MOST, 10000) == MOST);
}

static void test_decay_is_linear_and_ends(void **state)
{
	(void)state;
	assert_int_equal(decay(1000, 0, 10), 1000);
	assert_int_equal(decay(1000, 3, 10), 700);
	assert_int_equal(decay(1000, 10, 10), 0);
	assert_int_equal(decay(1000, MOST, 10), 0);
	assert_int_equal(decay(1000, 0, 0), 0);
	assert_true(decay(MOST, 1, 2) == MOST - MOST / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sums_and_differences_end_at_the_ends),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_decay_is_linear_and_ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
