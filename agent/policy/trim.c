/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/trim.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"
#include "cgroup/reclaim.h"

#define ALL UINT64_C(10000) /* permyriad */

static const struct {
	const char *name, *words;
} reasons[TRIM_REASONS] = {
	[TRIM_OFF] = {"off", "trimming is switched off"},
	[TRIM_EXCLUDED] = {"excluded", "excluded by the configuration, or on its directory"},
	[TRIM_WAITING] = {"waiting", "the next step is not due yet"},
	[TRIM_TRIGGERED] = {"triggered", "its tasks stalled on memory just now: a pause"},
	[TRIM_PRESSURE] = {"pressure", "its tasks stall on memory more than is allowed"},
	[TRIM_REFAULTS] = {"refaults", "too much of what was taken is read back: it is in use"},
	[TRIM_PROMOTIONS] = {"promotions",
			     "more comes back each minute than its working set allows"},
	[TRIM_NO_COLD] = {"no-cold", "hardly anything is old enough to be cold"},
	[TRIM_SMALL] = {"small", "the step is still too small to be asked for; it grows"},
	[TRIM_NOTHING_SPARE] = {"nothing-spare",
				"what is left is protected, locked, dirty or below the floor"},
	[TRIM_SWAP_ALLOWANCE] = {"swap-allowance",
				 "only anonymous memory is left and swap may not take more of it"},
	[TRIM_SWAP_YIELD] = {"swap-yield",
			     "only anonymous memory is left and swapping it frees too little"},
	[TRIM_SWAP_STUCK] = {"swap-stuck",
			     "only anonymous memory is left and swap does not answer"},
	[TRIM_BACK_OFF] = {"back-off", "the last requests brought little: waiting"},
	[TRIM_DAMON_RECLAIM] = {"damon-reclaim", "the kernel's DAMON_RECLAIM takes what is cold"},
	[TRIM_HELD_OUT] = {"held-out", "left alone by lot, to see what trimming it does"},
	[TRIM_HARMFUL] = {"harmful", "groups that were looked after did worse: stopped"},
	[TRIM_NO_BACKEND] = {"no-backend", "its memory.reclaim can't be written"},
	[TRIM_STEP] = {"step", "a step of what seems to be cold"},
};

const char *trim_reason_name(enum trim_reason reason)
{
	return (unsigned int)reason < TRIM_REASONS ? reasons[reason].name : "unknown";
}

const char *trim_reason_words(enum trim_reason reason)
{
	return (unsigned int)reason < TRIM_REASONS ? reasons[reason].words : "unknown";
}

uint64_t trim_wanted_pages(uint64_t refaulted_anon, uint64_t refaulted_file,
			   const struct swap_reads *reads)
{
	uint64_t unasked = MIN(minus(reads->ahead, reads->hits), reads->read);

	return refaulted_file + minus(refaulted_anon, scale(refaulted_anon, unasked, reads->read));
}

/* A sum over about the last window. What came in a gap longer than the window counts by its share.
 */
static uint64_t remember(uint64_t sum, uint64_t more, uint64_t elapsed_ns)
{
	if (elapsed_ns >= TRIM_WINDOW_NS)
		return scale(more, TRIM_WINDOW_NS, elapsed_ns);
	return plus(decay(sum, elapsed_ns, TRIM_WINDOW_NS), more);
}

/* max(0, 1 - measured / allowed). Nothing allowed and nothing measured is well. */
static uint64_t term(uint64_t measured, uint64_t allowed)
{
	if (measured == 0)
		return ALL;
	return measured >= allowed ? 0 : ALL - scale(measured, ALL, allowed);
}

struct trim_terms trim_terms(const struct trim_history *h, const struct trim_settings *settings,
			     const struct group_sample *group, const struct trim_sample *trim)
{
	uint64_t set = trim->working_set_bytes == TRIM_AGE_UNKNOWN ? group->current_bytes
								   : trim->working_set_bytes;
	uint64_t promotions = MAX(scale(set, settings->promotion_permyriad, ALL), TRIM_NOISE_BYTES);
	uint64_t refaults =
		MAX(scale(h->taken_bytes, settings->refault_permyriad, ALL), TRIM_NOISE_BYTES);
	uint64_t back = minus(h->refaulted_bytes, TRIM_NOISE_BYTES);

	return (struct trim_terms){
		.pressure = term(h->stall_us, scale(TRIM_WINDOW_NS / NSEC_PER_USEC,
						    settings->pressure_permyriad, ALL)),
		.refault = term(back, refaults),
		.promotion = term(back, promotions),
	};
}

static uint64_t lowest(const struct trim_terms *terms)
{
	uint64_t least = MIN(terms->pressure, terms->refault);

	return MIN(least, terms->promotion);
}

static void halve(struct trim_history *h, const struct trim_settings *settings)
{
	h->ratio_permyriad = MAX(h->ratio_permyriad / 2, settings->ratio_min_permyriad);
}

/* An interval is over: was its step's size right? */
static void judge(struct trim_history *h, const struct trim_settings *settings,
		  const struct group_sample *group, const struct trim_sample *trim)
{
	struct trim_terms terms = trim_terms(h, settings, group, trim);
	uint64_t step = scale(group->current_bytes, h->ratio_permyriad, ALL);

	if (lowest(&terms) < TRIM_GOOD_PERMYRIAD) {
		halve(h, settings);
		return;
	}
	/* Where nothing could be taken, that nothing came back says nothing about the ratio. */
	if (h->taken_bytes < TRIM_STEP_MIN_BYTES / 2 && step >= 2 * TRIM_STEP_MIN_BYTES)
		return;
	h->ratio_permyriad += MAX(h->ratio_permyriad / 3, UINT64_C(1));
	h->ratio_permyriad = MIN(h->ratio_permyriad, settings->ratio_max_permyriad);
}

