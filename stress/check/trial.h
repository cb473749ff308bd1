/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a scenario: its groups are made, its loads begin and end, its steps are done and its
 * expectations judged, and everything is taken away again. Single-threaded.
 */
#pragma once

#include "numa/topology.h"
#include "stress/check/actor.h"
#include "stress/check/sources.h"
#include "stress/job/plan.h"
#include "stress/run/placement.h"
#include "stress/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRIAL_WORDS_BYTES 320

enum trial_step_state {
	TRIAL_STEP_WAITS, /* for its time, the step before it or its condition */
	TRIAL_STEP_DONE,  /* what is expected at it is being judged */
	TRIAL_STEP_OVER,
};

struct trial_step {
	enum trial_step_state state;
	uint64_t due_ns; /* the latest moment of its condition; 0: not its turn yet */
	uint64_t over_ns;
};

struct trial_expect {
	bool over;
	uint64_t begin_ns, next_ns; /* looks; 0: not its turn yet */
	bool has_before;
	int64_t before; /* at the moment of `since` */
	struct expect_rule rule;
	struct expect_verdict verdict;
	char words[SOURCES_WORDS_BYTES]; /* why there is no verdict; "": there is */
};

struct trial {
	const struct scenario *scenario;
	int proc_fd, sys_fd;
	struct machine machine;
	struct topology *topology;
	struct plan *plan;
	struct placement *placement; /* NULL: no groups */
	int *group_fds;		     /* its groups' directories, in the job's order; not owned */
	struct actors actors;
	struct sources sources;
	int event_fd, signal_fd;
	uint64_t begin_ns; /* start of the loads */
	uint64_t end_ns;   /* when its last step was over; 0: not yet */
	struct trial_step *steps;
	struct trial_expect *expects;
	/* How it went. */
	const struct scenario_requirement *missing; /* NULL: nothing */
	char lack[TRIAL_WORDS_BYTES];		    /* what that is, in words */
	char words[TRIAL_WORDS_BYTES];		    /* why it failed; "": expectations tell */
	int interrupted;			    /* the signal that ended it; 0: none */
};

/*
 * 0: it took place, well or not, or was skipped because something is missing; -EOPNOTSUPP: can't
 * run here; -EINVAL: the scenario is wrong; -EINTR: interrupted; -errno; words in *ret_error.
 */
int trial_run(const struct scenario *scenario, int proc_fd, int sys_fd, struct trial **ret_trial,
	      struct stress_error *ret_error);
struct trial *trial_free(struct trial *trial);
DEFINE_CLEANUP(struct trial *, trial_free)

/* steps.c: does what is due now. */
void trial_do_steps(struct trial *trial, uint64_t now_ns);
bool trial_steps_are_over(const struct trial *trial);

/* expects.c: at a moment (SCENARIO_START, SCENARIO_END, a step), and looks that are due. */
void trial_reach(struct trial *trial, int moment, uint64_t now_ns);
void trial_judge(struct trial *trial, uint64_t now_ns);
/* Whether all that is expected at the moment has been judged. */
bool trial_is_judged(const struct trial *trial, int moment);

/* Whether it was not to be run without what is missing. */
bool trial_is_skipped(const struct trial *trial);

/* Notes why the scenario failed; the first words stay. */
void trial_fail(struct trial *trial, const char *format, ...) __attribute__((format(printf, 2, 3)));
