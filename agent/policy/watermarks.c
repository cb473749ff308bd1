/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/watermarks.h"

#include "base/cleanup.h"
#include "base/saturate.h"

uint64_t watermarks_factor(uint64_t burst_bytes, uint64_t managed_bytes)
{
	return managed_bytes > 0 ? scale_up(burst_bytes, 10000, managed_bytes) : 0;
}

uint64_t watermarks_next(struct watermarks_history *h, const struct watermarks_bounds *bounds,
			 uint64_t factor, uint64_t wanted, uint64_t now_ns)
{
	uint64_t most = MAX(bounds->base, bounds->most);
	uint64_t next = CLAMP(wanted, bounds->base, most);

	if (factor > most)
		return most;
	if (next > factor - factor / 4 || now_ns < h->wanted_ns)
		h->wanted_ns = now_ns;
	/* Little more changes nothing, and each change goes over all zones. */
	if (next > factor + factor / 8)
		return next;
	return now_ns - h->wanted_ns >= WATERMARKS_FALL_NS ? next : factor;
}
