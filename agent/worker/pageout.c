/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/pageout.h"

#include "agent/pageout/pager.h"
#include "agent/worker/act.h"
#include "agent/worker/asking.h"
#include "agent/worker/finish.h"
#include "agent/worker/internal.h"
#include "agent/worker/outcome.h"
#include "agent/worker/protection.h"
#include "agent/worker/report.h"
#include "agent/worker/swap.h"
#include "base/clock.h"
#include "base/saturate.h"

/* A round through all groups that brought nothing: the next then, and twice as long after that. */
#define WAIT_MIN_NS (1 * NSEC_PER_SEC)
#define WAIT_MAX_NS (60 * NSEC_PER_SEC)
/* Groups a turn looks at, until it finds one worth asking for. */
#define LOOKS_MAX 64

/* Whose step of trim it is for; NULL: for nobody's. */
static struct group *step_of(const struct pageout_round *round)
{
	return round->for_step ? round->group : NULL;
}

/* Who wants memory, and what is being done for him. */
static struct target *target_of(struct worker *w)
{
	const struct pageout_round *round = &w->pageout;

	if (!round->group)
		return &w->here.target;
	return round->for_step ? &round->group->trim.target : &round->group->target;
}

static bool wants(const struct target *target)
{
	return wish_is(&target->verdict);
}

static void begin_round(struct pageout_round *round, size_t at)
{
	round->at = at;
	round->applied_bytes = round->chosen_bytes = 0;
}

/* A step goes through its group and those below, which stand after it. */
static bool choose_step(struct worker *w)
{
	struct pageout_round *round = &w->pageout;
	struct group *g = worker_trim_next(w, ASKER_PAGER);

	if (!g)
		return false;
	if (!round->for_step || round->group != g)
		begin_round(round, g->index);
	round->group = g;
	round->for_step = true;
	return true;
}

/* The one that will be out of room first; cold memory last. False: nobody wants any. */
static bool choose_target(struct worker *w, uint64_t now_ns)
{
	bool rests = now_ns < w->pageout.due_ns;
	const struct target *best = !rests && wants(&w->here.target) ? &w->here.target : NULL;
	struct group *wanting = NULL;

	for (size_t i = 0; !rests && i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (!g->watched || !wants(&g->target) ||
		    (best && target_urgency_ns(best) <= target_urgency_ns(&g->target)))
			continue;
		best = &g->target;
		wanting = g;
	}
	if (!best)
		return choose_step(w);
	if (w->pageout.for_step)
		begin_round(&w->pageout, 0);
	w->pageout.group = wanting;
	w->pageout.for_step = false;
	return true;
}

/* How much more of what is in the group and below it may go to swap, as far as that is its own
 * business. */
static uint64_t target_swap_left(const struct worker *w, const struct group *g)
{
	struct group_sample sample = g->sample;
	uint64_t memory = plus(sample.current_bytes, sample.swap_current_bytes);
	uint64_t most = w->pageout.for_step
				? share(memory, w->config->trim.swap_permyriad)
				: headroom_swap_limit(&w->config->headroom, sample.limit_bytes);

	if (w->pageout.for_step && g->trim.plan.swappiness == GROUP_RECLAIM_NO_ANON)
		return 0;
	sample.swap_is_futile = false; /* it is the payer's memory */
	return protect_swap_left(&w->config->protect, &sample, &w->swap, most);
}

/* How much more of what is charged to the group may go to swap. */
static uint64_t swap_left(const struct worker *w, const struct group *payer, uint64_t now_ns)
{
	const struct group *wanting = w->pageout.group;
	bool for_limit = wanting && !w->pageout.for_step;
	struct group_sample sample = {
		.swap_max_bytes = payer->limits.swap_max,
		.swap_is_futile = for_limit ? yield_is_poor_for_limit(&payer->yield, now_ns)
					    : yield_is_poor_for_node(&payer->yield, now_ns),
	};
	uint64_t left;

	/* Without the file swap is not counted by group. */
	(void)memory_bytes_read_at(payer->cgroup->dir_fd, "memory.swap.current",
				   &sample.swap_current_bytes);
	left = protect_swap_left(&w->config->protect, &sample, &w->swap, UINT64_MAX);
	return wanting ? MIN(left, target_swap_left(w, wanting)) : left;
}

