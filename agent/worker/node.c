/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/node.h"

#include "agent/policy/watermarks.h"
#include "agent/sense/ages.h"
#include "agent/sense/kswapd.h"
#include "agent/sense/kthread.h"
#include "agent/worker/clean.h"
#include "agent/worker/compact.h"
#include "agent/worker/evict.h"
#include "agent/worker/finish.h"
#include "agent/worker/holdout.h"
#include "agent/worker/internal.h"
#include "agent/worker/report.h"
#include "agent/worker/rungs.h"
#include "agent/worker/shares.h"
#include "agent/worker/slab.h"
#include "agent/worker/swap.h"
#include "base/clock.h"
#include "numa/reclaim.h"

#include <errno.h>
#include <string.h>

#define ZONES_AGE_NS	  (10 * NSEC_PER_SEC)
#define ZONES_AGE_NEAR_NS NSEC_PER_SEC
/* Demand that was seen to stay on the node is expected again for this long. */
#define BOUND_MEMORY_NS (600 * NSEC_PER_SEC)

/*
 * What is there while the node has memory. Its files are other ones when it comes back. *ret_bad is
 * good until they are closed.
 */
static int open_own(struct worker *w, uint64_t now_ns, const char **ret_bad)
{
	struct node_view view;
	int r = node_watch_open(w->world->proc_fd, w->world->sys_fd, w->node->id, &w->node_watch);

	if (r == 0)
		r = node_watch_read(w->node_watch, now_ns, 0, &view, ret_bad);
	if (r < 0)
		return r;
	/* nodeN/reclaim takes from every group of the machine, also those that are not ours. */
	if (w->world->whole_machine)
		w->here.reclaim_fd = node_reclaim_open(w->world->sys_fd, w->node->id);
	w->here.kswapd_fd = kswapd_open(w->world->proc_fd, w->node->id);
	return 0;
}

static void close_own(struct worker *w)
{
	node_watch_free(w->node_watch);
	w->node_watch = NULL;
	w->here.reclaim_fd = fd_close(w->here.reclaim_fd);
	w->here.kswapd_fd = fd_close(w->here.kswapd_fd);
}

int worker_open_node(struct worker *w)
{
	const char *bad = NULL;
	int r;

	/* Its paths begin at the top of the hierarchy. */
	if (w->world->whole_machine)
		w->trim.ages_fd = ages_open(w->world->sys_fd);
	worker_try_eviction(w);
	r = machine_watch_open(w->world->proc_fd, &w->machine_watch);
	if (r < 0) {
		log_error(&w->world->log, "node %u: can't open /proc/vmstat and /proc/meminfo: %s",
			  w->node->id, strerrordesc_np(-r));
		return r;
	}
	r = open_own(w, clock_now_ns(), &bad);
	if (r < 0)
		log_error(&w->world->log, "node %u: can't read its counters and zones: %s%s%s",
			  w->node->id, strerrordesc_np(-r), bad ? ": " : "", bad ? bad : "");
	return r;
}

void worker_close_node(struct worker *w)
{
	close_own(w);
	machine_watch_close(&w->machine_watch);
	w->trim.ages_fd = fd_close(w->trim.ages_fd);
}

static uint64_t others_room(const struct worker *w)
{
	const struct topology *topology = w->world->topology;
	uint64_t sum = 0;

	for (size_t i = 0; i < topology->n_nodes; i++)
		if (i != w->index &&
		    __builtin_add_overflow(sum, shared_room(w->world->shared, i), &sum))
			return UINT64_MAX;
	return sum;
}

static void learn(struct worker *w, const struct node_view *view, bool kswapd_ran, uint64_t now_ns)
{
	struct node_state *n = &w->here;
	uint64_t refaults = view->counters.workingset_refault_anon +
			    view->counters.workingset_refault_file;
	uint64_t since = n->seen && refaults > n->refaults_seen ? refaults - n->refaults_seen : 0;
	uint64_t taken_bytes = n->target.unlearned_taken_bytes, unused_bytes;

	percpu_learn(&n->percpu, now_ns, &view->counters, w->page_size, taken_bytes);
	unused_bytes = view->counters.free_pages * w->page_size + n->percpu.bytes;

	const struct demand_sample sample = {
		.file_bytes = DEMAND_UNKNOWN,
		.nonfile_bytes = DEMAND_UNKNOWN,
		.now_ns = now_ns,
		.used_bytes = view->sums.managed_bytes -
			      MIN(view->sums.managed_bytes, unused_bytes),
		.taken_bytes = taken_bytes,
		.refaulted_bytes = since * w->page_size,
		.stalls = n->machine.allocstall,
		.others_took = kswapd_ran,
	};

	n->refaults_seen = refaults;
	n->target.unlearned_taken_bytes = 0;
	demand_learn(&n->target.demand, &sample);
}

