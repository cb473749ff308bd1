/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/shares.h"

#include "agent/worker/internal.h"
#include "agent/worker/protection.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>

#define SHARES_AGE_NS NSEC_PER_SEC
/* Less may be the error of the counters, which are up to 64 pages a CPU behind. */
#define LEFT_MIN_BYTES (UINT64_C(8) << 20)

/* What nodeN/reclaim must not be used beside: it knows no floors, exclusions and weights, and with
 * MGLRU goes by shares of protection that are out of date.
 */
static bool is_spared(const struct worker *w, const struct group *g)
{
	return g->excluded || g->weight != GROUP_WEIGHT_DEFAULT || worker_may_be_protected(w, g);
}

/* Nor a group above: of those below it all that claim something count. */
static bool is_spared_by_above(const struct worker *w, const struct group *g)
{
	return g->protected_bytes > 0 || group_claims_protection(g) || is_spared(w, g);
}

static int read_all_shares(const struct group *g, struct memory_node_share *ret_shares)
{
	_cleanup_close_ int fd = kfile_open(g->cgroup->dir_fd, "memory.numa_stat", O_RDONLY);

	return fd < 0 ? fd : memory_numa_stat_read(fd, ret_shares, NUMA_NODES_MAX, NULL);
}

int worker_read_share(const struct worker *w, const struct group *g,
		      struct memory_node_share *ret_here)
{
	struct memory_node_share shares[NUMA_NODES_MAX];
	int r = read_all_shares(g, shares);

	if (r < 0)
		return r;
	*ret_here = shares[w->node->id % NUMA_NODES_MAX];
	return 0;
}

static uint64_t evictable_bytes(const struct memory_node_share *s)
{
	return plus(plus(s->inactive_file, s->active_file), plus(s->inactive_anon, s->active_anon));
}

static uint64_t clean_file_bytes(const struct memory_node_share *here)
{
	return minus(plus(here->inactive_file, here->active_file),
		     plus(here->file_dirty, here->file_writeback));
}

/*
 * What can't be read may be here; what is gone is not. Memory of a group without a controller is
 * among that of the one it is charged to.
 */
static bool has_memory_here(const struct worker *w, struct group *g)
{
	const struct group *payer = group_payer(g);
	struct memory_node_share here;
	int r = payer ? worker_read_share(w, payer, &here) : -ENOENT;

	return r == 0 ? here.anon + here.file > 0 : r != -ENOENT && r != -ENODEV;
}

bool worker_node_is_spared(struct worker *w)
{
	struct node_state *n = &w->here;

	n->protected_here = false;
	for (size_t i = 0; i < w->n_groups && !n->protected_here; i++)
		n->protected_here = w->groups[i]->cgroup->parent && is_spared(w, w->groups[i]) &&
				    has_memory_here(w, w->groups[i]);
	return n->protected_here;
}

bool worker_anyone_is_spared(const struct worker *w)
{
	for (size_t i = 0; i < w->n_groups; i++)
		if (w->groups[i]->cgroup->parent && is_spared(w, w->groups[i]))
			return true;
	return false;
}

static bool may_be_asked(const struct group *g)
{
	return g->cgroup->parent && !g->excluded && !g->excluded_below && !g->limits_unknown;
}

static void take_share(const struct worker *w, struct group *g)
{
	const struct node_state *n = &w->here;
	struct memory_node_share shares[NUMA_NODES_MAX], here;

	g->node_bytes = g->elsewhere_bytes = g->elsewhere_file_bytes = g->node_dirty_bytes = 0;
	g->node_file_bytes = g->below_file_bytes = 0;
	g->left_behind = g->spared_below = false;
	if (!g->has_limits)
		return;
	/* How much of the memory above it is its own can't be told then. */
	if (read_all_shares(g, shares) < 0) {
		g->spared_below = true;
		return;
	}
	here = shares[w->node->id % NUMA_NODES_MAX];
	for (size_t i = 0; i < NUMA_NODES_MAX; i++) {
		if (i == w->node->id)
			continue;
		g->elsewhere_bytes = plus(g->elsewhere_bytes, evictable_bytes(&shares[i]));
		g->elsewhere_file_bytes =
			plus(g->elsewhere_file_bytes, clean_file_bytes(&shares[i]));
	}
	g->node_file_bytes = clean_file_bytes(&here);
	if (!group_holds_memory(g) || !may_be_asked(g))
		return;
	g->node_dirty_bytes = here.file_dirty;
	g->node_bytes = g->node_file_bytes;
	if (n->plan.effort > EFFORT_LIGHT && g->limits.swap_max > 0 &&
	    !yield_is_poor_for_node(&g->yield, w->here.shares_ns))
		g->node_bytes += here.inactive_anon + here.active_anon;
}

static uint64_t left_behind(const struct group *g)
{
	uint64_t left = minus(g->node_file_bytes, g->below_file_bytes);

	return left < MAX(LEFT_MIN_BYTES, g->node_file_bytes / 16) ? 0 : left;
}

/* Of what is left behind nobody's swap could be judged: files alone may be asked for. */
static bool can_be_asked_for_files(const struct worker *w)
{
	return w->world->reclaim_features.swappiness || w->swap.free_bytes == 0;
}

/*
 * File memory that no group at the end of a branch has: of groups that were removed, which the
 * kernel charges on to those above them, and what was charged to these before they had children.
 * Only a request to the group above reaches it, and takes from all below too: not where one of them
 * is to be spared. Children come before their parents here.
 */
static void find_left_behind(struct worker *w)
{
	w->here.left_bytes = 0;
	for (size_t i = w->n_groups; i-- > 0;) {
		struct group *g = w->groups[i];
		struct group *parent = g->cgroup->parent ? g->cgroup->parent->data : NULL;

		if (can_be_asked_for_files(w) && g->has_limits && !group_holds_memory(g) &&
		    may_be_asked(g) && !g->spared_below && !is_spared_by_above(w, g)) {
			g->node_bytes = left_behind(g);
			g->left_behind = true;
			w->here.left_bytes = plus(w->here.left_bytes, g->node_bytes);
		}
		if (!parent)
			continue;
		parent->spared_below |= g->spared_below || is_spared_by_above(w, g);
		parent->below_file_bytes = plus(parent->below_file_bytes, g->node_file_bytes);
	}
}

/* And whether a protected or excluded one has some. */
void worker_read_shares(struct worker *w, uint64_t now_ns)
{
	struct node_state *n = &w->here;

	if (n->shares_ns != 0 && now_ns - n->shares_ns < SHARES_AGE_NS)
		return;
	n->shares_ns = now_ns;
	(void)worker_node_is_spared(w);
	for (size_t i = 0; i < w->n_groups; i++)
		take_share(w, w->groups[i]);
	if (w->groups_sorted)
		find_left_behind(w);
}

uint64_t worker_left_behind(const struct worker *w, const struct group *g)
{
	struct memory_node_share here;
	uint64_t left;

	if (worker_read_share(w, g, &here) < 0)
		return 0;
	left = clean_file_bytes(&here);
	for (const struct cgroup *c = g->cgroup->first_child; c; c = c->next_sibling) {
		const struct group *child = c->data;

		if (child && child->has_limits && worker_read_share(w, child, &here) == 0)
			left = minus(left, clean_file_bytes(&here));
	}
	return left;
}
