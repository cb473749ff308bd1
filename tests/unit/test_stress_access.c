/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/access.h"

#include "base/random.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#define PAGES_MAX 5000

static void count_draws(const char *pattern, uint64_t capacity, uint64_t draws, uint64_t *counts)
{
	struct access_pattern parsed;
	struct access access;

	assert_int_equal(access_parse(pattern, &parsed), 0);
	access_init(&access, &parsed, capacity, 12345);
	memset(counts, 0, capacity * sizeof(*counts));
	for (uint64_t i = 0; i < draws; i++) {
		uint64_t index = access_next(&access, capacity);

		assert_true(index < capacity);
		counts[index]++;
	}
}

static int compare_descending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x > y ? -1 : x < y;
}

static void test_sequential(void **state)
{
	struct access_pattern pattern = {.kind = ACCESS_SEQUENTIAL};
	struct access access;

	(void)state;
	access_init(&access, &pattern, 5, 1);
	for (uint64_t i = 0; i < 12; i++)
		assert_int_equal(access_next(&access, 5), i % 5);
	/* The set grew from 3 to 5 on the way. */
	access_init(&access, &pattern, 5, 1);
	for (uint64_t i = 0; i < 4; i++)
		assert_int_equal(access_next(&access, 3), i % 3);
	for (uint64_t i = 1; i < 5; i++)
		assert_int_equal(access_next(&access, 5), i);
}

/* Pearson's chi-squared against equal shares; its mean is n - 1, its deviation sqrt(2 n). */
static void check_even(const uint64_t *counts, size_t n, uint64_t draws)
{
	double expected = (double)draws / (double)n, chi = 0;

	for (size_t i = 0; i < n; i++)
		chi += ((double)counts[i] - expected) * ((double)counts[i] - expected) / expected;
	if (fabs(chi - (double)(n - 1)) > 5 * sqrt(2.0 * (double)n))
		fail_msg("chi-squared %f of %zu", chi, n);
}

static void test_uniform(void **state)
{
	uint64_t counts[1000];

	(void)state;
	count_draws("uniform", 1000, 1000000, counts);
	check_even(counts, 1000, 1000000);
}

static void check_zipf(const char *pattern, double exponent, uint64_t n, uint64_t draws)
{
	_cleanup_free_ uint64_t *counts = calloc(n, sizeof(*counts));
	double sum = 0;

	assert_non_null(counts);
	count_draws(pattern, n, draws, counts);
	for (uint64_t rank = 1; rank <= n; rank++)
		sum += pow((double)rank, -exponent);
	/* Sorted, counts are in the order of ranks where ranks differ by much more than chance. */
	qsort(counts, n, sizeof(*counts), compare_descending);
	for (uint64_t rank = 1; rank <= 8 && rank <= n; rank++) {
		double expected = (double)draws * pow((double)rank, -exponent) / sum;

		if (fabs((double)counts[rank - 1] - expected) > 5 * sqrt(expected) + 1)
			fail_msg("%s of %ju: rank %ju drawn %ju times, not %f", pattern,
				 (uintmax_t)n, (uintmax_t)rank, (uintmax_t)counts[rank - 1],
				 expected);
	}
}

static void test_zipf(void **state)
{
	(void)state;
	check_zipf("zipf", 0.99, 1000, 1000000);
	check_zipf("zipf:0.5", 0.5, 30, 1000000);
	check_zipf("zipf:1.00", 1.0, 2000, 1000000);
	check_zipf("zipf:2", 2.0, 100, 1000000);
	check_zipf("zipf:1.2", 1.2, 2, 100000);
}

/* Every page has its turn: also the last ranks, and where the capacity is no power of two. */
static void test_zipf_covers(void **state)
{
	static const uint64_t capacities[] = {1, 2, 3, 5, 64, 65, 127, 1000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(capacities); i++) {
		uint64_t counts[1000];

		count_draws("zipf", capacities[i], 400000, counts);
		for (uint64_t page = 0; page < capacities[i]; page++)
			if (!counts[page])
				fail_msg("page %ju of %ju never drawn", (uintmax_t)page,
					 (uintmax_t)capacities[i]);
	}
}

