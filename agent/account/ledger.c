/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/ledger.h"

#include "base/cleanup.h"
#include "base/saturate.h"

void ledger_read_back(struct ledger *l, uint64_t refaulted_bytes)
{
	l->refaulted_bytes += MIN(refaulted_bytes, minus(l->applied_bytes, l->refaulted_bytes));
}

void ledger_add(struct ledger *sum, const struct ledger *part)
{
	sum->actions += part->actions;
	sum->short_actions += part->short_actions;
	sum->failed_actions += part->failed_actions;
	sum->asked_bytes += part->asked_bytes;
	sum->tried_bytes += part->tried_bytes;
	sum->applied_bytes += part->applied_bytes;
	sum->net_freed_bytes += part->net_freed_bytes;
	sum->swapped_bytes += part->swapped_bytes;
	sum->swap_kept_bytes += part->swap_kept_bytes;
	sum->demoted_bytes += part->demoted_bytes;
	sum->collateral_bytes += part->collateral_bytes;
	sum->refaulted_bytes += part->refaulted_bytes;
	sum->cpu_ns += part->cpu_ns;
	sum->wall_ns += part->wall_ns;
	sum->cleanings += part->cleanings;
	sum->written_bytes += part->written_bytes;
	sum->cleaned_bytes += part->cleaned_bytes;
	sum->cleaned_taken_bytes += part->cleaned_taken_bytes;
	sum->dirtied_again_bytes += part->dirtied_again_bytes;
	sum->pageouts += part->pageouts;
	sum->pageout_tried_bytes += part->pageout_tried_bytes;
	sum->pageout_applied_bytes += part->pageout_applied_bytes;
	sum->pageout_swapped_bytes += part->pageout_swapped_bytes;
	sum->cooled_bytes += part->cooled_bytes;
}
