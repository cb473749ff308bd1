/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How large one request may be so that it takes the time wanted: a running request holds up rmdir
 * of its group, and with it every mkdir, on 6.12 and 6.18. Pure.
 */
#pragma once

#include "agent/config/config.h"

#include <stdint.h>

#define PACE_START_BYTES_PER_S (UINT64_C(32) << 20) /* about what zram takes on a slow CPU */

struct pace {
	uint64_t bytes_per_s; /* measured; 0: not yet */
};

uint64_t pace_piece_bytes(const struct pace *pace, const struct reclaim_settings *settings);

/* Takes in what a request brought and how long it took; half of the way to the new figure. */
void pace_learn(struct pace *pace, uint64_t applied_bytes, uint64_t wall_ns);
