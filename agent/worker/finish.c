/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/finish.h"

#include "agent/worker/act.h"
#include "agent/worker/asking.h"
#include "agent/worker/clean.h"
#include "agent/worker/evict.h"
#include "agent/worker/groups.h"
#include "agent/worker/internal.h"
#include "agent/worker/node.h"
#include "agent/worker/outcome.h"
#include "agent/worker/probes.h"
#include "agent/worker/report.h"
#include "agent/worker/rungs.h"
#include "agent/worker/slab.h"
#include "agent/worker/swap.h"
#include "agent/worker/trim.h"
#include "base/saturate.h"

#include <errno.h>

/* What came of a request to the node, as far as it can be told from what others did meanwhile. */
static uint64_t measure_node(struct worker *w, const struct flight *f, const struct taken *so_far)
{
	struct machine_counters machine;
	uint64_t most = MAX(2 * f->request.bytes, f->left_bytes);
	uint64_t left_bytes, taken = MIN(MAX(so_far->net_freed_bytes, so_far->demoted_bytes), most);

	/* What goes to zram may give the node nothing: taken it was all the same. */
	if (f->victim &&
	    memory_bytes_read_at(f->victim->cgroup->dir_fd, "memory.current", &left_bytes) == 0 &&
	    f->victim_bytes > left_bytes)
		taken = MAX(taken, MIN(f->victim_bytes - left_bytes, most));
	/* As it goes on to grow, what was evicted of it would not show. */
	if (f->victim && f->request.backend == BACKEND_LRU_GEN) {
		uint64_t pages = minus(worker_steals_of(f->victim), f->victim_steals);

		taken = MAX(taken, MIN(scale(pages, w->page_size, 1), most));
	}
	/*
	 * Free memory is used up meanwhile; this is the kernel's own count, of all who ask. What
	 * was moved between other nodes, or to this one, left it no memory.
	 */
	if (f->counted && machine_read_counters(&w->machine_watch, &machine, NULL) == 0 &&
	    machine.pgsteal_proactive > f->machine.pgsteal_proactive) {
		uint64_t pages = machine.pgsteal_proactive - f->machine.pgsteal_proactive;
		uint64_t moved = machine.pgdemote_proactive - f->machine.pgdemote_proactive;

		taken = MAX(
			taken,
			MIN(plus(minus(pages, moved) * w->page_size, so_far->demoted_bytes), most));
	}
	return taken;
}

static bool says_how_much(enum backend backend)
{
	return backend == BACKEND_MEMORY_RECLAIM || backend == BACKEND_NODE_RECLAIM;
}

/*
 * Success is the kernel's word that it was all of it, whatever hides it from counters. But what
 * memory.reclaim demotes it counts as reclaimed: what was moved, and is still there for who wants
 * memory, is taken off. Kernels before 6.12 do not tell how much that is: where it may be some and
 * none is seen, the word is worth nothing.
 */
static uint64_t given_word(const struct worker *w, const struct flight *f,
			   const struct taken *taken)
{
	bool demotes = shared_demotes(w->world->shared);
	uint64_t moved = 0, bytes = f->request.bytes;

	if (f->request.backend == BACKEND_NODE_RECLAIM)
		return bytes;
	if (f->group)
		moved = taken->demoted_bytes;
	else if (f->victim && demotes)
		moved = scale(minus(worker_demoted_of(f->victim), f->victim_demoted), w->page_size,
			      1);
	if (moved == 0)
		return demotes ? 0 : bytes;
	/* What left the node for another one is gone from here. */
	return minus(bytes, f->group ? moved : minus(moved, taken->demoted_bytes));
}

/* Where it stays charged: room that its pages left on the node is none below its limit. */
static void measure_group(const struct worker *w, const struct flight *f, struct taken *taken)
{
	(void)group_measure_taken(f->group, w->page_size, f->request.bytes, &taken->applied_bytes,
				  &taken->demoted_bytes);
	taken->net_freed_bytes = minus(taken->net_freed_bytes, taken->demoted_bytes);
}

static struct taken measure(struct worker *w, const struct flight *f, int error, uint64_t now_ns)
{
	struct taken taken = {0};
	uint64_t free_bytes, demoted = 0;

