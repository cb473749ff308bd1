/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leaving alone what does not give anything: after some fruitless requests in a row the next one
 * waits, then twice as long each time; one that brings something ends it. So is what costs too
 * much for what it gives (account/price.h). Pure.
 */
#pragma once

#include "agent/account/price.h"

#include <stdbool.h>
#include <stdint.h>

struct backoff_law {
	uint64_t patience; /* fruitless requests in a row until it waits */
	uint64_t first_ns, most_ns;
	uint64_t least_permyriad; /* of what was asked for; less is fruitless, and so is nothing */
};

/* memory.reclaim of a group. */
extern const struct backoff_law backoff_of_groups;
/*
 * nodeN/reclaim, and lru_gen of a group, for which there is another way, through the group: it is
 * left at once, and for long, since with MGLRU one group of dirty memory alone can keep it from all
 * others (6.18, 7).
 */
extern const struct backoff_law backoff_of_nodes;
/* Dropped slab: where most of it turns out to be in use, it is so for long. */
extern const struct backoff_law backoff_of_slab;

struct backoff {
	uint64_t fruitless;
	uint64_t wait_ns, until_ns; /* 0: not waiting for that */
	struct price price;
};

void backoff_learn(struct backoff *backoff, const struct backoff_law *law, uint64_t now_ns,
		   uint64_t tried_bytes, uint64_t applied_bytes);
bool backoff_waits(const struct backoff *backoff, uint64_t now_ns);
/* It waits for the price, whatever else there is to wait for. */
bool backoff_is_dear(const struct backoff *backoff, uint64_t now_ns);

/* What can be said of it. */
struct rest {
	uint64_t left_ns;   /* until the next try; 0: it is not left alone */
	uint64_t fruitless; /* requests in a row */
	bool dear;	    /* it waits for the price: judged */
	struct price_sums judged;
};
struct rest backoff_rest(const struct backoff *backoff, uint64_t now_ns);
