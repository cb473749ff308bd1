/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/balance.h"

#include "agent/policy/protect.h"
#include "base/cleanup.h"
#include "base/saturate.h"

static uint64_t most_bytes(const struct config *config, const struct node_sample *s)
{
	return share(s->managed_bytes, config->balance.margin.margin_max_permyriad);
}

bool balance_may_swap(const struct config *config, const struct node_sample *s)
{
	return !s->swap_is_futile && !swap_is_closed(&s->swap) &&
	       s->swap.free_bytes > share(s->swap.total_bytes, config->protect.swap_free_permyriad);
}

/*
 * What a round takes beyond the margin, as kswapd begins at the low watermark and ends at the high
 * one. A round costs a look or two, however little it takes.
 */
static uint64_t round_bytes(const struct config *config, const struct node_sample *s,
			    const struct verdict *v)
{
	return MAX(v->margin_bytes / 2, most_bytes(config, s) / 8);
}

/*
 * A stream goes through a full node without end, and kswapd deals with it without a stall, for less
 * than rounds one after the other would cost.
 */
static bool is_stream(const struct demand *demand, const struct node_sample *s, uint64_t round)
{
	return demand->growing_since_ns > 0 &&
	       s->now_ns - demand->growing_since_ns >= BALANCE_STREAM_NS &&
	       demand->rate_bytes_per_s / BALANCE_STREAM_ROUNDS_PER_S >= round;
}

/*
 * Room there is, and will be when the kernel gives per-CPU lists back: taking the same again would
 * only make them longer. Not when it is needed soon: watermarks do not see what is in lists.
 */
static uint64_t room_to_come(const struct node_sample *s, const struct verdict *v)
{
	return v->room_bytes + (v->room_bytes >= v->margin_bytes / 2 ? s->percpu_bytes : 0);
}

static bool stays_here(const struct config *config, const struct node_sample *s)
{
	return s->bound_demand || config->balance.keep_local;
}

/*
 * That demand is bound is what kswapd doesn't know: it begins when room is used up. And where tasks
 * had to help it, so do we.
 */
static bool is_for_kswapd(const struct config *config, const struct demand *demand,
			  const struct node_sample *s, uint64_t round)
{
	return !stays_here(config, s) && demand->gain <= DEMAND_GAIN_ONE &&
	       is_stream(demand, s, round);
}

static enum verdict_reason reason_to_wait(const struct config *config, const struct demand *demand,
					  const struct balance_history *history,
					  const struct node_sample *s, const struct verdict *v,
					  uint64_t round, bool early, bool for_kswapd)
{
	uint64_t high = v->margin_bytes + round;

	if (!config->balance.margin.enabled)
		return VERDICT_EXCLUDED;
	if (v->rate_bytes_per_s == 0)
		return VERDICT_NO_DEMAND;
	if (v->refault_permyriad >= DEMAND_REFAULT_FULL)
		return VERDICT_REFAULTS;
	if (early)
		return VERDICT_KSWAPD_EARLY;
	if (room_to_come(s, v) >= (s->filling ? high : v->margin_bytes))
		return VERDICT_ROOM_ENOUGH;
	if (s->others_room_bytes >= high && !stays_here(config, s))
		return VERDICT_NEIGHBOURS_HAVE_ROOM;
	if (history->hopeless_until_ns > s->now_ns)
		return VERDICT_HOPELESS;
	if (for_kswapd)
		return VERDICT_KSWAPD_SUFFICES;
	if (s->kswapd_ran && demand->gain <= DEMAND_GAIN_ONE)
		return VERDICT_KSWAPD_ACTIVE;
	return VERDICT_NODE_LOW;
}

/*
 * A node keeps its margin between bursts: the next one gives no warning. But only as long as tasks
 * have stalled without it is all of it kept; else half of the most, and the rest while it is
 * filled.
 */
static uint64_t node_margin(const struct config *config, const struct demand *demand,
			    const struct node_sample *s)
{
	const struct margin_settings *settings = &config->balance.margin;
	uint64_t now = demand_margin(demand, settings, s->managed_bytes, demand->rate_bytes_per_s);
	uint64_t standing =
		demand_margin(demand, settings, s->managed_bytes, demand->peak_bytes_per_s);

	if (demand->gain <= DEMAND_GAIN_ONE)
		standing = MIN(standing, most_bytes(config, s) / 2);
	return MAX(now, standing);
}

/* What the kernel keeps of a margin, where it was told to. */
static uint64_t kept_by_kernel(const struct config *config, const struct demand *demand,
			       const struct node_sample *s)
{
	if (config->tuning.watermark_most == 0 || demand->gain > DEMAND_GAIN_ONE)
		return 0;
	return minus(s->high_bytes, s->low_bytes);
}

/* A burst must be seen while half of the margin is left for it. */
static uint64_t rest_ns(const struct config *config)
{
	return MIN(config->agent.tick_max_ns / 20, config->balance.margin.reaction_ns / 2);
}

