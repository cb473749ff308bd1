/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/rungs.h"

#include "agent/worker/clean.h"
#include "agent/worker/evict.h"
#include "agent/worker/internal.h"
#include "agent/worker/shares.h"
#include "agent/worker/slab.h"
#include "base/clock.h"
#include "base/saturate.h"

#include <errno.h>

/* A kernel that can't be told to spare anonymous memory (6.1) would swap what gains nothing. */
static bool would_swap_in_vain(const struct worker *w, const struct group *g, uint64_t now_ns)
{
	return !w->world->reclaim_features.swappiness && w->swap.free_bytes > 0 &&
	       yield_is_poor_for_node(&g->yield, now_ns);
}

static bool is_spread(const struct worker *w, const struct group *g, int swappiness)
{
	uint64_t elsewhere = swappiness == GROUP_RECLAIM_NO_ANON ? g->elsewhere_file_bytes
								 : g->elsewhere_bytes;

	return elsewhere >
	       share(plus(g->node_bytes, elsewhere), w->config->balance.elsewhere_permyriad);
}

bool worker_takes_elsewhere(const struct worker *w, const struct group *g)
{
	return w->here.plan.here_alone && is_spread(w, g, w->here.plan.swappiness);
}

static bool is_willing(const struct worker *w, const struct group *g, uint64_t now_ns)
{
	return g->node_bytes > 0 && !backoff_waits(&g->node_backoff, now_ns) &&
	       (!worker_takes_elsewhere(w, g) || worker_may_evict(w, g, now_ns)) &&
	       !would_swap_in_vain(w, g, now_ns) && !worker_clean_comes_first(w, g, now_ns);
}

static uint64_t weighted_bytes(const struct group *g)
{
	return scale(g->node_bytes, g->weight, GROUP_WEIGHT_DEFAULT);
}

static uint64_t willing_bytes(const struct worker *w, uint64_t now_ns)
{
	uint64_t total = 0;

	for (size_t i = 0; i < w->n_groups; i++)
		if (is_willing(w, w->groups[i], now_ns))
			total = plus(total, weighted_bytes(w->groups[i]));
	return total;
}

/*
 * However little is asked for, MGLRU takes the memory of a removed group whole (get_nr_to_scan of
 * mm/vmscan.c), and another one may have come to use it.
 */
static bool gives_too_much(const struct worker *w, const struct group *g)
{
	return g->left_behind && g->node_bytes / 2 > w->here.plan.verdict.bytes;
}

/*
 * Deficit round-robin over the groups with memory here, by how much of it could be taken and by
 * their weights: of all that is taken each owes its share, whoever it was taken from. The one that
 * owes most is asked, of equals the one with the largest share. Who would give far more than is
 * wanted is asked when nobody else gives.
 */
static struct group *choose(const struct worker *w, bool in_proportion, uint64_t now_ns)
{
	struct group *best = NULL;

	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (!is_willing(w, g, now_ns) || (in_proportion && gives_too_much(w, g)))
			continue;
		if (!best || g->deficit_bytes > best->deficit_bytes ||
		    (g->deficit_bytes == best->deficit_bytes &&
		     weighted_bytes(g) > weighted_bytes(best)))
			best = g;
	}
	return best;
}

struct group *worker_choose_victim(struct worker *w, uint64_t now_ns)
{
	struct group *best = choose(w, true, now_ns);

	return best ? best : choose(w, false, now_ns);
}

static void share_out(struct worker *w, struct group *payer, uint64_t taken_bytes, uint64_t now_ns)
{
	uint64_t total = willing_bytes(w, now_ns);
	int64_t most = (int64_t)MIN(total, (uint64_t)INT64_MAX / 4);

	if (total == 0)
		return;
	payer->deficit_bytes -= (int64_t)taken_bytes;
	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (is_willing(w, g, now_ns))
			g->deficit_bytes += (int64_t)scale(taken_bytes, weighted_bytes(g), total);
		/* Neither credit nor debt is remembered beyond all there is. */
		g->deficit_bytes = CLAMP(g->deficit_bytes, -most, most);
	}
}

/*
 * When the first of the ways that are left alone is tried again, groups with memory here and the
 * node itself where that is too dear; 0: none is.
 */
static uint64_t first_return_ns(const struct worker *w, uint64_t now_ns)
{
	uint64_t first_ns =
		backoff_is_dear(&w->here.backoff, now_ns) ? w->here.backoff.price.until_ns : 0;

	for (size_t i = 0; i < w->n_groups; i++) {
		const struct group *g = w->groups[i];
		uint64_t left_ns = backoff_rest(&g->node_backoff, now_ns).left_ns;

		if (g->node_bytes > 0 && left_ns > 0 &&
		    (first_ns == 0 || now_ns + left_ns < first_ns))
			first_ns = now_ns + left_ns;
	}
	return first_ns;
}

