/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/report.h"

#include "agent/worker/act.h"
#include "agent/worker/compact.h"
#include "agent/worker/internal.h"
#include "agent/worker/swap.h"
#include "agent/worker/trim.h"
#include "base/clock.h"
#include "base/saturate.h"
#include "cgroup/psi.h"
#include "cgroup/reclaim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#define COMPLAIN_NS (10 * NSEC_PER_SEC)

void worker_complain(struct worker *w, uint64_t now_ns, const char *object, int error,
		     const char *what)
{
	if (error == -ENODEV)
		return;
	if (w->complained_ns != 0 && now_ns - w->complained_ns < COMPLAIN_NS)
		return;
	w->complained_ns = now_ns;
	log_warning(&w->world->log, "node %u: %s: %s%s%s", w->node->id,
		    object[0] ? object : "the root group", what ? what : "", what ? ": " : "",
		    strerrordesc_np(-error));
}

static void copy_path(const char *path, char *text, size_t n)
{
	size_t length = strlen(path);

	if (length < n)
		(void)snprintf(text, n, "%s", path);
	else
		(void)snprintf(text, n, "...%s", path + length - (n - 4));
}

static uint64_t age(uint64_t now_ns, uint64_t then_ns)
{
	return then_ns && now_ns > then_ns ? now_ns - then_ns : 0;
}

static struct yield_status yield_of_target(const struct yield *yield, uint64_t now_ns)
{
	return (struct yield_status){
		.judged = yield->judged,
		.left_ns = yield_is_poor_for_node(yield, now_ns) ? yield->until_ns - now_ns : 0,
	};
}

static struct price_status prices_of(const struct worker *w, const struct group *g)
{
	int swappiness = worker_swappiness(w, g);

	if (swappiness == GROUP_RECLAIM_DEFAULT)
		return (struct price_status){0};
	return (struct price_status){
		.swap_ns = read_price_ns(&w->read_prices.lately.swap),
		.file_ns = read_price_ns(&w->read_prices.lately.file),
		.swappiness = (uint64_t)swappiness,
	};
}

static struct trim_status trim_of(const struct group *g, uint64_t now_ns)
{
	const struct group_trim *t = &g->trim;

	if (!group_is_trimmed(g))
		return (struct trim_status){0};
	return (struct trim_status){
		.on = true,
		.reason = t->plan.reason,
		.age_ns = age(now_ns, t->plan_ns),
		.wanted_bytes = t->plan.bytes,
		.ratio_permyriad = t->history.ratio_permyriad,
		.cold_bytes = t->sample.cold_bytes,
		.terms = t->plan.terms,
		.ledger = t->target.ledger,
		.wish = t->target.wish,
	};
}

/*
 * No group stalls while the whole tree does not: then what was read last still holds. Each reading
 * has the kernel add up all CPUs, and of a thousand groups hardly one stalls.
 */
static uint64_t stalled_us(struct group *g, const struct psi_totals *all)
{
	struct psi_totals stalled = {0};

	if (g->watch.pressure_fd < 0)
		return 0;
	if (!all || !g->stalls.known || g->stalls.all_total_us != all->some_us) {
		g->stalls.known = psi_read(g->watch.pressure_fd, &stalled, NULL) == 0 && all;
		g->stalls.total_us = stalled.some_us;
		g->stalls.all_total_us = all ? all->some_us : 0;
	}
	return g->stalls.total_us;
}

static struct thrash_status thrash_of(const struct thrash *thrash, uint64_t now_ns)
{
	return (struct thrash_status){.permyriad = thrash->many_permyriad,
				      .left_ns = minus(thrash->until_ns, now_ns)};
}

static void fill_group(const struct worker *w, struct group *g, const struct psi_totals *all,
		       uint64_t now_ns, struct group_status *ret)
{
	*ret = (struct group_status){
		.id = g->shared->id,
		.owns_limit = group_limit_bytes(g) != UINT64_MAX,
		.current_bytes = g->sample.current_bytes,
		.limit_bytes = group_limit_bytes(g),
		.limit_is_high = g->limits.high < g->limits.max,
		.protected_bytes = g->protected_bytes,
		.weight = g->weight,
		.events_max = g->sample.events.max,
		.events_high = g->sample.events.high,
		.stalled_us = stalled_us(g, all),
		.verdict = g->target.verdict,
		.verdict_age_ns = age(now_ns, g->target.verdict_ns),
		.action = g->target.action,
		.action_age_ns = age(now_ns, g->target.action_ns),
		.ledger = g->target.ledger,
		.wish = g->target.wish,
		.swap_yield = yield_of_target(&g->yield, now_ns),
		.anon_thrash = thrash_of(&g->anon_thrash, now_ns),
		.file_thrash = thrash_of(&g->file_thrash, now_ns),
		.prices = prices_of(w, g),
		.rests = {.limit = backoff_rest(&g->backoff, now_ns),
			  .trim = backoff_rest(&g->trim.backoff, now_ns),
			  .node = backoff_rest(&g->node_backoff, now_ns),
			  .evict = backoff_rest(&g->evict_backoff, now_ns)},
		.cold_most_bytes = g->target.cold_most_bytes,
		.past = g->past,
		.file_bytes = g->sample.stat.inactive_file + g->sample.stat.active_file,
		.anon_bytes = g->sample.stat.inactive_anon + g->sample.stat.active_anon,
		.dirty_bytes = g->sample.stat.file_dirty + g->sample.stat.file_writeback,
		.clean = g->clean.reason,
		.trim = trim_of(g, now_ns),
		.growth = g->growth,
		.harmful = w->holdout.harmful,
	};
	copy_path(g->cgroup->path, ret->path, sizeof(ret->path));
}

