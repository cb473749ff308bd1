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

/* The end of the bucket that holds the permyriad's record of count. */
static uint64_t percentile(const uint64_t *buckets, uint64_t count, uint32_t permyriad)
{
	unsigned __int128 scaled = (unsigned __int128)count * permyriad;
	uint64_t rank = MAX((uint64_t)((scaled + 9999) / 10000), UINT64_C(1));
	uint64_t seen = 0;

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		seen += buckets[i];
		if (seen >= rank)
			return histogram_bucket_end(i);
	}
	return UINT64_MAX;
}

uint64_t histogram_percentile_ns(const struct histogram *histogram, uint32_t permyriad)
{
	if (histogram->count == 0)
		return 0;
	return MIN(percentile(histogram->buckets, histogram->count, permyriad), histogram->max_ns);
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

void histogram_read_interval(struct histogram_reader *reader, const struct histogram *live,
			     struct latency *ret)
{
	struct latency latency = {0};

	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
		uint64_t now = __atomic_load_n(&live->buckets[i], __ATOMIC_RELAXED);

		reader->interval[i] = now - reader->before[i];
		reader->before[i] = now;
		latency.count += reader->interval[i];
		if (reader->interval[i])
			latency.max_ns = histogram_bucket_end(i);
	}
	if (latency.count) {
		latency.p50_ns = percentile(reader->interval, latency.count, 5000);
		latency.p99_ns = percentile(reader->interval, latency.count, 9900);
		latency.p99_9_ns = percentile(reader->interval, latency.count, 9990);
	}
	*ret = latency;
}
