/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/evict.h"

#include "base/cleanup.h"
#include "base/saturate.h"

#define BLOCK_NS	 UINT64_C(50000) /* to read one */
#define KEPT_GENERATIONS 2		 /* MIN_NR_GENS of the kernel */

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

bool evict_decide(const struct lru_generations *g, const struct memory_node_share *here,
		  uint64_t bytes, uint64_t page_size, struct evict_plan *ret)
{
	uint64_t wanted = bytes / page_size, old = 0;

	if (g->n <= KEPT_GENERATIONS || wanted == 0 || !is_the_group(g, here, page_size))
		return false;
	for (size_t i = 0; i < g->n - KEPT_GENERATIONS; i++)
		old = plus(old, g->generation[i].file_pages);
	if (old < (wanted + 1) / 2)
		return false;
	*ret = (struct evict_plan){
		.generation = g->generation[g->n - KEPT_GENERATIONS - 1].number,
		.pages = MIN(old, wanted),
	};
	return true;
}

uint64_t evict_rest_ns(uint64_t blocks)
{
	return blocks > EVICT_FEW_BLOCKS ? scale(blocks, 100 * BLOCK_NS, 1) : 0;
}