/* What has gone on for long will go on for as long, as long as stalls are told. */
static uint64_t rest_beside_stream(const struct config *config, const struct demand *demand,
				   const struct node_sample *s)
{
	uint64_t age_ns = s->now_ns - demand->growing_since_ns;
	uint64_t least_ns = config->agent.tick_max_ns;

	if (!s->stalls_are_told)
		return least_ns / 4;
	return MIN(MAX(age_ns / 2, least_ns), BALANCE_STREAM_REST_TICKS * least_ns);
}

/* Looking often does not change what is waited for. */
static uint64_t rest_before_next_look(const struct config *config, const struct demand *demand,
				      const struct node_sample *s, const struct verdict *v,
				      bool for_kswapd)
{
	switch (v->reason) {
	case VERDICT_ROOM_ENOUGH:
		/* When it is used up, a stream is not ours. */
		if (for_kswapd)
			break;
		return 0;
	case VERDICT_KSWAPD_ACTIVE:
		return 0;
	case VERDICT_NEIGHBOURS_HAVE_ROOM:
		/* What grows here all the same may turn out to be bound. */
		if (demand->rate_bytes_per_s > 0 && !for_kswapd)
			return config->agent.tick_max_ns / 40;
		break;
	case VERDICT_KSWAPD_EARLY:
		/* Bursts must be seen all the same, to know what they want. */
		return rest_ns(config);
	case VERDICT_KSWAPD_SUFFICES:
		return rest_beside_stream(config, demand, s);
	default:
		break;
	}
	return config->agent.tick_max_ns / 4;
}

/*
 * Light effort is not to be had of a kernel that can't be told to spare anonymous memory: it takes
 * some in any case. Nor does it suffice where half of the clean file memory is less than what is
 * wanted: the last of it is what programs run from. False when nothing else is allowed.
 */
static bool bound_effort(const struct config *config, const struct node_sample *s,
			 uint64_t wanted_bytes, struct node_plan *plan)
{
	if (!balance_may_swap(config, s))
		plan->effort = EFFORT_LIGHT;
	else if (plan->effort == EFFORT_LIGHT &&
		 (!s->anon_can_be_spared || s->clean_file_bytes / 2 < wanted_bytes))
		plan->effort = EFFORT_FULL;
	if (plan->effort > EFFORT_LIGHT)
		return true;
	plan->swappiness = 0;
	return s->anon_can_be_spared || s->swap.free_bytes == 0;
}

struct node_plan balance_decide(const struct config *config, const struct demand *demand,
				const struct balance_history *history, const struct node_sample *s)
{
	struct node_plan plan = {.effort = history->effort, .swappiness = -1};
	struct verdict *v = &plan.verdict;
	uint64_t spare = s->clean_file_bytes, round, wanted;
	bool early, for_kswapd;

	v->rate_bytes_per_s = demand->peak_bytes_per_s;
	v->refault_permyriad = refaults_permyriad(&demand->refaults);
	v->room_bytes = s->room_bytes;
	plan.burst_bytes = node_margin(config, demand, s);
	v->margin_bytes = minus(plan.burst_bytes, kept_by_kernel(config, demand, s));
	/* Per zone, and rounded down. */
	early = v->margin_bytes < plan.burst_bytes / 8;
	v->look_again_ns = demand_look_again(demand, v->room_bytes, v->margin_bytes,
					     config->agent.tick_min_ns, rest_ns(config),
					     config->agent.tick_max_ns);
	round = round_bytes(config, s, v);
	for_kswapd = is_for_kswapd(config, demand, s, round);
	v->reason = reason_to_wait(config, demand, history, s, v, round, early, for_kswapd);
	if (v->reason != VERDICT_NODE_LOW) {
		v->look_again_ns = MAX(v->look_again_ns,
				       rest_before_next_look(config, demand, s, v, for_kswapd));
		return plan;
	}
	plan.here_alone = s->bound_demand || s->others_room_bytes >= v->margin_bytes + round;
	wanted = v->margin_bytes + round - room_to_come(s, v);
	if (!bound_effort(config, s, wanted, &plan)) {
		v->reason = protect_swap_reason(s->swap_is_futile, &s->swap);
		v->look_again_ns = config->agent.tick_max_ns;
		return plan;
	}
	if (plan.effort > EFFORT_LIGHT)
		spare += s->anon_bytes;
	v->bytes = MIN(wanted, spare);
	if (v->bytes == 0) {
		v->reason = VERDICT_NOTHING_SPARE;
		if (s->anon_bytes > 0 && (s->swap_is_futile || s->swap.is_stuck))
			v->reason = protect_swap_reason(s->swap_is_futile, &s->swap);
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
		history->effort = EFFORT_LIGHT;
		return;
	}
	history->effort = EFFORT_FULL;
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

void balance_try_again(struct balance_history *history, uint64_t now_ns)
{
	history->hopeless_until_ns = MIN(history->hopeless_until_ns, now_ns + BALANCE_TRY_AGAIN_NS);
}
