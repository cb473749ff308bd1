/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/replay/laws.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"

/* One of the kernel's periods is 2 s; what is left of an average after it. */
#define PSI_PERIOD_NS (2 * NSEC_PER_SEC)
#define EXP_10S	      UINT64_C(1677)
#define EXP_60S	      UINT64_C(1981)

static void begin(struct law_history *h, uint64_t now_ns, uint64_t stall_total_us)
{
	*h = (struct law_history){
		.seen_ns = now_ns,
		.stall_total_us = stall_total_us,
		.acted_ns = now_ns,
		.acted_stall_us = stall_total_us,
	};
}

/* True when a step is due. A clock that goes back begins anew. */
static bool learn(struct law_history *h, uint64_t now_ns, uint64_t stall_total_us)
{
	uint64_t elapsed_ns, percent;

	if (h->seen_ns == 0 || now_ns < h->seen_ns) {
		begin(h, now_ns, stall_total_us);
		return false;
	}
	elapsed_ns = now_ns - h->seen_ns;
	if (elapsed_ns < PSI_PERIOD_NS / 2)
		return false;
	percent = scale(minus(stall_total_us, h->stall_total_us), 100 * LAW_FIXED_1 * NSEC_PER_USEC,
			elapsed_ns);
	percent = MIN(percent, 100 * LAW_FIXED_1);
	/* As if it had been the same all the time; after 100 periods nothing older is left. */
	for (uint64_t i = 0; i < CLAMP(elapsed_ns / PSI_PERIOD_NS, UINT64_C(1), UINT64_C(100));
	     i++) {
		h->avg10 = (h->avg10 * EXP_10S + percent * (LAW_FIXED_1 - EXP_10S)) / LAW_FIXED_1;
		h->avg60 = (h->avg60 * EXP_60S + percent * (LAW_FIXED_1 - EXP_60S)) / LAW_FIXED_1;
	}
	h->seen_ns = now_ns;
	h->stall_total_us = stall_total_us;
	return now_ns - h->acted_ns >= LAW_PERIOD_NS;
}

static void act(struct law_history *h)
{
	h->acted_ns = h->seen_ns;
	h->acted_stall_us = h->stall_total_us;
}

uint64_t law_tmo(struct law_history *h, const struct group_sample *group,
		 const struct trim_sample *trim)
{
	uint64_t stalled_us, allowed_us, bytes;

	if (!learn(h, group->now_ns, trim->stall_total_us))
		return 0;
	stalled_us = minus(h->stall_total_us, h->acted_stall_us);
	allowed_us = (h->seen_ns - h->acted_ns) / NSEC_PER_USEC / 1000;
	act(h);
	bytes = scale(group->current_bytes, 5, 10000);
	bytes = scale(bytes, minus(allowed_us, stalled_us), allowed_us);
	return MIN(bytes, group->current_bytes / 100);
}

uint64_t law_senpai(struct law_history *h, const struct group_sample *group,
		    const struct trim_sample *trim)
{
	uint64_t floor_bytes = MAX(group->protected_bytes, LAW_FLOOR_BYTES);

	if (!learn(h, group->now_ns, trim->stall_total_us))
		return 0;
	act(h);
	/* In tenths of a percent. */
	if (MAX(h->avg10, h->avg60) * 10 >= LAW_FIXED_1)
		return 0;
	return minus(group->current_bytes, floor_bytes) / 100;
}
