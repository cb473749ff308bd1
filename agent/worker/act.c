/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan to the hand and back: one piece at a time, each judged anew. */
#include "agent/worker/clean.h"
#include "agent/worker/internal.h"
#include "agent/worker/probes.h"
#include "agent/worker/trim.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>

#define BUDGET_WINDOW_NS    NSEC_PER_SEC
#define VICTIMS_MAX	    64 /* refused in one turn */
#define INTERRUPT_PERIOD_NS (50 * NSEC_PER_MSEC)

static uint64_t cpu_used_ns(const struct worker *w)
{
	return clock_thread_cpu_ns() + w->hand_cpu_ns;
}

bool worker_budget_is_used_up(struct worker *w, uint64_t now_ns)
{
	uint64_t used = cpu_used_ns(w);
	uint64_t allowed = BUDGET_WINDOW_NS / 10000 * w->config->protect.cpu_permyriad;

	if (now_ns - w->budget_start_ns >= BUDGET_WINDOW_NS) {
		w->budget_start_ns = now_ns;
		w->budget_cpu_ns = used;
	}
	return used - w->budget_cpu_ns > allowed;
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
	*ret_group = worker_trim_next(w);
	return *ret_group ? &(*ret_group)->trim.target : NULL;
}

static bool is_trim(const struct target *target, const struct group *group)
{
	return group && target == &group->trim.target;
}

bool worker_is_busy_with(const struct worker *w, const struct group *group)
{
	return w->flight.active && w->flight.group == group;
}

/* The group a request is sent to; 0: the node itself. */
static uint64_t asked_id(const struct flight *f)
{
	const struct group *asked = f->group ? f->group : f->victim;

	return asked ? asked->shared->id : 0;
}

static struct request request_of(struct worker *w, struct target *target, const struct group *group)
{
	uint64_t piece = pace_piece_bytes(&target->pace, &w->config->reclaim);

	struct request request = {
		.backend = BACKEND_MEMORY_RECLAIM,
		.bytes = MIN(target->verdict.bytes, piece),
		.fd = group ? group->watch.reclaim_fd : -1,
		.swappiness = group ? group->swappiness : w->here.plan.swappiness,
	};

	if (is_trim(target, group))
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
	uint64_t current, spare;

	if (!victim || !worker_refresh_protection(w, victim, now_ns))
		return -ENODEV;
	if (memory_bytes_read_at(victim->cgroup->dir_fd, "memory.current", &current) < 0)
		return -ENODEV;
	spare = protect_unprotected(current, victim->protected_bytes);
	spare = MIN(spare, victim->node_bytes);
	request->bytes = MIN(request->bytes, spare);
	/* Below a page the kernel takes nothing and says that it was all. */
	if (request->bytes < w->page_size || victim->excluded || victim->excluded_below)
		return -EAGAIN;
	if (yield_is_poor_for_node(&victim->yield, now_ns))
		request->swappiness = GROUP_RECLAIM_NO_ANON;
	if (request->swappiness == 0 && !w->world->reclaim_features.swappiness) {
		/* This kernel can't be told to leave anonymous memory alone (6.1). */
		if (w->swap.free_bytes > 0)
			return -EAGAIN;
		request->swappiness = GROUP_RECLAIM_DEFAULT;
	}
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
	uint64_t spare;

	if (!group->cgroup || !worker_refresh_protection(w, group, now_ns))
		return -ENODEV;
	spare = protect_unprotected(group->sample.current_bytes, group->protected_bytes);
	request->bytes = MIN(request->bytes, spare);
	return request->bytes < w->page_size || group->excluded || group->excluded_below ? -EAGAIN
											 : 0;
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
		.victim = !group && request->backend == BACKEND_MEMORY_RECLAIM ? w->here.victim
									       : NULL,
		.begun_ns = now_ns,
		.interrupt_ns = now_ns + w->config->reclaim.deadline_ns,
		.node_free_bytes = w->here.view.counters.free_pages * w->page_size,
	};
	target->wants = false;
	target->due_ns = UINT64_MAX; /* until it is finished */
	if (w->act->dry)
		return;
	if (target->action_ns == 0 || !verdict_acts(target->action.reason) ||
	    now_ns - target->action_ns > NSEC_PER_SEC)
		log_debug(&w->world->log, "node %u: %s: taking %ju bytes through %s", w->node->id,
			  group ? group->cgroup->path : "the node", (uintmax_t)request->bytes,
			  backend_name(request->backend));
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
	if (worker_view_node(w, f->begun_ns, NULL) == 0)
		f->node_free_bytes = w->here.fresh.counters.free_pages * w->page_size;
}