static struct node_sample sample_of(const struct worker *w, const struct node_view *view,
				    bool kswapd_ran, uint64_t now_ns)
{
	const struct node_counters *c = &view->counters;
	uint64_t file = c->inactive_file_pages + c->active_file_pages;
	uint64_t dirty = c->dirty_pages + c->writeback_pages;

	return (struct node_sample){
		.now_ns = now_ns,
		.managed_bytes = view->sums.managed_bytes,
		.free_bytes = c->free_pages * w->page_size,
		.low_bytes = view->sums.low_bytes,
		.high_bytes = view->sums.high_bytes,
		.room_bytes = view->room_bytes,
		.percpu_bytes = w->here.percpu.bytes,
		.clean_file_bytes = (file > dirty ? file - dirty : 0) * w->page_size,
		.anon_bytes = (c->inactive_anon_pages + c->active_anon_pages) * w->page_size,
		.stalls = w->here.machine.allocstall,
		.stalls_are_told = w->pressure_fd >= 0,
		.kswapd_ran = kswapd_ran,
		.others_room_bytes = others_room(w),
		.bound_demand = w->here.bound_until_ns > now_ns,
		.filling = verdict_acts(w->here.target.verdict.reason),
		.swap_is_futile = yield_is_poor_for_node(&w->here.yield, now_ns),
		.swap = w->swap,
		.anon_can_be_spared = w->world->reclaim_features.swappiness,
	};
}

/* True when kswapd of this node has run since the last look; of any node where that can't be told.
 */
static bool kswapd_has_run(struct worker *w, const struct node_view *before,
			   const struct node_view *view, const struct machine_counters *machine)
{
	struct node_state *n = &w->here;
	uint64_t run_ns, last_ns = n->kswapd_run_ns;

	if (n->kswapd_fd >= 0 && kthread_read(n->kswapd_fd, &run_ns) == 0) {
		n->kswapd_run_ns = run_ns;
		return n->seen && run_ns > last_ns;
	}
	n->kswapd_fd = fd_close(n->kswapd_fd);
	if (view->counters.has_scan)
		return n->seen && view->counters.pgscan_kswapd > before->counters.pgscan_kswapd;
	return n->seen && n->machine.pgscan_kswapd > machine->pgscan_kswapd;
}

/*
 * Counters of the machine cost more than the node's. Tasks reclaim for themselves only below the
 * mark at which kswapd runs: while it rests there is nothing to read.
 */
static bool read_machine(struct worker *w, const struct node_view *before,
			 const struct node_view *view, uint64_t now_ns)
{
	struct node_state *n = &w->here;
	struct machine_counters last = n->machine;
	const char *bad = NULL;
	bool ran = n->kswapd_fd >= 0 && kswapd_has_run(w, before, view, &last);
	int r;

	if (n->kswapd_fd >= 0 && n->seen && !ran)
		return false;
	r = machine_read_counters(&w->machine_watch, &n->machine, &bad);
	if (r < 0) {
		worker_complain(w, now_ns, "vmstat", r, bad);
		return ran;
	}
	return ran || (n->kswapd_fd < 0 && kswapd_has_run(w, before, view, &last));
}

static struct node_plan decide(const struct worker *w, const struct node_sample *sample)
{
	struct balance_record record = {
		.node = w->node->id,
		.demand = w->here.target.demand,
		.history = w->here.history,
		.sample = *sample,
	};

	record.plan = balance_decide(w->config, &record.demand, &record.history, sample);
	(void)record_put(w->record, RECORD_BALANCE, &record);
	return record.plan;
}

/* What uswapctl wake asked for comes first, but goes the same ways and stops at the same bounds. */
static void take_order(struct worker *w, const struct node_sample *sample)
{
	struct node_plan *plan = &w->here.plan;
	uint64_t ordered = atomic_load(&w->ordered_bytes);

	if (ordered == 0 || plan->verdict.bytes >= ordered)
		return;
	plan->verdict.reason = VERDICT_ORDERED;
	plan->verdict.bytes = ordered;
	plan->effort = EFFORT_FULL;
	plan->here_alone = false;
	plan->swappiness = balance_may_swap(w->config, sample) ? GROUP_RECLAIM_DEFAULT
							       : GROUP_RECLAIM_NO_ANON;
}

