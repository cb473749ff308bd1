/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/clean.h"

#include "agent/worker/holdout.h"
#include "agent/worker/internal.h"
#include "agent/worker/outcome.h"
#include "agent/worker/report.h"
#include "agent/worker/shares.h"
#include "agent/writer/cleaner.h"
#include "base/clock.h"
#include "base/saturate.h"
#include "cgroup/reclaim.h"

#include <errno.h>
#include <stdio.h>

/* What brought nothing is tried again then, and then twice as long after that. */
#define WAIT_MIN_NS (1 * NSEC_PER_SEC)
#define WAIT_MAX_NS (60 * NSEC_PER_SEC)
/* Without a group whose files could be written back. */
#define NODE_WAIT_NS (5 * NSEC_PER_SEC)
/* Of so many dirty pages less than one is clean: whoever looks for it meets the dirty ones. */
#define MOSTLY_DIRTY 16

/* What is left can't be taken as it is. */
static bool nothing_to_take(enum verdict_reason reason)
{
	return reason == VERDICT_NOTHING_SPARE || reason == VERDICT_SWAP_ALLOWANCE ||
	       reason == VERDICT_SWAP_YIELD || reason == VERDICT_SWAP_STUCK;
}

static bool came_short(const struct group *g)
{
	const struct verdict *v = &g->target.verdict;

	return v->room_bytes < v->margin_bytes &&
	       (nothing_to_take(v->reason) || v->reason == VERDICT_BACK_OFF);
}

static struct clean_sample sample_of(const struct group *g)
{
	const struct memory_stat *stat = &g->sample.stat;
	const struct verdict *v = &g->target.verdict;
	uint64_t dirty = stat->file_dirty + stat->file_writeback;

	return (struct clean_sample){
		.dirty_bytes = stat->file_dirty,
		.writeback_bytes = stat->file_writeback,
		.clean_bytes = minus(stat->inactive_file + stat->active_file, dirty),
		.room_bytes = v->room_bytes,
		.wanted_bytes = minus(v->margin_bytes + v->margin_bytes / 2, v->room_bytes),
		.rate_bytes_per_s = v->rate_bytes_per_s,
		.write_bytes_per_s = g->clean.write_bytes_per_s,
		.came_short = came_short(g),
	};
}

static bool may_clean(const struct worker *w)
{
	return w->world->cleaner && w->config->clean.enabled;
}

/* What its tasks read back, or what nothing may be taken from, need not be clean. */
static bool may_be_cleaned(const struct group *g, uint64_t now_ns)
{
	return g->clean.slot < 0 && now_ns >= g->clean.due_ns &&
	       g->target.verdict.reason != VERDICT_EXCLUDED &&
	       g->target.verdict.reason != VERDICT_REFAULTS && !g->excluded && !g->excluded_below;
}

static void ask(struct worker *w, struct group *g, const struct clean_need *need,
		uint64_t for_node_bytes, uint64_t now_ns)
{
	g->clean.reason = need->reason;
	g->clean.reason_ns = now_ns;
	g->clean.for_node_bytes = for_node_bytes;
	g->clean.dry = w->act->dry;
	g->clean.slot = cleaner_ask(w->world->cleaner, g->clean.dry ? &clean_dry_run : &clean_live,
				    &w->config->clean, &w->config->protect.exclude_device,
				    g->shared->id, g->cgroup->dir_fd, need->bytes, w->main_fd);
	/* All slots taken: others are served first. */
	if (g->clean.slot < 0)
		g->clean.due_ns = now_ns + WAIT_MIN_NS;
	else
		log_debug(&w->world->log, "node %u: %s: writing back %ju dirty bytes%s (%s)",
			  w->node->id, g->cgroup->path, (uintmax_t)need->bytes,
			  for_node_bytes > 0 ? " for the node" : "",
			  clean_reason_name(need->reason));
}

/* A kernel that can't be told to leave anonymous memory alone (6.1) chooses by itself. */
static void aim(const struct worker *w, struct group *g, uint64_t clean_bytes)
{
	const struct verdict *v = &g->target.verdict;

	if (harvest_is_slow(g->target.pace.bytes_per_s, v->rate_bytes_per_s))
		harvest_begin(&g->clean.harvest, 0);
	if (harvest_goes_on(&g->clean.harvest, clean_bytes, v->bytes, v->refault_permyriad) &&
	    w->world->reclaim_features.swappiness)
		g->swappiness = GROUP_RECLAIM_NO_ANON;
}

