/* SPDX-License-Identifier: Apache-2.0 */
/* Where the numbers of formulas come from while a scenario runs. */
#pragma once

#include "stress/check/actor.h"
#include "stress/check/handles.h"
#include "stress/check/watches.h"
#include "stress/scenario/scenario.h"

/* What came of a step. */
struct step_result {
	int error;	/* -errno of its write or removal; 0: it succeeded */
	uint64_t tries; /* writes that its reclaim took */
	uint64_t took_ns;
};

struct sources {
	const struct scenario *scenario;
	const int *group_fds; /* directories, in the job's order */
	int proc_fd, sys_fd;
	const struct actors *actors;
	const struct handles *handles;
	const struct watches *watches;
	const struct step_result *steps; /* in the scenario's order */
	struct formula_machine machine;
};

/* folio_bytes: of a transparent huge page; where there are none: of a page. sys_fd: /sys. */
struct formula_machine sources_read_machine(int sys_fd, uint64_t n_nodes);

#define SOURCES_WORDS_BYTES 256

/*
 * What the formula comes to now. Each file is read once, so that its keys are of one moment. -errno
 * with words: what can't be read, or computed.
 */
int sources_evaluate(const struct sources *sources, const struct formula *formula, int64_t *ret,
		     char words[static SOURCES_WORDS_BYTES]);
