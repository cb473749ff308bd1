/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/pace.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define MIB  (UINT64_C(1) << 20)
#define PAGE UINT64_C(4096)

/* A worker on a machine that does a page in cost_ns, until end_ns; it sleeps when nothing is due.
 */
static void work(struct pace *pace, uint64_t unit_bytes, uint64_t cost_ns, uint64_t end_ns)
{
	uint64_t now = 0, due = 0;

	while (now < end_ns) {
		uint64_t bytes = pace_take(pace, now, unit_bytes, &due);

		assert_int_equal(bytes % unit_bytes, 0);
		if (bytes == 0) {
			assert_true(due > now);
			now = due;
			continue;
		}
		bytes = bytes < 64 * unit_bytes ? bytes : 64 * unit_bytes;
		now += bytes / PAGE * cost_ns;
		pace_note(pace, bytes);
	}
}

static void test_keeps_rate(void **state)
{
	static const uint64_t rates[] = {100000, MIB, 16 * MIB, 1024 * MIB};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct pace pace = {.rate_bytes = rates[i], .debt_limit_bytes = PACE_UNLIMITED};

		work(&pace, PAGE, 1000, 10 * NSEC_PER_SEC);
		assert_in_range(pace.done_bytes, rates[i] * 10 - PAGE, rates[i] * 10 + 64 * PAGE);
		assert_true(pace.debt_max_bytes <= 2 * PAGE);
		assert_int_equal(pace.lost_bytes, 0);
	}
}

/* Twice as much as the machine can do: the other half is debt, or lost above a bound. */
static void test_debt_and_loss(void **state)
{
	/* 4 KiB in 8 us are 512e6 bytes a second. */
	struct pace pace = {.rate_bytes = 1024000000, .debt_limit_bytes = PACE_UNLIMITED};
	uint64_t due;

	(void)state;
	work(&pace, PAGE, 8000, 10 * NSEC_PER_SEC);
	(void)pace_take(&pace, 10 * NSEC_PER_SEC, PAGE, &due);
	assert_in_range(pace.done_bytes, 5120000000 - MIB, 5120000000 + MIB);
	assert_in_range(pace.debt_bytes, 5120000000 - MIB, 5120000000 + MIB);
	assert_int_equal(pace.lost_bytes, 0);

	pace = (struct pace){.rate_bytes = 1024000000, .debt_limit_bytes = 4 * MIB};
	work(&pace, PAGE, 8000, 10 * NSEC_PER_SEC);
	(void)pace_take(&pace, 10 * NSEC_PER_SEC, PAGE, &due);
	assert_in_range(pace.debt_bytes, 3 * MIB, 4 * MIB);
	assert_in_range(pace.lost_bytes, 5120000000 - 6 * MIB, 5120000000);
	/* Everything that was due is one of the three. */
	assert_in_range(pace.done_bytes + pace.debt_bytes + pace.lost_bytes, 10240000000 - MIB,
			10240000000 + MIB);
}

/* A stall of a second is made up for as fast as the machine can, or given up. */
static void test_stall(void **state)
{
	struct pace pace = {.rate_bytes = 10 * MIB, .debt_limit_bytes = PACE_UNLIMITED};
	uint64_t due;

	(void)state;
	assert_int_equal(pace_take(&pace, NSEC_PER_SEC, PAGE, &due), 10 * MIB);
	pace_note(&pace, 10 * MIB);
	assert_int_equal(pace_take(&pace, NSEC_PER_SEC, PAGE, &due), 0);
	assert_int_equal(pace.debt_max_bytes, 10 * MIB);
	assert_int_equal(pace.debt_bytes, 0);

	pace = (struct pace){.rate_bytes = 10 * MIB, .debt_limit_bytes = MIB};
	assert_int_equal(pace_take(&pace, NSEC_PER_SEC, PAGE, &due), MIB);
	assert_int_equal(pace.lost_bytes, 9 * MIB);
}