/* What may be asked of the group, for the target. False: nothing. */
static bool fill_ask(struct worker *w, struct group *g, uint64_t now_ns, struct pageout_ask *ret)
{
	struct group *payer = group_payer(g);
	uint64_t current, left;

	if (!payer || g->excluded)
		return false;
	/* Most groups are out by this one figure. */
	if (memory_bytes_read_at(payer->cgroup->dir_fd, "memory.current", &current) < 0 ||
	    current < w->config->pageout.rss_min_bytes)
		return false;
	if (!worker_refresh_protection(w, payer, now_ns) || g->excluded)
		return false;
	left = swap_left(w, payer, now_ns);
	*ret = (struct pageout_ask){
		.group = g->shared->id,
		.group_fd = g->cgroup->dir_fd,
		.node = w->pageout.group || w->world->topology->n_nodes < 2 ? -1 : (int)w->node->id,
		.bytes = MIN(target_of(w)->verdict.bytes, current),
		.may_swap = left > 0,
		.cold_only = w->pageout.for_step,
		.group_named = config_patterns_match(&w->config->pageout.group, g->cgroup->path),
	};
	if (ret->may_swap)
		ret->bytes = MIN(ret->bytes, left);
	if (w->pageout.group)
		ret->bytes = MIN(ret->bytes, worker_unclaimed_below(w, payer, w->pageout.group));
	ret->bytes = MIN(ret->bytes, MAX(worker_bytes_left(w, now_ns), w->page_size));
	ret->bytes = worker_announce(w, payer, ASKER_PAGER, ret->bytes);
	return ret->bytes >= w->page_size;
}

/* Again at once while that brings something. */
static uint64_t next_wait_ns(const struct pageout_round *round, uint64_t wait_ns)
{
	return round->applied_bytes > 0 ? 0 : CLAMP(2 * wait_ns, WAIT_MIN_NS, WAIT_MAX_NS);
}

/* All groups were looked at. What is left of a step is the hand's. */
static void end_round(struct worker *w, uint64_t now_ns)
{
	struct pageout_round *round = &w->pageout;
	struct group *step = step_of(round);

	target_of(w)->cold_most_bytes = MAX(target_of(w)->cold_most_bytes, round->chosen_bytes);
	if (step) {
		struct group_trim *trim = &step->trim;

		trim->taker = ASKER_HAND;
		trim->pager_wait_ns = next_wait_ns(round, trim->pager_wait_ns);
		trim->pager_due_ns = now_ns + trim->pager_wait_ns;
		round->group = NULL;
		round->for_step = false;
	} else {
		round->wait_ns = next_wait_ns(round, round->wait_ns);
		round->due_ns = now_ns + round->wait_ns;
	}
	begin_round(round, 0);
}

static bool ask(struct worker *w, struct group *g, const struct pageout_ask *what)
{
	w->pageout.store_known = worker_read_store(w, &w->pageout.store);
	worker_mark_swap_writes(w, &w->pageout.swap_mark);
	w->pageout.slot = pager_ask(w->world->pager, w->act, w->config, what, w->main_fd);
	w->pageout.asked = g;
	w->pageout.asked_id = g->shared->id;
	w->pageout.dry = w->act->dry;
	return w->pageout.slot >= 0;
}

static void ask_next(struct worker *w, uint64_t now_ns)
{
	struct pageout_round *round = &w->pageout;
	struct pageout_ask what;

	for (size_t looks = 0; looks < LOOKS_MAX;) {
		struct group *g;

		if (round->at >= w->n_groups) {
			end_round(w, now_ns);
			return;
		}
		g = w->groups[round->at];
		if (round->group && !group_is_within(g, round->group)) {
			round->at++;
			continue;
		}
		looks++;
		if (fill_ask(w, g, now_ns, &what)) {
			if (!ask(w, g, &what)) {
				round->slot = -1; /* others are served first */
				worker_is_done_asking(w, ASKER_PAGER);
			}
			return;
		}
		round->at++;
	}
}

static void account(struct worker *w, struct target *target, const struct pageout_result *result)
{
	struct group *step = step_of(&w->pageout);
	const struct ledger part = {
		.pageouts = result->calls > 0,
		.pageout_tried_bytes = result->tried_bytes,
		.pageout_applied_bytes = result->applied_bytes,
		.pageout_swapped_bytes = result->swapped_bytes,
		.cooled_bytes = result->cooled_bytes,
	};

	ledger_add(&target->ledger, &part);
	w->hand_cpu_ns += result->cpu_ns;
	w->hand_ns += result->calls_ns;
	w->taken_bytes += result->applied_bytes;
	if (target == &w->here.target && target->verdict.reason == VERDICT_ORDERED)
		worker_take_off_order(w, result->applied_bytes);
	if (step)
		worker_trim_paged_out(w, step, result->applied_bytes);
	else
		target->unlearned_taken_bytes += result->applied_bytes;
	w->pageout.applied_bytes += result->applied_bytes;
	w->pageout.chosen_bytes += result->chosen_bytes;
	if (result->applied_bytes > 0)
		target->due_ns = 0;
}

