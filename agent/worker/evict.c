/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/evict.h"

#include "agent/policy/evict.h"
#include "agent/sense/ages.h"
#include "agent/worker/internal.h"
#include "agent/worker/report.h"
#include "agent/worker/shares.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/saturate.h"
#include "cgroup/reclaim.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

void worker_try_eviction(const struct worker *w)
{
	_cleanup_close_ int fd = -1;

	if (!w->config->balance.lru_gen)
		return;
	fd = w->trim.ages_fd >= 0 ? lru_gen_open_writable(w->world->sys_fd) : w->trim.ages_fd;
	if (fd < 0)
		log_warning(&w->world->log,
			    "node %u: balance.lru_gen is of no use: debugfs' lru_gen can't be "
			    "read and written: %s",
			    w->node->id, strerrordesc_np(-fd));
}

static struct memory_stat stat_of(const struct group *g)
{
	_cleanup_close_ int fd = kfile_open(g->cgroup->dir_fd, "memory.stat", O_RDONLY);
	struct memory_stat stat = {0};

	if (fd >= 0)
		(void)memory_stat_read(fd, &stat, NULL);
	return stat;
}

uint64_t worker_steals_of(const struct group *g)
{
	return stat_of(g).pgsteal;
}

uint64_t worker_demoted_of(const struct group *g)
{
	struct memory_stat stat = stat_of(g);

	return memory_stat_demoted_by_tasks(&stat);
}

/* Memory elsewhere that is next to nothing is no reason. */
bool worker_may_evict(const struct worker *w, const struct group *victim, uint64_t now_ns)
{
	return w->config->balance.lru_gen && w->trim.ages_fd >= 0 &&
	       now_ns >= w->here.evict_due_ns && group_holds_memory(victim) &&
	       victim->elsewhere_bytes > victim->node_bytes / 16 &&
	       !backoff_waits(&victim->evict_backoff, now_ns);
}

static struct evict_plan decide(struct worker *w, struct group *victim,
				const struct evict_sample *s, uint64_t now_ns)
{
	struct evict_record record = {
		.group = victim->shared->id,
		.now_ns = now_ns,
		.sample = *s,
		.plan = evict_decide(w->config->balance.lru_gen, s),
	};

	record_name(w->record, record.group, victim->cgroup->path, &victim->named);
	(void)record_put(w->record, RECORD_EVICT, &record);
	return record.plan;
}

static int find(struct worker *w, struct group *victim, const struct request *request,
		uint64_t now_ns, struct evict_plan *ret_plan, struct age_place *ret_place,
		const char **ret_bad)
{
	struct evict_sample sample = {.page_size = w->page_size, .wanted_bytes = request->bytes};
	struct evict_plan plan;
	uint64_t blocks = 0;
	int r = ages_find(w->trim.ages_fd, victim->cgroup->path, w->node->id, victim->cgroup->id,
			  &blocks, ret_place, ret_bad);

	w->here.evict_due_ns = plus(now_ns, evict_rest_ns(blocks));
	if (r == 0)
		r = worker_read_share(w, victim, &sample.here);
	if (r < 0)
		return r;
	sample.generations = ret_place->generations;
	plan = decide(w, victim, &sample, now_ns);
	if (plan.reason != EVICT_TAKE)
		return -ENOENT;
	*ret_plan = plan;
	return 0;
}

bool worker_evict_instead(struct worker *w, struct group *victim, struct request *request,
			  uint64_t now_ns)
{
	struct age_place place = {0};
	struct evict_plan plan = {0};
	const char *bad = NULL;
	int r;

	if (!worker_may_evict(w, victim, now_ns))
		return false;
	r = find(w, victim, request, now_ns, &plan, &place, &bad);
	if (r == 0)
		r = lru_gen_open_writable(w->world->sys_fd);
	if (r < 0) {
		if (r != -ENOENT && r != -ENOTUNIQ)
			worker_complain(w, now_ns, "lru_gen", r, bad);
		backoff_learn(&victim->evict_backoff, &backoff_of_nodes, now_ns, request->bytes, 0);
		return false;
	}
	request->backend = BACKEND_LRU_GEN;
	request->fd = r;
	request->bytes = plan.pages * w->page_size;
	request->swappiness = GROUP_RECLAIM_NO_ANON;
	request->eviction = (struct lru_gen_eviction){
		.memcg = place.memcg,
		.node = w->node->id,
		.generation = plan.generation,
		.pages = plan.pages,
	};
	return true;
}

bool worker_evict_learn(struct worker *w, const struct flight *f, int error, uint64_t applied_bytes,
			uint64_t now_ns)
{
	struct group *victim = f->victim;

	w->here.evictions++;
	w->here.evicted_bytes = plus(w->here.evicted_bytes, applied_bytes);
	victim->node_bytes = minus(victim->node_bytes, applied_bytes);
	/* One that was cut short tells nothing. */
	if (error == -EINTR)
		return false;
	backoff_learn(&victim->evict_backoff, &backoff_of_nodes, now_ns, f->request.bytes,
		      applied_bytes);
	return backoff_waits(&victim->evict_backoff, now_ns);
}
