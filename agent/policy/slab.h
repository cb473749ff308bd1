/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab: whether the machine's reclaimable slab (dentries and inodes) is dropped for a node. Pure.
 *
 * vm.drop_caches=2 takes all of it that nobody holds, of every group and node, whether it was used
 * a moment ago or not, and heeds no protection (drop_slab of mm/shrinker.c). So it is for a node
 * that lacks memory which nothing else gives, only while nobody is to be spared, and has a budget
 * of its own.
 */
#pragma once

#include "agent/policy/verdict.h"

#include <stdbool.h>
#include <stdint.h>

/* Less is not worth that all names have to be looked up anew. */
#define SLAB_LEAST_BYTES (UINT64_C(4) << 20)

struct slab_sample {
	enum verdict_reason reason; /* what became of the node's wish otherwise */
	uint64_t wanted_bytes;
	uint64_t slab_bytes;   /* reclaimable, on the node; what is in use is among it */
	uint64_t since_ns;     /* the last drop, for whichever node; UINT64_MAX: there was none */
	bool anyone_is_spared; /* protected, excluded or weighted, on any node */
};

/* Time between two drops, of so many an hour; 0 an hour: for ever. */
uint64_t slab_pause_ns(uint64_t per_hour);

bool slab_decide(uint64_t per_hour, const struct slab_sample *sample);
