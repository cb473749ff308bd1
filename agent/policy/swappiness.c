/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/swappiness.h"

#include "base/cleanup.h"
#include "base/saturate.h"
#include "cgroup/reclaim.h"

#define SCALE	 UINT64_C(200) /* MAX_SWAPPINESS of the kernel */
#define MIB	 (UINT64_C(1) << 20)
#define PRICE_NS UINT64_C(3600000000000) /* no MiB takes longer: keeps sums in range */

static void learn(struct disk_reads *lately, const struct disk_reads *before,
		  const struct disk_reads *now, uint64_t elapsed_ns)
{
	lately->bytes = plus(decay(lately->bytes, elapsed_ns, SWAPPINESS_MEMORY_NS),
			     minus(now->bytes, before->bytes));
	lately->ns = plus(decay(lately->ns, elapsed_ns, SWAPPINESS_MEMORY_NS),
			  minus(now->ns, before->ns));
}

void read_prices_learn(struct read_prices *p, uint64_t now_ns, const struct machine_reads *reads)
{
	uint64_t elapsed_ns = minus(now_ns, p->learned_ns);

	if (p->learned_ns != 0) {
		learn(&p->lately.swap, &p->seen.swap, &reads->swap, elapsed_ns);
		learn(&p->lately.file, &p->seen.file, &reads->file, elapsed_ns);
	}
	p->seen = *reads;
	p->learned_ns = now_ns;
}

uint64_t read_price_ns(const struct disk_reads *lately)
{
	if (lately->bytes < SWAPPINESS_READ_BYTES)
		return UINT64_MAX;
	return MIN(scale(lately->ns, MIB, lately->bytes), PRICE_NS);
}

int swappiness_by_price(const struct read_prices *p, uint64_t gained_permyriad)
{
	uint64_t file = read_price_ns(&p->lately.file), swap = read_price_ns(&p->lately.swap);
	uint64_t biased;

	if (file == UINT64_MAX || swap == UINT64_MAX || (file == 0 && swap == 0))
		return GROUP_RECLAIM_DEFAULT;
	swap = scale(swap, 10000, gained_permyriad);
	biased = scale(SCALE, file, plus(file, swap));
	return (int)CLAMP(biased, (uint64_t)SWAPPINESS_LEAST, (uint64_t)SWAPPINESS_MOST);
}
