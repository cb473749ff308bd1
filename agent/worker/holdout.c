/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/holdout.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/saturate.h"
#include "cgroup/psi.h"

#include <string.h>

#define CPU_STAT_BYTES 4096
/* Of a search for an effect: about a tenth of a millisecond. */
#define ITEMS_A_TURN 16384

/* Of all its tasks; 0 where that is not told, and then of the whole window. */
static uint64_t read_cpu_us(const struct group *g)
{
	static const struct ktext_key keys[] = {{"usage_usec", 0, false}};
	char text[CPU_STAT_BYTES];
	uint64_t cpu_us;

	if (kfile_read_at(g->cgroup->dir_fd, "cpu.stat", text, sizeof(text)) < 0 ||
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
	ret[EFFECT_CPU] = read_cpu_us(g);
	ret[EFFECT_MEMORY] = g->sample.current_bytes;
	return 0;
}

/* A window that was seen from its beginning to its end, of a group the agent has wished to act on.
 */
static void count_window(struct worker *w, const struct group *g,
			 const uint64_t now[EFFECT_SIGNALS])
{
	const struct group_holdout *h = &g->holdout;
	struct effect_window window = {.group = g->shared->id, .held = h->lot.drawn};

	for (enum effect_signal i = 0; i < EFFECT_SIGNALS; i++)
		window.values[i] = minus(now[i], h->before[i]);
	window.values[EFFECT_MEMORY] = now[EFFECT_MEMORY] / 2 + h->before[EFFECT_MEMORY] / 2;
	effect_add(&w->holdout.log, &window);
	w->holdout.stale = EFFECT_SIGNALS;
}

static void turn_window(struct worker *w, struct group *g, uint64_t number, uint64_t now_ns)
{
	struct group_holdout *h = &g->holdout;
	uint64_t now[EFFECT_SIGNALS], last = h->lot.window;

	if (read_counters(w, g, now_ns, now) < 0) {
		*h = (struct group_holdout){.lot.window = number, .wished = h->wished};
		return;
	}
	if (h->known && last == number - 1 && h->wished)
		count_window(w, g, now);
	holdout_begin(&h->lot, &w->config->holdout, w->holdout.seed, g->shared->id, number);
	h->lot.events = now[EFFECT_EVENTS];
	h->lot.stall_us = now[EFFECT_STALL];
	h->known = true;
	memcpy(h->before, now, sizeof(h->before));
}

static void look_for_harm(struct worker *w)
{
	struct worker_holdout *h = &w->holdout;

	if (h->harmful || !effect_harm_is_due(&h->log))
		return;
	for (enum effect_signal i = 0; i < EFFECT_SIGNALS && !h->harmful; i++) {
		h->harm = i;
		h->harmful = effect_is_harm(i, &h->effects[i], w->config->holdout.harm_permyriad);
	}
	if (h->harmful)
		log_warning(&w->world->log,
			    "node %u: groups that are looked after do worse than those left alone "
			    "(%s): headroom and trim stop here until the configuration is read "
			    "anew; see uswapctl effect",
			    w->node->id, effect_signal_words(h->harm));
}

/* One signal after the other, a little in each turn. */
static void see_effect(struct worker *w)
{
	struct worker_holdout *h = &w->holdout;

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
		look_for_harm(w);
}

void worker_holdout(struct worker *w, uint64_t now_ns)
{
	const struct holdout_settings *settings = &w->config->holdout;
	bool wanted = settings->share_permyriad > 0 && !w->act->dry;
	uint64_t number = wanted ? holdout_window(settings, now_ns) : 0;

	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (!g->watched || g->holdout.lot.window == number || worker_is_busy_with(w, g))
			continue;
		if (wanted)
			turn_window(w, g, number, now_ns);
		else
			g->holdout = (struct group_holdout){0};
	}
	if (wanted)
		see_effect(w);
}

bool worker_leaves_alone(const struct worker *w, const struct group *g)
{
	return w->holdout.harmful || holdout_holds(&g->holdout.lot);
}