/* The hot pages are exactly the share asked for: scattering maps no two to one. */
static void test_hot(void **state)
{
	static const uint64_t capacities[] = {4, 100, 1000, 1024, 1025, 4999};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(capacities); i++) {
		uint64_t counts[PAGES_MAX], n_hot = 0, first_half = 0, n = capacities[i];

		count_draws("hot:25%", n, 200000, counts);
		for (uint64_t page = 0; page < n; page++) {
			n_hot += counts[page] > 0;
			first_half += page < n / 2 && counts[page];
		}
		assert_int_equal(n_hot, n / 4);
		/* They do not lie all together. */
		if (n >= 1000)
			assert_in_range(first_half, n_hot / 3, n_hot * 2 / 3);
	}
}

static void test_hot_share(void **state)
{
	uint64_t counts[1000], hot = 0;

	(void)state;
	/* 200 pages share 90 %, 800 the rest: 4500 and 125 draws each. */
	count_draws("hot:20%:90%", 1000, 1000000, counts);
	for (size_t page = 0; page < 1000; page++) {
		assert_true(counts[page] > 0);
		if (counts[page] > 1000)
			hot += counts[page];
	}
	assert_in_range(hot, 898000, 902000);
}

/* While the set grows, indexes stay below n, and the pages that are hot early are so later. */
static void test_growing(void **state)
{
	static const char *const patterns[] = {"zipf", "hot:10%", "uniform"};
	struct access_pattern pattern;
	struct access access;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		bool early[1000] = {false};
		uint64_t n_late_hot = 0, n_known = 0;

		assert_int_equal(access_parse(patterns[i], &pattern), 0);
		access_init(&access, &pattern, 1000, 5);
		for (uint64_t n = 1; n <= 1000; n++)
			assert_true(access_next(&access, n) < n);
		if (pattern.kind != ACCESS_HOT)
			continue;
		for (int draw = 0; draw < 20000; draw++)
			early[access_next(&access, 500)] = true;
		for (int draw = 0; draw < 20000; draw++) {
			uint64_t index = access_next(&access, 1000);

			n_late_hot += index < 500;
			n_known += index < 500 && early[index];
		}
		assert_int_equal(n_known, n_late_hot);
		assert_true(n_late_hot > 1000);
	}
}

static void test_seed(void **state)
{
	struct access_pattern pattern = {.kind = ACCESS_UNIFORM};
	struct access a, b, c;
	int same = 0;

	(void)state;
	access_init(&a, &pattern, 1000000, 1);
	access_init(&b, &pattern, 1000000, 1);
	access_init(&c, &pattern, 1000000, 2);
	for (int i = 0; i < 1000; i++) {
		uint64_t index = access_next(&a, 1000000);

		assert_int_equal(index, access_next(&b, 1000000));
		same += index == access_next(&c, 1000000);
	}
	assert_true(same < 10);
}

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		int result;
		const char *canonical;
	} rows[] = {
		{"none", 0, "none"},
		{"stride:16", 0, "stride:16"},
		{"stride:0", -ERANGE, NULL},
		{"stride:4294967296", -ERANGE, NULL},
		{"stride:", -EINVAL, NULL},
		{"stride:64K", -EINVAL, NULL},
		{"sequential", 0, "sequential"},
		{"uniform", 0, "uniform"},
		{"zipf", 0, "zipf:0.99"},
		{"zipf:1.25", 0, "zipf:1.25"},
		{"hot:20%", 0, "hot:20.00%:100.00%"},
		{"hot:0.5%:95%", 0, "hot:0.50%:95.00%"},
		{"zipf:0", -ERANGE, NULL},
		{"zipf:11", -ERANGE, NULL},
		{"zipf:", -EINVAL, NULL},
		{"zipf:-1", -EINVAL, NULL},
		{"hot", -EINVAL, NULL},
		{"hot:", -EINVAL, NULL},
		{"hot:20", -EINVAL, NULL},
		{"hot:0%", -ERANGE, NULL},
		{"hot:101%", -ERANGE, NULL},
		{"hot:20%:", -EINVAL, NULL},
		{"hot:20%:0%", -ERANGE, NULL},
		{"hot:20%:5%:1%", -EINVAL, NULL},
		{"random", -EINVAL, NULL},
		{"", -EINVAL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct access_pattern pattern, again;
		char text[ACCESS_TEXT_BYTES];
		int r = access_parse(rows[i].text, &pattern);

		if (r != rows[i].result)
			fail_msg("\"%s\": %d", rows[i].text, r);
		if (r < 0)
			continue;
		assert_string_equal(access_format(text, &pattern), rows[i].canonical);
		assert_int_equal(access_parse(text, &again), 0);
		assert_int_equal(again.kind, pattern.kind);
		assert_int_equal(again.stride, pattern.stride);
		assert_int_equal(again.hot_permyriad, pattern.hot_permyriad);
		assert_int_equal(again.touches_permyriad, pattern.touches_permyriad);
		assert_int_equal(again.exponent_permille, pattern.exponent_permille);
	}
}

