/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who looks after memory while a scenario runs: nobody, this project's agent, what else there is,
 * or any command. What a rival changes on the machine is undone when its run is over, also if this
 * program is killed.
 */
#pragma once

#include "stress/check/trial.h"
#include "stress/run/janitor.h"

#include <stdio.h>

struct rival_kind;

struct rival {
	char name[JOB_VALUE_MAX]; /* as it was said, without a command */
	const struct rival_kind *kind;
	uint64_t number; /* of memory.high and of the watermark */
	char command[JOB_VALUE_MAX];
};

/* "uswapd", "memory.high:80", "mine=COMMAND WORDS". -EINVAL with words. */
int rival_parse(const char *text, struct rival *ret, struct stress_error *ret_error);

/*
 * Puts it in the place of the scenario's own agent; a command of the scenario's for the same
 * program stays, with its settings. -EINVAL with words.
 */
int rival_enter(const struct rival *rival, struct scenario *scenario,
		struct stress_error *ret_error);

/* A file of the kernel's that was written, and what stood there. */
struct rival_knob {
	int dir_fd; /* not owned */
	const char *path;
	char before[32];
};

#define RIVAL_KNOBS_MAX 3

/* What it has changed on the machine. */
struct rival_change {
	struct janitor janitor;
	size_t n_knobs;
	struct rival_knob knobs[RIVAL_KNOBS_MAX];
	char directory[32]; /* of oomd's files; "": none */
};

/*
 * Before a run; *ground becomes that of the run. -EOPNOTSUPP: it is not here, with the reason in
 * words; -errno with words. rival_end undoes it, after an error too: -errno of undoing.
 */
int rival_begin(const struct rival *rival, struct scenario *scenario, struct trial_ground *ground,
		struct rival_change *change, struct stress_error *ret_error);
int rival_end(struct rival_change *change);

/* A line each, for --help. */
void rival_list(FILE *to);
