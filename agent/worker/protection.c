/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/protection.h"

#include "agent/worker/groups.h"
#include "agent/worker/internal.h"
#include "agent/worker/pageout.h"
#include "agent/worker/report.h"
#include "base/clock.h"
#include "base/saturate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Limits are read again when limit_watch says so; this is for when it can't. */
#define LIMITS_AGE_NS	 (60 * NSEC_PER_SEC)
#define TOLD_REST_NS	 (100 * NSEC_PER_MSEC) /* between two readings of what it says */
#define LOST_REST_NS	 NSEC_PER_SEC	       /* until all are read, since it has lost count */
#define PROTECTION_DRIFT 16 /* usage that changed by a 16th asks for new shares */

static void limits_changed(struct worker *w, struct group *g, uint64_t now_ns)
{
	balance_try_again(&w->here.history, now_ns);
	worker_pageout_limits_changed(w, g);
	g->target.due_ns = 0;
	g->node_backoff = (struct backoff){0}; /* it may have been its protection */
	w->protections_ns = 0;
	/* The node is judged anew too: it may no longer be asked as a whole. */
	w->here.shares_ns = 0;
	w->here.target.due_ns = 0;
}

static void limits_told(uint64_t id, void *context)
{
	struct worker *w = context;
	struct group *g = worker_find_group(w, id);

	if (g)
		g->limits_due_ns = MIN(g->limits_due_ns, w->limits_told_ns);
}

/*
 * Whoever may write a limit of his own, or the mode of its directory, does so as often as he likes:
 * that makes a group due to be read, at most so often, and nothing more while nothing has changed.
 */
void worker_take_limit_changes(struct worker *w, uint64_t now_ns)
{
	if (w->limits_told_ns < now_ns)
		w->limits_told_ns = MAX(now_ns, w->limits_told_ns + TOLD_REST_NS);
	if (!limit_watch_take(w->limit_watch, limits_told, w))
		return;
	for (size_t i = 0; i < w->n_groups; i++)
		w->groups[i]->limits_due_ns =
			MIN(w->groups[i]->limits_due_ns, now_ns + LOST_REST_NS);
}

/* Parents before children, as protection_compute wants them. */
static void sort_groups(struct worker *w)
{
	size_t at = 0;

	if (!w->tree)
		return;
	cgroup_tree_for_each (cgroup, w->tree) {
		struct group *g = cgroup->data;

		if (!g)
			continue;
		g->index = at;
		w->groups[at++] = g;
	}
	w->groups_sorted = true;
}

/* The controller may be given to a group long after it was made, and nothing tells of that. */
static void watch_limits(struct worker *w, struct group *g)
{
	if (g->limits_watched || !w->limit_watch)
		return;
	g->limits_watched = limit_watch_add(w->limit_watch, g->cgroup->dir_fd, g->shared->id,
					    &g->limit_watches) == 0;
}

static bool is_named(const struct protect_settings *settings, const struct group *g)
{
	char uid[16];

	(void)snprintf(uid, sizeof(uid), "%u", g->marks.owner);
	return g->marks.exclude || g->settings.exclude ||
	       config_patterns_match(&settings->exclude, g->cgroup->path) ||
	       config_patterns_match_part(&settings->exclude_unit, g->cgroup->path) ||
	       config_patterns_match(&settings->exclude_uid, uid);
}

/*
 * Whose marks can't be understood is left alone: somebody meant something. True: something else is
 * said than before.
 */
static bool read_marks(struct worker *w, struct group *g, uint64_t now_ns)
{
	struct group_marks before = g->marks;
	bool excluded = g->excluded_itself;
	const char *bad = "its marks";
	int r = group_marks_read(g->cgroup->dir_fd, &g->marks, &bad);

	if (r == -ENODEV || r == -ENOENT)
		return false;
	g->excluded_itself = r < 0 || is_named(&w->config->protect, g);
	if (r < 0)
		worker_complain(w, now_ns, g->cgroup->path, r, bad);
	return g->excluded_itself != excluded || g->marks.weight != before.weight;
}

static void read_limits(struct worker *w, struct group *g, uint64_t now_ns)
{
	const struct memory_limits before = g->limits;
	bool had_limits = g->has_limits, were_unknown = g->limits_unknown;
	const char *bad = "memory.max";
	bool changed;
	int r;

	/* Watched before they are read: what is written in between is announced. */
	watch_limits(w, g);
	r = memory_limits_read(g->cgroup->dir_fd, &g->limits, &bad);
	changed = read_marks(w, g, now_ns);
	g->has_limits = r == 0;
	g->limits_unknown = r < 0 && r != -ENOENT && r != -ENODEV;
	if (changed || g->has_limits != had_limits || g->limits_unknown != were_unknown ||
	    memcmp(&before, &g->limits, sizeof(before)) != 0)
		limits_changed(w, g, now_ns);
	/* Its files appear one by one: those that were not there yet are not watched either. */
	if (r == -ENOENT && g->limits_watched) {
		limit_watch_remove(w->limit_watch, &g->limit_watches);
		g->limits_watched = false;
	}
	g->limits_due_ns = now_ns + (g->limits_watched ? LIMITS_AGE_NS : WORKER_RETRY_NS);
	if (g->limits_unknown)
		worker_complain(w, now_ns, g->cgroup->path, r, bad);
}

