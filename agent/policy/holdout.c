/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/holdout.h"

#include "base/random.h"
#include "base/saturate.h"

uint64_t holdout_window(const struct holdout_settings *settings, uint64_t now_ns)
{
	return now_ns / settings->window_ns + 1;
}

void holdout_begin(struct holdout *h, const struct holdout_settings *settings, uint64_t seed,
		   uint64_t group, uint64_t window)
{
	uint64_t lot = random_mix(random_mix(seed ^ random_mix(group)) + window) % 10000;

	*h = (struct holdout){
		.window = window,
		.drawn = lot < settings->share_permyriad,
	};
}

void holdout_look(struct holdout *h, uint64_t events, uint64_t stall_us, bool triggered)
{
	h->ended |= triggered || events > h->events ||
		    minus(stall_us, h->stall_us) > HOLDOUT_STALL_US;
}
