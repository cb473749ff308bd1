/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evict: whether clean files of one group on one node can be taken through lru_gen, which takes
 * them from no other node, and from which generations. Pure.
 *
 * What stands in lru_gen under a group's path may be a removed group's of the same name, and its
 * number another one's: only what has as many pages of each kind there as memory.numa_stat says is
 * taken for the group.
 */
#pragma once

#include "cgroup/lru_gen.h"
#include "cgroup/memory.h"

#include <stdbool.h>

/* Both counts are up to some batches a CPU behind. */
#define EVICT_ERROR_PAGES UINT64_C(512)

struct evict_sample {
	uint64_t page_size;
	uint64_t wanted_bytes;
	struct lru_generations generations; /* as lru_gen has them */
	struct memory_node_share here;	    /* the group's memory on that node, as it says */
};

enum evict_reason {
	EVICT_OFF,     /* balance.lru_gen */
	EVICT_NOTHING, /* not a page is wanted */
	EVICT_YOUNG,   /* the kernel keeps the two youngest generations, and there are no others */
	EVICT_NOT_THE_GROUP, /* or it can't be told */
	EVICT_LITTLE_OLD,    /* what is old enough has less than half of what is wanted */
	EVICT_TAKE,
	EVICT_REASONS,
};

const char *evict_reason_name(enum evict_reason reason); /* "little-old" */

struct evict_plan {
	enum evict_reason reason;
	uint64_t generation; /* EVICT_TAKE: it and those before it */
	uint64_t pages;
};

struct evict_plan evict_decide(bool enabled, const struct evict_sample *sample);

/*
 * All of lru_gen is read for each request, removed groups too, of which there may be thousands: how
 * long it is left alone after so many groups and nodes were read, at some 50 us each. 0: they are
 * few.
 */
#define EVICT_FEW_BLOCKS UINT64_C(1024)
uint64_t evict_rest_ns(uint64_t blocks);
