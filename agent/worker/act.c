/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/act.h"

#include "agent/worker/asking.h"
#include "agent/worker/clean.h"
#include "agent/worker/evict.h"
#include "agent/worker/finish.h"
#include "agent/worker/groups.h"
#include "agent/worker/internal.h"
#include "agent/worker/node.h"
#include "agent/worker/probes.h"
#include "agent/worker/protection.h"
#include "agent/worker/report.h"
#include "agent/worker/rungs.h"
#include "agent/worker/shares.h"
#include "agent/worker/slab.h"
#include "agent/worker/swap.h"
#include "agent/worker/trim.h"
#include "base/clock.h"

#include <errno.h>
#include <stdio.h>

#define VICTIMS_MAX	    64 /* refused in one turn */
#define INTERRUPT_PERIOD_NS (50 * NSEC_PER_MSEC)

struct spending worker_spending(const struct worker *w)
{
	return (struct spending){
		.cpu_ns = clock_thread_cpu_ns() + w->hand_cpu_ns,
		.request_cpu_ns = w->hand_cpu_ns,
		.request_ns = w->hand_ns,
		.taken_bytes = w->taken_bytes,
	};
}

static struct spending spent(struct worker *w, uint64_t now_ns)
{
	const struct spending so_far = worker_spending(w);

	/* A request is counted at its end, and has all windows it went on for to pay with. */
	if (!w->flight.active)
		budget_turn(&w->budget, &w->config->protect, &so_far, now_ns);
	return budget_spent(&w->budget, &w->config->protect, &so_far, now_ns);
}

enum verdict_reason worker_budget_used_up(struct worker *w, uint64_t now_ns)
{
	const struct spending window = spent(w, now_ns);

	return budget_used_up(&w->config->protect, &window);
}

uint64_t worker_bytes_left(struct worker *w, uint64_t now_ns)
{
	const struct spending window = spent(w, now_ns);

	return budget_bytes_left(&w->config->protect, &window);
}

/* The target that will be out of room first; the node also stands in for an order. */
static struct target *most_urgent(struct worker *w, struct group **ret_group)
{
	struct target *best = w->here.target.wants ? &w->here.target : NULL;

	*ret_group = NULL;
	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (!g->watched || !g->target.wants)
			continue;
		if (best && target_urgency_ns(best) <= target_urgency_ns(&g->target))
			continue;
		best = &g->target;
		*ret_group = g;
	}
	return best;
}

/* Cold memory last: the hand and the CPU budget are first for those that want room. */
static struct target *next_target(struct worker *w, struct group **ret_group)
{
	struct target *target = most_urgent(w, ret_group);

	if (target)
		return target;
	*ret_group = worker_trim_next(w, ASKER_HAND);
	return *ret_group ? &(*ret_group)->trim.target : NULL;
}

bool worker_is_trim(const struct target *target, const struct group *group)
{
	return group && target == &group->trim.target;
}

bool worker_is_busy_with(const struct worker *w, const struct group *group)
{
	return w->flight.active && w->flight.group == group;
}

uint64_t worker_asked_id(const struct flight *f)
{
	const struct group *asked = f->group ? f->group : f->victim;

	return asked ? asked->shared->id : 0;
}

static struct request request_of(struct worker *w, struct target *target, const struct group *group,
				 uint64_t now_ns)
{
	uint64_t left = MAX(worker_bytes_left(w, now_ns), w->page_size);
	uint64_t piece = MIN(left, pace_piece_bytes(&target->pace, &w->config->reclaim));

	struct request request = {
		.backend = BACKEND_MEMORY_RECLAIM,
		.bytes = MIN(target->verdict.bytes, piece),
		.fd = group ? group->watch.reclaim_fd : -1,
		.swappiness = group ? group->swappiness : w->here.plan.swappiness,
	};

	if (worker_is_trim(target, group))
		request.swappiness = group->trim.plan.swappiness;
	if (group)
		return request;
	request.backend = w->here.backend;
	if (request.backend == BACKEND_NODE_RECLAIM)
		request.fd = w->here.reclaim_fd;
	return request;
}

/*
 * A group chosen for its memory on the node is not always watched here: its knob is opened for the
 * one request. Less is asked of it than it has on the node, unprotected.
 */
