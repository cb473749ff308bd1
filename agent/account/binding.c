/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/binding.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"

#define EPISODE_NS NSEC_PER_SEC

/*
 * zone_statistics() counts allocations (mm/page_alloc.c). Of a stream in huge folios there are few:
 * 100 to 250 a second were seen of one that read 100 MB (6.18). What they don't tell by their
 * number they tell in time, or by the pages that kswapd had to look at for them, where a node has
 * that number (7.x).
 */
#define ENOUGH_AT_ONCE UINT64_C(2048)
#define ENOUGH_IN_TIME UINT64_C(64)
#define IN_TIME_NS     NSEC_PER_SEC

bool binding_learn(struct binding *b, const struct node_counters *before,
		   const struct node_counters *now, bool kswapd_ran, uint64_t now_ns)
{
	uint64_t enough;

	if (b->since_ns == 0 || now_ns - b->kswapd_ns > EPISODE_NS) {
		*b = (struct binding){0};
		if (kswapd_ran)
			b->since_ns = b->kswapd_ns = now_ns;
		return false;
	}
	if (kswapd_ran)
		b->kswapd_ns = now_ns;
	/* vm.numa_stat = 0 sets the counters to zero, and leaves them there. */
	b->hits += MAX(minus(now->numa_hit, before->numa_hit),
		       minus(now->pgscan_kswapd, before->pgscan_kswapd));
	b->foreign += minus(now->numa_foreign, before->numa_foreign);
	enough = now_ns - b->since_ns >= IN_TIME_NS ? ENOUGH_IN_TIME : ENOUGH_AT_ONCE;
	return b->hits >= enough && b->foreign < b->hits / 16;
}
