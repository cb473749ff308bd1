/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/pace.h"

#include "base/cleanup.h"
#include "base/clock.h"

uint64_t pace_piece_bytes(const struct pace *pace, const struct reclaim_settings *settings)
{
	uint64_t rate = pace->bytes_per_s ? pace->bytes_per_s : PACE_START_BYTES_PER_S;
	unsigned __int128 piece = (unsigned __int128)rate * settings->piece_ns / NSEC_PER_SEC;

	if (piece > settings->piece_max_bytes)
		return settings->piece_max_bytes;
	return MAX((uint64_t)piece, settings->piece_min_bytes);
}

void pace_learn(struct pace *pace, uint64_t applied_bytes, uint64_t wall_ns)
{
	unsigned __int128 rate;

	/* A request that brought nothing tells nothing about how fast memory can be had. */
	if (applied_bytes == 0 || wall_ns == 0)
		return;
	rate = (unsigned __int128)applied_bytes * NSEC_PER_SEC / wall_ns;
	rate = MIN(rate, (unsigned __int128)1 << 50);
	pace->bytes_per_s = pace->bytes_per_s ? (pace->bytes_per_s + (uint64_t)rate) / 2
					      : (uint64_t)rate;
}