	if (worker_view_node(w, now_ns, NULL) == 0) {
		free_bytes = w->here.fresh.counters.free_pages * w->page_size;
		if (free_bytes > f->node_free_bytes)
			taken.net_freed_bytes = free_bytes - f->node_free_bytes;
		demoted = minus(node_counters_demoted_by_tasks(&w->here.fresh.counters),
				f->node_demoted);
	}
	if (!f->group)
		taken.demoted_bytes = MIN(scale(demoted, w->page_size, 1), 2 * f->request.bytes);
	if (f->group)
		measure_group(w, f, &taken);
	else if (f->request.backend == BACKEND_DROP_SLAB)
		taken.applied_bytes = minus(f->slab_bytes, worker_slab_bytes(w));
	else
		taken.applied_bytes = measure_node(w, f, &taken);
	if (error == 0 && says_how_much(f->request.backend))
		taken.applied_bytes = MAX(taken.applied_bytes, given_word(w, f, &taken));
	taken.moved_bytes = plus(taken.applied_bytes, f->group ? taken.demoted_bytes : 0);
	return taken;
}

static uint64_t collateral(const struct flight *f, const struct taken *taken)
{
	const struct group *g = f->victim;

	if (!g || f->request.backend == BACKEND_LRU_GEN)
		return 0;
	if (f->request.swappiness == GROUP_RECLAIM_NO_ANON)
		return target_collateral(taken, g->node_file_bytes, g->elsewhere_file_bytes);
	return target_collateral(taken, g->node_bytes, g->elsewhere_bytes);
}

/* A request that was refused, not just short. */
static void sort_error(struct worker *w, const struct flight *f, int error, uint64_t now_ns)
{
	const char *object = f->group && f->group->cgroup ? f->group->cgroup->path : "the node";

	switch (error) {
	case 0:
	case -EAGAIN:
	case -EBUSY:
	case -EINTR:
	case -ENODEV:
		return;
	case -ETIMEDOUT:
		if (f->request.backend == BACKEND_DROP_SLAB)
			return; /* it was ended for taking long */
		w->swap_ns = 0; /* to be read anew */
		log_warning(&w->world->log,
			    "node %u: %s: the kernel keeps a request (%s), as when swap does not "
			    "answer: its process is left behind, and until that has ended nothing "
			    "is swapped out",
			    w->node->id, object, backend_name(f->request.backend));
		return;
	default:
		worker_complain(w, now_ns, object, error, backend_name(f->request.backend));
	}
}

/* What was ordered while the old one was under way is a new order. */
void worker_take_off_order(struct worker *w, uint64_t bytes)
{
	uint64_t left = atomic_load(&w->ordered_bytes);

	while (!atomic_compare_exchange_weak(&w->ordered_bytes, &left,
					     left > bytes ? left - bytes : 0))
		;
}

void worker_end_order(struct worker *w)
{
	worker_take_off_order(w, minus(atomic_load(&w->ordered_bytes), worker_clean_coming(w)));
}

bool worker_owns_descriptor(const struct flight *f)
{
	return !f->group && f->request.backend != BACKEND_NODE_RECLAIM;
}

static void account_node(struct worker *w, const struct flight *f, int error,
			 const struct taken *taken, uint64_t now_ns)
{
	bool another_way = worker_rung_learn(w, f, error, taken->applied_bytes, now_ns);

	w->here.came_back_short = error < 0;
	balance_learn(&w->config->balance, &w->here.history, now_ns, f->request.bytes,
		      taken->applied_bytes);
	if (worker_owns_descriptor(f))
		fd_close(f->request.fd);
	if (f->target->action.reason != VERDICT_ORDERED)
		return;
	/*
	 * An order ends when it is filled, or when the node has no more to give, which a request
	 * that was cut short does not tell, nor one that has another way left; many in a row do.
	 */
	if (taken->applied_bytes > 0 || another_way ||
	    (error == -EINTR && w->here.history.hopeless_until_ns <= now_ns)) {
		worker_take_off_order(w, taken->applied_bytes);
		return;
	}
	worker_clean_node(w, atomic_load(&w->ordered_bytes), now_ns);
	worker_end_order(w);
}

/* It was only wished for: nothing is learned, and it is looked at again after a while. */
static void pass_over(struct worker *w, const struct flight *f, uint64_t now_ns)
{
	if (worker_owns_descriptor(f))
		fd_close(f->request.fd);
	if (f->target->verdict.reason == VERDICT_ORDERED)
		worker_end_order(w);
	f->target->due_ns = now_ns + w->config->agent.tick_max_ns / 4;
	if (f->group && !f->group->cgroup)
		worker_let_go(w, f->group);
}