/* Asks the kernel to protect it; whether that comes to anything is for the groups above to say. */
static bool claims_of_kernel(const struct group *g)
{
	return g->limits_unknown || (g->has_limits && (g->limits.min > 0 || g->limits.low > 0));
}

static bool has_floor(const struct group *g)
{
	return g->has_limits && g->settings.floor_bytes > 0;
}

bool group_claims_protection(const struct group *g)
{
	return claims_of_kernel(g) || has_floor(g);
}

/* The hierarchy's own root has no limits; the root of a subtree has, and they count. */
static bool is_root(const struct cgroup *c)
{
	const struct group *g = c->data;

	return !c->parent && !(g && (g->has_limits || g->limits_unknown));
}

/*
 * Protection reaches down from the root: each level has to claim some, or with
 * memory_recursiveprot the topmost. What is claimed below a slice without any is for that slice
 * alone to heed: else whoever is handed a subtree could keep the machine from his memory.
 */
static bool reaches(const struct worker *w, const struct cgroup *c)
{
	bool reached = false;

	for (; c && !is_root(c); c = c->parent) {
		bool topmost = !c->parent || is_root(c->parent);

		if ((topmost || !w->world->recursive_protection) && c->data &&
		    !claims_of_kernel(c->data))
			return false;
		reached = true;
	}
	return reached;
}

bool worker_may_be_protected(const struct worker *w, const struct group *g)
{
	return has_floor(g) || reaches(w, g->cgroup);
}

/* Shares go by usage: of those that claim some, and of those that inherit. */
static bool usage_counts(const struct worker *w, const struct group *g)
{
	return claims_of_kernel(g) || has_floor(g) ||
	       (w->world->recursive_protection && reaches(w, g->cgroup));
}

void worker_refresh_limits(struct worker *w, uint64_t now_ns)
{
	bool any = false;

	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (g->limits_due_ns <= now_ns)
			read_limits(w, g, now_ns);
		any |= group_claims_protection(g);
	}
	if (any != w->any_protection)
		w->protections_ns = 0;
	w->any_protection = any;
}

/* A group that is asked for by name has a parent, though it may be above our tree. */
#define ABOVE_THE_TREE 0

static struct protection_group protection_of(const struct worker *w, const struct group *g)
{
	const struct group *parent = g->cgroup->parent ? g->cgroup->parent->data : NULL;
	struct protection_group p = {
		.parent = parent ? (int)parent->index + 1 : -1,
	};
	int r;

	if (!parent && g->has_limits)
		p.parent = ABOVE_THE_TREE;
	if (g->has_limits) {
		p.min = g->limits.min;
		p.low = g->limits.low;
	}
	if (g->has_limits && usage_counts(w, g)) {
		r = memory_bytes_read_at(g->cgroup->dir_fd, "memory.current", &p.current);
		/* A group that vanishes meanwhile has nothing to protect. */
		if (r < 0 && r != -ENODEV && r != -ENOENT)
			p.current = UINT64_MAX;
	}
	if (g->limits_unknown)
		p.min = p.current = UINT64_MAX;
	return p;
}

/*
 * A request to a group takes from those below it too. The kernel spares what their own settings
 * protect only while something else is left, and knows nothing of floors and exclusions: what they
 * claim counts as protected in the groups above them. A claim is heeded by the group above; farther
 * up by those from which it reaches down.
 */
static void pass_claims_up(struct worker *w)
{
	for (size_t i = w->n_groups; i-- > 0;) {
		struct group *g = w->groups[i];
		struct group *parent = g->cgroup->parent ? g->cgroup->parent->data : NULL;
		uint64_t effective = g->protected_bytes, nominal = 0, current = UINT64_MAX;

		if (w->any_protection && usage_counts(w, g)) {
			current = w->protections[i + 1].current;
			nominal = MIN(MAX(g->limits.min, g->limits.low), current);
		}
		effective = MAX(MIN(effective, current), g->claimed_effective_bytes);
		if (g->limits_unknown)
			effective = nominal = UINT64_MAX;
		g->protected_bytes = MAX(g->protected_bytes, g->claimed_bytes);
		if (!parent)
			continue;
		parent->claimed_bytes = plus(parent->claimed_bytes, MAX(nominal, effective));
		parent->claimed_effective_bytes = plus(parent->claimed_effective_bytes, effective);
		parent->excluded_below |= g->excluded || g->excluded_below;
	}
}

