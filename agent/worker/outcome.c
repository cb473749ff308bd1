/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/outcome.h"

#include "agent/worker/act.h"
#include "agent/worker/internal.h"

void worker_record_outcome(struct worker *w, struct group *g, struct outcome_record *o)
{
	o->target = g ? g->shared->id : w->node->id;
	o->of_node = !g;
	if (g && g->cgroup)
		record_name(w->record, o->target, g->cgroup->path, &g->named);
	(void)record_put(w->record, RECORD_OUTCOME, o);
}

static enum record_kind decision_of(const struct flight *f)
{
	if (f->request.backend == BACKEND_LRU_GEN)
		return RECORD_EVICT;
	if (f->request.backend == BACKEND_DROP_SLAB)
		return RECORD_SLAB;
	if (worker_is_trim(f->target, f->group))
		return RECORD_TRIM;
	return f->group ? RECORD_HEADROOM : RECORD_BALANCE;
}

void worker_record_flight(struct worker *w, const struct flight *f,
			  const struct hand_result *result, const struct taken *taken,
			  uint64_t now_ns)
{
	struct outcome_record o = {
		.decision = decision_of(f),
		.dry = f->act->dry,
		.now_ns = now_ns,
		.asked_bytes = f->request.bytes,
	};

	if (!o.dry) {
		o.error = result->error;
		o.applied_bytes = taken->applied_bytes;
		o.net_bytes = taken->net_freed_bytes;
		o.swapped_bytes = taken->swapped_bytes;
		o.wall_ns = result->wall_ns;
		o.cpu_ns = result->cpu_ns;
	}
	/* Of a victim that is gone by now it is the node's. */
	worker_record_outcome(w, o.decision == RECORD_EVICT ? f->victim : f->group, &o);
}
