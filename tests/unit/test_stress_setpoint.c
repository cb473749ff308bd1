/* SPDX-License-Identifier: Apache-2.0 */
/* The controller against models of what it controls. */
#include "stress/pattern/setpoint.h"

#include "base/clock.h"
#include "base/random.h"
#include "stress/pattern/schedule.h"
#include "tests/unit/fixture.h"

#define MIB   (UINT64_C(1) << 20)
#define STEPS 3000 /* a minute */

static struct setpoint hold(enum setpoint_signal signal, uint64_t target, uint64_t max_bytes)
{
	return (struct setpoint){.signal = signal,
				 .target = target,
				 .max_bytes = max_bytes,
				 .rate_bytes = SCHEDULE_UNLIMITED};
}

/* A group with base bytes beside the load's, of which somebody takes so many out every step. */
struct plant {
	uint64_t base, taken_each_step, taken;
	uint64_t late; /* the level as the signal shows it: a step ago */
};

static uint64_t plant_value(struct plant *plant, uint64_t level)
{
	uint64_t there;

	plant->taken += plant->taken_each_step;
	there = plant->late > plant->taken ? plant->late - plant->taken : 0;
	plant->late = level;
	return plant->base + there;
}

/* Steps of the last so many that were within permyriad of the target. */
static unsigned int steps_near(struct setpoint *setpoint, struct plant *plant, uint64_t permyriad)
{
	uint64_t level = 0;
	unsigned int near = 0;

	for (int step = 0; step < STEPS; step++) {
		uint64_t value = plant_value(plant, level);

		near += setpoint_is_near(setpoint, value, permyriad);
		level = setpoint_step(setpoint, level, value, SETPOINT_STEP_NS);
		assert_in_range(level, setpoint->min_bytes, setpoint->max_bytes);
	}
	return near;
}

static void test_current(void **state)
{
	struct setpoint setpoint = hold(SETPOINT_CURRENT, 800 * MIB, 4096 * MIB);
	struct plant plant = {.base = 30 * MIB};

	(void)state;
	/* All but the way there. */
	assert_true(steps_near(&setpoint, &plant, 50) >= STEPS - 15);
}

/* 100 MiB/s are reclaimed the whole time. */
static void test_under_reclaim(void **state)
{
	struct setpoint setpoint = hold(SETPOINT_CURRENT, 800 * MIB, 16384 * MIB);
	struct plant plant = {.base = 30 * MIB, .taken_each_step = 2 * MIB};

	(void)state;
	assert_true(steps_near(&setpoint, &plant, 200) >= STEPS * 98 / 100);
}

/* Reclaimed in large pieces, a second apart: back before the next one. */
static void test_sudden(void **state)
{
	struct setpoint setpoint = hold(SETPOINT_RESIDENT, 512 * MIB, 65536 * MIB);
	struct plant plant = {0};
	uint64_t level = 0;
	unsigned int near = 0;

	(void)state;
	for (int step = 0; step < STEPS; step++) {
		uint64_t value;

		if (step % 50 == 49)
			plant.taken += 64 * MIB;
		value = plant_value(&plant, level);
		near += setpoint_is_near(&setpoint, value, 200);
		level = setpoint_step(&setpoint, level, value, SETPOINT_STEP_NS);
	}
	assert_true(near >= STEPS * 85 / 100);
}

static void test_free_memory(void **state)
{
	struct setpoint setpoint = hold(SETPOINT_FREE, 200 * MIB, 2048 * MIB);
	uint64_t level = 0, value = 0;

	(void)state;
	for (int step = 0; step < 100; step++) {
		value = 1024 * MIB - level;
		level = setpoint_step(&setpoint, level, value, SETPOINT_STEP_NS);
	}
	assert_true(setpoint_is_near(&setpoint, value, 50));
	/* Somebody else takes 100 MiB: it gives back. */
	for (int step = 0; step < 100; step++) {
		value = 924 * MIB - level;
		level = setpoint_step(&setpoint, level, value, SETPOINT_STEP_NS);
	}
	assert_true(setpoint_is_near(&setpoint, value, 50));
	/* What can't be had is not asked for below nothing. */
	for (int step = 0; step < 100; step++)
		level = setpoint_step(&setpoint, level, 10 * MIB, SETPOINT_STEP_NS);
	assert_int_equal(level, 0);
}

static void test_rate(void **state)
{
	struct setpoint setpoint = hold(SETPOINT_CURRENT, 800 * MIB, 4096 * MIB);
	uint64_t level = 0;

	(void)state;
	setpoint.rate_bytes = 50 * MIB;
	for (int step = 0; step < 50; step++)
		level = setpoint_step(&setpoint, level, level, SETPOINT_STEP_NS);
	assert_in_range(level, 49 * MIB, 50 * MIB);
	/* Down at once. */
	level = setpoint_step(&setpoint, 4096 * MIB, 4096 * MIB, SETPOINT_STEP_NS);
	assert_in_range(level, 2400 * MIB, 2500 * MIB);
}

/*
 * No pressure up to a knee, then ever more, up to all the time at 10 % above it; shown a step late
 * and with noise. The mean over the last minutes is what was asked for.
 */
static void check_pressure(uint64_t target, uint64_t knee)
{
	struct setpoint setpoint = hold(SETPOINT_PRESSURE, target, 1024 * MIB);
	uint64_t level = 0, shown = 0, sum = 0, seed = 5, over = 0;
	const int steps = 600, counted = 300;

	for (int step = 0; step < steps; step++) {
		uint64_t excess = level > knee ? level - knee : 0;
		uint64_t pressure = MIN(excess * 100000 / knee, UINT64_C(10000));

		level = setpoint_step(&setpoint, level, shown, SETPOINT_PRESSURE_STEP_NS);
		shown = MIN(pressure * (80 + random_below(&seed, 41)) / 100, UINT64_C(10000));
		if (step >= steps - counted) {
			sum += pressure;
			over += pressure > 3 * target;
		}
	}
	sum /= (uint64_t)counted;
	if (sum < target * 70 / 100 || sum > target * 130 / 100)
		fail_msg("pressure %ju instead of %ju", (uintmax_t)sum, (uintmax_t)target);
	if (over >= 15)
		fail_msg("%ju of %d steps far above %ju", (uintmax_t)over, counted,
			 (uintmax_t)target);
}

static void test_pressure(void **state)
{
	(void)state;
	check_pressure(500, 600 * MIB);
	check_pressure(2000, 600 * MIB);
	check_pressure(1000, 100 * MIB);
	check_pressure(3000, 900 * MIB);
}

static void test_extremes(void **state)
{
	struct setpoint setpoint = hold(SETPOINT_PRESSURE, 0, UINT64_MAX);

	(void)state;
	assert_int_equal(setpoint_step(&setpoint, 5, UINT64_MAX, UINT64_MAX), 0);
	setpoint = hold(SETPOINT_CURRENT, UINT64_MAX, UINT64_MAX);
	assert_true(setpoint_step(&setpoint, UINT64_MAX - 1, 0, UINT64_MAX) == UINT64_MAX);
	setpoint.min_bytes = 5 * MIB;
	setpoint.target = 0;
	assert_true(setpoint_step(&setpoint, 6 * MIB, UINT64_MAX, SETPOINT_STEP_NS) == 5 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_current),	 cmocka_unit_test(test_under_reclaim),
		cmocka_unit_test(test_sudden),	 cmocka_unit_test(test_free_memory),
		cmocka_unit_test(test_rate),	 cmocka_unit_test(test_pressure),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
