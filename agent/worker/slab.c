/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/slab.h"

#include "agent/policy/slab.h"
#include "agent/worker/internal.h"
#include "agent/worker/report.h"
#include "agent/worker/shares.h"
#include "base/kfile.h"
#include "base/saturate.h"
#include "cgroup/reclaim.h"

#include <errno.h>
#include <fcntl.h>

static uint64_t since_ns(const struct worker *w, uint64_t now_ns)
{
	uint64_t dropped_ns = shared_slab_dropped(w->world->shared);

	return dropped_ns == 0 ? UINT64_MAX : minus(now_ns, dropped_ns);
}

uint64_t worker_slab_bytes(const struct worker *w)
{
	return w->here.fresh.counters.slab_reclaimable_pages * w->page_size;
}

static bool decide(struct worker *w, const struct slab_sample *s, uint64_t now_ns)
{
	const struct slab_record record = {
		.node = w->node->id,
		.now_ns = now_ns,
		.sample = *s,
		.drops = slab_decide(w->config->balance.drop_slab, s),
	};

	(void)record_put(w->record, RECORD_SLAB, &record);
	return record.drops;
}

void worker_consider_slab(struct worker *w, const struct verdict *wish, uint64_t now_ns)
{
	struct node_state *n = &w->here;
	struct verdict *v = &n->plan.verdict;
	struct slab_sample sample;

	if (w->config->balance.drop_slab == 0 || !w->world->whole_machine ||
	    backoff_waits(&n->slab_backoff, now_ns))
		return;
	sample = (struct slab_sample){
		.reason = v->reason,
		.wanted_bytes = wish->bytes > 0 ? wish->bytes
						: minus(v->margin_bytes, v->room_bytes),
		.slab_bytes = worker_slab_bytes(w),
		.since_ns = since_ns(w, now_ns),
		.anyone_is_spared = worker_anyone_is_spared(w),
	};
	if (!decide(w, &sample, now_ns))
		return;
	n->backend = BACKEND_DROP_SLAB;
	v->reason = wish->bytes > 0 ? wish->reason : VERDICT_NODE_LOW;
	v->bytes = sample.wanted_bytes;
}

int worker_aim_at_slab(struct worker *w, struct request *request, uint64_t now_ns)
{
	int fd;

	if (worker_anyone_is_spared(w))
		return -EAGAIN;
	fd = kfile_open(w->world->proc_fd, "sys/vm/drop_caches", O_WRONLY);
	if (fd < 0) {
		worker_complain(w, now_ns, "vm.drop_caches", fd, "only uid 0 may write it");
		backoff_learn(&w->here.slab_backoff, &backoff_of_slab, now_ns, request->bytes, 0);
		return fd;
	}
	/* Another worker may have had the same thought. */
	if (!w->act->dry && !shared_begin_slab_drop(w->world->shared, now_ns,
						    slab_pause_ns(w->config->balance.drop_slab))) {
		fd_close(fd);
		return -EAGAIN;
	}
	request->fd = fd;
	request->bytes = worker_slab_bytes(w);
	request->swappiness = GROUP_RECLAIM_NO_ANON;
	return 0;
}

void worker_slab_learn(struct worker *w, uint64_t tried_bytes, uint64_t applied_bytes,
		       uint64_t now_ns)
{
	struct node_state *n = &w->here;

	n->slab_drops++;
	n->slab_dropped_bytes = plus(n->slab_dropped_bytes, applied_bytes);
	backoff_learn(&n->slab_backoff, &backoff_of_slab, now_ns, tried_bytes, applied_bytes);
}
