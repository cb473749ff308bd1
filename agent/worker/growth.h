/* SPDX-License-Identifier: Apache-2.0 */
/* Watching how groups grow, for uswapctl growth: a few groups a turn, all of them each interval. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct worker;

/* How they grow: a round is for all of them, a few a turn. */
struct worker_growth {
	uint64_t due_ns, next_ns; /* the next turn's, and the next round */
	size_t at;		  /* index of the next group in this one */
};

void worker_growth(struct worker *worker, uint64_t now_ns);

/* When the next groups are due; UINT64_MAX: never. */
uint64_t worker_growth_due_ns(const struct worker *worker);
