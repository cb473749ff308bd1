/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/asking.h"

#include "agent/worker/groups.h"
#include "agent/worker/internal.h"
#include "base/saturate.h"

/* Whether a request to one takes from the other too. */
static bool share_memory(struct worker *w, const struct group *g, uint64_t id)
{
	const struct group *other = worker_find_group(w, id);

	return other && (group_is_within(g, other) || group_is_within(other, g));
}

static uint64_t asked_by_others(struct worker *w, const struct group *g, enum asker asker)
{
	uint64_t sum = 0, id;

	for (size_t i = 0; i < w->world->topology->n_nodes; i++) {
		for (int k = 0; k < ASKERS; k++) {
			uint64_t bytes = shared_asked(w->world->shared, i, (enum asker)k, &id);

			if ((i != w->index || k != (int)asker) && bytes > 0 &&
			    share_memory(w, g, id))
				sum = plus(sum, bytes);
		}
	}
	return sum;
}

/* First announced, then looked at: of two that do so at once both may go away with less, but never
 * with more.
 */
uint64_t worker_announce(struct worker *w, const struct group *g, enum asker asker, uint64_t bytes)
{
	uint64_t others, current, spare = 0;

	shared_announce(w->world->shared, w->index, asker, g->shared->id, bytes);
	if (g->protected_bytes == 0)
		return bytes;
	others = asked_by_others(w, g, asker);
	/* Read after that: what was taken by a request that has just ended is gone from it. */
	if (memory_bytes_read_at(g->cgroup->dir_fd, "memory.current", &current) == 0)
		spare = minus(protect_unprotected(current, g->protected_bytes), others);
	bytes = MIN(bytes, spare);
	if (bytes < w->page_size)
		bytes = 0;
	shared_announce(w->world->shared, w->index, asker, bytes > 0 ? g->shared->id : 0, bytes);
	return bytes;
}

void worker_is_done_asking(struct worker *w, enum asker asker)
{
	shared_announce(w->world->shared, w->index, asker, 0, 0);
}
