/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/pace.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/saturate.h"

uint64_t pace_piece_bytes(const struct pace *pace, const struct reclaim_settings *settings)
{
	uint64_t rate = pace->bytes_per_s ? pace->bytes_per_s : PACE_START_BYTES_PER_S;
	uint64_t piece = scale(rate, settings->piece_ns, NSEC_PER_SEC);

	return CLAMP(piece, settings->piece_min_bytes, settings->piece_max_bytes);
}

void pace_learn(struct pace *pace, uint64_t applied_bytes, uint64_t wall_ns)
{
	uint64_t rate;

	/* A request that brought nothing tells nothing about how fast memory can be had. */
	if (applied_bytes == 0 || wall_ns == 0)
		return;
	rate = scale(applied_bytes, NSEC_PER_SEC, wall_ns);
	pace->bytes_per_s = pace->bytes_per_s ? pace->bytes_per_s / 2 + rate / 2 : rate;
}
