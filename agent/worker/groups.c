/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/groups.h"

#include "agent/worker/act.h"
#include "agent/worker/clean.h"
#include "agent/worker/internal.h"
#include "agent/worker/pageout.h"
#include "agent/worker/protection.h"
#include "agent/worker/report.h"
#include "agent/worker/trim.h"
#include "base/clock.h"
#include "base/kfile.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>

#define HOME_AGE_NS (10 * NSEC_PER_SEC)
#define ORPHAN_NS   (30 * NSEC_PER_SEC) /* and three of the longest ticks */

static bool is_home(const struct worker *w, const struct group *g)
{
	return atomic_load_explicit(&g->shared->home, memory_order_acquire) == (int)w->index;
}

static int reserve_groups(struct worker *w)
{
	size_t n = w->groups_capacity ? 2 * w->groups_capacity : 64;
	struct protection_group *protections;
	struct group **groups;

	if (w->n_groups < w->groups_capacity)
		return 0;
	groups = realloc(w->groups, n * sizeof(*groups));
	if (!groups)
		return -ENOMEM;
	w->groups = groups;
	protections = realloc(w->protections, (n + 1) * sizeof(*protections));
	if (!protections)
		return -ENOMEM;
	w->protections = protections;
	w->groups_capacity = n;
	return 0;
}

static void add_group(struct cgroup *cgroup, void *context)
{
	struct worker *w = context;
	struct shared_group *shared;
	struct group *g;

	cgroup->data = NULL;
	if (reserve_groups(w) < 0)
		return;
	shared = shared_group_get(w->world->shared, cgroup->id, (int)w->index);
	if (!shared)
		return;
	g = group_new(cgroup, shared, w->config);
	if (!g) {
		shared_group_put(w->world->shared, shared);
		return;
	}
	g->index = w->n_groups;
	w->groups[w->n_groups++] = g;
	w->groups_sorted = false;
	cgroup->data = g;
}

void worker_unwatch(struct worker *w, struct group *g)
{
	if (!g->watched)
		return;
	worker_trim_forget(w, g);
	if (w->ring)
		ring_unwatch(w->ring, g->shared->id + TOKEN_GROUPS);
	/* The hand writes to one of these descriptors: they are closed when it is back. */
	if (!worker_is_busy_with(w, g))
		(void)group_set_watched(g, false);
}

/* The last of a group that is no more: what was done to it stays counted. */
void worker_let_go(struct worker *w, struct group *g)
{
	ledger_add(&w->gone, &g->target.ledger);
	ledger_add(&w->gone, &g->trim.target.ledger);
	worker_unwatch(w, g);
	if (w->limit_watch)
		limit_watch_remove(w->limit_watch, &g->limit_watches);
	shared_group_put(w->world->shared, g->shared);
	group_free(g);
}

static void remove_group(struct cgroup *cgroup, void *context)
{
	struct worker *w = context;
	struct group *g = cgroup->data;
	struct group *last;

	if (!g)
		return;
	last = w->groups[--w->n_groups];
	w->groups[g->index] = last;
	last->index = g->index;
	w->groups_sorted = false;
	g->cgroup = NULL;
	if (w->here.victim == g)
		w->here.victim = NULL;
	if (w->flight.victim == g)
		w->flight.victim = NULL;
	worker_clean_forget(w, g);
	worker_pageout_forget(w, g);
	/* The hand may be inside the kernel with its descriptor: worker_finish lets go of it. */
	if (w->flight.active && w->flight.group == g)
		return;
	worker_let_go(w, g);
}

int worker_open_tree(struct worker *w)
{
	const struct cgroup_tree_events events = {
		.on_add = add_group,
		.on_remove = remove_group,
		.context = w,
	};
	int r;

	/* Without cgroup v2 there are no groups, and the node alone is looked after. */
	if (w->world->cgroup_fd < 0)
		return 0;
	w->tree_pressure_fd = kfile_open(w->world->cgroup_fd, "memory.pressure", O_RDONLY);
	/* Without inotify limits are read again from time to time. */
	r = limit_watch_open(&w->limit_watch);
	if (r == 0)
		r = ring_watch(w->ring, limit_watch_fd(w->limit_watch), POLLIN, TOKEN_LIMITS);
	if (r < 0)
		log_warning(&w->world->log, "node %u: changes of limits are not announced: %s",
			    w->node->id, strerrordesc_np(-r));
	r = cgroup_tree_open(w->world->cgroup_fd, &events, &w->tree);
	if (r < 0)
		return r;
	return ring_watch(w->ring, cgroup_tree_fd(w->tree), POLLIN, TOKEN_TREE);
}

void worker_close_tree(struct worker *w)
{
	cgroup_tree_free(w->tree);
	w->tree = NULL;
	w->tree_pressure_fd = fd_close(w->tree_pressure_fd);
	limit_watch_free(w->limit_watch);
	w->limit_watch = NULL;
	free(w->groups);
	free(w->protections);
}

void worker_refresh_tree(struct worker *w)
{
	int r = cgroup_tree_refresh(w->tree);

	if (r < 0 && r != -ENODEV)
		worker_complain(w, clock_now_ns(), "cgroup tree", r, NULL);
}

struct group *worker_find_group(struct worker *w, uint64_t id)
{
	struct cgroup *cgroup = w->tree ? cgroup_tree_find_id(w->tree, id) : NULL;

	return cgroup ? cgroup->data : NULL;
}

