/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether demand is bound to a node. The kernel goes down the whole fallback list before it
 * reclaims. So when kswapd is at work on a node although others have room, and allocations go on
 * being satisfied there while none is sent elsewhere (numa_foreign), demand is bound to it:
 * cpuset.mems, MPOL_BIND, allocations that do not spill. Kswapd alone proves nothing: the kernel's
 * own objects may not spill either. Pure.
 */
#pragma once

#include "numa/counters.h"

/* Where demand went since kswapd was found at work. */
struct binding {
	uint64_t since_ns;  /* when it first was found at work; 0: it rests */
	uint64_t kswapd_ns; /* when it last was */
	uint64_t hits;	    /* allocations satisfied here, or pages kswapd scanned for them */
	uint64_t foreign;   /* and sent elsewhere */
};

/*
 * From one look at the node to the next. Counted from the look after the one that first found
 * kswapd at work, since before it room was used up. True: demand stays here, if others have room.
 */
bool binding_learn(struct binding *binding, const struct node_counters *before,
		   const struct node_counters *now, bool kswapd_ran, uint64_t now_ns);