static struct ledger sum_groups(const struct worker *w)
{
	struct ledger sum = w->gone;

	for (size_t i = 0; i < w->n_groups; i++) {
		ledger_add(&sum, &w->groups[i]->target.ledger);
		ledger_add(&sum, &w->groups[i]->trim.target.ledger);
	}
	return sum;
}

static void fill_node(const struct worker *w, uint64_t now_ns, struct node_status *ret)
{
	const struct node_state *n = &w->here;
	const struct spending so_far = worker_spending(w);

	*ret = (struct node_status){
		.node = w->node->id,
		.managed_bytes = n->view.sums.managed_bytes,
		.free_bytes = n->view.counters.free_pages * w->page_size,
		.low_bytes = n->view.sums.low_bytes,
		.high_bytes = n->view.sums.high_bytes,
		.bound_demand = n->bound_until_ns > now_ns,
		.backend = backend_name(n->reclaim_fd >= 0 && !n->protected_here
						? BACKEND_NODE_RECLAIM
					: w->world->has_memory_reclaim ? BACKEND_MEMORY_RECLAIM
								       : BACKEND_NONE),
		.verdict = n->target.verdict,
		.action = n->target.action,
		.verdict_age_ns = age(now_ns, n->target.verdict_ns),
		.action_age_ns = age(now_ns, n->target.action_ns),
		.ledger = n->target.ledger,
		.wish = n->target.wish,
		.swap_yield = yield_of_target(&n->yield, now_ns),
		.prices = prices_of(w, NULL),
		.order = {.reason = w->compaction.reason,
			  .want = worker_order_want(w),
			  .fitting_bytes = w->compaction.fitting_bytes,
			  .compactions = w->compaction.compactions,
			  .wall_ns = w->compaction.wall_ns,
			  .cpu_ns = w->compaction.cpu_ns},
		.left_bytes = n->left_bytes,
		.evictions = n->evictions,
		.evicted_bytes = n->evicted_bytes,
		.slab_drops = n->slab_drops,
		.slab_dropped_bytes = n->slab_dropped_bytes,
		.reclaim_rest = backoff_rest(&n->backoff, now_ns),
		.cold_most_bytes = n->target.cold_most_bytes,
		.groups_ledger = sum_groups(w),
		.wakeups = w->wakeups,
		.cpu_ns = so_far.cpu_ns + w->compaction.cpu_ns,
		.spent = budget_spent(&w->budget, &w->config->protect, &so_far, now_ns),
		.budget = {.cpu_ns = share(BUDGET_WINDOW_NS, w->config->protect.cpu_permyriad),
			   .request_ns = budget_time_is_bound(&w->config->protect)
						 ? share(BUDGET_WINDOW_NS,
							 w->config->protect.time_permyriad)
						 : 0,
			   .taken_bytes = w->config->protect.rate_bytes},
		.holdout_permyriad = w->config->holdout.share_permyriad,
		.harmful = w->holdout.harmful,
		.harm = w->holdout.harm,
		.node_harmful = w->node_holdout.harmful,
		.node_harm = w->node_holdout.harm,
		.io_uring = ring_is_uring(w->ring),
		.answered = true,
		.groups_seen = w->n_groups,
		.groups = ret->groups,
	};
}

/* Room for the answer grows here, when somebody asks, never on a tick without a question. */
static bool reserve(struct worker *w)
{
	struct group_status *groups;

	if (w->status_capacity >= w->n_groups)
		return true;
	groups = realloc(w->status.groups, w->n_groups * sizeof(*groups));
	if (!groups)
		return false;
	w->status.groups = groups;
	w->status_capacity = w->n_groups;
	return true;
}

void worker_answer_status(struct worker *w, uint64_t now_ns)
{
	struct psi_totals stalled;
	const struct psi_totals *all = NULL;

	if (atomic_load(&w->status_state) != STATUS_ASKED)
		return;
	(void)reserve(w);
	if (w->tree_pressure_fd >= 0 && psi_read(w->tree_pressure_fd, &stalled, NULL) == 0)
		all = &stalled;
	fill_node(w, now_ns, &w->status);
	memcpy(w->status.effects, w->holdout.effects, sizeof(w->status.effects));
	memcpy(w->status.node_effects, w->node_holdout.effects, sizeof(w->status.node_effects));
	for (size_t i = 0; i < w->n_groups && w->status.n_groups < w->status_capacity; i++)
		if (w->groups[i]->watched)
			fill_group(w, w->groups[i], all, now_ns,
				   &w->status.groups[w->status.n_groups++]);
	atomic_store(&w->status_state, STATUS_ANSWERED);
	(void)eventfd_write(w->answer_fd, 1);
}
