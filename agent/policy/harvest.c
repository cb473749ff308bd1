/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/harvest.h"

#include "base/cleanup.h"
#include "base/saturate.h"

void harvest_begin(struct harvest *h, uint64_t cleaned_bytes)
{
	h->active = true;
	h->left_bytes = plus(h->left_bytes, cleaned_bytes);
}

bool harvest_is_slow(uint64_t pace_bytes_per_s, uint64_t rate_bytes_per_s)
{
	return pace_bytes_per_s != 0 && pace_bytes_per_s / 2 < rate_bytes_per_s;
}

bool harvest_goes_on(struct harvest *h, uint64_t clean_bytes, uint64_t wanted_bytes,
		     uint64_t refault_permyriad)
{
	/* The kernel and the tasks themselves take of it too. */
	h->left_bytes = MIN(h->left_bytes, clean_bytes);
	/* The last pages are those in use: twice as much as wanted is to be there. */
	if (clean_bytes / 2 < wanted_bytes || refault_permyriad >= HARVEST_REFAULTS)
		h->active = false;
	return h->active;
}

void harvest_learn(struct harvest *h, uint64_t asked_bytes, uint64_t applied_bytes)
{
	if (applied_bytes < asked_bytes / 2)
		h->active = false;
}

uint64_t harvest_take(struct harvest *h, uint64_t file_bytes)
{
	uint64_t taken = MIN(file_bytes, h->left_bytes);

	h->left_bytes -= taken;
	return taken;
}