static bool anyone_takes_elsewhere(const struct worker *w)
{
	for (size_t i = 0; i < w->n_groups; i++)
		if (w->groups[i]->node_bytes > 0 && worker_takes_elsewhere(w, w->groups[i]))
			return true;
	return false;
}

static void explain_none(struct worker *w, uint64_t now_ns)
{
	struct verdict *v = &w->here.plan.verdict;
	uint64_t return_ns = first_return_ns(w, now_ns);

	v->bytes = 0;
	v->look_again_ns = w->config->agent.tick_max_ns;
	if (return_ns > 0) {
		v->reason = VERDICT_BACK_OFF;
		v->look_again_ns = return_ns - now_ns;
	} else if (!w->world->has_memory_reclaim) {
		v->reason = VERDICT_NO_BACKEND;
	} else {
		v->reason = anyone_takes_elsewhere(w) ? VERDICT_ELSEWHERE : VERDICT_NOTHING_SPARE;
	}
}

/*
 * nodeN/reclaim takes from every group: only while no protected or excluded one would pay. And it
 * may take from none: with MGLRU (6.18) one group with nothing but dirty memory keeps the turn, and
 * the clean memory of all others is passed over. It then rests, unless no group could be asked, nor
 * will when what is dirty has been written back.
 */
void worker_choose_rung(struct worker *w, uint64_t now_ns)
{
	struct node_state *n = &w->here;
	bool whole_node = n->reclaim_fd >= 0 && !n->protected_here &&
			  !backoff_is_dear(&n->backoff, now_ns);
	bool rests = whole_node && backoff_waits(&n->backoff, now_ns);

	n->victim = NULL;
	if (w->world->has_memory_reclaim && (!whole_node || rests))
		n->victim = worker_choose_victim(w, now_ns);
	if (n->victim)
		n->backend = BACKEND_MEMORY_RECLAIM;
	else if (whole_node && !(rests && worker_clean_coming(w) > 0))
		n->backend = BACKEND_NODE_RECLAIM;
	else
		n->backend = BACKEND_NONE;
	if (n->backend == BACKEND_NONE)
		explain_none(w, now_ns);
}

void worker_rung_refused(struct worker *w, uint64_t bytes, uint64_t now_ns)
{
	struct group *victim = w->here.victim;

	victim->node_bytes = 0; /* until it is read again */
	backoff_learn(&victim->node_backoff, &backoff_of_groups, now_ns, bytes, 0);
}

static void learn_of_victim(struct worker *w, const struct flight *f, uint64_t applied_bytes,
			    uint64_t now_ns)
{
	struct group *victim = f->victim;

	/* Where those below paid, which could have been asked by name, it was no use. */
	if (f->left_bytes > 0)
		applied_bytes = minus(f->left_bytes, worker_left_behind(w, victim));
	share_out(w, victim, MIN(applied_bytes, f->request.bytes * 2), now_ns);
	victim->node_bytes = minus(victim->node_bytes, applied_bytes);
	backoff_learn(&victim->node_backoff, &backoff_of_groups, now_ns, f->request.bytes,
		      applied_bytes);
}

bool worker_rung_learn(struct worker *w, const struct flight *f, int error, uint64_t applied_bytes,
		       uint64_t now_ns)
{
	bool waited = backoff_waits(&w->here.backoff, now_ns);

	if (f->request.backend == BACKEND_LRU_GEN) {
		if (!f->victim)
			return false;
		share_out(w, f->victim, MIN(applied_bytes, f->request.bytes * 2), now_ns);
		return worker_evict_learn(w, f, error, applied_bytes, now_ns);
	}
	if (f->request.backend == BACKEND_DROP_SLAB) {
		worker_slab_learn(w, f->request.bytes, applied_bytes, now_ns);
		return false;
	}
	if (f->victim) {
		/* Other nodes got room too: it counts here as soon as their workers have seen it.
		 */
		if (applied_bytes > 0 && is_spread(w, f->victim, f->request.swappiness))
			shared_wake_others(w->world->shared, w->index);
		learn_of_victim(w, f, applied_bytes, now_ns);
	}
	/* One that was cut short tells nothing; the kernel's success is the whole. */
	if (f->request.backend != BACKEND_NODE_RECLAIM || error == -EINTR)
		return false;
	backoff_learn(&w->here.backoff, &backoff_of_nodes, now_ns, f->request.bytes, applied_bytes);
	return !waited && backoff_waits(&w->here.backoff, now_ns) && w->world->has_memory_reclaim;
}
