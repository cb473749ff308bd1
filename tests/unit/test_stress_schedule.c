/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/schedule.h"

#include "base/clock.h"
#include "stress/pattern/random.h"
#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)

static const struct schedule steady = {
	.kind = SCHEDULE_STEADY, .rate_bytes = 8 * MIB, .size_bytes = 20 * MIB};
static const struct schedule bursts = {.kind = SCHEDULE_BURST,
				       .rate_bytes = 10 * MIB,
				       .burst_bytes = 5 * MIB,
				       .period_ns = 2 * NSEC_PER_SEC};

static void check_at(const struct schedule *schedule, uint64_t elapsed_ns, uint64_t round,
		     uint64_t bytes)
{
	struct schedule_level level = schedule_at(schedule, elapsed_ns);

	if (level.round != round || level.bytes != bytes)
		fail_msg("at %ju ns: round %ju, %ju bytes", (uintmax_t)elapsed_ns,
			 (uintmax_t)level.round, (uintmax_t)level.bytes);
}

static void test_steady(void **state)
{
	(void)state;
	check_at(&steady, 0, 0, 0);
	check_at(&steady, NSEC_PER_SEC / 2, 0, 4 * MIB);
	check_at(&steady, 2 * NSEC_PER_SEC, 0, 16 * MIB);
	check_at(&steady, 5 * NSEC_PER_SEC / 2, 0, 20 * MIB);
	check_at(&steady, 100 * NSEC_PER_SEC, 0, 20 * MIB);
	check_at(&steady, UINT64_MAX, 0, 20 * MIB);
	assert_int_equal(schedule_peak_bytes(&steady), 20 * MIB);
}

static void test_burst(void **state)
{
	(void)state;
	check_at(&bursts, 0, 0, 0);
	check_at(&bursts, NSEC_PER_SEC / 4, 0, 5 * MIB / 2);
	check_at(&bursts, NSEC_PER_SEC / 2, 0, 5 * MIB);
	check_at(&bursts, 2 * NSEC_PER_SEC - 1, 0, 5 * MIB);
	check_at(&bursts, 2 * NSEC_PER_SEC, 1, 0);
	check_at(&bursts, 7 * NSEC_PER_SEC + NSEC_PER_SEC / 10, 3, 5 * MIB);
	check_at(&bursts, 6 * NSEC_PER_SEC + NSEC_PER_SEC / 10, 3, MIB);
	assert_int_equal(schedule_peak_bytes(&bursts), 5 * MIB);
}

static void test_unlimited(void **state)
{
	struct schedule schedule = {.rate_bytes = SCHEDULE_UNLIMITED, .size_bytes = 64 * MIB};

	(void)state;
	check_at(&schedule, 0, 0, 64 * MIB);
	assert_int_equal(schedule_due_ns(&schedule, 0, 64 * MIB), 0);
	assert_true(schedule_due_ns(&schedule, 0, 64 * MIB + 1) == UINT64_MAX);
	schedule.size_bytes = SCHEDULE_UNLIMITED;
	assert_true(schedule_at(&schedule, 0).bytes == UINT64_MAX);
}

static void test_due(void **state)
{
	(void)state;
	assert_int_equal(schedule_due_ns(&steady, 0, 0), 0);
	assert_int_equal(schedule_due_ns(&steady, 0, 8 * MIB), NSEC_PER_SEC);
	assert_true(schedule_due_ns(&steady, 0, 20 * MIB + 1) == UINT64_MAX);
	assert_int_equal(schedule_due_ns(&bursts, 2, 5 * MIB), 4 * NSEC_PER_SEC + NSEC_PER_SEC / 2);
	/* More than this round gives: the next one's beginning. */
	assert_int_equal(schedule_due_ns(&bursts, 2, 5 * MIB + 1), 6 * NSEC_PER_SEC);
	assert_true(schedule_due_ns(&bursts, UINT64_MAX, 1) == UINT64_MAX);
}

/* due is the first moment at which at gives as much. */
static void test_inverse(void **state)
{
	uint64_t seed = 1;

	(void)state;
	for (int i = 0; i < 20000; i++) {
		struct schedule schedule = {
			.kind = i % 2 ? SCHEDULE_BURST : SCHEDULE_STEADY,
			.rate_bytes = 1 + (random_next(&seed) >> random_below(&seed, 64)),
			.size_bytes = UINT64_C(1) << 40,
			.burst_bytes = UINT64_C(1) << 40,
			.period_ns = 3600 * NSEC_PER_SEC,
		};
		uint64_t round = i % 2 ? random_below(&seed, 1000) : 0;
		uint64_t bytes = 1 + random_below(&seed, UINT64_C(1) << 40);
		uint64_t due = schedule_due_ns(&schedule, round, bytes);
		struct schedule_level at = schedule_at(&schedule, due);
		struct schedule_level before = schedule_at(&schedule, due - 1);

		if (due == UINT64_MAX)
			continue;
		/* It can lie in the next round: then this one never gave so much. */
		if (at.round != round)
			assert_true(at.round == round + 1 && at.bytes == 0);
		else
			assert_true(at.bytes >= bytes);
		assert_true(before.round < at.round || before.bytes < bytes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady),	  cmocka_unit_test(test_burst),
		cmocka_unit_test(test_unlimited), cmocka_unit_test(test_due),
		cmocka_unit_test(test_inverse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
