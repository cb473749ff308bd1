/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/setpoint.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"
#include "stress/pattern/schedule.h"

/* Pressure: steps in permyriad of max_bytes a second. */
#define STEP_FIRST 2000
#define STEP_MIN   8
#define STEP_MAX   4000
/* Steps on one side after which the step is too small. */
#define SAME_SIDE_LONG 8

static uint64_t distance(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

bool setpoint_is_near(const struct setpoint *setpoint, uint64_t value, uint64_t permyriad)
{
	return distance(setpoint->target, value) <= share(setpoint->target, permyriad);
}

static uint64_t fastest_growth(const struct setpoint *setpoint, uint64_t step_ns)
{
	return setpoint->rate_bytes == SCHEDULE_UNLIMITED
		       ? UINT64_MAX
		       : scale(setpoint->rate_bytes, step_ns, NSEC_PER_SEC);
}

static uint64_t move(const struct setpoint *setpoint, uint64_t level, uint64_t bytes, bool grow,
		     uint64_t step_ns)
{
	if (grow)
		level = plus(level, MIN(bytes, fastest_growth(setpoint, step_ns)));
	else
		level -= MIN(bytes, level);
	return CLAMP(level, setpoint->min_bytes, setpoint->max_bytes);
}

static uint64_t step_bytes_signal(const struct setpoint *setpoint, uint64_t level, uint64_t value,
				  uint64_t step_ns)
{
	bool grow = (value < setpoint->target) != (setpoint->signal == SETPOINT_FREE);
	uint64_t error = distance(setpoint->target, value);

	if (setpoint_is_near(setpoint, value, SETPOINT_DEAD_BAND))
		error = 0;
	return move(setpoint, level, share(error, SETPOINT_GAIN), grow, step_ns);
}

/* The step's size from how it went so far. */
static void adapt_step(struct setpoint *setpoint, int side, bool far)
{
	if (setpoint->step_permyriad == 0)
		setpoint->step_permyriad = STEP_FIRST;
	if (side == setpoint->side) {
		if (far && ++setpoint->same_side >= SAME_SIDE_LONG) {
			setpoint->step_permyriad =
				MIN(setpoint->step_permyriad * 2, (uint64_t)STEP_MAX);
			setpoint->same_side = 0;
		}
		return;
	}
	if (setpoint->side)
		setpoint->step_permyriad = MAX(setpoint->step_permyriad / 2, (uint64_t)STEP_MIN);
	setpoint->side = side;
	setpoint->same_side = 0;
}

static uint64_t step_pressure(struct setpoint *setpoint, uint64_t level, uint64_t value,
			      uint64_t step_ns)
{
	bool grow = value < setpoint->target;
	uint64_t target = MAX(setpoint->target, UINT64_C(1)), bytes;

	adapt_step(setpoint, grow ? -1 : 1, distance(setpoint->target, value) > target / 2);
	bytes = scale(share(setpoint->max_bytes, setpoint->step_permyriad), step_ns, NSEC_PER_SEC);
	/* In proportion to how far off it is, at most once the target upwards, twice downwards. */
	bytes = scale(bytes, MIN(distance(setpoint->target, value), target * (grow ? 1 : 2)),
		      target);
	return move(setpoint, level, bytes, grow, step_ns);
}

uint64_t setpoint_step(struct setpoint *setpoint, uint64_t level_bytes, uint64_t value,
		       uint64_t step_ns)
{
	if (setpoint->signal == SETPOINT_PRESSURE)
		return step_pressure(setpoint, level_bytes, value, step_ns);
	return step_bytes_signal(setpoint, level_bytes, value, step_ns);
}