/* Every stride-th, and yet every page once before any page twice. */
static void test_stride(void **state)
{
	static const struct {
		const char *pattern;
		uint64_t n;
	} rows[] = {{"stride:3", 10},  {"stride:16", 1000}, {"stride:1", 7},
		    {"stride:64", 64}, {"stride:999", 10},  {"stride:7", 1}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t counts[1000], n = rows[i].n, far = 0, before = 0;
		struct access_pattern pattern;
		struct access access;

		count_draws(rows[i].pattern, n, 3 * n, counts);
		for (uint64_t page = 0; page < n; page++)
			assert_int_equal(counts[page], 3);
		assert_int_equal(access_parse(rows[i].pattern, &pattern), 0);
		access_init(&access, &pattern, n, 1);
		for (uint64_t draw = 0; draw < n; draw++) {
			uint64_t index = access_next(&access, n);

			far += draw && index == before + pattern.stride;
			before = index;
		}
		/* All draws but the first of each column. */
		if (pattern.stride < n)
			assert_int_equal(far, n - pattern.stride);
	}
}

/* Each rank's share is as the formula says, and no two ranks have the same page. */
static void test_zipf_by_rank(void **state)
{
	static const struct access_pattern pattern = {.kind = ACCESS_ZIPF,
						      .exponent_permille = 800};
	static const uint64_t n = 2000, draws = 2000000;
	uint64_t counts[2000] = {0};
	bool taken[2000] = {false};
	struct access access;
	double sum = 0, chi = 0;

	(void)state;
	access_init(&access, &pattern, n, 99);
	for (uint64_t draw = 0; draw < draws; draw++)
		counts[access_next(&access, n)]++;
	for (uint64_t rank = 0; rank < n; rank++)
		sum += pow((double)rank + 1, -0.8);
	for (uint64_t rank = 0; rank < n; rank++) {
		double expected = (double)draws * pow((double)rank + 1, -0.8) / sum;
		uint64_t page = access_page(&access, rank);
		double off = (double)counts[page] - expected;

		assert_false(taken[page]);
		taken[page] = true;
		chi += off * off / expected;
	}
	/* chi-squared with n - 1 degrees of freedom. */
	if (fabs(chi - (double)(n - 1)) > 5 * sqrt(2.0 * (double)n))
		fail_msg("chi-squared %f", chi);
}

/* Which pages are drawn at elapsed_ns; returns how many. */
static uint64_t pages_at(struct access *access, uint64_t elapsed_ns, bool *drawn, uint64_t n)
{
	uint64_t count = 0;

	memset(drawn, 0, n);
	access_move(access, elapsed_ns);
	for (uint64_t i = 0; i < 20 * n; i++)
		drawn[access_next(access, n)] = true;
	for (uint64_t page = 0; page < n; page++)
		count += drawn[page];
	return count;
}

static uint64_t common(const bool *a, const bool *b, uint64_t n)
{
	uint64_t count = 0;

	for (uint64_t page = 0; page < n; page++)
		count += a[page] && b[page];
	return count;
}

#define SECOND UINT64_C(1000000000)

static struct access hot_20(struct access_changes changes)
{
	static const struct access_pattern pattern = {
		.kind = ACCESS_HOT, .hot_permyriad = 2000, .touches_permyriad = 10000};
	struct access access;

	access_init(&access, &pattern, 1000, 3);
	access.changes = changes;
	return access;
}

/* 200 hot of 1000 pages move on by 200 in 10 s: a quarter is left behind in a quarter of that. */
static void test_drift(void **state)
{
	struct access access = hot_20((struct access_changes){.drift_ns = 10 * SECOND});
	bool first[1000], later[1000];

	(void)state;
	assert_int_equal(pages_at(&access, 0, first, 1000), 200);
	assert_int_equal(pages_at(&access, 5 * SECOND / 2, later, 1000), 200);
	assert_int_equal(common(first, later, 1000), 150);
	assert_int_equal(pages_at(&access, 10 * SECOND, later, 1000), 200);
	assert_int_equal(common(first, later, 1000), 0);
	/* Once around: 5 times its size. */
	assert_int_equal(pages_at(&access, 50 * SECOND, later, 1000), 200);
	assert_int_equal(common(first, later, 1000), 200);
}

