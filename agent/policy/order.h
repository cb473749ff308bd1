/* SPDX-License-Identifier: Apache-2.0 */
/*
 * order: free memory of a node in pieces that are large enough, as kswapd keeps it for who woke it
 * with an order. Where enough is free and the pieces are too small, compaction makes larger ones;
 * where too little is free, it can't, and reclaim comes first. Pure.
 *
 * Compaction of a node costs as much as the node is large, whatever it brings: what brought little
 * is left for a while, then twice as long.
 *
 * Source: mm/compaction.c (compaction_suitable, compact_gap).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define ORDER_WAIT_MIN_NS (10 * UINT64_C(1000000000))
#define ORDER_WAIT_MAX_NS (640 * UINT64_C(1000000000))

struct order_want {
	unsigned int order; /* 0: nothing is wanted */
	uint64_t bytes;	    /* free, in pieces of it or larger */
};

struct order_sample {
	uint64_t now_ns;
	uint64_t page_size;
	uint64_t free_bytes, low_bytes; /* of the node, and its watermarks */
	uint64_t fitting_bytes;		/* free in pieces of the order or larger */
	bool can_compact;		/* the kernel lets us */
};

/* All zero at the start. */
struct order_history {
	uint64_t wait_ns, until_ns;
};

enum order_reason {
	ORDER_NOTHING,	   /* is wanted */
	ORDER_ENOUGH,	   /* is free in such pieces */
	ORDER_LITTLE_FREE, /* in all: there is nothing to make larger pieces of */
	ORDER_WAITS,	   /* after the last compaction */
	ORDER_NO_BACKEND,  /* the kernel can't compact the node */
	ORDER_COMPACT,
	ORDER_REASONS,
};

/* "little-free": for machines; and for people. */
const char *order_reason_name(enum order_reason reason);
const char *order_reason_words(enum order_reason reason);

struct order_plan {
	enum order_reason reason;
	uint64_t missing_bytes; /* of free memory, for ORDER_LITTLE_FREE */
};

struct order_plan order_decide(const struct order_want *want, const struct order_history *history,
			       const struct order_sample *sample);

/* A compaction has ended, before and after which so much was fitting. */
void order_learn(struct order_history *history, const struct order_want *want, uint64_t now_ns,
		 uint64_t before_bytes, uint64_t after_bytes);
/* And no other begins for so long. */
void order_rest(struct order_history *history, uint64_t now_ns, uint64_t rest_ns);
