/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be taken at all. Stands above every policy, because no interface of the kernel can be
 * trusted with it: memory.reclaim ignores the target's own memory.min and memory.low. Pure.
 */
#pragma once

#include "agent/config/config.h"
#include "agent/policy/verdict.h"
#include "agent/sense/sample.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * What of current_bytes stands above the protection, as far as it can be asked for: the kernel
 * frees whole folios and so up to a huge page more than it was asked for (seen: 1 to 2 MiB for a
 * request of 4 KiB, 6.12 to 7.3).
 */
#define PROTECT_FOLIO_BYTES (UINT64_C(2) << 20)
uint64_t protect_unprotected(uint64_t current_bytes, uint64_t protected_bytes);

/* SWAP_CLUSTER_MAX (mm/vmscan.c), 32 pages: the kernel takes no less at a time. */
#define PROTECT_CLUSTER_BYTES (UINT64_C(128) << 10)

/*
 * How much more of a group may go to swap: what is left of its allowance, of memory.swap.max, and
 * of swap above the floor that stays free; nothing where that is less than the kernel takes at a
 * time, or gains too little, or disks may not be written to, today or ever. Of the sample only the
 * figures of swap count.
 */
uint64_t protect_swap_left(const struct protect_settings *settings,
			   const struct group_sample *sample, const struct swap_sample *swap,
			   uint64_t swap_limit_bytes);

/* Why nothing may go to swap, where that is so. */
enum verdict_reason protect_swap_reason(bool is_futile, const struct swap_sample *swap);

/* How much of a group may be taken, by kind, and who forbade the rest. */
struct spare {
	uint64_t file_bytes;	      /* clean file memory */
	uint64_t inactive_file_bytes; /* of it, what was not used lately */
	uint64_t anon_bytes;	      /* anonymous and shared memory that may go to swap */
	uint64_t total_bytes;	      /* both, bounded by what is unprotected */
	bool kernel_could_swap;	      /* else it leaves anonymous memory alone by itself */
	bool swap_forbade;	      /* there is anonymous memory, but swap may not take it */
};

/*
 * swap_limit_bytes: how much of the group may stand in swap (its allowance); machine: free and
 * total swap. Anonymous memory is spare up to protect_swap_left.
 */
struct spare protect_spare(const struct protect_settings *settings,
			   const struct group_sample *sample, const struct swap_sample *swap,
			   uint64_t swap_limit_bytes);

/*
 * The kernel chooses between file and anonymous memory: a request that may be all anonymous must
 * fit into what swap may still take, and a larger one leaves anonymous memory alone. Bounds both by
 * that. True: then, and where nothing can be swapped, it is file memory alone.
 */
bool protect_fit_swap(const struct spare *spare, const struct group_sample *sample, uint64_t *bytes,
		      int *swappiness);
