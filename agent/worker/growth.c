/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/growth.h"

#include "agent/worker/act.h"
#include "agent/worker/ages.h"
#include "agent/worker/groups.h"
#include "agent/worker/internal.h"
#include "agent/worker/trim.h"
#include "base/saturate.h"

#define GROUPS_A_TURN 16

uint64_t worker_growth_due_ns(const struct worker *w)
{
	return w->config->growth.enabled ? w->growth.due_ns : UINT64_MAX;
}

static uint64_t cold_anon(const struct trim_sample *ages)
{
	return ages->cold_bytes == TRIM_AGE_UNKNOWN
		       ? GROWTH_UNKNOWN
		       : minus(ages->cold_bytes, ages->cold_file_bytes);
}

static void look(struct worker *w, struct group *g, uint64_t now_ns)
{
	const struct group_context context = worker_group_context(w, now_ns);
	const struct memory_stat *stat = &g->sample.stat;
	struct trim_sample ages;
	struct growth_sample s;

	if (group_read(g, &context, NULL) < 0)
		return;
	worker_ages_of(w, g, &ages);
	s = (struct growth_sample){
		.now_ns = now_ns,
		.anon_bytes = stat->anon,
		.swapped_bytes = g->sample.swap_current_bytes,
		.file_bytes = stat->file,
		.cold_anon_bytes = cold_anon(&ages),
		.cold_file_bytes = ages.cold_file_bytes,
		.read_bytes = stat->workingset_refault_file * w->page_size,
	};
	growth_learn(&g->growth, &s);
}

/* Groups that come or go meanwhile may be looked at twice or not at all in this round. */
void worker_growth(struct worker *w, uint64_t now_ns)
{
	if (now_ns < worker_growth_due_ns(w))
		return;
	if (w->growth.at == 0) {
		w->growth.next_ns = now_ns + w->config->growth.interval_ns;
		worker_read_ages(w, now_ns);
	}
	for (size_t n = 0; n < GROUPS_A_TURN && w->growth.at < w->n_groups; w->growth.at++) {
		struct group *g = w->groups[w->growth.at];

		if (!g->watched || !group_holds_memory(g) || worker_is_busy_with(w, g))
			continue;
		look(w, g, now_ns);
		n++;
	}
	if (w->growth.at < w->n_groups)
		return;
	w->growth.at = 0;
	w->growth.due_ns = w->growth.next_ns;
}
