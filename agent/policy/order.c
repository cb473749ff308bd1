/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/order.h"

#include "base/cleanup.h"
#include "base/saturate.h"

static const struct {
	const char *name, *words;
} reasons[ORDER_REASONS] = {
	[ORDER_NOTHING] = {"nothing", "no larger pieces are wanted"},
	[ORDER_ENOUGH] = {"enough", "enough is free in pieces of the order"},
	[ORDER_LITTLE_FREE] = {"little-free", "too little is free to make larger pieces of"},
	[ORDER_WAITS] = {"waits", "the last compaction was a moment ago, or brought little"},
	[ORDER_NO_BACKEND] = {"no-backend",
			      "the pieces are too small, and nodeN/compact can't be written"},
	[ORDER_COMPACT] = {"compact", "enough is free, in pieces that are too small"},
};

const char *order_reason_name(enum order_reason reason)
{
	return (unsigned int)reason < ORDER_REASONS ? reasons[reason].name : "unknown";
}

const char *order_reason_words(enum order_reason reason)
{
	return (unsigned int)reason < ORDER_REASONS ? reasons[reason].words : "unknown";
}

struct order_plan order_decide(const struct order_want *want, const struct order_history *history,
			       const struct order_sample *s)
{
	uint64_t gap_bytes = scale(s->page_size, UINT64_C(2) << want->order, 1);
	uint64_t needed_bytes = plus(plus(s->low_bytes, want->bytes), gap_bytes);
	struct order_plan plan = {.reason = ORDER_COMPACT};

	if (want->order == 0) {
		plan.reason = ORDER_NOTHING;
	} else if (s->fitting_bytes >= want->bytes) {
		plan.reason = ORDER_ENOUGH;
	} else if (s->free_bytes < needed_bytes) {
		plan.reason = ORDER_LITTLE_FREE;
		plan.missing_bytes = needed_bytes - s->free_bytes;
	} else if (history->until_ns > s->now_ns) {
		plan.reason = ORDER_WAITS;
	} else if (!s->can_compact) {
		plan.reason = ORDER_NO_BACKEND;
	}
	return plan;
}

void order_learn(struct order_history *h, const struct order_want *want, uint64_t now_ns,
		 uint64_t before_bytes, uint64_t after_bytes)
{
	uint64_t missing_bytes = minus(want->bytes, before_bytes);
	bool fruitless = minus(after_bytes, before_bytes) <= missing_bytes / 4;

	h->wait_ns = fruitless && h->wait_ns > 0 ? MIN(2 * h->wait_ns, ORDER_WAIT_MAX_NS)
						 : ORDER_WAIT_MIN_NS;
	h->until_ns = plus(now_ns, h->wait_ns);
}

void order_rest(struct order_history *h, uint64_t now_ns, uint64_t rest_ns)
{
	h->until_ns = MAX(h->until_ns, plus(now_ns, rest_ns));
}
