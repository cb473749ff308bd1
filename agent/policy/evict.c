/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/evict.h"

#include "base/cleanup.h"
#include "base/saturate.h"

#define BLOCK_NS	 UINT64_C(50000) /* to read one */
#define KEPT_GENERATIONS 2		 /* MIN_NR_GENS of the kernel */

const char *evict_reason_name(enum evict_reason reason)
{
	static const char *const names[EVICT_REASONS] = {
		[EVICT_OFF] = "off",
		[EVICT_NOTHING] = "nothing",
		[EVICT_YOUNG] = "young",
		[EVICT_NOT_THE_GROUP] = "not-the-group",
		[EVICT_LITTLE_OLD] = "little-old",
		[EVICT_TAKE] = "take",
	};

	return (unsigned int)reason < EVICT_REASONS ? names[reason] : "unknown";
}

static bool is_alike(uint64_t pages, uint64_t bytes, uint64_t page_size)
{
	uint64_t others = bytes / page_size;
	uint64_t difference = MAX(pages, others) - MIN(pages, others);

	return difference <= MAX(EVICT_ERROR_PAGES, others / 16);
}

static bool is_the_group(const struct lru_generations *g, const struct memory_node_share *here,
			 uint64_t page_size)
{
	uint64_t anon = 0, file = 0;

	for (size_t i = 0; i < g->n; i++) {
		anon = plus(anon, g->generation[i].anon_pages);
		file = plus(file, g->generation[i].file_pages);
	}
	return is_alike(anon, plus(here->inactive_anon, here->active_anon), page_size) &&
	       is_alike(file, plus(here->inactive_file, here->active_file), page_size);
}

struct evict_plan evict_decide(bool enabled, const struct evict_sample *s)
{
	const struct lru_generations *g = &s->generations;
	struct evict_plan plan = {.reason = EVICT_OFF};
	uint64_t wanted, old = 0;

	if (!enabled)
		return plan;
	/* A recording can say of pages that they have no size. */
	wanted = s->page_size > 0 ? s->wanted_bytes / s->page_size : 0;
	for (size_t i = 0; i + KEPT_GENERATIONS < g->n; i++)
		old = plus(old, g->generation[i].file_pages);
	if (wanted == 0)
		plan.reason = EVICT_NOTHING;
	else if (g->n <= KEPT_GENERATIONS)
		plan.reason = EVICT_YOUNG;
	else if (!is_the_group(g, &s->here, s->page_size))
		plan.reason = EVICT_NOT_THE_GROUP;
	else if (old < wanted / 2 + wanted % 2)
		plan.reason = EVICT_LITTLE_OLD;
	else
		plan = (struct evict_plan){
			.reason = EVICT_TAKE,
			.generation = g->generation[g->n - KEPT_GENERATIONS - 1].number,
			.pages = MIN(old, wanted),
		};
	return plan;
}

uint64_t evict_rest_ns(uint64_t blocks)
{
	return blocks > EVICT_FEW_BLOCKS ? scale(blocks, 100 * BLOCK_NS, 1) : 0;
}
