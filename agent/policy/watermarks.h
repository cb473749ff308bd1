/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steering vm.watermark_scale_factor: how far apart the kernel's watermarks are, in 10,000ths of
 * memory (__setup_per_zone_wmarks). Kswapd begins at the low one, tasks reclaim for themselves at
 * the min one: what a burst takes until kswapd keeps up must fit in between. balance keeps that
 * room free at all times; where the knob may be set, kswapd makes it within the burst. Pure.
 */
#pragma once

#include <stdint.h>

/* A factor that is larger than is wanted by a quarter, for so long, falls. */
#define WATERMARKS_FALL_NS (60 * UINT64_C(1000000000))

struct watermarks_history {
	uint64_t wanted_ns; /* when a factor about as large as the present one was last wanted */
};

/* Between what stands there without us and what the configuration allows. */
struct watermarks_bounds {
	uint64_t base, most;
};

/* The factor with which the watermarks of a node are burst_bytes apart. */
uint64_t watermarks_factor(uint64_t burst_bytes, uint64_t managed_bytes);

/* The next factor, where the nodes want this one at most: it rises at once, and falls late. */
uint64_t watermarks_next(struct watermarks_history *history, const struct watermarks_bounds *bounds,
			 uint64_t factor, uint64_t wanted, uint64_t now_ns);
