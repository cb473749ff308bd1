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

struct evict_plan {
	uint64_t generation; /* it and those before it */
	uint64_t pages;
};

/*
 * here: the group's memory on that node. False: it is not the group, or what is old enough (the
 * kernel keeps the two youngest generations) has less than half of bytes.
 */
bool evict_decide(const struct lru_generations *generations, const struct memory_node_share *here,
		  uint64_t bytes, uint64_t page_size, struct evict_plan *ret);

/*
 * All of lru_gen is read for each request, removed groups too, of which there may be thousands: how
 * long it is left alone after so many groups and nodes were read, at some 50 us each. 0: they are
 * few.
 */
#define EVICT_FEW_BLOCKS UINT64_C(1024)
uint64_t evict_rest_ns(uint64_t blocks);
