/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/zones.h"

#include "base/cleanup.h"

#include <stdbool.h>

static uint64_t to_bytes(uint64_t pages, uint64_t page_size)
{
	uint64_t bytes;

	return __builtin_mul_overflow(pages, page_size, &bytes) ? UINT64_MAX : bytes;
}

/* What the zone must keep free of a highest-zone request that may not go below low. */
static uint64_t mark(const struct numa_zones *zones, const struct numa_zone *zone)
{
	return zone->low + zone->reserve[zones->highest];
}

static uint64_t room_pages(const struct numa_zones *zones)
{
	uint64_t room = 0;

	for (size_t i = 0; i < zones->n_zones; i++) {
		const struct numa_zone *zone = &zones->zones[i];

		room += zone->free - MIN(zone->free, mark(zones, zone));
	}
	return room;
}

/*
 * Pages that zones lack up to their mark. Small low zones of large machines keep more in reserve
 * than they have: they never serve such a request, and nothing can fill them up.
 */
static uint64_t missing_pages(const struct numa_zones *zones)
{
	uint64_t missing = 0;

	for (size_t i = 0; i < zones->n_zones; i++) {
		const struct numa_zone *zone = &zones->zones[i];
		uint64_t wanted = mark(zones, zone);

		if (zone->managed > wanted)
			missing += wanted - MIN(zone->free, wanted);
	}
	return missing;
}

static uint64_t free_pages(const struct numa_zones *zones)
{
	uint64_t pages = 0;

	for (size_t i = 0; i < zones->n_zones; i++)
		pages += zones->zones[i].free;
	return pages;
}

uint64_t zones_room_bytes(const struct numa_zones *zones, uint64_t page_size)
{
	return to_bytes(room_pages(zones), page_size);
}

uint64_t zones_room_now_bytes(const struct numa_zones *zones, uint64_t node_free_pages,
			      uint64_t page_size)
{
	uint64_t room = room_pages(zones), then = free_pages(zones);

	if (node_free_pages < then) {
		room -= MIN(room, then - node_free_pages);
	} else {
		uint64_t gained = node_free_pages - then;

		room += gained - MIN(gained, missing_pages(zones));
	}
	return to_bytes(room, page_size);
}

struct zones_sums zones_sum(const struct numa_zones *zones, uint64_t page_size)
{
	struct zones_sums sums = {0};

	for (size_t i = 0; i < zones->n_zones; i++) {
		const struct numa_zone *zone = &zones->zones[i];

		sums.free_bytes += to_bytes(zone->free, page_size);
		sums.min_bytes += to_bytes(zone->min, page_size);
		sums.low_bytes += to_bytes(zone->low, page_size);
		sums.high_bytes += to_bytes(zone->high, page_size);
		sums.managed_bytes += to_bytes(zone->managed, page_size);
	}
	return sums;
}
