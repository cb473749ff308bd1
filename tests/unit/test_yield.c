/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/yield.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define MIB   (UINT64_C(1) << 20)
#define LEAST 2000
#define NOW   (1000 * NSEC_PER_SEC)

/* zram or zswap, after they took so much more. */
static struct swap_store store(uint64_t stored, uint64_t used, uint64_t charged)
{
	return (struct swap_store){
		.stored_bytes = stored, .used_bytes = used, .charged_bytes = charged};
}

static const struct swap_store empty;

static void test_what_stays_in_memory(void **state)
{
	static const struct {
		const char *name;
		uint64_t swapped, stored, used, charged, kept, kept_charged, permyriad;
	} rows[] = {
		{"a disk", 8 * MIB, 0, 0, 0, 0, 0, 10000},
		{"zram, 4:1", 8 * MIB, 8 * MIB, 2 * MIB, 0, 2 * MIB, 0, 7500},
		{"zram, random data", 8 * MIB, 8 * MIB, 8 * MIB, 0, 8 * MIB, 0, 0},
		{"zram, more than it was", 8 * MIB, 8 * MIB, 9 * MIB, 0, 8 * MIB, 0, 0},
		{"zswap", 8 * MIB, 8 * MIB, 6 * MIB, 6 * MIB, 6 * MIB, 6 * MIB, 2500},
		/* Half was refused there and went on to the disk. */
		{"zswap before a disk", 8 * MIB, 4 * MIB, 4 * MIB, 4 * MIB, 4 * MIB, 4 * MIB, 5000},
		{"as much by others", 8 * MIB, 16 * MIB, 8 * MIB, 0, 4 * MIB, 0, 5000},
		/* Others read back 4 MiB meanwhile that took 1 MiB. */
		{"others read back", 8 * MIB, 4 * MIB, 7 * MIB, 0, 7 * MIB, 0, 1250},
		{"nothing", 0, 8 * MIB, 8 * MIB, 8 * MIB, 0, 0, 0},
		{"all there is", UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX,
		 UINT64_MAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct swap_store after = store(rows[i].stored, rows[i].used, rows[i].charged);
		struct yield_sums sums = yield_of(rows[i].swapped, &empty, &after);

		if (sums.kept_bytes != rows[i].kept || sums.charged_bytes != rows[i].kept_charged ||
		    yield_permyriad(&sums) != rows[i].permyriad)
			fail_msg("%s: %ju kept, %ju charged, %ju", rows[i].name,
				 (uintmax_t)sums.kept_bytes, (uintmax_t)sums.charged_bytes,
				 (uintmax_t)yield_permyriad(&sums));
	}
}

/* Reading back frees what was kept: counters that fell are no growth. */
static void test_counters_that_go_back(void **state)
{
	struct swap_store before = store(100 * MIB, 50 * MIB, 50 * MIB);
	struct yield_sums sums = yield_of(4 * MIB, &before, &empty);

	(void)state;
	assert_int_equal(sums.kept_bytes, 0);
	assert_int_equal(sums.charged_bytes, 0);
}

static void learn(struct yield *y, uint64_t swapped, uint64_t used, uint64_t now_ns)
{
	struct swap_store after = store(swapped, used, 0);

	yield_learn(y, LEAST, swapped, &empty, &after, now_ns);
}

static void test_judged_once_enough_was_swapped(void **state)
{
	struct yield y = {0};

	(void)state;
	learn(&y, MIB, MIB, NOW);
	assert_false(yield_is_poor_for_node(&y, NOW));
	learn(&y, MIB, MIB, NOW);
	assert_true(yield_is_poor_for_node(&y, NOW));
	assert_int_equal(y.judged.swapped_bytes, 2 * MIB);
	assert_int_equal(y.judged.kept_bytes, 2 * MIB);
	/* zram's memory is charged to nobody: below the limit there is room. */
	assert_false(yield_is_poor_for_limit(&y, NOW));
}

static void test_the_bound(void **state)
{
	static const struct {
		uint64_t kept_permyriad, least;
		bool poor;
	} rows[] = {
		{8000, LEAST, false}, {8001, LEAST, true}, {10000, 1, true},
		{10000, 0, false},    {1, 10000, true},	   {0, 10000, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct yield y = {0};
		struct swap_store after = store(10000 * 4096, rows[i].kept_permyriad * 4096, 0);

		yield_learn(&y, rows[i].least, 10000 * 4096, &empty, &after, NOW);
		assert_int_equal(yield_is_poor_for_node(&y, NOW), rows[i].poor);
	}
}

static void test_the_pool_of_zswap_is_the_groups_own(void **state)
{
	struct swap_store after = store(4 * MIB, 4 * MIB, 4 * MIB);
	struct yield y = {0};

	(void)state;
	yield_learn(&y, LEAST, 4 * MIB, &empty, &after, NOW);
	assert_true(yield_is_poor_for_node(&y, NOW));
	assert_true(yield_is_poor_for_limit(&y, NOW));
}

/* A minute, two, four ... an hour; and what is good once begins anew. */
static void test_tried_again_rarely(void **state)
{
	struct yield y = {0};
	uint64_t now_ns = NOW, wait_ns = YIELD_FIRST_NS;

	(void)state;
	for (int i = 0; i < 20; i++) {
		learn(&y, 2 * MIB, 2 * MIB, now_ns);
		assert_true(yield_is_poor_for_node(&y, now_ns + wait_ns - 1));
		assert_false(yield_is_poor_for_node(&y, now_ns + wait_ns));
		now_ns += wait_ns;
		wait_ns = MIN(2 * wait_ns, YIELD_MOST_NS);
	}
	assert_int_equal(wait_ns, YIELD_MOST_NS);
	learn(&y, 2 * MIB, MIB, now_ns);
	assert_false(yield_is_poor_for_node(&y, now_ns));
	learn(&y, 2 * MIB, 2 * MIB, now_ns);
	assert_false(yield_is_poor_for_node(&y, now_ns + YIELD_FIRST_NS));
}

/* Headroom goes on for the limit's sake: that is no new try, but what it finds is known. */
static void test_what_goes_on_meanwhile(void **state)
{
	struct yield y = {0};

	(void)state;
	learn(&y, 2 * MIB, 2 * MIB, NOW);
	for (int i = 0; i < 100; i++)
		learn(&y, 2 * MIB, 2 * MIB, NOW + NSEC_PER_SEC);
	assert_false(yield_is_poor_for_node(&y, NOW + YIELD_FIRST_NS));
	learn(&y, 2 * MIB, 0, NOW + 2 * NSEC_PER_SEC);
	assert_false(yield_is_poor_for_node(&y, NOW + 2 * NSEC_PER_SEC));
}

static void test_others_tell_nothing(void **state)
{
	struct yield y = {0};

	(void)state;
	for (int i = 0; i < 100; i++) {
		struct swap_store after = store(5 * MIB, 5 * MIB, 0);

		yield_learn(&y, LEAST, MIB, &empty, &after, NOW);
		after = store(MIB, MIB, 0);
		yield_learn(&y, LEAST, 0, &empty, &after, NOW);
	}
	assert_int_equal(y.sums.swapped_bytes, 0);
	assert_false(yield_is_poor_for_node(&y, NOW));
}

/* At the end of time nothing wraps. */
static void test_extremes(void **state)
{
	struct yield y = {.sums = {UINT64_MAX - 1, UINT64_MAX - 1, 0}};

	(void)state;
	learn(&y, UINT64_MAX, UINT64_MAX, UINT64_MAX - 1);
	assert_int_equal(y.judged.swapped_bytes, UINT64_MAX);
	assert_true(yield_is_poor_for_node(&y, UINT64_MAX - 1));
	/* A clock that went back. */
	assert_true(yield_is_poor_for_node(&y, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_stays_in_memory),
		cmocka_unit_test(test_counters_that_go_back),
		cmocka_unit_test(test_judged_once_enough_was_swapped),
		cmocka_unit_test(test_the_bound),
		cmocka_unit_test(test_the_pool_of_zswap_is_the_groups_own),
		cmocka_unit_test(test_tried_again_rarely),
		cmocka_unit_test(test_what_goes_on_meanwhile),
		cmocka_unit_test(test_others_tell_nothing),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
