/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/schedule.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"
#include "stress/pattern/content.h"

#include <math.h>

/* rate * ns, at most limit. */
static uint64_t bytes_after(uint64_t rate_bytes, uint64_t ns, uint64_t limit)
{
	if (rate_bytes == SCHEDULE_UNLIMITED)
		return limit;
	return MIN(scale(rate_bytes, ns, NSEC_PER_SEC), limit);
}

/* The first ns at which bytes_after gives bytes. */
static uint64_t ns_until(uint64_t rate_bytes, uint64_t bytes)
{
	if (rate_bytes == SCHEDULE_UNLIMITED || bytes == 0)
		return 0;
	return rate_bytes ? scale_up(bytes, NSEC_PER_SEC, rate_bytes) : UINT64_MAX;
}

/* The end of the page that bytes lie in. */
static uint64_t next_page(uint64_t bytes)
{
	return plus(bytes - bytes % CONTENT_PAGE_BYTES, CONTENT_PAGE_BYTES);
}

/* From low at rate up to high, and stays. */
static struct schedule_level climb(uint64_t rate_bytes, uint64_t low, uint64_t high, uint64_t ns)
{
	struct schedule_level level = {.next_ns = UINT64_MAX};

	level.bytes = low + bytes_after(rate_bytes, ns, high - low);
	if (level.bytes < high)
		level.next_ns = ns_until(rate_bytes, MIN(next_page(level.bytes), high) - low);
	return level;
}

/* From low_bytes evenly to size_bytes within a period, and stays. */
static struct schedule_level slope(const struct schedule *schedule, uint64_t ns)
{
	uint64_t low = schedule->low_bytes, span = schedule->size_bytes - low;
	struct schedule_level level = {.bytes = schedule->size_bytes, .next_ns = UINT64_MAX};

	if (ns >= schedule->period_ns || span == 0)
		return level;
	level.bytes = low + scale(span, ns, schedule->period_ns);
	level.next_ns =
		scale_up(MIN(next_page(level.bytes) - low, span), schedule->period_ns, span);
	return level;
}

static struct schedule_level stairs(const struct schedule *schedule, uint64_t ns)
{
	uint64_t span = schedule->size_bytes - schedule->low_bytes, n = schedule->n_steps;
	uint64_t taken = MIN(ns / schedule->period_ns, n);
	uint64_t begin_ns = taken * schedule->period_ns;
	struct schedule_level level;

	if (taken == 0)
		return (struct schedule_level){.bytes = schedule->low_bytes,
					       .next_ns = schedule->period_ns};
	level = climb(schedule->rate_bytes, schedule->low_bytes + scale(span, taken - 1, n),
		      schedule->low_bytes + scale(span, taken, n), ns - begin_ns);
	level.next_ns = plus(begin_ns, level.next_ns);
	if (taken < n)
		level.next_ns = MIN(level.next_ns, begin_ns + schedule->period_ns);
	return level;
}

static struct schedule_level wave(const struct schedule *schedule, uint64_t ns)
{
	const double full_turn = 2 * M_PI;
	uint64_t span = schedule->size_bytes - schedule->low_bytes;
	double turn = (double)(ns % schedule->period_ns) / (double)schedule->period_ns;
	double share = (1 - cos(full_turn * turn)) / 2;
	/* At the steepest, pi * span / period, a page takes page_ns / pi. */
	uint64_t page_ns = span ? scale(schedule->period_ns, CONTENT_PAGE_BYTES, span) : UINT64_MAX;

	return (struct schedule_level){
		.bytes = schedule->low_bytes + MIN((uint64_t)((double)span * share), span),
		.next_ns = plus(ns, MAX(page_ns / 7, UINT64_C(1))),
	};
}

static struct schedule_level replay(const struct schedule *schedule, uint64_t ns)
{
	size_t low = 0, high = schedule->n_points;

	/* The number of points that have come. */
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (schedule->points[middle].at_ns <= ns)
			low = middle + 1;
		else
			high = middle;
	}
	return (struct schedule_level){
		.bytes = low ? MIN(schedule->points[low - 1].bytes, schedule->size_bytes) : 0,
		.next_ns = low < schedule->n_points ? schedule->points[low].at_ns : UINT64_MAX,
	};
}

/* ns counts from the beginning of the round. */
static struct schedule_level level_in_round(const struct schedule *schedule, uint64_t ns)
{
	switch (schedule->kind) {
	case SCHEDULE_STEADY:
	case SCHEDULE_BURST:
		return climb(schedule->rate_bytes, 0, schedule_peak_bytes(schedule), ns);
	case SCHEDULE_HOLD:
		break;
	case SCHEDULE_LEAK:
		return climb(schedule->rate_bytes, schedule->low_bytes, schedule->size_bytes, ns);
	case SCHEDULE_RAMP:
	case SCHEDULE_SAWTOOTH:
		return slope(schedule, ns);
	case SCHEDULE_STEP:
		return stairs(schedule, ns);
	case SCHEDULE_SINE:
		return wave(schedule, ns);
	case SCHEDULE_REPLAY:
		return replay(schedule, ns);
	}
	return (struct schedule_level){.bytes = schedule->size_bytes, .next_ns = UINT64_MAX};
}

static bool has_rounds(const struct schedule *schedule)
{
	return schedule->kind == SCHEDULE_BURST || schedule->kind == SCHEDULE_SAWTOOTH;
}

uint64_t schedule_peak_bytes(const struct schedule *schedule)
{
	return schedule->kind == SCHEDULE_BURST ? schedule->burst_bytes : schedule->size_bytes;
}

uint64_t schedule_bottom_bytes(const struct schedule *schedule)
{
	return schedule->kind == SCHEDULE_BURST ? 0 : schedule->low_bytes;
}

struct schedule_level schedule_at(const struct schedule *schedule, uint64_t elapsed_ns)
{
	struct schedule_level level;
	uint64_t begin_ns, round;

	if (!has_rounds(schedule))
		return level_in_round(schedule, elapsed_ns);
	round = elapsed_ns / schedule->period_ns;
	begin_ns = round * schedule->period_ns;
	level = level_in_round(schedule, elapsed_ns - begin_ns);
	level.round = round;
	level.next_ns = MIN(plus(begin_ns, level.next_ns), plus(begin_ns, schedule->period_ns));
	return level;
}

uint64_t schedule_due_ns(const struct schedule *schedule, uint64_t round, uint64_t bytes)
{
	uint64_t ns = bytes <= schedule_peak_bytes(schedule) ? ns_until(schedule->rate_bytes, bytes)
							     : UINT64_MAX;
	uint64_t begin_ns = 0;

	if (schedule->kind == SCHEDULE_BURST) {
		if (__builtin_mul_overflow(round, schedule->period_ns, &begin_ns))
			return UINT64_MAX;
		ns = MIN(ns, schedule->period_ns);
	}
	return plus(begin_ns, ns);
}