/* What protects may have changed since the plan was made; for a step, what there is too. */
static int aim(struct worker *w, const struct target *target, struct group *group,
	       struct request *request, uint64_t now_ns)
{
	const struct group_context context = worker_group_context(w, now_ns);

	if (is_trim(target, group) && group_read(group, &context, NULL) < 0)
		return -ENODEV;
	if (group)
		return check_group(w, group, request, now_ns);
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
	struct request request = request_of(w, target, group);
	int r = aim(w, target, group, &request, now_ns);

	probe_plan(w->node->id, group ? group->shared->id : 0, &target->verdict);
	if (r < 0) {
		if (target->verdict.reason == VERDICT_ORDERED)
			worker_end_order(w);
		target->wants = false;
		target->verdict.reason = VERDICT_NOTHING_SPARE;
		target->due_ns = now_ns + w->config->agent.tick_max_ns / 4;
		return false;
	}
	begin(w, target, group, &request, now_ns);
	read_before(w, &w->flight);
	probe_action(w->node->id, asked_id(&w->flight), &request);
	r = hand_submit(w->hand, w->flight.act, &request);
	if (r < 0) {
		w->flight.active = false;
		if (w->flight.victim)
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

	/* Nobody who wants room waits for a step. */
	if (w->flight.active && is_trim(w->flight.target, w->flight.group) &&
	    most_urgent(w, &group))
		w->flight.interrupt_ns = now_ns;
	while (!w->flight.active && (target = next_target(w, &group))) {
		if (worker_budget_is_used_up(w, now_ns)) {
			target->verdict.reason = VERDICT_CPU_BUDGET;
			target->wants = false;
			target->due_ns = w->budget_start_ns + BUDGET_WINDOW_NS;
			return;
		}
		if (serve(w, target, group, now_ns))
			return;
	}
}

/* What came of a request to the node, as far as it can be told from what others did meanwhile. */
static uint64_t measure_node(struct worker *w, const struct flight *f, uint64_t net_freed_bytes)
{
	struct machine_counters machine;
	uint64_t left_bytes, most = 2 * f->request.bytes, taken = MIN(net_freed_bytes, most);

	/* What goes to zram may give the node nothing: taken it was all the same. */
	if (f->victim &&
	    memory_bytes_read_at(f->victim->cgroup->dir_fd, "memory.current", &left_bytes) == 0 &&
	    f->victim_bytes > left_bytes)
		taken = MAX(taken, MIN(f->victim_bytes - left_bytes, most));
	/* Free memory is used up meanwhile; this is the kernel's own count, of all who ask. */
	if (f->counted && machine_read_counters(&w->machine_watch, &machine, NULL) == 0 &&
	    machine.pgsteal_proactive > f->machine.pgsteal_proactive) {
		uint64_t pages = machine.pgsteal_proactive - f->machine.pgsteal_proactive;

		taken = MAX(taken, MIN(pages * w->page_size, most));
	}
	return taken;
}

static struct taken measure(struct worker *w, const struct flight *f, int error, uint64_t now_ns)
{
	struct taken taken = {0};
	uint64_t free_bytes;

