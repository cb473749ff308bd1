/* SPDX-License-Identifier: Apache-2.0 */
/* Reads what a trial comes to, at its start and when its steps are over. */
#pragma once

#include "stress/check/trial.h"
#include "stress/compare/score.h"

struct meter {
	uint64_t begin_ns;
	/* At the beginning; then what has changed since, or what it is, of each key. */
	struct score score;
};

/* As trial_observer has them; context is a struct meter. -errno with words. */
int meter_begin(void *context, const struct trial *trial, struct stress_error *ret_error);
int meter_end(void *context, const struct trial *trial, struct stress_error *ret_error);
