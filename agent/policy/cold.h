/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cold: how closely DAMON has to look to tell what was not touched for so long, and what of a
 * process's addresses that leaves. Pure.
 *
 * DAMON samples one page of each region, and counts in how many samples of an aggregation it was
 * touched. A region's age is the number of aggregations since that count last changed
 * (Documentation/mm/damon/design.rst).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What of its watching depends on the age that counts as cold. */
struct cold_pace {
	uint64_t sample_us;
	uint64_t aggregation_us; /* of 20 samples */
	uint64_t age;		 /* untouched for so many aggregations */
};

/* An aggregation is a fifth of the age, but half a second at least and 5 seconds at most. */
struct cold_pace cold_pace_of(uint64_t cold_age_ns);

/*
 * The largest region whose age is believed. What of a region was touched is told by 20 samples an
 * aggregation: a part of a twentieth that is in use is seen in nearly every one of 100 samples,
 * less of it may be missed. A process whose memory lies close together has a hundred regions at
 * least; one that has mapped much more than it uses has larger ones, and they are not believed.
 */
uint64_t cold_region_max_bytes(uint64_t resident_bytes);

/* How long a process has to be watched until something of it can be as old as that. */
uint64_t cold_pace_known_ns(const struct cold_pace *pace);

struct cold_range {
	uint64_t start, end; /* addresses */
};

/* As many as there can be regions, all of them cold. */
#define COLD_RANGES_MAX 400

/* In the order of their addresses, none of which is in two. All zero: none. */
struct cold_ranges {
	size_t n;
	struct cold_range ranges[COLD_RANGES_MAX];
};

/* In any order; what touches another one becomes one with it. False: no room, or no range. */
bool cold_ranges_add(struct cold_ranges *ranges, struct cold_range range);

/* The first addresses of them from start on and below end. False: there are none. */
bool cold_ranges_find(const struct cold_ranges *ranges, uint64_t start, uint64_t end,
		      struct cold_range *ret);
