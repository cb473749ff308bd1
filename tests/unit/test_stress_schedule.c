/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/schedule.h"

#include "base/clock.h"
#include "base/random.h"
#include "stress/pattern/content.h"
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

static void test_hold_and_leak(void **state)
{
	struct schedule schedule = {.kind = SCHEDULE_HOLD, .size_bytes = 20 * MIB};

	(void)state;
	check_at(&schedule, 0, 0, 20 * MIB);
	check_at(&schedule, UINT64_MAX, 0, 20 * MIB);
	schedule = (struct schedule){.kind = SCHEDULE_LEAK,
				     .rate_bytes = MIB,
				     .low_bytes = 8 * MIB,
				     .size_bytes = 20 * MIB};
	check_at(&schedule, 0, 0, 8 * MIB);
	check_at(&schedule, 3 * NSEC_PER_SEC, 0, 11 * MIB);
	check_at(&schedule, 12 * NSEC_PER_SEC, 0, 20 * MIB);
	check_at(&schedule, UINT64_MAX, 0, 20 * MIB);
}

static void test_ramp(void **state)
{
	const struct schedule schedule = {.kind = SCHEDULE_RAMP,
					  .low_bytes = 4 * MIB,
					  .size_bytes = 20 * MIB,
					  .period_ns = 8 * NSEC_PER_SEC};

	(void)state;
	check_at(&schedule, 0, 0, 4 * MIB);
	check_at(&schedule, NSEC_PER_SEC, 0, 6 * MIB);
	check_at(&schedule, 8 * NSEC_PER_SEC, 0, 20 * MIB);
	check_at(&schedule, UINT64_MAX, 0, 20 * MIB);
}

static void test_step(void **state)
{
	struct schedule schedule = {.kind = SCHEDULE_STEP,
				    .rate_bytes = SCHEDULE_UNLIMITED,
				    .low_bytes = 4 * MIB,
				    .size_bytes = 19 * MIB,
				    .n_steps = 3,
				    .period_ns = 2 * NSEC_PER_SEC};

	(void)state;
	check_at(&schedule, 0, 0, 4 * MIB);
	check_at(&schedule, 2 * NSEC_PER_SEC - 1, 0, 4 * MIB);
	check_at(&schedule, 2 * NSEC_PER_SEC, 0, 9 * MIB);
	check_at(&schedule, 4 * NSEC_PER_SEC, 0, 14 * MIB);
	check_at(&schedule, 6 * NSEC_PER_SEC, 0, 19 * MIB);
	check_at(&schedule, UINT64_MAX, 0, 19 * MIB);
	/* Each step at a rate. */
	schedule.rate_bytes = 4 * MIB;
	check_at(&schedule, 2 * NSEC_PER_SEC, 0, 4 * MIB);
	check_at(&schedule, 3 * NSEC_PER_SEC, 0, 8 * MIB);
	check_at(&schedule, 4 * NSEC_PER_SEC - 1, 0, 9 * MIB);
}

static void test_sine(void **state)
{
	const struct schedule schedule = {.kind = SCHEDULE_SINE,
					  .low_bytes = 4 * MIB,
					  .size_bytes = 20 * MIB,
					  .period_ns = 12 * NSEC_PER_SEC};

	(void)state;
	check_at(&schedule, 0, 0, 4 * MIB);
	/* sin^2 of 30, 90 and 150 degrees. */
	assert_in_range(schedule_at(&schedule, 2 * NSEC_PER_SEC).bytes, 8 * MIB - 1, 8 * MIB + 1);
	check_at(&schedule, 6 * NSEC_PER_SEC, 0, 20 * MIB);
	assert_in_range(schedule_at(&schedule, 10 * NSEC_PER_SEC).bytes, 8 * MIB - 1, 8 * MIB + 1);
	check_at(&schedule, 120 * NSEC_PER_SEC, 0, 4 * MIB);
}

static void test_sawtooth(void **state)
{
	const struct schedule schedule = {.kind = SCHEDULE_SAWTOOTH,
					  .low_bytes = 4 * MIB,
					  .size_bytes = 20 * MIB,
					  .period_ns = 8 * NSEC_PER_SEC};

	(void)state;
	check_at(&schedule, 0, 0, 4 * MIB);
	check_at(&schedule, 4 * NSEC_PER_SEC, 0, 12 * MIB);
	assert_in_range(schedule_at(&schedule, 8 * NSEC_PER_SEC - 1).bytes, 20 * MIB - 1, 20 * MIB);
	check_at(&schedule, 8 * NSEC_PER_SEC, 1, 4 * MIB);
	check_at(&schedule, 28 * NSEC_PER_SEC, 3, 12 * MIB);
	assert_int_equal(schedule_bottom_bytes(&schedule), 4 * MIB);
	assert_int_equal(schedule_bottom_bytes(&bursts), 0);
}