/* The home hands a group on when two thirds of its memory are on another node. */
void worker_consider_home(struct worker *w, struct group *g, uint64_t now_ns)
{
	struct memory_node_share shares[NUMA_NODES_MAX];
	const struct topology *topology = w->world->topology;
	uint64_t total = 0, most = 0;
	size_t best = w->index;
	_cleanup_close_ int fd = -1;

	if (topology->n_nodes < 2 || g->home_due_ns > now_ns)
		return;
	g->home_due_ns = now_ns + HOME_AGE_NS;
	fd = kfile_open(g->cgroup->dir_fd, "memory.numa_stat", O_RDONLY);
	if (fd < 0 || memory_numa_stat_read(fd, shares, NUMA_NODES_MAX, NULL) < 0)
		return;
	for (size_t i = 0; i < topology->n_nodes; i++) {
		const struct memory_node_share *s = &shares[topology->nodes[i].id % NUMA_NODES_MAX];
		uint64_t bytes = s->anon + s->file;

		total += bytes;
		if (bytes > most) {
			most = bytes;
			best = i;
		}
	}
	if (best != w->index && most / 2 > (total - most))
		shared_group_hand_on(w->world->shared, g->shared, (int)best, &g->target.demand,
				     &g->target.pace);
}

/* A home that can't see the group, or is no more, does not look after it. */
static void claim_if_orphaned(struct worker *w, struct group *g, uint64_t now_ns)
{
	int home = atomic_load_explicit(&g->shared->home, memory_order_relaxed);
	uint64_t seen_ns;

	if (home == (int)w->index) {
		atomic_store_explicit(&g->shared->home_seen_ns, now_ns, memory_order_relaxed);
		return;
	}
	seen_ns = atomic_load_explicit(&g->shared->home_seen_ns, memory_order_relaxed);
	if (now_ns > seen_ns &&
	    now_ns - seen_ns > MAX(ORPHAN_NS, 3 * w->config->agent.tick_max_ns) &&
	    atomic_compare_exchange_strong(&g->shared->home, &home, (int)w->index))
		atomic_store_explicit(&g->shared->home_seen_ns, now_ns, memory_order_relaxed);
}

static void take_role(struct worker *w, struct group *g, uint64_t now_ns)
{
	bool wanted = is_home(w, g) && (group_limit_bytes(g) != UINT64_MAX || group_is_trimmed(g) ||
					(w->config->growth.enabled && group_holds_memory(g)));
	int r;

	if (wanted == g->watched || g->role_due_ns > now_ns)
		return;
	if (!wanted) {
		worker_unwatch(w, g);
		return;
	}
	r = group_set_watched(g, true);
	g->target.demand = g->shared->demand;
	g->target.pace = g->shared->pace;
	if (r == 0)
		r = ring_watch(w->ring, g->watch.events_fd, POLLPRI, g->shared->id + TOKEN_GROUPS);
	if (r < 0) {
		(void)group_set_watched(g, false);
		if (r != -ENODEV && r != -ENOENT)
			worker_complain(w, now_ns, g->cgroup->path, r, "can't be watched");
		g->role_due_ns = now_ns + WORKER_RETRY_NS;
	}
}

struct group_context worker_group_context(const struct worker *w, uint64_t now_ns)
{
	return (struct group_context){
		.config = w->config,
		.swap = &w->swap,
		.record = w->record,
		.harmful = w->holdout.harmful,
		.anon_can_be_spared = w->world->reclaim_features.swappiness,
		.now_ns = now_ns,
	};
}

static void look(struct worker *w, struct group *g, uint64_t now_ns)
{
	const struct group_context context = worker_group_context(w, now_ns);
	const char *bad = NULL;
	int r = group_look(g, &context, &bad);

	if (r < 0) {
		g->target.wants = false;
		g->target.due_ns = now_ns + WORKER_RETRY_NS;
		worker_complain(w, now_ns, g->cgroup->path, r, bad);
		return;
	}
	worker_clean(w, g, now_ns);
	/* Where it lives matters once something is to be done. */
	if (g->target.demand.rate_bytes_per_s > 0)
		worker_consider_home(w, g, now_ns);
}

/* Targets at rest are looked at together, so that an idle machine is woken once, not once each. */
static bool is_due(const struct worker *w, const struct target *target, uint64_t now_ns)
{
	uint64_t slack_ns = target->demand.rate_bytes_per_s == 0 ? w->config->agent.tick_max_ns / 4
								 : 0;

	return target->due_ns <= now_ns + slack_ns;
}

void worker_look_at_groups(struct worker *w, uint64_t now_ns)
{
	/* What could not be opened or watched is not announced. */
	if (w->tree && w->tree_due_ns <= now_ns && !cgroup_tree_is_complete(w->tree)) {
		w->tree_due_ns = now_ns + WORKER_RETRY_NS;
		worker_refresh_tree(w);
	}
	worker_refresh_limits(w, now_ns);
	worker_update_protections(w, now_ns, 5 * NSEC_PER_SEC);
	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (worker_is_busy_with(w, g))
			continue;
		claim_if_orphaned(w, g, now_ns);
		worker_clean_collect(w, g, now_ns);
		if (w->look_at_growing && g->target.demand.rate_bytes_per_s > 0)
			g->target.due_ns = 0;
		if (!is_due(w, &g->target, now_ns) && g->watched == is_home(w, g))
			continue;
		take_role(w, g, now_ns);
		if (g->watched && group_limit_bytes(g) != UINT64_MAX)
			look(w, g, now_ns);
		else if (is_due(w, &g->target, now_ns))
			g->target.due_ns = now_ns + w->config->agent.tick_max_ns;
	}
	w->look_at_growing = false;
}
