/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdout: some groups are left alone by lot, a window long, so that it shows what the agent really
 * does for them (account/effect.h). Pure.
 *
 * Windows begin at the same time for all groups; for each the lot is drawn anew, from the seed, the
 * group and the window's number alone. A group that is left alone and comes under pressure is
 * looked after again at once, but its window counts as drawn: what was left out would make the rest
 * look better than it was.
 */
#pragma once

#include "agent/config/config.h"

#include <stdbool.h>
#include <stdint.h>

/* Stalling on memory for so long within a window is pressure. */
#define HOLDOUT_STALL_US UINT64_C(10000)

/* Of a group. All zero at the start. */
struct holdout {
	uint64_t window; /* number; 0: none yet */
	bool drawn;	 /* to be left alone */
	bool ended;	 /* by pressure */
	/* Counters when the window began. */
	uint64_t events, stall_us;
};

/* The number of the window that now_ns lies in, from 1. */
uint64_t holdout_window(const struct holdout_settings *settings, uint64_t now_ns);

void holdout_begin(struct holdout *holdout, const struct holdout_settings *settings, uint64_t seed,
		   uint64_t group, uint64_t window);

/* Takes in what a look at the group found: counters as they are, and whether a trigger fired. */
void holdout_look(struct holdout *holdout, uint64_t events, uint64_t stall_us, bool triggered);

static inline bool holdout_holds(const struct holdout *holdout)
{
	return holdout->drawn && !holdout->ended;
}
