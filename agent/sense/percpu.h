/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Freed memory that does not count as free yet. A page that is freed goes to the list of the CPU
 * that freed it (struct per_cpu_pages), where it is neither in use nor in nr_free_pages, nor seen
 * by the watermarks; from 6.7 on such a list may grow to an eighth of the zone, and is given back
 * over seconds. Who looks at free memory alone finds nothing changed after reclaim, takes the same
 * again, and believes that somebody used it all up.
 *
 * Pages that are held and pages that are free add up to the same until lists grow or shrink, so
 * what is missing from the sum since the last look went there. Other things can be missing from it
 * too (drivers, huge page pools), hence the bounds: never more than was taken lately, and forgotten
 * as fast as the kernel gives lists back. Pure.
 */
#pragma once

#include "numa/counters.h"

#include <stdint.h>

/* The kernel shrinks lists once a second (vm.stat_interval), by an eighth or more. */
#define PERCPU_FORGET_NS (2 * UINT64_C(1000000000))

/* All zero at the start. */
struct percpu {
	uint64_t seen_ns;
	uint64_t sum_pages;   /* held and free at the last look */
	uint64_t bytes;	      /* in lists, as far as can be told */
	uint64_t taken_bytes; /* lately: no more than this can be there because of us */
};

/* Pages that have an owner: on LRU lists, slab, page tables, stacks, compressed swap. */
uint64_t percpu_held_pages(const struct node_counters *counters);

/* taken_bytes: reclaimed by us on the node since the last call. */
void percpu_learn(struct percpu *percpu, uint64_t now_ns, const struct node_counters *counters,
		  uint64_t page_size, uint64_t taken_bytes);
