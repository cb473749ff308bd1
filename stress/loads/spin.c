/* SPDX-License-Identifier: Apache-2.0 */
/* A process that computes and takes no memory: it wants the CPU that others need. */
#include "base/clock.h"
#include "stress/loads/load.h"

/* An operation fills a page that stays in the processor's cache. */
static int spin_step(struct load *load, uint64_t now_ns, uint64_t *ret_due_ns)
{
	uint64_t page[CONTENT_PAGE_WORDS];

	*ret_due_ns = 0;
	do {
		content_fill(&load->content, block_get(&load->block->operations), 1, page);
		block_add(&load->block->operations, 1);
	} while (clock_now_ns() < now_ns + NSEC_PER_MSEC);
	return 0;
}

static const char *const spin_settings[] = {NULL};

const struct load_ops load_spin = {
	.name = "spin",
	.help = "a process that computes; it takes no memory",
	.sizeless = true,
	.settings = spin_settings,
	.step = spin_step,
};
