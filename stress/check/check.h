/* SPDX-License-Identifier: Apache-2.0 */
/* `uswap-stress check`: runs scenarios and tells how they went. */
#pragma once

#include "base/log.h"
#include "stress/check/trial.h"

/*
 * words: what followed `check`. Returns the exit status: 0 all is well, 1 something failed, 2 wrong
 * usage or a wrong scenario, and nothing was run, 77 nothing could be run here.
 * *ret_signal: what interrupted it, so that the caller may die of it; 0: nothing did.
 */
int check_command(char **words, int n, const struct trial_ground *ground, const struct log *log,
		  int *ret_signal);
