/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/cold.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"

#include <string.h>

#define AGGREGATIONS	    5
#define AGGREGATION_MIN_US  (USEC_PER_SEC / 2)
#define AGGREGATION_MAX_US  (5 * USEC_PER_SEC)
#define AGGREGATION_SAMPLES 20
#define REGION_SHARE	    16

struct cold_pace cold_pace_of(uint64_t cold_age_ns)
{
	uint64_t age_us = cold_age_ns / NSEC_PER_USEC;
	uint64_t aggregation_us =
		CLAMP(age_us / AGGREGATIONS, AGGREGATION_MIN_US, AGGREGATION_MAX_US);

	return (struct cold_pace){
		.sample_us = aggregation_us / AGGREGATION_SAMPLES,
		.aggregation_us = aggregation_us,
		.age = MAX(scale_up(age_us, 1, aggregation_us), UINT64_C(1)),
	};
}

uint64_t cold_region_max_bytes(uint64_t resident_bytes)
{
	return resident_bytes / REGION_SHARE;
}

uint64_t cold_pace_known_ns(const struct cold_pace *pace)
{
	/* The first aggregation's count is a change from none. */
	return scale(pace->age + 1, pace->aggregation_us * NSEC_PER_USEC, 1);
}

bool cold_ranges_add(struct cold_ranges *r, struct cold_range add)
{
	size_t first = 0, last;

	if (add.start >= add.end)
		return false;
	while (first < r->n && r->ranges[first].end < add.start)
		first++;
	/* Those from first to before last become one with it. */
	for (last = first; last < r->n && r->ranges[last].start <= add.end; last++) {
		add.start = MIN(add.start, r->ranges[last].start);
		add.end = MAX(add.end, r->ranges[last].end);
	}
	if (first == last && r->n == COLD_RANGES_MAX)
		return false;
	memmove(&r->ranges[first + 1], &r->ranges[last], (r->n - last) * sizeof(*r->ranges));
	r->n += 1 - (last - first);
	r->ranges[first] = add;
	return true;
}

bool cold_ranges_find(const struct cold_ranges *r, uint64_t start, uint64_t end,
		      struct cold_range *ret)
{
	size_t i = 0;

	while (i < r->n && r->ranges[i].end <= start)
		i++;
	if (i == r->n || start >= end || r->ranges[i].start >= end)
		return false;
	*ret = (struct cold_range){
		.start = MAX(start, r->ranges[i].start),
		.end = MIN(end, r->ranges[i].end),
	};
	return true;
}
