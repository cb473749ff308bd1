/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/ages.h"

#include "agent/sense/ages.h"
#include "agent/worker/internal.h"
#include "agent/worker/report.h"
#include "base/clock.h"
#include "base/saturate.h"

#define AGES_PERIOD_NS (10 * NSEC_PER_SEC)

static void take(const struct age_found *found, void *context)
{
	struct worker *w = context;
	struct cgroup *cgroup = cgroup_tree_find(w->tree, found->path);
	struct group *g = cgroup ? cgroup->data : NULL;
	struct group_ages *ages = g ? &g->trim.ages : NULL;

	if (!ages)
		return;
	ages->total_pages = plus(ages->total_pages, found->idle.total_pages);
	if (!found->idle.known)
		return;
	ages->known_pages = plus(ages->known_pages, found->idle.total_pages);
	ages->cold_pages = plus(ages->cold_pages, found->idle.cold_pages);
	ages->cold_file_pages = plus(ages->cold_file_pages, found->idle.cold_file_pages);
}

void worker_read_ages(struct worker *w, uint64_t now_ns)
{
	const char *bad = NULL;
	int r;

	if (w->trim.ages_fd < 0 || !w->tree || now_ns < w->trim.ages_due_ns)
		return;
	w->trim.ages_due_ns = now_ns + AGES_PERIOD_NS;
	for (size_t i = 0; i < w->n_groups; i++)
		w->groups[i]->trim.ages = (struct group_ages){0};
	r = ages_read(w->trim.ages_fd, w->config->trim.cold_age_ns / NSEC_PER_MSEC, take, w, &bad);
	if (r < 0) {
		worker_complain(w, now_ns, "ages of memory", r, bad);
		for (size_t i = 0; i < w->n_groups; i++)
			w->groups[i]->trim.ages = (struct group_ages){0};
	}
}

/*
 * Paths are not unique: what is left of a removed group stands under the same one, and in a
 * namespace they are others'. Only what has as much memory as the group can be the group.
 */
static bool are_its_own(const struct group *g, uint64_t page_size)
{
	const struct memory_stat *stat = &g->sample.stat;
	uint64_t pages = (stat->inactive_anon + stat->active_anon + stat->inactive_file +
			  stat->active_file) /
			 page_size;
	uint64_t total = g->trim.ages.total_pages;

	return MAX(pages, total) - MIN(pages, total) <= pages / 4;
}

void worker_ages_of(const struct worker *w, const struct group *g, struct trim_sample *sample)
{
	const struct group_ages *ages = &g->trim.ages;

	sample->cold_bytes = sample->cold_file_bytes = TRIM_AGE_UNKNOWN;
	sample->working_set_bytes = TRIM_AGE_UNKNOWN;
	/* On a node where the ages are not known there may be a little of it. */
	if (ages->total_pages == 0 || ages->known_pages < ages->total_pages / 8 * 7 ||
	    !are_its_own(g, w->page_size))
		return;
	sample->cold_bytes = scale(ages->cold_pages, w->page_size, 1);
	sample->cold_file_bytes = scale(ages->cold_file_pages, w->page_size, 1);
	sample->working_set_bytes = minus(g->sample.current_bytes, sample->cold_bytes);
}
