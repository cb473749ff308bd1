/* SPDX-License-Identifier: Apache-2.0 */
/*
 * uswapd --replay: what was recorded is given to the same policies again, with the same settings or
 * others, and to the laws of others; and what was predicted is held against what happened. Without
 * overrides the plans must be the same.
 *
 * Each decision starts from what was really so, of which other settings would have made something
 * else; only the memory of trim's law goes on by itself.
 */
#pragma once

#include "agent/record/file.h"

struct replay_problem {
	char text[CONFIG_ERROR_MAX]; /* ready to be shown; "" when there is none */
};

/*
 * Plays the recording and prints what it finds. in becomes the function's; name is for messages.
 * Returns 0; 1: without overrides, plans differ; -errno with ret_problem filled in.
 */
int replay_run(FILE *in, const char *name, const char *const *overrides, size_t n_overrides,
	       FILE *out, struct replay_problem *ret_problem);

/* To stdout, with problems on stderr. As replay_run; -errno: the file can't be opened. */
int replay_file(const char *path, const char *const *overrides, size_t n_overrides);