	if (worker_view_node(w, now_ns, NULL) == 0) {
		free_bytes = w->here.fresh.counters.free_pages * w->page_size;
		if (free_bytes > f->node_free_bytes)
			taken.net_freed_bytes = free_bytes - f->node_free_bytes;
	}
	if (f->group)
		(void)group_measure_taken(f->group, w->page_size, f->request.bytes,
					  &taken.applied_bytes);
	else
		taken.applied_bytes = measure_node(w, f, taken.net_freed_bytes);
	/* Success is the kernel's word that it was all of it, whatever hides it from counters. */
	if (error == 0)
		taken.applied_bytes = MAX(taken.applied_bytes, f->request.bytes);
	return taken;
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

/* The node has no more to give, or may not be asked. */
void worker_end_order(struct worker *w)
{
	worker_take_off_order(w, UINT64_MAX);
}

static void account_node(struct worker *w, const struct flight *f, int error,
			 const struct taken *taken, uint64_t now_ns)
{
	bool another_way = worker_rung_learn(w, f, error, taken->applied_bytes, now_ns);

	w->here.came_back_short = error < 0;
	balance_learn(&w->config->balance, &w->here.history, now_ns, f->request.bytes,
		      taken->applied_bytes);
	if (f->request.backend == BACKEND_MEMORY_RECLAIM)
		fd_close(f->request.fd);
	if (f->target->action.reason != VERDICT_ORDERED)
		return;
	/*
	 * An order ends when it is filled, or when the node has no more to give, which a request
	 * that was cut short does not tell, nor one that has another way left; many in a row do.
	 */
	if (taken->applied_bytes > 0 || another_way ||
	    (error == -EINTR && w->here.history.hopeless_until_ns <= now_ns))
		worker_take_off_order(w, taken->applied_bytes);
	else
		worker_end_order(w);
}

/* It was only wished for: nothing is learned, and it is looked at again after a while. */
static void pass_over(struct worker *w, const struct flight *f, uint64_t now_ns)
{
	if (!f->group && f->request.backend == BACKEND_MEMORY_RECLAIM)
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
		.reason = is_trim(f->target, f->group) ? "trim"
						       : verdict_name(f->target->action.reason),
		.backend = backend_name(f->request.backend),
		.error = result->error,
		.tried_bytes = f->request.bytes,
		.applied_bytes = taken->applied_bytes,
		.net_freed_bytes = taken->net_freed_bytes,
		.wall_ns = result->wall_ns,
		.cpu_ns = result->cpu_ns,
	};

	if (w->world->journal && taken->applied_bytes >= w->config->agent.journal_min_bytes)
		(void)journal_send_action(w->world->journal, &w->journal_rate, &action, now_ns);
}

void worker_finish(struct worker *w, uint64_t now_ns)
{
	struct flight f = w->flight;
	struct hand_result result;
	struct taken taken;

	if (!hand_take(w->hand, &result))
		return;
	w->flight.active = false;
	if (f.act->dry) {
		pass_over(w, &f, now_ns);
		return;
	}
	w->hand_cpu_ns += result.cpu_ns;
	taken = measure(w, &f, result.error, now_ns);
	worker_swap_after(w, &f, &taken, now_ns);
	probe_completion(w->node->id, asked_id(&f), result.error, f.request.bytes,
			 taken.applied_bytes, result.wall_ns, result.cpu_ns);
	target_account(f.target, &f.request, result.error, result.wall_ns, result.cpu_ns, &taken);
	sort_error(w, &f, result.error, now_ns);
	tell_journal(w, &f, &result, &taken, now_ns);
	if (is_trim(f.target, f.group)) {
		worker_trim_account(w, f.group, &f.request, result.error, &taken, now_ns);
	} else if (f.group) {
		backoff_learn(&f.group->backoff, &backoff_of_groups, now_ns, f.request.bytes,
			      taken.applied_bytes);
		worker_clean_took(w, f.group, &f.request, taken.applied_bytes);
	} else {
		account_node(w, &f, result.error, &taken, now_ns);
	}
	f.target->due_ns = 0;
	/* Those that waited for the hand are judged by what is true now. */
	w->look_at_growing = true;
	if (w->here.target.wants)
		w->here.target.due_ns = 0;
	if (f.group && !f.group->cgroup)
		worker_let_go(w, f.group);
}

/* A request past its deadline is interrupted again and again until it lets go. */
void worker_hurry(struct worker *w, uint64_t now_ns)
{
	if (!w->flight.active || now_ns < w->flight.interrupt_ns)
		return;
	hand_interrupt(w->hand);
	w->flight.interrupt_ns = now_ns + INTERRUPT_PERIOD_NS;
}
