/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/holdout.h"

#include "agent/worker/act.h"
#include "agent/worker/groups.h"
#include "agent/worker/internal.h"
#include "agent/worker/node.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/saturate.h"
#include "cgroup/psi.h"

#include <string.h>

#define CPU_STAT_BYTES 4096
#define PSI_BYTES      256
/* Of a search for an effect: about a tenth of a millisecond. */
#define ITEMS_A_TURN 16384

/* Of all its tasks; 0 where that is not told, and then of the whole window. */
static uint64_t read_cpu_us(int group_fd)
{
	static const struct ktext_key keys[] = {{"usage_usec", 0, false}};
	char text[CPU_STAT_BYTES];
	uint64_t cpu_us;

	if (kfile_read_at(group_fd, "cpu.stat", text, sizeof(text)) < 0 ||
	    ktext_read_keys(text, keys, ARRAY_SIZE(keys), &cpu_us, NULL) < 0)
		return 0;
	return cpu_us;
}

/* Memory is what there is, all else counts on. */
static int read_counters(const struct worker *w, struct group *g, uint64_t now_ns,
			 uint64_t ret[EFFECT_SIGNALS])
{
	const struct group_context context = worker_group_context(w, now_ns);
	const struct memory_stat *stat = &g->sample.stat;
	struct psi_totals stalled = {0};
	int r = group_read(g, &context, NULL);

	if (r == 0 && g->watch.pressure_fd >= 0)
		r = psi_read(g->watch.pressure_fd, &stalled, NULL);
	if (r < 0)
		return r;
	ret[EFFECT_STALL] = stalled.some_us;
	ret[EFFECT_REFAULTS] = (stat->workingset_refault_anon + stat->workingset_refault_file) *
			       w->page_size;
	ret[EFFECT_EVENTS] = g->sample.events.max + g->sample.events.high;
	ret[EFFECT_CPU] = read_cpu_us(g->cgroup->dir_fd);
	ret[EFFECT_MEMORY] = g->sample.current_bytes;
	return 0;
}

/*
 * The machine's, but for what is read back and what is free: with several nodes that makes the
 * answer less sure, not wrong.
 */
static int read_node_counters(struct worker *w, uint64_t now_ns, uint64_t ret[EFFECT_SIGNALS])
{
	const struct node_counters *counters = &w->here.fresh.counters;
	char text[PSI_BYTES];
	struct psi_totals stalled = {0};
	int r = worker_view_node(w, now_ns, NULL);

	if (r < 0)
		return r;
	if (kfile_read_at(w->world->proc_fd, "pressure/memory", text, sizeof(text)) > 0)
		(void)psi_parse(text, &stalled, NULL);
	ret[EFFECT_STALL] = stalled.some_us;
	ret[EFFECT_REFAULTS] =
		(counters->workingset_refault_anon + counters->workingset_refault_file) *
		w->page_size;
	ret[EFFECT_EVENTS] = w->here.machine.allocstall;
	ret[EFFECT_CPU] = read_cpu_us(w->world->cgroup_fd);
	ret[EFFECT_MEMORY] = counters->free_pages * w->page_size;
	return 0;
}

/* A window that was seen from its beginning to its end, of what the agent has wished to act on. */
static void count_window(struct worker_holdout *h, const struct held_window *window, uint64_t id,
			 const uint64_t now[EFFECT_SIGNALS])
{
	struct effect_window counted = {.group = id, .held = window->lot.drawn};

	for (enum effect_signal i = 0; i < EFFECT_SIGNALS; i++)
		counted.values[i] = minus(now[i], window->before[i]);
	counted.values[EFFECT_MEMORY] = now[EFFECT_MEMORY] / 2 + window->before[EFFECT_MEMORY] / 2;
	effect_add(&h->log, &counted);
	h->stale = EFFECT_SIGNALS;
}

