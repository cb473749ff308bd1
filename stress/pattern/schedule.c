/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/schedule.h"

#include "base/cleanup.h"
#include "base/clock.h"

/* rate * ns, at most limit. */
static uint64_t bytes_after(uint64_t rate_bytes, uint64_t ns, uint64_t limit)
{
	unsigned __int128 bytes;

	if (rate_bytes == SCHEDULE_UNLIMITED)
		return limit;
	bytes = (unsigned __int128)rate_bytes * ns / NSEC_PER_SEC;
	return bytes < limit ? (uint64_t)bytes : limit;
}

/* The first ns at which bytes_after gives bytes. */
static uint64_t ns_until(uint64_t rate_bytes, uint64_t bytes)
{
	unsigned __int128 ns;

	if (rate_bytes == SCHEDULE_UNLIMITED || bytes == 0)
		return 0;
	if (rate_bytes == 0)
		return UINT64_MAX;
	ns = ((unsigned __int128)bytes * NSEC_PER_SEC + rate_bytes - 1) / rate_bytes;
	return ns < UINT64_MAX ? (uint64_t)ns : UINT64_MAX;
}

uint64_t schedule_peak_bytes(const struct schedule *schedule)
{
	return schedule->kind == SCHEDULE_BURST ? schedule->burst_bytes : schedule->size_bytes;
}

struct schedule_level schedule_at(const struct schedule *schedule, uint64_t elapsed_ns)
{
	struct schedule_level level = {0};
	uint64_t in_round_ns = elapsed_ns;

	if (schedule->kind == SCHEDULE_BURST) {
		level.round = elapsed_ns / schedule->period_ns;
		in_round_ns = elapsed_ns % schedule->period_ns;
	}
	level.bytes = bytes_after(schedule->rate_bytes, in_round_ns, schedule_peak_bytes(schedule));
	return level;
}

uint64_t schedule_due_ns(const struct schedule *schedule, uint64_t round, uint64_t bytes)
{
	uint64_t ns = bytes <= schedule_peak_bytes(schedule) ? ns_until(schedule->rate_bytes, bytes)
							     : UINT64_MAX;
	uint64_t begin_ns = 0, due_ns;

	if (schedule->kind == SCHEDULE_BURST) {
		if (__builtin_mul_overflow(round, schedule->period_ns, &begin_ns))
			return UINT64_MAX;
		ns = MIN(ns, schedule->period_ns);
	}
	return __builtin_add_overflow(begin_ns, ns, &due_ns) ? UINT64_MAX : due_ns;
}
