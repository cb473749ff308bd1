/* SPDX-License-Identifier: Apache-2.0 */
/*
 * balance: kswapd's balance_pgdat, for one node, with marks a little above the kernel's. Pure.
 *
 * room is what can still be allocated on the node until every zone stands at its low watermark,
 * which is when the kernel looks at other nodes and then wakes kswapd. The kernel fills the whole
 * fallback list before it reclaims locally, so a node alone being low is no reason to act unless
 * the demand can't go elsewhere (bound_demand) or the operator wants memory local.
 *
 * Where the kernel's watermarks are steered (watermarks.h), the room between them is part of the
 * margin, as long as tasks have not stalled for all that.
 */
#pragma once

#include "agent/config/config.h"
#include "agent/policy/demand.h"
#include "agent/policy/verdict.h"
#include "agent/sense/sample.h"

/* Demand that goes on for so long, and would take so many rounds a second, is a stream. */
#define BALANCE_STREAM_NS	    (500 * UINT64_C(1000000))
#define BALANCE_STREAM_ROUNDS_PER_S 8
/* One is looked at again when it has lasted half as long again, after at most so many tick_max. */
#define BALANCE_STREAM_REST_TICKS 8

/* So much later: users change their own limits as often as they like. */
#define BALANCE_TRY_AGAIN_NS (2 * UINT64_C(1000000000))

/* None goes below memory.low: whoever sets it expects it to hold against us. */
enum effort {
	EFFORT_LIGHT, /* clean file memory only; not on 6.1, which can't be told */
	EFFORT_FULL,  /* anonymous memory and slab too */
};

/* What earlier rounds brought. All zero at the start. */
struct balance_history {
	enum effort effort;
	uint64_t fruitless;	    /* rounds in a row that brought next to nothing */
	uint64_t hopeless_until_ns; /* 0: not hopeless */
};

struct node_plan {
	struct verdict verdict;
	enum effort effort;
	int swappiness;	      /* -1: the kernel's choice; 0: no anonymous memory */
	uint64_t burst_bytes; /* the margin that bursts want, whoever keeps it */
	bool here_alone;      /* what is taken from other nodes would be no gain */
};

struct node_plan balance_decide(const struct config *config, const struct demand *demand,
				const struct balance_history *history,
				const struct node_sample *sample);

/* Whether swap has more free than the floor that stays free (protect.swap_free), and gains enough.
 */
bool balance_may_swap(const struct config *config, const struct node_sample *sample);

/* Takes in the result of a round: what was asked and what it brought. */
void balance_learn(const struct balance_settings *settings, struct balance_history *history,
		   uint64_t now_ns, uint64_t tried_bytes, uint64_t applied_bytes);
/* Other memory may be taken now (swap came, a limit changed): a node that was given up is tried
 * soon. */
void balance_try_again(struct balance_history *history, uint64_t now_ns);
