/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/protect.h"

#include "base/cleanup.h"
#include "base/saturate.h"
#include "cgroup/reclaim.h"

uint64_t protect_unprotected(uint64_t current_bytes, uint64_t protected_bytes)
{
	if (protected_bytes == 0)
		return current_bytes;
	return minus(minus(current_bytes, protected_bytes), PROTECT_FOLIO_BYTES);
}

uint64_t protect_swap_left(const struct protect_settings *settings, const struct group_sample *s,
			   const struct swap_sample *swap, uint64_t swap_limit_bytes)
{
	uint64_t floor_bytes = share(swap->total_bytes, settings->swap_free_permyriad);
	uint64_t own = minus(MIN(swap_limit_bytes, s->swap_max_bytes), s->swap_current_bytes);
	uint64_t left = MIN(own, minus(swap->free_bytes, floor_bytes));

	if (s->swap_is_futile || swap_is_closed(swap) || left < PROTECT_CLUSTER_BYTES)
		return 0;
	return left;
}

enum verdict_reason protect_swap_reason(bool is_futile, const struct swap_sample *swap)
{
	if (swap->is_stuck)
		return VERDICT_SWAP_STUCK;
	return is_futile ? VERDICT_SWAP_YIELD : VERDICT_SWAP_ALLOWANCE;
}

struct spare protect_spare(const struct protect_settings *settings, const struct group_sample *s,
			   const struct swap_sample *swap, uint64_t swap_limit_bytes)
{
	uint64_t file = s->stat.inactive_file + s->stat.active_file;
	/* Counters of one file are not of one moment: a difference may come out below zero. */
	uint64_t dirty = s->stat.file_dirty + s->stat.file_writeback;
	uint64_t anon = s->stat.inactive_anon + s->stat.active_anon;
	uint64_t allowed = protect_swap_left(settings, s, swap, swap_limit_bytes);
	struct spare spare = {
		.file_bytes = minus(file, dirty),
		.inactive_file_bytes = minus(s->stat.inactive_file, dirty),
		.anon_bytes = MIN(anon, allowed),
		.swap_forbade = anon > 0 && allowed == 0,
		.kernel_could_swap = swap->total_bytes > 0 && s->swap_max_bytes > 0,
	};

	if (s->excluded)
		return (struct spare){0};
	spare.total_bytes = MIN(spare.file_bytes + spare.anon_bytes,
				protect_unprotected(s->current_bytes, s->protected_bytes));
	return spare;
}

bool protect_fit_swap(const struct spare *spare, const struct group_sample *s, uint64_t *bytes,
		      int *swappiness)
{
	uint64_t anon = s->stat.inactive_anon + s->stat.active_anon;

	if (!spare->kernel_could_swap)
		return true;
	if (*bytes <= spare->anon_bytes || anon <= spare->anon_bytes)
		return false;
	/* A kernel that can't be told to leave anon alone must not be asked for more than fits. */
	if (!s->anon_can_be_spared || spare->file_bytes <= spare->anon_bytes) {
		*bytes = MIN(*bytes, spare->anon_bytes);
		return false;
	}
	*swappiness = GROUP_RECLAIM_NO_ANON;
	*bytes = MIN(*bytes, spare->file_bytes);
	return true;
}
