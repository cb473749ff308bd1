/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/histogram.h"

#include "base/random.h"
#include "tests/unit/fixture.h"

static void test_buckets(void **state)
{
	(void)state;
	/* Every bucket ends where the next one begins. */
	for (size_t i = 0; i + 1 < HISTOGRAM_BUCKETS; i++) {
		uint64_t end = histogram_bucket_end(i);

		assert_int_equal(histogram_index(end), i);
		assert_int_equal(histogram_index(end + 1), i + 1);
	}
	assert_int_equal(histogram_index(0), 0);
	assert_int_equal(histogram_index(UINT64_MAX), HISTOGRAM_BUCKETS - 1);
	assert_true(histogram_bucket_end(HISTOGRAM_BUCKETS - 1) == UINT64_MAX);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Percentiles of random samples against the sorted samples themselves. */
static void check_samples(unsigned int max_bits, size_t n)
{
	static const uint32_t permyriads[] = {1, 100, 2500, 5000, 9000, 9900, 9990, 9999, 10000};
	_cleanup_free_ uint64_t *samples = malloc(n * sizeof(*samples));
	_cleanup_free_ struct histogram *histogram = calloc(1, sizeof(*histogram));
	uint64_t seed = max_bits * 1000 + n, total = 0;

	assert_true(samples && histogram);
	for (size_t i = 0; i < n; i++) {
		/* As many of each magnitude. */
		samples[i] = random_next(&seed) >> (64 - 1 - random_below(&seed, max_bits));
		total += samples[i];
		histogram_record(histogram, samples[i]);
	}
	qsort(samples, n, sizeof(*samples), compare);
	assert_int_equal(histogram->count, n);
	assert_int_equal(histogram->total_ns, total);
	assert_int_equal(histogram->max_ns, samples[n - 1]);
	for (size_t i = 0; i < ARRAY_SIZE(permyriads); i++) {
		size_t rank = (n * permyriads[i] + 9999) / 10000;
		uint64_t exact = samples[(rank ? rank : 1) - 1];
		uint64_t found = histogram_percentile_ns(histogram, permyriads[i]);

		if (found < exact || found - exact > exact / 64)
			fail_msg("%u of 10000 of %zu: %ju, exact %ju", permyriads[i], n,
				 (uintmax_t)found, (uintmax_t)exact);
	}
}

static void test_percentiles(void **state)
{
	(void)state;
	check_samples(5, 1000);
	check_samples(20, 1);
	check_samples(20, 7);
	check_samples(30, 100000);
	check_samples(50, 9999);
}

static void test_empty(void **state)
{
	_cleanup_free_ struct histogram *histogram = calloc(1, sizeof(*histogram));

	(void)state;
	assert_non_null(histogram);
	assert_int_equal(histogram_percentile_ns(histogram, 5000), 0);
	assert_int_equal(histogram_mean_ns(histogram), 0);
	assert_int_equal(histogram_count_above(histogram, 0), 0);
}

static void test_merge(void **state)
{
	_cleanup_free_ struct histogram *a = calloc(1, sizeof(*a)), *b = calloc(1, sizeof(*b)),
					*both = calloc(1, sizeof(*both));
	uint64_t seed = 3;

	(void)state;
	assert_true(a && b && both);
	for (int i = 0; i < 10000; i++) {
		uint64_t value = random_below(&seed, 1000000);

		histogram_record(i % 3 ? a : b, value);
		histogram_record(both, value);
	}
	histogram_add(a, b);
	assert_memory_equal(a, both, sizeof(*a));
}

static void test_above(void **state)
{
	_cleanup_free_ struct histogram *histogram = calloc(1, sizeof(*histogram));

	(void)state;
	assert_non_null(histogram);
	for (uint64_t ms = 1; ms <= 100; ms++)
		histogram_record(histogram, ms * 1000000);
	assert_int_equal(histogram_count_above(histogram, 100 * 1000000), 0);
	assert_int_equal(histogram_count_above(histogram, 0), 100);
	/* Within a bucket's width of 1/64. */
	assert_in_range(histogram_count_above(histogram, 10 * 1000000), 89, 90);
	assert_int_equal(histogram_mean_ns(histogram), 50500000);
}

/* Each reading tells of what came since the one before, as a histogram of that alone would. */
static void test_intervals(void **state)
{
	_cleanup_free_ struct histogram *live = calloc(1, sizeof(*live)), *alone = NULL;
	_cleanup_free_ struct histogram_reader *reader = calloc(1, sizeof(*reader));
	struct latency latency = {.count = 1};
	uint64_t seed = 4;

	(void)state;
	assert_true(live && reader);
	histogram_read_interval(reader, live, &latency);
	assert_int_equal(latency.count, 0);
	assert_int_equal(latency.p99_9_ns, 0);
	for (uint64_t scale = 1000; scale <= 1000000; scale *= 10) {
		free(alone);
		alone = calloc(1, sizeof(*alone));
		assert_non_null(alone);
		for (int i = 0; i < 5000; i++) {
			uint64_t value = random_below(&seed, scale);

			histogram_record(live, value);
			histogram_record(alone, value);
		}
		histogram_read_interval(reader, live, &latency);
		assert_int_equal(latency.count, 5000);
		assert_int_equal(latency.p50_ns, histogram_percentile_ns(alone, 5000));
		assert_int_equal(latency.p99_ns, histogram_percentile_ns(alone, 9900));
		assert_in_range(latency.max_ns, alone->max_ns, alone->max_ns + alone->max_ns / 64);
		assert_true(latency.p99_9_ns >= latency.p99_ns &&
			    latency.p99_9_ns <= latency.max_ns);
	}
	histogram_read_interval(reader, live, &latency);
	assert_int_equal(latency.count, 0);
	assert_int_equal(latency.max_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets), cmocka_unit_test(test_percentiles),
		cmocka_unit_test(test_empty),	cmocka_unit_test(test_merge),
		cmocka_unit_test(test_above),	cmocka_unit_test(test_intervals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
