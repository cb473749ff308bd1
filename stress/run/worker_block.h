/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker tells the supervisor: memory shared by both, written by the worker only. Counters
 * and histograms can be read at any time, the rest once state says so.
 */
#pragma once

#include "stress/measure/histogram.h"
#include "stress/pattern/content.h"

#include <stdatomic.h>
#include <stdint.h>

enum worker_state {
	WORKER_NEW,   /* not born, or not placed yet */
	WORKER_READY, /* waits for the start */
	WORKER_RUNNING,
	WORKER_MEASURED, /* its measured phase is over; waits for the order to verify */
	WORKER_VERIFYING,
	WORKER_DONE,
	WORKER_FAILED, /* why and error say what */
	WORKER_GONE,   /* never stored: what a process that ended has reached */
};

/* The first wrong byte found. */
struct worker_bad_page {
	uint64_t page;
	uint32_t generation; /* how often the page had been written */
	struct content_error error;
	uint64_t found_ns; /* monotonic */
	uint64_t right_ns; /* when it was last found right; 0: this was the first look */
};

struct worker_block {
	_Atomic uint32_t state;
	/* Set by the supervisor when the load's files were made: not charged to the group. */
	uint64_t cached_at_start_pages;
	/* Live figures. */
	_Atomic uint64_t operations;	 /* touches and reads */
	_Atomic uint64_t bytes;		 /* a touch counts as a page */
	_Atomic uint64_t resident_pages; /* touched and not released */
	_Atomic uint64_t passes;	 /* over a whole set */
	_Atomic uint64_t rounds;	 /* bursts begun */
	_Atomic uint64_t verified_pages;
	_Atomic uint64_t checks, checked_pages; /* verified in the measured phase */
	_Atomic uint64_t looks, looks_near;	/* at a set point's signal, and within 2 % of it */
	/* Complete once state >= WORKER_MEASURED. */
	uint64_t started_ns, ended_ns; /* of the measured phase, monotonic */
	uint64_t cpu_ns;	       /* of the measured phase */
	uint64_t minor_faults, major_faults;
	uint64_t voluntary_switches, involuntary_switches;
	uint64_t debt_bytes;	 /* behind the schedule at the end */
	uint64_t debt_max_bytes; /* and at worst */
	uint64_t lost_bytes;	 /* given up: bursts cut short by the next */
	uint64_t floor_waits;	 /* times growth was refused because of the floor */
	struct histogram first;	 /* first touches: faults of new memory, first reads */
	struct histogram reuse;	 /* touches of what was there before */
	struct slow_touches first_slow, reuse_slow; /* those above the load's slow_ns, by cause */
	struct fault_counts last_faults;	    /* what both count from */
	/* Complete once state >= WORKER_DONE. */
	uint64_t bad_pages;
	uint64_t skipped_pages; /* not among the sample, or released before they could be checked */
	uint64_t verify_ns;
	struct worker_bad_page first_bad;
	int error;     /* -errno of a failure */
	char why[128]; /* what failed */
};

static inline void block_add(_Atomic uint64_t *counter, uint64_t n)
{
	/* One writer: no need for a locked addition. */
	atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static inline void block_set(_Atomic uint64_t *counter, uint64_t value)
{
	atomic_store_explicit(counter, value, memory_order_relaxed);
}

static inline uint64_t block_get(const _Atomic uint64_t *counter)
{
	return atomic_load_explicit((_Atomic uint64_t *)counter, memory_order_relaxed);
}