static void test_think(void **state)
{
	struct pace pace = {.rate_bytes = PACE_UNLIMITED,
			    .debt_limit_bytes = PACE_UNLIMITED,
			    .think_ns = 9 * NSEC_PER_MSEC,
			    .think_after_bytes = 100 * PAGE};

	(void)state;
	/* 100 pages in a millisecond, then 9 of thought: 100 rounds in a second. */
	work(&pace, PAGE, 10000, NSEC_PER_SEC);
	assert_int_equal(pace.done_bytes, 100 * 100 * PAGE);
	assert_int_equal(pace.thought_ns, 900 * NSEC_PER_MSEC);
	assert_int_equal(pace.debt_max_bytes, 0);
}

/* The rate is that of the time in which it works; to think is no debt. */
static void test_think_and_rate(void **state)
{
	struct pace pace = {.rate_bytes = 100 * PAGE,
			    .debt_limit_bytes = PACE_UNLIMITED,
			    .think_ns = NSEC_PER_SEC,
			    .think_after_bytes = 100 * PAGE};

	(void)state;
	work(&pace, PAGE, 1000, 10 * NSEC_PER_SEC);
	assert_in_range(pace.done_bytes, 499 * PAGE, 501 * PAGE);
	assert_true(pace.debt_max_bytes <= 2 * PAGE);
}

/* Units longer than the pause's distance: a pause after each. */
static void test_large_units(void **state)
{
	struct pace pace = {.rate_bytes = PACE_UNLIMITED,
			    .debt_limit_bytes = PACE_UNLIMITED,
			    .think_ns = NSEC_PER_SEC,
			    .think_after_bytes = PAGE};
	uint64_t due;

	(void)state;
	assert_int_equal(pace_take(&pace, 0, 16 * PAGE, &due), 16 * PAGE);
	pace_note(&pace, 16 * PAGE);
	assert_int_equal(pace_take(&pace, 1, 16 * PAGE, &due), 0);
	assert_int_equal(due, NSEC_PER_SEC + 1);
	assert_int_equal(pace_take(&pace, due, 16 * PAGE, &due), 16 * PAGE);
}

/* While nothing is wanted the rate stands still, and goes on as it was. */
static void test_rest(void **state)
{
	struct pace pace = {.rate_bytes = 10 * PAGE, .debt_limit_bytes = PACE_UNLIMITED};
	uint64_t due;

	(void)state;
	assert_int_equal(pace_take(&pace, NSEC_PER_SEC, PAGE, &due), 10 * PAGE);
	pace_note(&pace, 10 * PAGE);
	pace_rest(&pace, 100 * NSEC_PER_SEC);
	assert_int_equal(pace_take(&pace, 100 * NSEC_PER_SEC, PAGE, &due), 0);
	assert_int_equal(due, 100 * NSEC_PER_SEC + NSEC_PER_SEC / 10);
	assert_int_equal(pace_take(&pace, 101 * NSEC_PER_SEC, PAGE, &due), 10 * PAGE);
	/* It gives nothing back to what is ahead. */
	pace_note(&pace, 20 * PAGE);
	pace_rest(&pace, 101 * NSEC_PER_SEC);
	assert_int_equal(pace_take(&pace, 101 * NSEC_PER_SEC, PAGE, &due), 0);
	assert_int_equal(due, 102 * NSEC_PER_SEC + NSEC_PER_SEC / 10);
}

static void test_extremes(void **state)
{
	struct pace pace = {.rate_bytes = UINT64_MAX - 1, .debt_limit_bytes = PACE_UNLIMITED};
	uint64_t due = 0;

	(void)state;
	assert_true(pace_take(&pace, UINT64_MAX, PAGE, &due) > UINT64_MAX - 2 * PAGE);
	pace = (struct pace){.rate_bytes = 0, .debt_limit_bytes = PACE_UNLIMITED};
	assert_int_equal(pace_take(&pace, UINT64_MAX, PAGE, &due), 0);
	assert_true(due == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_rate),     cmocka_unit_test(test_debt_and_loss),
		cmocka_unit_test(test_stall),	       cmocka_unit_test(test_think),
		cmocka_unit_test(test_think_and_rate), cmocka_unit_test(test_large_units),
		cmocka_unit_test(test_rest),	       cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