/* Where it is switched off too: a replay can switch it on. */
static struct clean_need decide(struct worker *w, struct group *g, const struct clean_sample *s,
				uint64_t now_ns)
{
	struct clean_record record = {
		.target = g ? g->shared->id : w->node->id,
		.of_node = !g,
		.now_ns = now_ns,
		.sample = *s,
		.need = clean_decide(w->config->clean.enabled, s),
	};

	if (g)
		record_name(w->record, record.target, g->cgroup->path, &g->named);
	(void)record_put(w->record, RECORD_CLEAN, &record);
	return record.need;
}

/*
 * Write-back for a group's own limit is part of what the lot leaves out. What a node wants is not:
 * it would be asked of the other groups instead, and those be the worse for it.
 */
static void leave_alone(const struct worker *w, struct group *g, struct clean_need *need)
{
	if (need->bytes == 0)
		return;
	g->held.wished = true;
	if (!worker_leaves_alone(w, g))
		return;
	need->reason = w->holdout.harmful ? CLEAN_HARMFUL : CLEAN_HELD_OUT;
	need->bytes = 0;
}

void worker_clean(struct worker *w, struct group *g, uint64_t now_ns)
{
	struct clean_sample sample;
	struct clean_need need;

	/* Figures of a look that read only memory.current are of another moment. */
	if (!g->events_known)
		return;
	sample = sample_of(g);
	aim(w, g, sample.clean_bytes);
	if (!w->world->cleaner || !may_be_cleaned(g, now_ns))
		return;
	need = decide(w, g, &sample, now_ns);
	leave_alone(w, g, &need);
	g->clean.reason = need.reason;
	g->clean.reason_ns = now_ns;
	if (need.bytes > 0)
		ask(w, g, &need, 0, now_ns);
}

/* It wants memory, or would if there were something to take. */
static bool node_wants(const struct node_state *n, uint64_t wanted_bytes)
{
	enum verdict_reason reason = n->target.verdict.reason;

	if (wanted_bytes > 0)
		return reason != VERDICT_NO_BACKEND;
	return nothing_to_take(reason) || reason == VERDICT_HOPELESS;
}

static struct clean_sample node_sample(const struct worker *w, uint64_t wanted_bytes)
{
	const struct node_state *n = &w->here;
	const struct node_counters *c = &n->view.counters;
	const struct verdict *v = &n->target.verdict;
	uint64_t dirty = c->dirty_pages + c->writeback_pages;
	uint64_t clean = minus(c->inactive_file_pages + c->active_file_pages, dirty) * w->page_size;
	uint64_t missing = minus(v->margin_bytes + v->margin_bytes / 2, v->room_bytes);
	/* Whoever has clean memory here may not be asked for it. */
	bool nobody_has_any = wanted_bytes > 0 && n->backend == BACKEND_NONE;

	wanted_bytes = MAX(wanted_bytes, missing);
	return (struct clean_sample){
		.dirty_bytes = c->dirty_pages * w->page_size,
		.writeback_bytes = c->writeback_pages * w->page_size,
		.clean_bytes = clean,
		.room_bytes = v->room_bytes,
		.wanted_bytes = wanted_bytes,
		.rate_bytes_per_s = v->rate_bytes_per_s,
		.came_short = n->came_back_short || nobody_has_any || clean < wanted_bytes,
	};
}

/* The group with most dirty file memory here. NULL: no group has much of it. */
static struct group *dirtiest(const struct worker *w, uint64_t now_ns)
{
	struct group *best = NULL;

	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (g->node_dirty_bytes < CLEAN_MIN_BYTES || !may_be_cleaned(g, now_ns))
			continue;
		if (!best || g->node_dirty_bytes > best->node_dirty_bytes)
			best = g;
	}
	return best;
}

bool worker_clean_comes_first(const struct worker *w, const struct group *g, uint64_t now_ns)
{
	if (!may_clean(w) || g->node_dirty_bytes < CLEAN_MIN_BYTES ||
	    g->node_bytes >= g->node_dirty_bytes / MOSTLY_DIRTY)
		return false;
	return g->clean.slot >= 0 || may_be_cleaned(g, now_ns);
}

