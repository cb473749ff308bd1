/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/price.h"

#include "base/cleanup.h"
#include "base/saturate.h"

#define MIB (UINT64_C(1) << 20)

uint64_t price_of_mib(const struct price_sums *sums)
{
	return sums->gained_bytes > 0 ? scale(sums->cpu_ns, MIB, sums->gained_bytes) : UINT64_MAX;
}

void price_learn(struct price *p, uint64_t most_ns, uint64_t cpu_ns, uint64_t gained_bytes,
		 uint64_t now_ns)
{
	if (most_ns == 0) {
		*p = (struct price){0};
		return;
	}
	p->sums.cpu_ns = plus(p->sums.cpu_ns, cpu_ns);
	p->sums.gained_bytes = plus(p->sums.gained_bytes, gained_bytes);
	if (p->sums.cpu_ns < most_ns)
		return;
	p->judged = p->sums;
	p->sums = (struct price_sums){0};
	if (price_of_mib(&p->judged) <= most_ns) {
		p->wait_ns = p->until_ns = 0;
		return;
	}
	p->wait_ns = p->wait_ns ? MIN(2 * p->wait_ns, PRICE_MOST_NS) : PRICE_FIRST_NS;
	p->until_ns = plus(now_ns, p->wait_ns);
}