static uint64_t weight_of(const struct group *g, const struct group *parent)
{
	uint64_t said = g->settings.weight ? g->settings.weight : g->marks.weight;

	if (said > 0)
		return said;
	return parent ? parent->weight : GROUP_WEIGHT_DEFAULT;
}

/* A floor is one for all that is in its group: of a group below it, so much must stay. */
static uint64_t kept_for_floors_above(const struct group *g)
{
	uint64_t spare = UINT64_MAX, current;

	for (const struct cgroup *c = g->cgroup; c; c = c->parent) {
		const struct group *above = c->data;

		if (!above || above == g || !has_floor(above))
			continue;
		if (memory_bytes_read_at(c->dir_fd, "memory.current", &current) < 0)
			current = 0;
		spare = MIN(spare, minus(current, above->settings.floor_bytes));
	}
	if (spare == UINT64_MAX || !g->has_limits ||
	    memory_bytes_read_at(g->cgroup->dir_fd, "memory.current", &current) < 0)
		return 0;
	return minus(current, spare);
}

void worker_update_protections(struct worker *w, uint64_t now_ns, uint64_t max_age_ns)
{
	if (w->protections_ns != 0 && now_ns - w->protections_ns < max_age_ns && w->groups_sorted)
		return;
	if (!w->groups_sorted)
		sort_groups(w);
	w->protections_ns = now_ns;
	if (w->any_protection) {
		for (size_t i = 0; i < w->n_groups; i++)
			w->protections[i + 1] = protection_of(w, w->groups[i]);
		w->protections[ABOVE_THE_TREE] = (struct protection_group){.parent = -1};
		protection_compute(w->protections, w->n_groups + 1, w->world->recursive_protection);
	}
	for (size_t i = 0; i < w->n_groups; i++) {
		const struct protection_group *p = &w->protections[i + 1];
		struct group *g = w->groups[i];
		const struct group *parent = g->cgroup->parent ? g->cgroup->parent->data : NULL;

		g->excluded = g->excluded_itself || (parent && parent->excluded);
		g->weight = weight_of(g, parent);
		g->protected_bytes = w->any_protection ? MAX(p->effective_min, p->effective_low)
						       : 0;
		g->protected_bytes = MAX(g->protected_bytes, g->settings.floor_bytes);
		g->protected_bytes = MAX(g->protected_bytes, kept_for_floors_above(g));
		g->claimed_bytes = g->claimed_effective_bytes = 0;
		g->excluded_below = false;
	}
	pass_claims_up(w);
}

static uint64_t claim_of(const struct group *g)
{
	if (g->limits_unknown)
		return UINT64_MAX;
	return MAX(MAX(g->limits.min, g->limits.low), g->settings.floor_bytes);
}

uint64_t worker_unclaimed_below(const struct worker *w, const struct group *g,
				const struct group *above)
{
	uint64_t least = UINT64_MAX, current;

	for (const struct cgroup *c = g->cgroup; c && c != above->cgroup; c = c->parent) {
		const struct group *claimant = c->data;

		if (!claimant || !group_claims_protection(claimant))
			continue;
		/* Without it a claim is for those below that claim some of it. */
		if (claimant != g && !w->world->recursive_protection)
			continue;
		if (memory_bytes_read_at(c->dir_fd, "memory.current", &current) < 0)
			current = 0;
		least = MIN(least, minus(current, claim_of(claimant)));
	}
	return least;
}

/*
 * What a group above protects is shared out by usage: a group that has grown or shrunk since the
 * shares were computed has another one, and one that was empty had none.
 */
static bool share_is_stale(const struct worker *w, const struct group *g)
{
	uint64_t then, now;

	/* Without shares of now there is nothing to compare with, and they are computed anyway. */
	if (w->protections_ns == 0 || !w->any_protection || !w->groups_sorted || !g->has_limits ||
	    !usage_counts(w, g))
		return false;
	then = w->protections[g->index + 1].current;
	if (memory_bytes_read_at(g->cgroup->dir_fd, "memory.current", &now) < 0)
		return true;
	return (now > then ? now - then : then - now) > then / PROTECTION_DRIFT;
}

/*
 * The last look before taking from a group: its own settings and its ancestors' anew. False: it is
 * gone, or the settings can't be read, and nothing may be taken.
 */
bool worker_refresh_protection(struct worker *w, struct group *group, uint64_t now_ns)
{
	for (struct cgroup *c = group->cgroup; c; c = c->parent) {
		struct group *g = c->data;

		if (!g)
			return false;
		read_limits(w, g, now_ns);
		if (g->limits_unknown || (c == group->cgroup && !g->has_limits))
			return false;
		if (share_is_stale(w, g))
			w->protections_ns = 0;
		w->any_protection |= group_claims_protection(g);
	}
	worker_update_protections(w, now_ns, NSEC_PER_SEC);
	group->protected_bytes = MAX(group->protected_bytes, kept_for_floors_above(group));
	return true;
}
