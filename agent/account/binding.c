/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/binding.h"

#include "base/clock.h"
#include "base/saturate.h"

#define EPISODE_NS  NSEC_PER_SEC
#define LEAST_PAGES 2048

bool binding_learn(struct binding *b, const struct node_counters *before,
		   const struct node_counters *now, bool kswapd_ran, uint64_t now_ns)
{
	if (b->kswapd_ns == 0 || now_ns - b->kswapd_ns > EPISODE_NS) {
		*b = (struct binding){.kswapd_ns = kswapd_ran ? now_ns : 0};
		return false;
	}
	if (kswapd_ran)
		b->kswapd_ns = now_ns;
	/* vm.numa_stat = 0 sets the counters to zero, and leaves them there. */
	b->hits += minus(now->numa_hit, before->numa_hit);
	b->foreign += minus(now->numa_foreign, before->numa_foreign);
	return b->hits >= LEAST_PAGES && b->foreign < b->hits / 16;
}
