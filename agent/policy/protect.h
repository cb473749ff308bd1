/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be taken at all. Stands above every policy, because no interface of the kernel can be
 * trusted with it: memory.reclaim ignores the target's own memory.min and memory.low. Pure.
 */
#pragma once

#include "agent/config.h"
#include "agent/sense/sample.h"

#include <stdbool.h>
#include <stdint.h>

/* How much of a group may be taken, by kind, and who forbade the rest. */
struct spare {
	uint64_t file_bytes;  /* clean file memory */
	uint64_t anon_bytes;  /* anonymous and shared memory that may go to swap */
	uint64_t total_bytes; /* both, bounded by what is unprotected */
	bool swap_forbade;    /* there is anonymous memory, but swap may not take it */
};

/*
 * swap_limit_bytes: how much of the group may stand in swap (its allowance); machine: free and
 * total swap. Anonymous memory is spare up to what is left of the allowance, of memory.swap.max,
 * and of swap above the floor that stays free.
 */
struct spare protect_spare(const struct protect_settings *settings,
			   const struct group_sample *sample, const struct swap_sample *swap,
			   uint64_t swap_limit_bytes);