int worker_view_node(struct worker *w, uint64_t now_ns, const char **ret_bad)
{
	struct node_state *n = &w->here;
	bool near = n->target.verdict.room_bytes < 2 * n->target.verdict.margin_bytes;
	int r;

	if (n->gone)
		return -ENODEV;
	if (n->fresh_ns == now_ns)
		return 0;
	r = node_watch_read(w->node_watch, now_ns, near ? ZONES_AGE_NEAR_NS : ZONES_AGE_NS,
			    &n->fresh, ret_bad);
	if (r == 0)
		n->fresh_ns = now_ns;
	return r;
}

/* Offline, or taken out of the machine: its worker waits for it. */
static void wait_for_node(struct worker *w, uint64_t now_ns)
{
	struct node_state *n = &w->here;

	if (!n->gone)
		log_notice(&w->world->log,
			   "node %u: has no memory any more: it is looked for every %ju s",
			   w->node->id, (uintmax_t)(WORKER_RETRY_NS / NSEC_PER_SEC));
	n->gone = true;
	n->plan = (struct node_plan){
		.verdict = {.reason = VERDICT_NODE_GONE, .look_again_ns = WORKER_RETRY_NS},
	};
	shared_set_room(w->world->shared, w->index, 0);
	worker_end_order(w);
	target_judge(&n->target, &n->plan.verdict, now_ns);
}

/* What was learnt was of other memory. */
static bool node_is_back(struct worker *w, uint64_t now_ns)
{
	struct node_state *n = &w->here;

	close_own(w);
	if (open_own(w, now_ns, NULL) < 0)
		return false;
	worker_compact_reopen(w);
	log_notice(&w->world->log, "node %u: has memory again", w->node->id);
	n->gone = n->seen = false;
	n->history = (struct balance_history){0};
	n->target.demand = (struct demand){0};
	n->target.unlearned_taken_bytes = 0;
	n->binding = (struct binding){0};
	n->percpu = (struct percpu){0};
	n->backoff = (struct backoff){0};
	n->fresh_ns = n->shares_ns = n->bound_until_ns = 0;
	return true;
}

void worker_look_at_node(struct worker *w, uint64_t now_ns)
{
	struct node_state *n = &w->here;
	struct node_view view, before = n->view;
	struct node_sample sample;
	struct node_plan plan;
	const char *bad = NULL;
	struct verdict wish;
	bool kswapd_ran;
	int r;

	/* What it was before its request must stand until that is accounted for. */
	if (n->target.due_ns > now_ns || (w->flight.active && w->flight.target == &n->target))
		return;
	if (n->gone && !node_is_back(w, now_ns)) {
		wait_for_node(w, now_ns);
		return;
	}
	r = worker_view_node(w, now_ns, &bad);
	if (r == -ENODEV || r == -ENOENT) {
		wait_for_node(w, now_ns);
		return;
	}
	if (r < 0) {
		n->target.wants = false;
		n->target.due_ns = now_ns + 5 * NSEC_PER_SEC;
		shared_set_room(w->world->shared, w->index, 0);
		worker_complain(w, now_ns, "node", r, bad);
		return;
	}
	view = n->fresh;
	kswapd_ran = read_machine(w, &before, &view, now_ns);
	if (n->seen &&
	    binding_learn(&n->binding, &before.counters, &view.counters, kswapd_ran, now_ns) &&
	    others_room(w) >= view.sums.managed_bytes / 64)
		n->bound_until_ns = now_ns + BOUND_MEMORY_NS;
	learn(w, &view, kswapd_ran, now_ns);
	n->view = view;
	n->seen = true;
	worker_read_swap(w, now_ns);
	sample = sample_of(w, &view, kswapd_ran, now_ns);
	plan = decide(w, &sample);
	worker_leave_node_alone(w, &plan.verdict);
	/* With more effort, groups have more to give. */
	if (plan.effort != n->plan.effort)
		n->shares_ns = 0;
	n->plan = plan;
	shared_set_room(w->world->shared, w->index, view.room_bytes);
	shared_set_watermark_factor(w->world->shared, w->index,
				    watermarks_factor(plan.burst_bytes, sample.managed_bytes));
	take_order(w, &sample);
	wish = n->plan.verdict;
	if (wish.bytes > 0) {
		worker_read_shares(w, now_ns);
		worker_choose_rung(w, now_ns);
	}
	worker_consider_slab(w, &wish, now_ns);
	target_judge(&n->target, &n->plan.verdict, now_ns);
	worker_clean_node(w, wish.bytes, now_ns);
	if (wish.bytes > 0 && n->backend == BACKEND_NONE)
		worker_end_order(w);
}
