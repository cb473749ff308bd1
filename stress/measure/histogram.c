/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/histogram.h"

#include "base/cleanup.h"

void histogram_add(struct histogram *to, const struct histogram *from)
{
	to->count += from->count;
	to->total_ns += from->total_ns;
	to->max_ns = MAX(to->max_ns, from->max_ns);
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		to->buckets[i] += from->buckets[i];
}

uint64_t histogram_bucket_end(size_t index)
{
	const size_t sub = (size_t)1 << HISTOGRAM_SUB_BITS;
	size_t shift;

	if (index < sub)
		return index;
	shift = (index >> HISTOGRAM_SUB_BITS) - 1;
	return (((uint64_t)(index % sub + sub) << shift) + ((UINT64_C(1) << shift) - 1));
}

uint64_t histogram_percentile_ns(const struct histogram *histogram, uint32_t permyriad)
{
	unsigned __int128 scaled = (unsigned __int128)histogram->count * permyriad;
	uint64_t rank = (uint64_t)((scaled + 9999) / 10000);
	uint64_t seen = 0;

	if (histogram->count == 0)
		return 0;
	rank = MAX(rank, UINT64_C(1));
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += histogram->buckets[i];
		if (seen >= rank)
			return MIN(histogram_bucket_end(i), histogram->max_ns);
	}
	return histogram->max_ns;
}

uint64_t histogram_count_above(const struct histogram *histogram, uint64_t ns)
{
	uint64_t count = 0;

	for (size_t i = histogram_index(ns) + 1; i < HISTOGRAM_BUCKETS; i++)
		count += histogram->buckets[i];
	return count;
}

uint64_t histogram_mean_ns(const struct histogram *histogram)
{
	return histogram->count ? histogram->total_ns / histogram->count : 0;
}