/* Phases: each with a hot set of its own, that has a fifth in common with another by chance. */
static void test_phases(void **state)
{
	struct access access = hot_20((struct access_changes){.phase_ns = 10 * SECOND});
	bool first[1000], later[1000];

	(void)state;
	assert_int_equal(pages_at(&access, 0, first, 1000), 200);
	assert_int_equal(pages_at(&access, 10 * SECOND - 1, later, 1000), 200);
	assert_int_equal(common(first, later, 1000), 200);
	for (uint64_t phase = 1; phase < 6; phase++) {
		assert_int_equal(pages_at(&access, phase * 10 * SECOND, later, 1000), 200);
		assert_in_range(common(first, later, 1000), 20, 70);
	}
}

/* The working set grows from a fifth to everything. */
static void test_spread(void **state)
{
	struct access access = hot_20((struct access_changes){.spread_ns = 8 * SECOND});
	bool first[1000], later[1000];

	(void)state;
	assert_int_equal(pages_at(&access, 0, first, 1000), 200);
	assert_int_equal(pages_at(&access, 2 * SECOND, later, 1000), 400);
	assert_int_equal(common(first, later, 1000), 200);
	assert_int_equal(pages_at(&access, 8 * SECOND, later, 1000), 1000);
	assert_int_equal(pages_at(&access, 80 * SECOND, later, 1000), 1000);
}

/* Every 10 s each cold page once, and none in between. */
static void test_revisit(void **state)
{
	struct access access = hot_20((struct access_changes){.revisit_ns = 10 * SECOND});
	bool hot[1000], drawn[1000];
	uint64_t counts[1000] = {0};

	(void)state;
	assert_int_equal(pages_at(&access, 0, hot, 1000), 200);
	for (int visit = 1; visit <= 3; visit++) {
		access_move(&access, (uint64_t)visit * 10 * SECOND);
		for (int draw = 0; draw < 800; draw++)
			counts[access_next(&access, 1000)]++;
		for (size_t page = 0; page < 1000; page++)
			assert_int_equal(counts[page], hot[page] ? 0 : visit);
		assert_int_equal(pages_at(&access, (uint64_t)visit * 10 * SECOND + 1, drawn, 1000),
				 200);
		assert_int_equal(common(hot, drawn, 1000), 200);
	}
	/* Missed ones are not made up for. */
	assert_int_equal(pages_at(&access, 100 * SECOND, drawn, 1000), 1000);
	assert_int_equal(pages_at(&access, 100 * SECOND, drawn, 1000), 200);
}

/* All at once, with a set that still grows: always a page that is there. */
static void test_changes_in_bounds(void **state)
{
	static const char *const patterns[] = {"zipf", "hot:10%:80%", "hot:100%", "uniform"};
	uint64_t seed = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		struct access_pattern pattern;
		uint64_t capacity = 1 + i * 333, elapsed = 0;
		struct access access;

		assert_int_equal(access_parse(patterns[i], &pattern), 0);
		access_init(&access, &pattern, capacity, 5);
		access.changes =
			(struct access_changes){3 * SECOND, 2 * SECOND, 7 * SECOND, SECOND};
		for (uint64_t n = 1; n <= capacity; n++) {
			elapsed += random_below(&seed, SECOND);
			access_move(&access, elapsed);
			for (int draw = 0; draw < 50; draw++)
				assert_true(access_next(&access, n) < n);
		}
		access_move(&access, UINT64_MAX);
		assert_true(access_next(&access, capacity) < capacity);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sequential),   cmocka_unit_test(test_uniform),
		cmocka_unit_test(test_zipf),	     cmocka_unit_test(test_zipf_covers),
		cmocka_unit_test(test_hot),	     cmocka_unit_test(test_hot_share),
		cmocka_unit_test(test_growing),	     cmocka_unit_test(test_seed),
		cmocka_unit_test(test_parse),	     cmocka_unit_test(test_stride),
		cmocka_unit_test(test_zipf_by_rank), cmocka_unit_test(test_drift),
		cmocka_unit_test(test_phases),	     cmocka_unit_test(test_spread),
		cmocka_unit_test(test_revisit),	     cmocka_unit_test(test_changes_in_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