static void begin(struct trim_history *h, const struct group_sample *group,
		  const struct trim_sample *trim)
{
	h->seen_ns = h->judged_ns = group->now_ns;
	h->stall_total_us = trim->stall_total_us;
	h->pause_until_ns = 0;
	h->due = false;
}

void trim_learn(struct trim_history *h, const struct trim_settings *settings,
		const struct group_sample *group, const struct trim_sample *trim)
{
	uint64_t elapsed_ns;

	h->ratio_permyriad = CLAMP(h->ratio_permyriad, settings->ratio_min_permyriad,
				   settings->ratio_max_permyriad);
	if (h->seen_ns == 0 || group->now_ns < h->seen_ns) {
		begin(h, group, trim);
	} else {
		elapsed_ns = group->now_ns - h->seen_ns;
		h->stall_us = remember(h->stall_us, minus(trim->stall_total_us, h->stall_total_us),
				       elapsed_ns);
		h->taken_bytes = remember(h->taken_bytes, group->taken_bytes, elapsed_ns);
		h->refaulted_bytes =
			remember(h->refaulted_bytes, group->refaulted_bytes, elapsed_ns);
		h->seen_ns = group->now_ns;
		h->stall_total_us = trim->stall_total_us;
		h->due = group->now_ns - h->judged_ns >= settings->interval_ns;
	}
	if (trim->psi_triggered) {
		halve(h, settings);
		h->pause_until_ns = group->now_ns + settings->pause_ns;
		h->judged_ns = group->now_ns;
		h->due = false;
	}
	if (h->due) {
		judge(h, settings, group, trim);
		h->judged_ns = group->now_ns;
	}
}

static enum trim_reason reason_to_wait(const struct trim_history *h,
				       const struct group_sample *group)
{
	if (group->excluded)
		return TRIM_EXCLUDED;
	if (group->now_ns < h->pause_until_ns)
		return TRIM_TRIGGERED;
	return h->due ? TRIM_STEP : TRIM_WAITING;
}

/* Why the law itself leaves no step. */
static enum trim_reason reason_for_no_step(const struct trim_plan *plan,
					   const struct trim_sample *trim)
{
	uint64_t least = lowest(&plan->terms);

	if (trim->cold_bytes < TRIM_STEP_MIN_BYTES)
		return TRIM_NO_COLD;
	if (least >= TRIM_GOOD_PERMYRIAD)
		return TRIM_SMALL;
	if (plan->terms.pressure == least)
		return TRIM_PRESSURE;
	return plan->terms.refault == least ? TRIM_REFAULTS : TRIM_PROMOTIONS;
}

static void stop(struct trim_plan *plan, enum trim_reason reason)
{
	plan->reason = reason;
	plan->bytes = 0;
}

static enum trim_reason reason_not_to_swap(const struct group_sample *group,
					   const struct swap_sample *swap)
{
	if (swap->is_stuck)
		return TRIM_SWAP_STUCK;
	return group->swap_is_futile ? TRIM_SWAP_YIELD : TRIM_SWAP_ALLOWANCE;
}

static void bound_by_spare(struct trim_plan *plan, const struct trim_settings *settings,
			   const struct protect_settings *protect, const struct group_sample *group,
			   const struct trim_sample *trim, const struct swap_sample *swap)
{
	uint64_t memory = plus(group->current_bytes, group->swap_current_bytes);
	uint64_t swap_limit = scale(memory, settings->swap_permyriad, ALL);
	struct spare spare = protect_spare(protect, group, swap, swap_limit);

	if (protect_fit_swap(&spare, group, &plan->bytes, &plan->swappiness))
		plan->bytes = MIN(plan->bytes, trim->cold_file_bytes);
	if (spare.kernel_could_swap && plan->bytes < TRIM_STEP_MIN_BYTES) {
		stop(plan, reason_not_to_swap(group, swap));
		return;
	}
	plan->bytes = MIN(plan->bytes, spare.total_bytes);
	plan->bytes = MIN(plan->bytes, minus(group->current_bytes, settings->floor_bytes));
	if (plan->bytes < TRIM_STEP_MIN_BYTES)
		stop(plan, TRIM_NOTHING_SPARE);
}

struct trim_plan trim_decide(const struct trim_settings *settings,
			     const struct protect_settings *protect, const struct trim_history *h,
			     const struct group_sample *group, const struct trim_sample *trim,
			     const struct swap_sample *swap)
{
	uint64_t next_ns = minus(settings->interval_ns, minus(group->now_ns, h->judged_ns));
	struct trim_plan plan = {
		.reason = reason_to_wait(h, group),
		.swappiness = GROUP_RECLAIM_DEFAULT,
		.terms = trim_terms(h, settings, group, trim),
		.ratio_permyriad = h->ratio_permyriad,
		.look_again_ns = MAX(next_ns, minus(h->pause_until_ns, group->now_ns)),
	};

	if (plan.reason != TRIM_STEP)
		return plan;
	plan.bytes = scale(group->current_bytes, h->ratio_permyriad, ALL);
	plan.bytes = MIN(plan.bytes, trim->cold_bytes);
	plan.bytes = scale(plan.bytes, lowest(&plan.terms), ALL);
	if (plan.bytes < TRIM_STEP_MIN_BYTES)
		stop(&plan, reason_for_no_step(&plan, trim));
	else
		bound_by_spare(&plan, settings, protect, group, trim, swap);
	return plan;
}