/* What of the group went to swap, and what of that stays in memory. */
static void learn_yield(struct worker *w, uint64_t swapped_bytes, uint64_t now_ns)
{
	struct group *payer = w->pageout.asked ? group_payer(w->pageout.asked) : NULL;
	struct swap_store store;

	if (payer && w->pageout.store_known && worker_read_store(w, &store))
		yield_learn(&payer->yield, w->config->protect.swap_yield_permyriad, swapped_bytes,
			    &w->pageout.store, &store, now_ns);
}

/* What was only made cold is not asked for; where nothing was found there was no request. */
static void record_outcome(struct worker *w, const struct pageout_result *result, uint64_t now_ns)
{
	const struct pageout_round *round = &w->pageout;
	struct outcome_record o = {
		.target = round->asked_id,
		.decision = RECORD_PAGEOUT,
		.dry = round->dry,
		.error = result->error,
		.now_ns = now_ns,
		.asked_bytes = round->dry ? result->chosen_bytes : result->tried_bytes,
		.applied_bytes = result->applied_bytes,
		.swapped_bytes = result->swapped_bytes,
		.wall_ns = result->calls_ns,
		.cpu_ns = result->cpu_ns,
	};

	if (o.asked_bytes == 0 && o.error == 0)
		return;
	if (round->asked)
		worker_record_outcome(w, round->asked, &o);
	else
		(void)record_put(w->record, RECORD_OUTCOME, &o);
}

/* True when it brought something, and who wanted it is looked at anew. */
static bool collect(struct worker *w, uint64_t now_ns)
{
	struct pageout_round *round = &w->pageout;
	struct pageout_result result;

	if (!pager_collect(w->world->pager, round->slot, &result))
		return false;
	round->slot = -1;
	worker_is_done_asking(w, ASKER_PAGER);
	account(w, target_of(w), &result);
	record_outcome(w, &result, now_ns);
	learn_yield(w, result.swapped_bytes, now_ns);
	worker_count_swap_writes(w, &round->swap_mark, result.swapped_bytes);
	if (result.calls > 0 && round->asked)
		log_debug(&w->world->log, "node %u: %s: %ju bytes paged out, of %ju cold ones",
			  w->node->id, round->asked->cgroup->path, (uintmax_t)result.applied_bytes,
			  (uintmax_t)result.tried_bytes);
	if (result.error < 0)
		worker_complain(w, now_ns, round->asked ? round->asked->cgroup->path : "a group",
				result.error, "its processes can't be paged out");
	/* Processes that could not be asked are not worth a look at each of the others. */
	round->at += result.ended || result.error < 0;
	return result.applied_bytes > 0 && !round->for_step;
}

void worker_pageout(struct worker *w, uint64_t now_ns)
{
	struct pageout_round *round = &w->pageout;

	/* Then less may be wanted: first the next look, then the next ask. */
	if (round->slot >= 0 && collect(w, now_ns))
		return;
	if (round->slot >= 0 || !w->world->pager || !w->config->pageout.enabled ||
	    worker_budget_used_up(w, now_ns) != VERDICT_NONE)
		return;
	if (choose_target(w, now_ns))
		ask_next(w, now_ns);
}

void worker_pageout_cancel(struct worker *w)
{
	if (w->world->pager && w->pageout.slot >= 0)
		pager_cancel(w->world->pager, w->pageout.slot);
}

void worker_pageout_limits_changed(struct worker *w, const struct group *g)
{
	const struct group *asked = w->pageout.asked;

	if (asked && group_is_within(asked, g))
		worker_pageout_cancel(w);
}

enum asker worker_pageout_first(const struct worker *w, const struct group *g, uint64_t now_ns)
{
	const struct group_trim *trim = &g->trim;
	bool missed = trim->target.wants && trim->taker == ASKER_PAGER;

	return w->world->pager && w->config->pageout.enabled && now_ns >= trim->pager_due_ns &&
			       !missed
		       ? ASKER_PAGER
		       : ASKER_HAND;
}

bool worker_pageout_is_at_step(const struct worker *w, const struct group *g)
{
	return w->pageout.slot >= 0 && w->pageout.for_step && w->pageout.group == g;
}

void worker_pageout_forget(struct worker *w, const struct group *g)
{
	if (w->pageout.asked == g)
		w->pageout.asked = NULL;
	if (w->pageout.group == g) {
		w->pageout.group = NULL;
		w->pageout.for_step = false;
	}
}
