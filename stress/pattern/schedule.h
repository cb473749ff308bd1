/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time -> how much memory is to be had. Pure: elapsed time in, level out, so that a schedule can be
 * drawn and tested without waiting.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SCHEDULE_UNLIMITED UINT64_MAX

enum schedule_kind {
	SCHEDULE_STEADY, /* up to size_bytes at rate */
	SCHEDULE_BURST,	 /* every period from nothing up to burst_bytes at rate, then freed */
};

struct schedule {
	enum schedule_kind kind;
	uint64_t rate_bytes;		 /* per second; SCHEDULE_UNLIMITED: at once */
	uint64_t size_bytes;		 /* steady: where it ends; SCHEDULE_UNLIMITED: never */
	uint64_t burst_bytes, period_ns; /* burst */
};

struct schedule_level {
	uint64_t round; /* bursts begun before this one; 0 for steady */
	uint64_t bytes; /* allowed since the round began */
};

struct schedule_level schedule_at(const struct schedule *schedule, uint64_t elapsed_ns);

/*
 * Elapsed time at which round allows bytes for the first time: the inverse of schedule_at. bytes
 * beyond what the round allows: the beginning of the next round, UINT64_MAX when there is none.
 */
uint64_t schedule_due_ns(const struct schedule *schedule, uint64_t round, uint64_t bytes);

/* The most memory it ever has at once; SCHEDULE_UNLIMITED: no bound. */
uint64_t schedule_peak_bytes(const struct schedule *schedule);
