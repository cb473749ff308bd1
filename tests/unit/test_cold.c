/* SPDX-License-Identifier: Apache-2.0 */
/* How closely DAMON is to look, and what of addresses is cold. */
#include "agent/policy/cold.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

static void test_pace(void **state)
{
	static const struct {
		uint64_t cold_age_ns, sample_us, aggregation_us, age;
	} rows[] = {
		{0, 25000, 500000, 1},
		{1, 25000, 500000, 1},
		{NSEC_PER_SEC, 25000, 500000, 2},
		{NSEC_PER_SEC + NSEC_PER_USEC, 25000, 500000, 3},
		{10 * NSEC_PER_SEC, 100000, 2000000, 5},
		{25 * NSEC_PER_SEC, 250000, 5000000, 5},
		{60 * NSEC_PER_SEC, 250000, 5000000, 12},
		{86400 * NSEC_PER_SEC, 250000, 5000000, 17280},
		{UINT64_MAX, 250000, 5000000, 3689348815},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct cold_pace pace = cold_pace_of(rows[i].cold_age_ns);

		if (pace.sample_us != rows[i].sample_us ||
		    pace.aggregation_us != rows[i].aggregation_us || pace.age != rows[i].age)
			fail_msg("row %zu: %ju, %ju, %ju", i, (uintmax_t)pace.sample_us,
				 (uintmax_t)pace.aggregation_us, (uintmax_t)pace.age);
		/* Nothing counts as cold that was not watched for as long. */
		assert_true(cold_pace_known_ns(&pace) >= rows[i].cold_age_ns ||
			    rows[i].cold_age_ns == UINT64_MAX);
	}
}

static void test_region_max(void **state)
{
	(void)state;
	assert_int_equal(cold_region_max_bytes(0), 0);
	assert_int_equal(cold_region_max_bytes(160 << 20), 10 << 20);
	assert_true(cold_region_max_bytes(UINT64_MAX) < UINT64_MAX);
}

static void test_add(void **state)
{
	struct cold_ranges r = {0};

	(void)state;
	assert_true(cold_ranges_add(&r, (struct cold_range){0x5000, 0x6000}));
	assert_true(cold_ranges_add(&r, (struct cold_range){0x1000, 0x2000}));
	assert_true(cold_ranges_add(&r, (struct cold_range){0x9000, 0xa000}));
	assert_int_equal(r.n, 3);
	assert_int_equal(r.ranges[0].start, 0x1000);
	assert_int_equal(r.ranges[1].start, 0x5000);
	assert_int_equal(r.ranges[2].start, 0x9000);
	/* It touches one, then overlaps two, then is within. */
	assert_true(cold_ranges_add(&r, (struct cold_range){0x2000, 0x3000}));
	assert_int_equal(r.n, 3);
	assert_int_equal(r.ranges[0].end, 0x3000);
	assert_true(cold_ranges_add(&r, (struct cold_range){0x2800, 0x5800}));
	assert_int_equal(r.n, 2);
	assert_int_equal(r.ranges[0].start, 0x1000);
	assert_int_equal(r.ranges[0].end, 0x6000);
	assert_int_equal(r.ranges[1].start, 0x9000);
	assert_true(cold_ranges_add(&r, (struct cold_range){0x9100, 0x9200}));
	assert_int_equal(r.ranges[1].end, 0xa000);
	assert_true(cold_ranges_add(&r, (struct cold_range){0, UINT64_MAX}));
	assert_int_equal(r.n, 1);
	/* No ranges. */
	assert_false(cold_ranges_add(&r, (struct cold_range){7, 7}));
	assert_false(cold_ranges_add(&r, (struct cold_range){8, 7}));
	assert_int_equal(r.n, 1);
}

static void test_full(void **state)
{
	struct cold_ranges r = {0};

	(void)state;
	for (uint64_t i = 0; i < COLD_RANGES_MAX; i++)
		assert_true(cold_ranges_add(&r, (struct cold_range){4 * i, 4 * i + 2}));
	assert_false(cold_ranges_add(&r, (struct cold_range){UINT64_MAX - 1, UINT64_MAX}));
	assert_int_equal(r.n, COLD_RANGES_MAX);
	/* What joins some needs no room. */
	assert_true(cold_ranges_add(&r, (struct cold_range){2, 4}));
	assert_int_equal(r.n, COLD_RANGES_MAX - 1);
}

static void test_find(void **state)
{
	static const struct {
		uint64_t start, end;
		struct cold_range found; /* 0, 0: none */
	} rows[] = {
		{0, 100, {10, 20}},  {10, 20, {10, 20}}, {12, 18, {12, 18}}, {19, 100, {19, 20}},
		{20, 100, {40, 60}}, {20, 40, {0, 0}},	 {20, 41, {40, 41}}, {60, 100, {0, 0}},
		{15, 15, {0, 0}},    {16, 15, {0, 0}},
	};
	struct cold_ranges r = {.n = 2, .ranges = {{10, 20}, {40, 60}}}, none = {0};
	struct cold_range found;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		found = (struct cold_range){0};
		if (cold_ranges_find(&r, rows[i].start, rows[i].end, &found) !=
			    (rows[i].found.end > 0) ||
		    found.start != rows[i].found.start || found.end != rows[i].found.end)
			fail_msg("row %zu: %ju-%ju", i, (uintmax_t)found.start,
				 (uintmax_t)found.end);
	}
	assert_false(cold_ranges_find(&none, 0, UINT64_MAX, &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pace), cmocka_unit_test(test_region_max),
		cmocka_unit_test(test_add),  cmocka_unit_test(test_full),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