static int aim_at_victim(struct worker *w, struct request *request, uint64_t now_ns)
{
	struct group *victim = w->here.victim;
	uint64_t current;

	if (!victim || !worker_refresh_protection(w, victim, now_ns))
		return -ENODEV;
	if (memory_bytes_read_at(victim->cgroup->dir_fd, "memory.current", &current) < 0)
		return -ENODEV;
	current = MIN(current, victim->node_bytes);
	request->bytes = MIN(request->bytes, current);
	request->bytes = worker_announce(w, victim, ASKER_HAND, request->bytes);
	/* Below a page the kernel takes nothing and says that it was all. */
	if (request->bytes < w->page_size || victim->excluded || victim->excluded_below)
		return -EAGAIN;
	/* Of what is left behind nobody's swap could be judged: files alone. */
	if (yield_is_poor_for_node(&victim->yield, now_ns) || victim->left_behind)
		request->swappiness = GROUP_RECLAIM_NO_ANON;
	if (request->swappiness == 0 && !w->world->reclaim_features.swappiness) {
		/* This kernel can't be told to leave anonymous memory alone (6.1). */
		if (w->swap.free_bytes > 0)
			return -EAGAIN;
		request->swappiness = GROUP_RECLAIM_DEFAULT;
	}
	if (worker_evict_instead(w, victim, request, now_ns))
		return 0;
	if (worker_takes_elsewhere(w, victim))
		return -EAGAIN;
	request->fd = group_reclaim_open(victim->cgroup->dir_fd);
	return request->fd < 0 ? request->fd : 0;
}

/* One that gives nothing, being protected, does not keep the turn from the others. */
static int aim_at_victims(struct worker *w, struct request *request, uint64_t now_ns)
{
	const struct request wanted = *request;

	for (int tries = 0; w->here.victim && tries < VICTIMS_MAX; tries++) {
		if (aim_at_victim(w, request, now_ns) == 0)
			return 0;
		worker_rung_refused(w, wanted.bytes, now_ns);
		*request = wanted;
		w->here.victim = worker_choose_victim(w, now_ns);
	}
	return -EAGAIN;
}

/* Before acting, read again: what protection allows, and what is left of the wish. */
static int check_group(struct worker *w, struct group *group, struct request *request,
		       uint64_t now_ns)
{
	if (!group->cgroup || !worker_refresh_protection(w, group, now_ns))
		return -ENODEV;
	request->bytes = MIN(request->bytes, group->sample.current_bytes);
	request->bytes = worker_announce(w, group, ASKER_HAND, request->bytes);
	return request->bytes < w->page_size || group->excluded || group->excluded_below ? -EAGAIN
											 : 0;
}

static void tell(const struct worker *w, const struct group *group, const struct request *request)
{
	char weighed[32] = "";

	if (request->swappiness != GROUP_RECLAIM_DEFAULT)
		(void)snprintf(weighed, sizeof(weighed), " with swappiness %d",
			       request->swappiness);
	log_debug(&w->world->log, "node %u: %s: taking %ju bytes through %s%s", w->node->id,
		  group ? group->cgroup->path : "the node", (uintmax_t)request->bytes,
		  backend_name(request->backend), weighed);
}

static struct group *asked_for_node(const struct worker *w, enum backend backend)
{
	return backend == BACKEND_NODE_RECLAIM || backend == BACKEND_DROP_SLAB ? NULL
									       : w->here.victim;
}

static void begin(struct worker *w, struct target *target, struct group *group,
		  const struct request *request, uint64_t now_ns)
{
	w->flight = (struct flight){
		.active = true,
		.request = *request,
		.act = w->act,
		.target = target,
		.group = group,
		.victim = group ? NULL : asked_for_node(w, request->backend),
		.begun_ns = now_ns,
		.interrupt_ns = now_ns + w->config->reclaim.deadline_ns,
		.node_free_bytes = w->here.view.counters.free_pages * w->page_size,
		.node_demoted = node_counters_demoted_by_tasks(&w->here.view.counters),
	};
	target->wants = false;
	target->due_ns = UINT64_MAX; /* until it is finished */
	if (w->act->dry)
		return;
	if (target->action_ns == 0 || !verdict_acts(target->action.reason) ||
	    now_ns - target->action_ns > NSEC_PER_SEC)
		tell(w, group, request);
	target->action = target->verdict;
	target->action_ns = now_ns;
	target->ledger.asked_bytes += target->verdict.bytes;
}

