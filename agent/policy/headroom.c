/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/headroom.h"

#include "base/cleanup.h"
#include "base/saturate.h"
#include "cgroup/reclaim.h"

static enum verdict_reason reason_to_wait(const struct group_sample *s, const struct verdict *v)
{
	if (s->limit_bytes == UINT64_MAX || s->excluded)
		return VERDICT_EXCLUDED;
	if (v->rate_bytes_per_s == 0)
		return VERDICT_NO_DEMAND;
	if (v->refault_permyriad >= DEMAND_REFAULT_FULL)
		return VERDICT_REFAULTS;
	return VERDICT_ROOM_ENOUGH;
}

/*
 * Files that do not thrash before any anonymous memory: inactive ones where there are plenty, as
 * the kernel does without MGLRU (mm/vmscan.c, cache_trim_mode); half of what is wanted is plenty:
 * room that lasts, if a little less of it. Any where anonymous memory thrashes.
 *
 * Where it is files that the group grows by, its anonymous memory is not what is in the way:
 * nothing but files then, active ones too (with two generations MGLRU calls all of them that), and
 * nothing at all as long as there are none, or they are dirty: those are written back meanwhile
 * (policy/clean.h).
 */
static void prefer_files(struct group_plan *plan, const struct spare *spare,
			 const struct demand *demand, const struct group_sample *s)
{
	struct verdict *v = &plan->verdict;
	bool for_files = demand_is_for_files(demand);
	uint64_t files = for_files || s->anon_thrashes ? spare->file_bytes
						       : spare->inactive_file_bytes;
	uint64_t least = for_files ? 0 : MAX(v->bytes / 2, PROTECT_CLUSTER_BYTES);

	if (!s->anon_can_be_spared || spare->anon_bytes == 0 || s->file_thrashes || files < least)
		return;
	plan->swappiness = GROUP_RECLAIM_NO_ANON;
	v->bytes = files < PROTECT_CLUSTER_BYTES ? 0 : MIN(v->bytes, files);
}

/* Bounds the wish by what may be taken and chooses where it comes from. */
static void bound_by_spare(struct group_plan *plan, const struct spare *spare,
			   const struct demand *demand, const struct group_sample *s,
			   const struct swap_sample *swap)
{
	struct verdict *v = &plan->verdict;

	if (spare->anon_bytes == 0 && spare->swap_forbade) {
		if (s->anon_can_be_spared)
			plan->swappiness = GROUP_RECLAIM_NO_ANON;
		/* A kernel that can't be told to leave anon alone must not be asked at all. */
		if (spare->file_bytes == 0 ||
		    (!s->anon_can_be_spared && spare->kernel_could_swap)) {
			v->reason = protect_swap_reason(s->swap_is_futile, swap);
			v->bytes = 0;
			return;
		}
	}
	if (!protect_fit_swap(spare, s, &v->bytes, &plan->swappiness))
		prefer_files(plan, spare, demand, s);
	v->bytes = MIN(v->bytes, spare->total_bytes);
	if (v->bytes == 0)
		v->reason = VERDICT_NOTHING_SPARE;
}

uint64_t headroom_swap_limit(const struct headroom_settings *settings, uint64_t limit_bytes)
{
	return share(limit_bytes, settings->swap_allowance_permyriad);
}

/*
 * Files may be there before long, or clean: as soon as half of the room that is left may be used.
 * Until then there is little to take, and each look has the kernel add up all of the group's
 * counters.
 */
static uint64_t wait_for_spare(const struct config *config, const struct demand *demand,
			       const struct group_plan *plan)
{
	const struct agent_settings *agent = &config->agent;
	uint64_t room = plan->verdict.room_bytes, half_ns;

	if (plan->swappiness != GROUP_RECLAIM_NO_ANON)
		return agent->tick_max_ns;
	half_ns = demand_look_again(demand, room, room / 2, agent->tick_min_ns, agent->tick_max_ns,
				    agent->tick_max_ns);
	return MAX(plan->verdict.look_again_ns, half_ns);
}

struct group_plan headroom_decide(const struct config *config, const struct demand *demand,
				  const struct group_sample *s, const struct swap_sample *swap)
{
	const struct headroom_settings *settings = &config->headroom;
	struct group_plan plan = {.swappiness = GROUP_RECLAIM_DEFAULT};
	struct verdict *v = &plan.verdict;
	uint64_t high_mark, swap_limit_bytes;
	struct spare spare;

	v->rate_bytes_per_s = demand->rate_bytes_per_s;
	v->refault_permyriad = refaults_permyriad(&demand->refaults);
	v->room_bytes = s->limit_bytes > s->current_bytes ? s->limit_bytes - s->current_bytes : 0;
	v->margin_bytes =
		demand_margin(demand, &settings->margin, s->limit_bytes, demand->rate_bytes_per_s);
	v->look_again_ns = demand_look_again(demand, v->room_bytes, v->margin_bytes,
					     config->agent.tick_min_ns, config->agent.tick_max_ns,
					     config->agent.tick_max_ns);
	v->reason = reason_to_wait(s, v);
	high_mark = v->margin_bytes + v->margin_bytes / 2;
	if (v->reason != VERDICT_ROOM_ENOUGH)
		v->look_again_ns = MAX(v->look_again_ns, config->agent.tick_max_ns / 4);
	if (v->reason != VERDICT_ROOM_ENOUGH ||
	    v->room_bytes >= (s->filling ? high_mark : v->margin_bytes))
		return plan;

	v->reason = VERDICT_LIMIT_NEAR;
	v->bytes = high_mark - v->room_bytes;
	swap_limit_bytes = headroom_swap_limit(settings, s->limit_bytes);
	spare = protect_spare(&config->protect, s, swap, swap_limit_bytes);
	bound_by_spare(&plan, &spare, demand, s, swap);
	if (v->bytes == 0)
		v->look_again_ns = wait_for_spare(config, demand, &plan);
	return plan;
}
