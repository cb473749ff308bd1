/* SPDX-License-Identifier: Apache-2.0 */
/* Where the numbers of formulas come from while a scenario runs. */
#pragma once

#include "stress/check/actor.h"
#include "stress/scenario/formula.h"

struct sources {
	const struct job *job;
	const int *group_fds; /* directories, in the job's order */
	const struct actors *actors;
	struct formula_machine machine;
};

#define SOURCES_WORDS_BYTES 256

/*
 * What the formula comes to now. Each file is read once, so that its keys are of one moment. -errno
 * with words: what can't be read, or computed.
 */
int sources_evaluate(const struct sources *sources, const struct formula *formula, int64_t *ret,
		     char words[static SOURCES_WORDS_BYTES]);
