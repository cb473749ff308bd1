/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yield: whether what goes to swap gives memory back. A disk takes all of it; zram and zswap keep
 * it in memory, compressed, and of data that does not compress nothing is gained for the work of
 * storing and of reading it back. So each request is measured, and after so much was swapped
 *
 *	yield = (swapped - what zram and zswap grew by) / swapped
 *
 * is judged. Where it is less than what is asked for (protect.swap_yield), no more is swapped for a
 * minute, then twice as long each time that a new try finds the same. Pure.
 *
 * The node and a group's limit are judged apart: the pool of zswap is charged to the group, but
 * zram's memory to nobody, so that below the limit there is room all the same. The kernel would
 * take the same for it, a moment later and with the tasks waiting.
 */
#pragma once

#include "agent/sense/sample.h"

#define YIELD_JUDGE_BYTES (UINT64_C(2) << 20)
#define YIELD_FIRST_NS	  (60 * UINT64_C(1000000000))
#define YIELD_MOST_NS	  (3600 * UINT64_C(1000000000))

struct yield_sums {
	uint64_t swapped_bytes;
	uint64_t kept_bytes;	/* in memory all the same */
	uint64_t charged_bytes; /* of the kept, to the group itself */
};

/* All zero at the start. */
struct yield {
	struct yield_sums sums;	  /* since it was judged last */
	struct yield_sums judged; /* what that went by */
	bool poor_for_node, poor_for_limit;
	uint64_t wait_ns, until_ns; /* 0: it was not poor, or never judged */
};

/*
 * What a request that made a target's swap grow by swapped_bytes left in memory. Others use swap
 * too: what was stored beyond swapped_bytes is theirs, and has its share of the growth.
 */
struct yield_sums yield_of(uint64_t swapped_bytes, const struct swap_store *before,
			   const struct swap_store *now);

/*
 * Takes in what a request did. Where most of what was stored meanwhile was others', it tells
 * nothing of the target. least_permyriad 0: nothing is judged.
 */
void yield_learn(struct yield *yield, uint64_t least_permyriad, uint64_t swapped_bytes,
		 const struct swap_store *before, const struct swap_store *now, uint64_t now_ns);

/* No more of it is to go to swap now: for the node's sake; for room below the group's limit. */
bool yield_is_poor_for_node(const struct yield *yield, uint64_t now_ns);
bool yield_is_poor_for_limit(const struct yield *yield, uint64_t now_ns);

/* Of what was swapped, what was gained by it; 0 of nothing. */
uint64_t yield_permyriad(const struct yield_sums *sums);
