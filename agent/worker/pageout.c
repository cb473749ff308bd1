/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/pageout.h"

#include "agent/pageout/pager.h"
#include "agent/worker/act.h"
#include "agent/worker/asking.h"
#include "agent/worker/finish.h"
#include "agent/worker/internal.h"
#include "agent/worker/protection.h"
#include "agent/worker/report.h"
#include "agent/worker/swap.h"
#include "base/clock.h"

/* A round through all groups that brought nothing: the next then, and twice as long after that. */
#define WAIT_MIN_NS (1 * NSEC_PER_SEC)
#define WAIT_MAX_NS (60 * NSEC_PER_SEC)
/* Groups a turn looks at, until it finds one worth asking for. */
#define LOOKS_MAX 64

/* Who wants memory, and what is being done for him. */
static struct target *target_of(struct worker *w)
{
	return w->pageout.group ? &w->pageout.group->target : &w->here.target;
}

static bool wants(const struct target *target)
{
	return wish_is(&target->verdict);
}

/* The one that will be out of room first; false: nobody wants any. */
static bool choose_target(struct worker *w)
{
	const struct target *best = wants(&w->here.target) ? &w->here.target : NULL;

	w->pageout.group = NULL;
	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (!g->watched || !wants(&g->target) ||
		    (best && target_urgency_ns(best) <= target_urgency_ns(&g->target)))
			continue;
		best = &g->target;
		w->pageout.group = g;
	}
	return best;
}

/* How much more of what is charged to the group may go to swap. */
static uint64_t swap_left(const struct worker *w, const struct group *payer, uint64_t now_ns)
{
	const struct group *wanting = w->pageout.group;
	struct group_sample sample = {
		.swap_max_bytes = payer->limits.swap_max,
		.swap_is_futile = wanting ? yield_is_poor_for_limit(&payer->yield, now_ns)
					  : yield_is_poor_for_node(&payer->yield, now_ns),
	};
	struct group_sample above;
	uint64_t left;

	/* Without the file swap is not counted by group. */
	(void)memory_bytes_read_at(payer->cgroup->dir_fd, "memory.swap.current",
				   &sample.swap_current_bytes);
	left = protect_swap_left(&w->config->protect, &sample, &w->swap, UINT64_MAX);
	if (!wanting)
		return left;
	above = wanting->sample;
	above.swap_is_futile = false; /* it is the payer's memory */
	return MIN(left,
		   protect_swap_left(&w->config->protect, &above, &w->swap,
				     headroom_swap_limit(&w->config->headroom, above.limit_bytes)));
}

/* What may be asked of the group, for the target. False: nothing. */
static bool fill_ask(struct worker *w, struct group *g, uint64_t now_ns, struct pageout_ask *ret)
{
	struct group *payer = group_payer(g);
	uint64_t current, left;

	if (!payer || g->excluded || (w->pageout.group && !group_is_within(g, w->pageout.group)))
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
		.group_named = config_patterns_match(&w->config->pageout.group, g->cgroup->path),
	};
	if (ret->may_swap)
		ret->bytes = MIN(ret->bytes, left);
	ret->bytes = MIN(ret->bytes, MAX(worker_bytes_left(w, now_ns), w->page_size));
	ret->bytes = worker_announce(w, payer, ASKER_PAGER, ret->bytes);
	return ret->bytes >= w->page_size;
}

/* All groups were looked at: again at once while that brings something. */
static void end_round(struct worker *w, uint64_t now_ns)
{
	struct pageout_round *round = &w->pageout;

	target_of(w)->cold_most_bytes = MAX(target_of(w)->cold_most_bytes, round->chosen_bytes);
	round->wait_ns =
		round->applied_bytes > 0 ? 0 : CLAMP(2 * round->wait_ns, WAIT_MIN_NS, WAIT_MAX_NS);
	round->due_ns = now_ns + round->wait_ns;
	round->at = 0;
	round->applied_bytes = round->chosen_bytes = 0;
}

static bool ask(struct worker *w, struct group *g, const struct pageout_ask *what)
{
	w->pageout.store_known = worker_read_store(w, &w->pageout.store);
	worker_mark_swap_writes(w, &w->pageout.swap_mark);
	w->pageout.slot = pager_ask(w->world->pager, w->act, w->config, what, w->main_fd);
	w->pageout.asked = g;
	return w->pageout.slot >= 0;
}

static void ask_next(struct worker *w, uint64_t now_ns)
{
	struct pageout_round *round = &w->pageout;
	struct pageout_ask what;

	for (size_t n = 0; n < LOOKS_MAX; n++) {
		struct group *g;

		if (round->at >= w->n_groups) {
			end_round(w, now_ns);
			return;
		}
		g = w->groups[round->at];
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
	const struct ledger part = {
		.pageouts = result->calls > 0,
		.pageout_tried_bytes = result->tried_bytes,
		.pageout_applied_bytes = result->applied_bytes,
		.pageout_swapped_bytes = result->swapped_bytes,
		.cooled_bytes = result->cooled_bytes,
	};

	ledger_add(&target->ledger, &part);
	w->hand_cpu_ns += result->cpu_ns;
	w->taken_bytes += result->applied_bytes;
	if (target == &w->here.target && target->verdict.reason == VERDICT_ORDERED)
		worker_take_off_order(w, result->applied_bytes);
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

/* True when it brought something. */
static bool collect(struct worker *w, uint64_t now_ns)
{
	struct pageout_round *round = &w->pageout;
	struct pageout_result result;

	if (!pager_collect(w->world->pager, round->slot, &result))
		return false;
	round->slot = -1;
	worker_is_done_asking(w, ASKER_PAGER);
	account(w, target_of(w), &result);
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
	return result.applied_bytes > 0;
}

void worker_pageout(struct worker *w, uint64_t now_ns)
{
	struct pageout_round *round = &w->pageout;

	/* Then less may be wanted: first the next look, then the next ask. */
	if (round->slot >= 0 && collect(w, now_ns))
		return;
	if (round->slot >= 0 || !w->world->pager || !w->config->pageout.enabled ||
	    now_ns < round->due_ns || worker_budget_used_up(w, now_ns) != VERDICT_NONE)
		return;
	if (choose_target(w))
		ask_next(w, now_ns);
}

void worker_pageout_forget(struct worker *w, const struct group *g)
{
	if (w->pageout.asked == g)
		w->pageout.asked = NULL;
	if (w->pageout.group == g)
		w->pageout.group = NULL;
}
