/* SPDX-License-Identifier: Apache-2.0 */
/* A replay in words. */
#pragma once

#include "agent/record/file.h"
#include "agent/replay/play.h"

void report_difference(const struct play *play, const struct play_difference *difference,
		       FILE *out);
/* After play_sum. */
void report_play(const struct play *play, const struct record_reader *reader, FILE *out);
