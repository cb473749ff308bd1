/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headroom: kswapd for a cgroup, which the kernel does not have. Keeps a small margin below the
 * group's own limit while it grows, so that its tasks never reclaim for themselves (memory.max) and
 * are never throttled (memory.high). Pure.
 *
 * It begins when room < margin and asks for as much as brings room to 1.5 x margin, as kswapd
 * begins at the low watermark and stops at the high one.
 */
#pragma once

#include "agent/config/config.h"
#include "agent/policy/demand.h"
#include "agent/policy/protect.h"
#include "agent/policy/verdict.h"

struct group_plan {
	struct verdict verdict;
	int swappiness; /* GROUP_RECLAIM_DEFAULT or GROUP_RECLAIM_NO_ANON */
};

/* demand has taken in the sample already. */
struct group_plan headroom_decide(const struct config *config, const struct demand *demand,
				  const struct group_sample *sample,
				  const struct swap_sample *swap);

/* How much of a group with this limit may stand in swap. */
uint64_t headroom_swap_limit(const struct headroom_settings *settings, uint64_t limit_bytes);
