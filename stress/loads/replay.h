/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a recording, for a load that replays it. */
#pragma once

#include "stress/loads/load.h"

#define REPLAY_WHY_BYTES 512

/*
 * Reads what the load's settings name. 0 with points that the caller frees; -errno, and why in
 * words: the file, the line, and what was meant. -EINVAL also when a level is above the load's
 * size.
 */
int replay_read(const struct load *load, struct schedule_point **ret_points, size_t *ret_n,
		char why[static REPLAY_WHY_BYTES]);