static void tell_journal(struct worker *w, const struct flight *f, const struct hand_result *result,
			 const struct taken *taken, uint64_t now_ns)
{
	const struct group *asked = f->group ? f->group : f->victim;
	const struct journal_action action = {
		.node = w->node->id,
		.group = asked && asked->cgroup ? asked->cgroup->path : NULL,
		.reason = worker_is_trim(f->target, f->group)
				  ? "trim"
				  : verdict_name(f->target->action.reason),
		.backend = backend_name(f->request.backend),
		.error = result->error,
		.tried_bytes = f->request.bytes,
		.applied_bytes = taken->applied_bytes,
		.net_freed_bytes = taken->net_freed_bytes,
		.wall_ns = result->wall_ns,
		.cpu_ns = result->cpu_ns,
	};

	bool ordered = f->target->action.reason == VERDICT_ORDERED;

	if (w->world->journal && taken->applied_bytes >= w->config->agent.journal_min_bytes)
		(void)journal_send_action(w->world->journal,
					  ordered ? &w->journal_rate_of_orders : &w->journal_rate,
					  &action, now_ns);
}

/* Of the way by which the request went; NULL: its group is gone. */
static struct backoff *backoff_of(struct worker *w, const struct flight *f)
{
	if (worker_is_trim(f->target, f->group))
		return &f->group->trim.backoff;
	if (f->group)
		return &f->group->backoff;
	if (f->request.backend == BACKEND_NODE_RECLAIM)
		return &w->here.backoff;
	if (f->request.backend == BACKEND_DROP_SLAB)
		return &w->here.slab_backoff;
	return f->victim ? &f->victim->node_backoff : NULL;
}

static void learn_price(struct worker *w, const struct flight *f, const struct taken *taken,
			uint64_t cpu_ns, uint64_t now_ns)
{
	struct backoff *backoff = backoff_of(w, f);

	if (backoff)
		price_learn(&backoff->price, w->config->protect.price_ns, cpu_ns,
			    target_gained(taken, w->here.plan.here_alone), now_ns);
}

void worker_finish(struct worker *w, uint64_t now_ns)
{
	struct flight f = w->flight;
	struct hand_result result;
	struct taken taken;

	if (!hand_take(w->hand, &result))
		return;
	w->flight.active = false;
	worker_is_done_asking(w, ASKER_HAND);
	if (f.act->dry) {
		worker_record_flight(w, &f, &result, NULL, now_ns);
		pass_over(w, &f, now_ns);
		return;
	}
	w->hand_cpu_ns += result.cpu_ns;
	w->hand_ns += result.wall_ns;
	taken = measure(w, &f, result.error, now_ns);
	w->taken_bytes += taken.moved_bytes;
	worker_swap_after(w, &f, &taken, now_ns);
	if (!f.group) {
		taken.collateral_bytes = collateral(&f, &taken);
		taken.not_gone_bytes = target_not_gone(&taken);
	}
	probe_completion(w->node->id, worker_asked_id(&f), result.error, f.request.bytes,
			 taken.applied_bytes, result.wall_ns, result.cpu_ns);
	target_account(f.target, &f.request, result.error, result.wall_ns, result.cpu_ns, &taken);
	sort_error(w, &f, result.error, now_ns);
	tell_journal(w, &f, &result, &taken, now_ns);
	worker_record_flight(w, &f, &result, &taken, now_ns);
	if (worker_is_trim(f.target, f.group)) {
		worker_trim_account(w, f.group, &f.request, result.error, &taken, now_ns);
	} else if (f.group) {
		backoff_learn(&f.group->backoff, &backoff_of_groups, now_ns, f.request.bytes,
			      taken.applied_bytes);
		worker_clean_took(f.group, &f.request, &taken);
	} else {
		account_node(w, &f, result.error, &taken, now_ns);
		if (f.victim)
			worker_clean_took(f.victim, &f.request, &taken);
	}
	learn_price(w, &f, &taken, result.cpu_ns, now_ns);
	f.target->due_ns = 0;
	/* Those that waited for the hand are judged by what is true now. */
	w->look_at_growing = true;
	if (w->here.target.wants)
		w->here.target.due_ns = 0;
	if (f.group && !f.group->cgroup)
		worker_let_go(w, f.group);
}
