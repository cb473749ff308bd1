/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/percpu.h"

#include "base/cleanup.h"
#include "base/saturate.h"

uint64_t percpu_held_pages(const struct node_counters *c)
{
	return c->inactive_anon_pages + c->active_anon_pages + c->inactive_file_pages +
	       c->active_file_pages + c->unevictable_pages + c->slab_reclaimable_pages +
	       c->slab_unreclaimable_pages + c->page_table_pages + c->kernel_stack_kib / 4 +
	       c->zspages;
}

void percpu_learn(struct percpu *p, uint64_t now_ns, const struct node_counters *counters,
		  uint64_t page_size, uint64_t taken_bytes)
{
	uint64_t sum = counters->free_pages + percpu_held_pages(counters);
	uint64_t elapsed_ns = now_ns - p->seen_ns;

	if (p->seen_ns == 0 || now_ns < p->seen_ns) {
		*p = (struct percpu){.seen_ns = now_ns, .sum_pages = sum};
		return;
	}
	p->taken_bytes = decay(p->taken_bytes, elapsed_ns, PERCPU_FORGET_NS) + taken_bytes;
	p->bytes = decay(p->bytes, elapsed_ns, PERCPU_FORGET_NS);
	if (sum < p->sum_pages)
		p->bytes += (p->sum_pages - sum) * page_size;
	else
		p->bytes -= MIN(p->bytes, (sum - p->sum_pages) * page_size);
	p->bytes = MIN(p->bytes, p->taken_bytes);
	p->sum_pages = sum;
	p->seen_ns = now_ns;
}