static void test_replay(void **state)
{
	static const struct schedule_point points[] = {
		{NSEC_PER_SEC, 3 * MIB}, {2 * NSEC_PER_SEC, 9 * MIB}, {5 * NSEC_PER_SEC, MIB}};
	const struct schedule schedule = {.kind = SCHEDULE_REPLAY,
					  .size_bytes = 8 * MIB,
					  .points = points,
					  .n_points = ARRAY_SIZE(points)};

	(void)state;
	check_at(&schedule, 0, 0, 0);
	check_at(&schedule, NSEC_PER_SEC, 0, 3 * MIB);
	check_at(&schedule, 2 * NSEC_PER_SEC - 1, 0, 3 * MIB);
	check_at(&schedule, 3 * NSEC_PER_SEC, 0, 8 * MIB);
	check_at(&schedule, UINT64_MAX, 0, MIB);
	assert_int_equal(schedule_at(&schedule, 3 * NSEC_PER_SEC).next_ns, 5 * NSEC_PER_SEC);
}

/*
 * Any schedule: its levels lie between its bounds, and whoever sleeps until next_ns misses no page.
 */
static void test_next(void **state)
{
	struct schedule_point points[8];
	uint64_t seed = 7;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		points[i] = (struct schedule_point){(i + 1) * NSEC_PER_SEC,
						    random_below(&seed, UINT64_C(1) << 40)};
	for (int i = 0; i < 100000; i++) {
		uint64_t size = 1 + (random_next(&seed) >> (18 + random_below(&seed, 40)));
		struct schedule schedule = {
			.kind = (enum schedule_kind)random_below(&seed, SCHEDULE_REPLAY + 1),
			.rate_bytes = 1 + (random_next(&seed) >> random_below(&seed, 64)),
			.size_bytes = size,
			.low_bytes = random_below(&seed, size + 1),
			.burst_bytes = size,
			.period_ns = 1 + random_below(&seed, 3600 * NSEC_PER_SEC),
			.n_steps = 1 + random_below(&seed, 20),
			.points = points,
			.n_points = ARRAY_SIZE(points),
		};
		uint64_t now = random_below(&seed, 20000 * NSEC_PER_SEC);
		struct schedule_level level = schedule_at(&schedule, now), later;
		uint64_t until = MIN(level.next_ns, now + 40000 * NSEC_PER_SEC);

		assert_true(level.bytes <= size);
		if (level.next_ns <= now)
			fail_msg("kind %d: next %ju is not after %ju", (int)schedule.kind,
				 (uintmax_t)level.next_ns, (uintmax_t)now);
		later = schedule_at(&schedule, now + random_below(&seed, until - now));
		assert_true(later.round == level.round);
		if (later.bytes >= level.bytes + CONTENT_PAGE_BYTES ||
		    later.bytes + CONTENT_PAGE_BYTES <= level.bytes)
			fail_msg("kind %d: %ju became %ju before its time", (int)schedule.kind,
				 (uintmax_t)level.bytes, (uintmax_t)later.bytes);
		/* Rising ones are not told to look again for nothing. */
		if (schedule.kind <= SCHEDULE_LEAK && level.next_ns != UINT64_MAX) {
			later = schedule_at(&schedule, level.next_ns);
			assert_true(later.round > level.round ||
				    later.bytes / CONTENT_PAGE_BYTES >
					    level.bytes / CONTENT_PAGE_BYTES ||
				    later.bytes == size);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steady),	      cmocka_unit_test(test_burst),
		cmocka_unit_test(test_unlimited),     cmocka_unit_test(test_due),
		cmocka_unit_test(test_inverse),	      cmocka_unit_test(test_ramp),
		cmocka_unit_test(test_hold_and_leak), cmocka_unit_test(test_step),
		cmocka_unit_test(test_sine),	      cmocka_unit_test(test_sawtooth),
		cmocka_unit_test(test_replay),	      cmocka_unit_test(test_next),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
