/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/protection.h"

#include "base/cleanup.h"
#include "base/saturate.h"

static uint64_t effective_protection(uint64_t usage, uint64_t parent_usage, uint64_t setting,
				     uint64_t parent_effective, uint64_t siblings, bool recursive)
{
	uint64_t claimed = MIN(usage, setting), share;

	if (siblings > parent_effective)
		return scale(claimed, parent_effective, siblings);
	if (!recursive || parent_effective == siblings || parent_usage <= siblings ||
	    usage <= claimed)
		return claimed;
	/* Usage is read group by group, so a child can seem larger than its parent: what there is
	 * to share bounds its share. */
	share = MIN(usage - claimed, parent_usage - siblings);
	return claimed + scale(parent_effective - siblings, share, parent_usage - siblings);
}

static void compute_effective(struct protection_group *group, const struct protection_group *parent,
			      bool recursive)
{
	if (!parent) {
		group->effective_min = group->effective_low = 0;
	} else if (parent->parent < 0) {
		group->effective_min = group->min;
		group->effective_low = group->low;
	} else {
		group->effective_min = effective_protection(group->current, parent->current,
							    group->min, parent->effective_min,
							    parent->children_min, recursive);
		group->effective_low = effective_protection(group->current, parent->current,
							    group->low, parent->effective_low,
							    parent->children_low, recursive);
	}
}

void protection_compute(struct protection_group *groups, size_t n, bool recursive)
{
	for (size_t i = 0; i < n; i++) {
		struct protection_group *group = &groups[i], *parent;

		group->children_min = group->children_low = 0;
		if (group->parent < 0)
			continue;
		parent = &groups[group->parent];
		parent->children_min = plus(parent->children_min, MIN(group->current, group->min));
		parent->children_low = plus(parent->children_low, MIN(group->current, group->low));
	}
	for (size_t i = 0; i < n; i++) {
		struct protection_group *parent = groups[i].parent < 0 ? NULL
								       : &groups[groups[i].parent];

		compute_effective(&groups[i], parent, recursive);
	}
}
