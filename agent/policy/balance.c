/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/balance.h"

#include "base/cleanup.h"

bool balance_may_swap(const struct config *config, const struct swap_sample *swap)
{
	uint64_t floor_bytes = (uint64_t)((unsigned __int128)swap->total_bytes *
					  config->protect.swap_free_permyriad / 10000);

	return swap->free_bytes > floor_bytes;
}

/* Where a round ends, as kswapd begins at the low watermark and ends at the high one. */
static uint64_t high_mark(const struct verdict *v)
{
	return v->margin_bytes + v->margin_bytes / 2;
}

static enum verdict_reason reason_to_wait(const struct config *config, const struct demand *demand,
					  const struct balance_history *history,
					  const struct node_sample *s, const struct verdict *v)
{
	if (!config->balance.margin.enabled)
		return VERDICT_EXCLUDED;
	if (v->rate_bytes_per_s == 0)
		return VERDICT_NO_DEMAND;
	if (v->refault_permyriad >= DEMAND_REFAULT_FULL)
		return VERDICT_REFAULTS;
	if (v->room_bytes >= (s->filling ? high_mark(v) : v->margin_bytes))
		return VERDICT_ROOM_ENOUGH;
	if (s->others_room_bytes >= high_mark(v) && !s->bound_demand && !config->balance.keep_local)
		return VERDICT_NEIGHBOURS_HAVE_ROOM;
	if (history->hopeless_until_ns > s->now_ns)
		return VERDICT_HOPELESS;
	/* Unless tasks had to help it: then so do we. */
	if (s->kswapd_ran && demand->gain <= DEMAND_GAIN_ONE)
		return VERDICT_KSWAPD_ACTIVE;
	return VERDICT_NODE_LOW;
}

/*
 * A node keeps its margin between bursts: the next one gives no warning. But only as long as tasks
 * have stalled without it is all of it kept; else half of the most, and the rest while it is
 * filled.
 */
static uint64_t node_margin(const struct margin_settings *settings, const struct demand *demand,
			    const struct node_sample *s)
{
	uint64_t now = demand_margin(demand, settings, s->managed_bytes, demand->rate_bytes_per_s);
	uint64_t standing =
		demand_margin(demand, settings, s->managed_bytes, demand->peak_bytes_per_s);
	uint64_t most = (uint64_t)((unsigned __int128)s->managed_bytes *
				   settings->margin_max_permyriad / 10000);

	if (demand->gain <= DEMAND_GAIN_ONE)
		standing = MIN(standing, most / 2);
	return MAX(now, standing);
}

struct node_plan balance_decide(const struct config *config, const struct demand *demand,
				const struct balance_history *history, const struct node_sample *s)
{
	struct node_plan plan = {.effort = history->effort, .swappiness = -1};
	struct verdict *v = &plan.verdict;
	uint64_t spare = s->clean_file_bytes;

	v->rate_bytes_per_s = demand->peak_bytes_per_s;
	v->refault_permyriad = demand_refault_permyriad(demand);
	v->room_bytes = s->room_bytes;
	v->margin_bytes = node_margin(&config->balance.margin, demand, s);
	v->look_again_ns =
		demand_look_again(demand, v->room_bytes, v->margin_bytes, config->agent.tick_min_ns,
				  config->agent.tick_max_ns / 20, config->agent.tick_max_ns);
	v->reason = reason_to_wait(config, demand, history, s, v);
	if (v->reason != VERDICT_NODE_LOW) {
		/* Nothing to come soon: looking often would not change it. */
		if (v->reason != VERDICT_ROOM_ENOUGH && v->reason != VERDICT_KSWAPD_ACTIVE)
			v->look_again_ns = MAX(v->look_again_ns, config->agent.tick_max_ns / 4);
		return plan;
	}
	if (!balance_may_swap(config, &s->swap))
		plan.effort = EFFORT_LIGHT;
	if (plan.effort == EFFORT_LIGHT)
		plan.swappiness = 0;
	else
		spare += s->anon_bytes;
	v->bytes = MIN(high_mark(v) - v->room_bytes, spare);
	if (v->bytes == 0) {
		v->reason = VERDICT_NOTHING_SPARE;
		v->look_again_ns = MAX(v->look_again_ns, config->agent.tick_max_ns / 4);
	}
	return plan;
}

void balance_learn(const struct balance_settings *settings, struct balance_history *history,
		   uint64_t now_ns, uint64_t tried_bytes, uint64_t applied_bytes)
{
	if (applied_bytes >= tried_bytes / 2) {
		history->fruitless = 0;
		history->hopeless_until_ns = 0;
		if (history->effort > EFFORT_LIGHT)
			history->effort--;
		return;
	}
	if (history->effort < EFFORT_HEAVY)
		history->effort++;
	/* Some progress is progress; only rounds that brought next to nothing count. */
	if (applied_bytes >= tried_bytes / 16) {
		history->fruitless = 0;
		return;
	}
	if (++history->fruitless >= settings->hopeless_rounds) {
		history->hopeless_until_ns = now_ns + settings->hopeless_retry_ns;
		history->fruitless = 0;
		history->effort = EFFORT_LIGHT;
	}
}
