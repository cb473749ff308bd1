/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Time -> how much memory is to be had. Pure: elapsed time in, level out, so that a schedule can be
 * drawn and tested without waiting. A level may fall: what is above it is to be given back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SCHEDULE_UNLIMITED UINT64_MAX

enum schedule_kind {
	SCHEDULE_STEADY,   /* up to size_bytes at rate, and stays */
	SCHEDULE_BURST,	   /* every period from nothing up to burst_bytes at rate, then freed */
	SCHEDULE_HOLD,	   /* size_bytes at once, and stays */
	SCHEDULE_LEAK,	   /* low_bytes at once, then on to size_bytes at rate */
	SCHEDULE_RAMP,	   /* from low_bytes evenly to size_bytes within period, and stays */
	SCHEDULE_STEP,	   /* the same in n_steps equal steps, one at the end of each period, taken
			      at rate */
	SCHEDULE_SINE,	   /* from low_bytes to size_bytes and back, once a period */
	SCHEDULE_SAWTOOTH, /* every period evenly from low_bytes to size_bytes, then back at once */
	SCHEDULE_REPLAY,   /* the levels of a recording, at most size_bytes */
};

/* A recording: from at_ns on there are bytes, until the next point. Times rise. */
struct schedule_point {
	uint64_t at_ns, bytes;
};

struct schedule {
	enum schedule_kind kind;
	uint64_t rate_bytes;  /* per second; SCHEDULE_UNLIMITED: at once */
	uint64_t size_bytes;  /* the highest level; SCHEDULE_UNLIMITED (steady): none */
	uint64_t low_bytes;   /* <= size_bytes */
	uint64_t burst_bytes; /* burst: instead of size_bytes */
	uint64_t period_ns;   /* > 0, except steady, hold, leak and replay */
	uint64_t n_steps;     /* step: > 0 */
	const struct schedule_point *points; /* replay; not owned */
	size_t n_points;		     /* > 0 */
};

struct schedule_level {
	/*
	 * Burst, sawtooth: periods that ended before. When it changes, the level was down at its
	 * lowest in between, even if nobody looked then.
	 */
	uint64_t round;
	uint64_t bytes;
	/* The level is no page away from this one before; UINT64_MAX: never again. */
	uint64_t next_ns;
};

struct schedule_level schedule_at(const struct schedule *schedule, uint64_t elapsed_ns);

/*
 * Steady and burst: elapsed time at which round allows bytes for the first time, the inverse of
 * schedule_at. bytes beyond what the round allows: the beginning of the next round, UINT64_MAX when
 * there is none.
 */
uint64_t schedule_due_ns(const struct schedule *schedule, uint64_t round, uint64_t bytes);

/* The most memory it ever has at once; SCHEDULE_UNLIMITED: no bound. */
uint64_t schedule_peak_bytes(const struct schedule *schedule);

/* The level that a new round begins at. */
uint64_t schedule_bottom_bytes(const struct schedule *schedule);