static void read_before(struct worker *w, struct flight *f)
{
	worker_swap_before(w, f);
	/*
	 * The node's own figures were read for the plan, a moment ago. The machine's are needed
	 * only to tell how much of a request was not met, which is seldom and comes in rows.
	 */
	if (!f->group && !f->victim && f->request.backend == BACKEND_NODE_RECLAIM) {
		f->counted = w->here.came_back_short &&
			     machine_read_counters(&w->machine_watch, &f->machine, NULL) == 0;
		return;
	}
	if (f->victim)
		(void)memory_bytes_read_at(f->victim->cgroup->dir_fd, "memory.current",
					   &f->victim_bytes);
	if (f->victim && f->victim->left_behind)
		f->left_bytes = worker_left_behind(w, f->victim);
	if (f->victim && shared_demotes(w->world->shared))
		f->victim_demoted = worker_demoted_of(f->victim);
	if (f->request.backend == BACKEND_LRU_GEN)
		f->victim_steals = worker_steals_of(f->victim);
	if (worker_view_node(w, f->begun_ns, NULL) == 0) {
		f->node_free_bytes = w->here.fresh.counters.free_pages * w->page_size;
		f->node_demoted = node_counters_demoted_by_tasks(&w->here.fresh.counters);
	}
	f->slab_bytes = worker_slab_bytes(w);
}

/* What protects may have changed since the plan was made; for a step, what there is too. */
static int aim(struct worker *w, const struct target *target, struct group *group,
	       struct request *request, uint64_t now_ns)
{
	const struct group_context context = worker_group_context(w, now_ns);

	if (worker_is_trim(target, group) && group_read(group, &context, NULL) < 0)
		return -ENODEV;
	if (group)
		return check_group(w, group, request, now_ns);
	if (request->backend == BACKEND_DROP_SLAB)
		return worker_aim_at_slab(w, request, now_ns);
	if (request->backend == BACKEND_MEMORY_RECLAIM)
		return aim_at_victims(w, request, now_ns);
	if (request->backend == BACKEND_NODE_RECLAIM && worker_node_is_spared(w)) {
		if (!w->world->has_memory_reclaim)
			return -EAGAIN;
		w->here.victim = worker_choose_victim(w, now_ns);
		request->backend = w->here.backend = BACKEND_MEMORY_RECLAIM;
		return aim_at_victims(w, request, now_ns);
	}
	return 0;
}

/* False when the target may not be served after all and another one can have the hand. */
static bool serve(struct worker *w, struct target *target, struct group *group, uint64_t now_ns)
{
	struct request request = request_of(w, target, group, now_ns);
	int r = aim(w, target, group, &request, now_ns);

	probe_plan(w->node->id, group ? group->shared->id : 0, &target->verdict);
	if (r < 0) {
		worker_is_done_asking(w, ASKER_HAND);
		if (target->verdict.reason == VERDICT_ORDERED)
			worker_end_order(w);
		target->wants = false;
		target->verdict.reason = VERDICT_NOTHING_SPARE;
		target->due_ns = now_ns + w->config->agent.tick_max_ns / 4;
		return false;
	}
	worker_weigh(w, group ? group : w->here.victim, &request);
	begin(w, target, group, &request, now_ns);
	read_before(w, &w->flight);
	probe_action(w->node->id, worker_asked_id(&w->flight), &request);
	r = hand_submit(w->hand, w->flight.act, &request);
	if (r < 0) {
		worker_is_done_asking(w, ASKER_HAND);
		w->flight.active = false;
		if (worker_owns_descriptor(&w->flight))
			fd_close(request.fd);
		target->due_ns = now_ns + w->config->agent.tick_max_ns;
		worker_complain(w, now_ns, "hand", r, "can't be given a request");
	}
	return true;
}

void worker_act(struct worker *w, uint64_t now_ns)
{
	struct group *group;
	struct target *target;
	enum verdict_reason used_up;

	/* Nobody who wants room waits for a step. */
	if (w->flight.active && worker_is_trim(w->flight.target, w->flight.group) &&
	    most_urgent(w, &group))
		w->flight.interrupt_ns = now_ns;
	while (!w->flight.active && (target = next_target(w, &group))) {
		used_up = worker_budget_used_up(w, now_ns);
		if (used_up != VERDICT_NONE) {
			target->verdict.reason = used_up;
			target->wants = false;
			target->due_ns = w->budget.begun_ns + BUDGET_WINDOW_NS;
			return;
		}
		if (serve(w, target, group, now_ns))
			return;
	}
}

/* A request past its deadline is interrupted again and again until it lets go. */
void worker_hurry(struct worker *w, uint64_t now_ns)
{
	if (!w->flight.active || now_ns < w->flight.interrupt_ns)
		return;
	/* Only a deadly signal ends that. */
	if (w->flight.request.backend == BACKEND_DROP_SLAB)
		hand_give_up(w->hand);
	else
		hand_interrupt(w->hand);
	w->flight.interrupt_ns = now_ns + INTERRUPT_PERIOD_NS;
}
