/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast a target (a group below its limit, a node above its watermarks) uses up its room, and
 * the margin of room that follows from it. headroom and balance share this law. Pure.
 *
 *	rate	growth of the target's own making: the rise of its usage, plus what was taken
 *		meanwhile, minus what it read back of that. Measured over windows of 100 ms, since
 *		usage is charged in batches; rises at once, falls with a time constant of 2 s,
 *		but not by a window in which others took: what was not seen to grow may have.
 *	peak	the same, but falling by half in 30 s: what the target has shown it can do
 *	parts	what grows by kind: page cache, and all else (anonymous, shared and kernel memory);
 *		what was taken of it and did not come back stays part of it. Means with a time
 *		constant of 500 ms, so that what a short-lived process takes and gives back is
 *		next to none; forgotten as rate is while nobody tells
 *	need	rate x reaction x gain
 *	margin	clamp(need, margin_min, margin_max x size), shrunk by refaults: to 0 when a
 *		quarter of what was taken within the last half minute was read back
 *
 * gain doubles (up to 8) each time tasks had to reclaim for themselves although a margin was kept,
 * and falls back to 1 by a tenth in 10 s without that.
 */
#pragma once

#include "agent/config/config.h"
#include "agent/policy/refaults.h"

#include <stdbool.h>
#include <stdint.h>

#define DEMAND_WINDOW_NS     (100 * UINT64_C(1000000))
#define DEMAND_RATE_DECAY_NS (2 * UINT64_C(1000000000))
#define DEMAND_PART_NS	     (500 * UINT64_C(1000000))
#define DEMAND_PEAK_HALF_NS  (30 * UINT64_C(1000000000))
#define DEMAND_GAIN_REST_NS  (10 * UINT64_C(1000000000))
#define DEMAND_GAIN_ONE	     UINT64_C(10000) /* gain is a permyriad */
#define DEMAND_GAIN_MAX	     (8 * DEMAND_GAIN_ONE)
#define DEMAND_REFAULT_FULL  UINT64_C(2500) /* permyriad of the taken at which margin is 0 */
#define DEMAND_UNKNOWN_RATE \
	(UINT64_C(32) << 20) /* bytes/s; of a target that has shown nothing yet */
#define DEMAND_UNKNOWN	  UINT64_MAX
#define DEMAND_RATE_NOISE (UINT64_C(256) << 10) /* bytes/s; slower growth is none */

/* Of one kind of memory. */
struct demand_part {
	uint64_t bytes; /* of the last sample; DEMAND_UNKNOWN: not told */
	uint64_t rate_bytes_per_s;
};

/* Everything learned about a target. All zero: nothing known yet. */
struct demand {
	uint64_t seen_ns; /* of the last sample; 0: none yet */
	uint64_t used_bytes;
	uint64_t window_start_ns, window_used_bytes;
	int64_t window_taken_bytes; /* taken minus what of it came back, in the open window */
	bool window_others_took;
	uint64_t rate_bytes_per_s, peak_bytes_per_s;
	struct demand_part file, nonfile;
	uint64_t growing_since_ns; /* without a pause; 0: at rest */
	struct refaults refaults;
	uint64_t stalls;  /* the sample's counter */
	uint64_t gain;	  /* permyriad; 0: not started */
	uint64_t gain_ns; /* when it last changed */
};

struct demand_sample {
	uint64_t now_ns;
	uint64_t used_bytes;
	uint64_t file_bytes;	  /* page cache, with what was taken of it; DEMAND_UNKNOWN */
	uint64_t nonfile_bytes;	  /* all else, with what is in swap; DEMAND_UNKNOWN */
	uint64_t taken_bytes;	  /* by us, or by the kernel too, since the last sample */
	uint64_t refaulted_bytes; /* by the target since the last sample */
	uint64_t stalls;	  /* a counter that rises when tasks reclaim for themselves */
	bool others_took;	  /* the kernel took too, and does not say how much */
};

/* Takes a sample in. A clock or a counter that goes back counts as no change. */
void demand_learn(struct demand *demand, const struct demand_sample *sample);

/* It grows, and more than half of that is known to be page cache. */
bool demand_is_for_files(const struct demand *demand);

/*
 * The margin for a target of size_bytes (its limit, the node's managed memory) at rate, which is
 * demand->rate_bytes_per_s, or peak for a target that shall be ready for its next burst.
 */
uint64_t demand_margin(const struct demand *demand, const struct margin_settings *settings,
		       uint64_t size_bytes, uint64_t rate_bytes_per_s);

/*
 * Nanoseconds until room has shrunk a little below the margin (to 7/8: there is time, that is what
 * a margin is for, and every look before it is one too many) at the fastest rate seen lately,
 * between min_ns and max_ns. One that has shown no rate may begin at any moment at
 * DEMAND_UNKNOWN_RATE, but is not looked at more often than once a second, and one at rest not more
 * often than every rest_ns: events tell the rest.
 */
uint64_t demand_look_again(const struct demand *demand, uint64_t room_bytes, uint64_t margin_bytes,
			   uint64_t min_ns, uint64_t rest_ns, uint64_t max_ns);
