/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log-linear histogram of durations, as HdrHistogram's: each power of two is cut into 64 equal
 * buckets, so a value read back is at most 1/64 (1.6 %) above the recorded one; below 64 it is
 * exact. One addition a record, no allocation; two histograms add up bucket by bucket. A zeroed
 * struct is empty. One writer; others may read it at any time, and see it a record or so apart.
 */
#pragma once

#include "stress/measure/slow.h"

#include <stddef.h>
#include <stdint.h>

#define HISTOGRAM_SUB_BITS 6
#define HISTOGRAM_BUCKETS  ((64 - HISTOGRAM_SUB_BITS + 1) << HISTOGRAM_SUB_BITS)

struct histogram {
	uint64_t count;
	uint64_t total_ns; /* sum of what was recorded */
	uint64_t max_ns;   /* exact */
	/* Who asks at once why a record was slow; NULL: nobody. */
	struct slow_touches *slow;
	uint64_t buckets[HISTOGRAM_BUCKETS];
};

/* The bucket of a value. The first bucket of each power of two 2^e, e >= 6, is (e - 5) * 64. */
static inline size_t histogram_index(uint64_t value)
{
	const unsigned int sub = UINT32_C(1) << HISTOGRAM_SUB_BITS;
	unsigned int shift;

	if (value < sub)
		return value;
	shift = 63U - (unsigned int)__builtin_clzll(value) - HISTOGRAM_SUB_BITS;
	return ((size_t)(shift + 1) << HISTOGRAM_SUB_BITS) + (size_t)(value >> shift) - sub;
}

static inline void histogram_record(struct histogram *histogram, uint64_t ns)
{
	histogram->count++;
	histogram->total_ns += ns;
	if (ns > histogram->max_ns)
		histogram->max_ns = ns;
	histogram->buckets[histogram_index(ns)]++;
	if (__builtin_expect(histogram->slow && ns > histogram->slow->above_ns, 0))
		slow_note(histogram->slow, ns);
}

void histogram_add(struct histogram *to, const struct histogram *from);

/*
 * The smallest value that at least permyriad/10000 of the records do not exceed, rounded up to the
 * end of its bucket (never above max_ns). 0 when empty.
 */
uint64_t histogram_percentile_ns(const struct histogram *histogram, uint32_t permyriad);

/* Records in buckets that lie wholly above ns. */
uint64_t histogram_count_above(const struct histogram *histogram, uint64_t ns);

uint64_t histogram_mean_ns(const struct histogram *histogram);

/* Largest value that falls into the bucket. */
uint64_t histogram_bucket_end(size_t index);

/* What was recorded between two readings. */
struct latency {
	uint64_t count;
	uint64_t p50_ns, p99_ns, p99_9_ns; /* 0 when there was nothing, as below */
	uint64_t max_ns;		   /* the end of its bucket: at most 1/64 too high */
};

/* For reading a histogram that somebody else writes, again and again. Zeroed at first. */
struct histogram_reader {
	uint64_t before[HISTOGRAM_BUCKETS];   /* at the last reading */
	uint64_t interval[HISTOGRAM_BUCKETS]; /* what came since */
};
void histogram_read_interval(struct histogram_reader *reader, const struct histogram *live,
			     struct latency *ret);
