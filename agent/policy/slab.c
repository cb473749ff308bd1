/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/slab.h"

#include "base/cleanup.h"
#include "base/clock.h"

/* One that only waits for a group to be tried again is not there yet. */
static bool nothing_else_gives(enum verdict_reason reason)
{
	switch (reason) {
	case VERDICT_NOTHING_SPARE:
	case VERDICT_ELSEWHERE:
	case VERDICT_SWAP_YIELD:
	case VERDICT_SWAP_STUCK:
	case VERDICT_HOPELESS:
	case VERDICT_NO_BACKEND:
		return true;
	default:
		return false;
	}
}

uint64_t slab_pause_ns(uint64_t per_hour)
{
	return per_hour > 0 ? 3600 * NSEC_PER_SEC / per_hour : UINT64_MAX;
}

bool slab_decide(uint64_t per_hour, const struct slab_sample *s)
{
	return per_hour > 0 && !s->anyone_is_spared && nothing_else_gives(s->reason) &&
	       s->wanted_bytes > 0 && s->slab_bytes >= MAX(SLAB_LEAST_BYTES, s->wanted_bytes / 4) &&
	       s->since_ns >= slab_pause_ns(per_hour);
}