/* now: NULL where the counters can't be read. */
static void turn_window(struct worker_holdout *h, const struct holdout_settings *settings,
			struct held_window *window, uint64_t id, uint64_t number,
			const uint64_t *now)
{
	uint64_t last = window->lot.window;

	if (!now) {
		*window = (struct held_window){.lot.window = number, .wished = window->wished};
		return;
	}
	if (window->known && last == number - 1 && window->wished)
		count_window(h, window, id, now);
	holdout_begin(&window->lot, settings, h->seed, id, number);
	window->lot.events = now[EFFECT_EVENTS];
	window->lot.stall_us = now[EFFECT_STALL];
	window->known = true;
	memcpy(window->before, now, sizeof(window->before));
}

static void look_for_harm(struct worker *w, struct worker_holdout *h)
{
	if (h->harmful || !effect_harm_is_due(&h->log))
		return;
	for (enum effect_signal i = 0; i < EFFECT_SIGNALS && !h->harmful; i++) {
		h->harm = i;
		h->harmful = effect_is_harm(i, &h->effects[i], w->config->holdout.harm_permyriad);
	}
	if (h->harmful)
		log_warning(
			&w->world->log,
			"node %u: %s when looked after than when left alone (%s): %s here until "
			"the configuration is read anew; see uswapctl effect",
			w->node->id, h == &w->holdout ? "groups do worse" : "the node does worse",
			effect_signal_name(h->harm),
			h == &w->holdout ? "headroom and trim stop" : "balance stops");
}

/* One signal after the other, a little in each turn. */
static void see_effect(struct worker *w, struct worker_holdout *h)
{
	if (h->stale == 0)
		return;
	if (!h->searching)
		effect_search_begin(&h->search, &h->log, h->next, h->seed);
	h->searching = !effect_search_go_on(&h->search, ITEMS_A_TURN, &h->effects[h->next]);
	if (h->searching)
		return;
	h->stale--;
	h->next = (h->next + 1) % EFFECT_SIGNALS;
	if (h->next == 0)
		look_for_harm(w, h);
}

static void turn_groups(struct worker *w, uint64_t number, uint64_t now_ns)
{
	uint64_t now[EFFECT_SIGNALS];

	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (!g->watched || g->held.lot.window == number || worker_is_busy_with(w, g))
			continue;
		if (number == 0)
			g->held = (struct held_window){0};
		else
			turn_window(&w->holdout, &w->config->holdout, &g->held, g->shared->id,
				    number, read_counters(w, g, now_ns, now) < 0 ? NULL : now);
	}
}

static void turn_node(struct worker *w, uint64_t number, uint64_t now_ns)
{
	struct held_window *held = &w->here.held;
	uint64_t now[EFFECT_SIGNALS];

	if (held->lot.window == number)
		return;
	if (number == 0)
		*held = (struct held_window){0};
	else
		turn_window(&w->node_holdout, &w->config->holdout, held, w->node->id, number,
			    read_node_counters(w, now_ns, now) < 0 ? NULL : now);
}

void worker_holdout(struct worker *w, uint64_t now_ns)
{
	const struct holdout_settings *settings = &w->config->holdout;
	bool wanted = settings->share_permyriad > 0 && !w->act->dry;
	uint64_t number = wanted ? holdout_window(settings, now_ns) : 0;

	turn_groups(w, number, now_ns);
	turn_node(w, number, now_ns);
	if (!wanted)
		return;
	see_effect(w, &w->holdout);
	see_effect(w, &w->node_holdout);
}

bool worker_leaves_alone(const struct worker *w, const struct group *g)
{
	return w->holdout.harmful || holdout_holds(&g->held.lot);
}

void worker_leave_node_alone(struct worker *w, struct verdict *v)
{
	struct held_window *held = &w->here.held;

	if (v->reason != VERDICT_NODE_LOW)
		return;
	held->wished = true;
	holdout_look(&held->lot, w->here.machine.allocstall, held->lot.stall_us, false);
	if (w->node_holdout.harmful)
		v->reason = VERDICT_HARMFUL;
	else if (holdout_holds(&held->lot))
		v->reason = VERDICT_HELD_OUT;
	else
		return;
	v->bytes = 0;
	v->look_again_ns = MAX(v->look_again_ns, w->config->agent.tick_max_ns / 20);
}

void worker_node_stalled(struct worker *w)
{
	struct holdout *lot = &w->here.held.lot;

	holdout_look(lot, lot->events, lot->stall_us, true);
}