void worker_clean_node(struct worker *w, uint64_t wanted_bytes, uint64_t now_ns)
{
	struct clean_sample sample;
	struct clean_need need;
	struct group *g;

	if (!w->world->cleaner || now_ns < w->here.clean_due_ns ||
	    !node_wants(&w->here, wanted_bytes))
		return;
	sample = node_sample(w, wanted_bytes);
	need = decide(w, NULL, &sample, now_ns);
	if (need.bytes == 0)
		return;
	worker_read_shares(w, now_ns);
	g = dirtiest(w, now_ns);
	if (!g) {
		w->here.clean_due_ns = now_ns + NODE_WAIT_NS;
		return;
	}
	need.bytes = MIN(need.bytes, g->node_dirty_bytes);
	ask(w, g, &need, need.bytes, now_ns);
}

uint64_t worker_clean_coming(const struct worker *w)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < w->n_groups; i++)
		if (w->groups[i]->clean.slot >= 0)
			bytes = plus(bytes, w->groups[i]->clean.for_node_bytes);
	return bytes;
}

static void learn(struct group *g, const struct clean_result *result, uint64_t now_ns)
{
	struct harvest *harvest = &g->clean.harvest;
	struct ledger *ledger = &g->target.ledger;

	ledger->cleanings += result->orders > 0;
	ledger->written_bytes += result->asked_bytes;
	ledger->cleaned_bytes += result->cleaned_bytes;
	ledger->dirtied_again_bytes += result->again_bytes;
	harvest->left_bytes = minus(harvest->left_bytes, result->again_bytes);
	if (result->cleaned_bytes < CLEAN_MIN_BYTES / 4) {
		g->clean.wait_ns = CLAMP(2 * g->clean.wait_ns, WAIT_MIN_NS, WAIT_MAX_NS);
		g->clean.due_ns = now_ns + g->clean.wait_ns;
		return;
	}
	g->clean.wait_ns = g->clean.due_ns = 0;
	harvest_begin(harvest, result->cleaned_bytes);
	if (result->write_ns > 0)
		g->clean.write_bytes_per_s =
			scale(result->cleaned_bytes, NSEC_PER_SEC, result->write_ns);
	/* Reclaim was left alone because nothing could be taken: now it can. */
	g->backoff = (struct backoff){0};
	g->target.due_ns = 0;
}

/* A node that was given up is worth another try, and so is the group. */
static void learn_for_node(struct node_state *n, struct group *g, const struct clean_result *result)
{
	if (result->cleaned_bytes < CLEAN_MIN_BYTES / 4)
		return;
	g->node_backoff = (struct backoff){0};
	n->history.hopeless_until_ns = 0;
	n->history.fruitless = 0;
	n->shares_ns = 0;
	n->target.due_ns = 0;
}

/* The time spent looking is not recorded: it is no one request's. */
static void record_outcome(struct worker *w, struct group *g, const struct clean_result *result,
			   uint64_t now_ns)
{
	struct outcome_record o = {
		.decision = RECORD_CLEAN,
		.dry = g->clean.dry,
		.error = result->error,
		.now_ns = now_ns,
		.asked_bytes = g->clean.dry ? result->chosen_bytes : result->asked_bytes,
		.applied_bytes = result->cleaned_bytes,
		.wall_ns = result->write_ns,
	};

	worker_record_outcome(w, g, &o);
}

void worker_clean_collect(struct worker *w, struct group *g, uint64_t now_ns)
{
	struct clean_result result;

	if (g->clean.slot < 0 || !cleaner_collect(w->world->cleaner, g->clean.slot, &result))
		return;
	g->clean.slot = -1;
	record_outcome(w, g, &result, now_ns);
	learn(g, &result, now_ns);
	if (g->clean.for_node_bytes > 0)
		learn_for_node(&w->here, g, &result);
	if (result.error < 0)
		worker_complain(w, now_ns, g->cgroup->path, result.error,
				"its files are not written back");
}

void worker_clean_took(struct group *g, const struct request *request, const struct taken *taken)
{
	/* What did not go to swap was file memory, but for some slab. */
	uint64_t file_bytes = minus(taken->applied_bytes, taken->swapped_bytes);

	g->target.ledger.cleaned_taken_bytes += harvest_take(&g->clean.harvest, file_bytes);
	if (request->swappiness == GROUP_RECLAIM_NO_ANON)
		harvest_learn(&g->clean.harvest, request->bytes, taken->applied_bytes);
}

void worker_clean_forget(struct worker *w, struct group *g)
{
	if (g->clean.slot >= 0)
		cleaner_forget(w->world->cleaner, g->clean.slot);
	g->clean.slot = -1;
}
