/* SPDX-License-Identifier: Apache-2.0 */
/* Regions of any addresses, in any order: what is kept is in order, and none of it in two ranges.
 */
#include "agent/policy/cold.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct cold_ranges *r)
{
	struct cold_range found;
	uint64_t at = 0;
	size_t n = 0;

	for (size_t i = 0; i < r->n; i++)
		if (r->ranges[i].start >= r->ranges[i].end ||
		    (i > 0 && r->ranges[i].start <= r->ranges[i - 1].end))
			abort();
	for (; cold_ranges_find(r, at, UINT64_MAX, &found); at = found.end)
		n++;
	if (n != r->n)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct cold_ranges ranges = {0};
	struct cold_range range;

	for (; size >= sizeof(range); data += sizeof(range), size -= sizeof(range)) {
		size_t before = ranges.n;

		memcpy(&range, data, sizeof(range));
		if (!cold_ranges_add(&ranges, range) && ranges.n != before)
			abort();
	}
	check(&ranges);
	return 0;
}
