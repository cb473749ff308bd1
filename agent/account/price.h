/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Circuit breaker: whether reclaim is worth its CPU time. Whenever as much was spent as a MiB may
 * cost at most (protect.price), a MiB must have been gained by it; else that way to take memory is
 * left alone, twice as long each time that a new try finds the same. Pure.
 *
 * What zram and zswap keep is not gained: what does not compress has no price that would do.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PRICE_FIRST_NS (10 * UINT64_C(1000000000))
#define PRICE_MOST_NS  (3600 * UINT64_C(1000000000))

struct price_sums {
	uint64_t cpu_ns, gained_bytes;
};

/* All zero at the start. */
struct price {
	struct price_sums sums;	    /* since it was judged last */
	struct price_sums judged;   /* what that went by */
	uint64_t wait_ns, until_ns; /* 0: it was not too dear, or never judged */
};

/* Takes in a request. most_ns: of CPU time for a MiB; 0: nothing is judged. */
void price_learn(struct price *price, uint64_t most_ns, uint64_t cpu_ns, uint64_t gained_bytes,
		 uint64_t now_ns);

/* CPU time for a MiB; UINT64_MAX where nothing was gained. */
uint64_t price_of_mib(const struct price_sums *sums);
