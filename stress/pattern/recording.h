/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording of how much memory there was when, to be replayed: a line "TIME,BYTES" a point, TIME
 * since the beginning (12.5: seconds; 250ms, 2min), BYTES as sizes are written (1048576, 1.5G).
 * Blanks do not matter, '#' begins a comment, and a first line of titles is passed over.
 */
#pragma once

#include "stress/pattern/schedule.h"

#include <stddef.h>

#define RECORDING_POINTS_MAX (1 << 20)

/*
 * 0 with points that the caller frees; -ENOMEM; -EINVAL: *ret_line is the first line that is not
 * such a point or not later than the one before (0: there is no point at all); -E2BIG: too many.
 * Levels become permyriad of what is written.
 */
int recording_parse(const char *text, uint64_t permyriad, struct schedule_point **ret_points,
		    size_t *ret_n, unsigned int *ret_line);
