/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One run of a scenario: its groups are made, its loads begin and end, its steps are done and its
 * expectations judged, and everything is taken away again. Single-threaded.
 */
#pragma once

#include "numa/topology.h"
#include "stress/check/actor.h"
#include "stress/check/sources.h"
#include "stress/check/subject.h"
#include "stress/job/plan.h"
#include "stress/run/placement.h"
#include "stress/scenario/scenario.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TRIAL_WORDS_BYTES 320

/* What is measured is sampled so often; around the moment it is judged at so many are kept. */
#define TRIAL_SAMPLE_NS	    (100 * NSEC_PER_MSEC)
#define TRIAL_SAMPLES	    20
#define TRIAL_SAMPLES_AFTER (TRIAL_SAMPLES / 2)

enum trial_step_state {
	TRIAL_STEP_WAITS, /* for its time, the step before it or its condition */
	TRIAL_STEP_ENDS,  /* loads; waits until they are gone */
	TRIAL_STEP_DONE,  /* what is expected at it is being judged */
	TRIAL_STEP_OVER,
};

struct trial_step {
	enum trial_step_state state;
	uint64_t begin_ns; /* when its turn came; 0: not yet */
	uint64_t over_ns;
};

/* The newest samples: number i of all is at i % TRIAL_SAMPLES. */
struct trial_samples {
	uint64_t next_ns;
	size_t n, n_judged; /* taken so far, and before it was judged */
	int64_t values[TRIAL_SAMPLES];
};

struct trial_expect {
	bool over;
	uint64_t begin_ns, next_ns; /* looks; 0: not its turn yet */
	bool has_before;
	int64_t before; /* at the moment of `since` */
	struct expect_rule rule;
	struct expect_verdict verdict;
	struct trial_samples samples;
	char words[SOURCES_WORDS_BYTES]; /* why there is no verdict; "": there is */
};

struct trial;

/*
 * Who measures a trial: called before the loads start, and when the last step is over and they have
 * not verified anything yet. -errno with words ends the trial.
 */
struct trial_observer {
	int (*begin)(void *context, const struct trial *trial, struct stress_error *ret_error);
	int (*end)(void *context, const struct trial *trial, struct stress_error *ret_error);
	void *context;
};

/* What of the live system a trial uses, and what it is used for. */
struct trial_ground {
	int proc_fd, sys_fd;
	int kmsg_fd;			       /* -1: none */
	const struct trial_observer *observer; /* NULL: none */
	/* In the place of [agent]: runs in a process of its own until SIGTERM; NULL: none. */
	void (*run_agent)(const struct trial *trial);
};

struct trial {
	const struct scenario *scenario;
	const struct scenario_mutant *mutant; /* what was broken in it; NULL: nothing */
	struct trial_ground ground;
	struct machine machine;
	struct topology *topology;
	struct plan *plan;
	struct placement *placement; /* NULL: no groups */
	int *group_fds;		     /* its groups' directories, in the job's order; not owned */
	struct actors actors;
	struct handles handles;
	struct watches watches;
	struct subject subject; /* the agent under test */
	struct sources sources;
	int event_fd, signal_fd;
	uint64_t begin_ns; /* start of the loads */
	uint64_t end_ns;   /* when its last step was over; 0: not yet */
	struct trial_step *steps;
	struct step_result *step_results; /* same order */
	struct trial_expect *expects;
	/* How it went. */
	const struct scenario_requirement *missing; /* NULL: nothing */
	bool unable;				    /* nothing can be run here at all */
	char lack[TRIAL_WORDS_BYTES];		    /* what is missing, in words */
	char words[TRIAL_WORDS_BYTES];		    /* why it failed; "": expectations tell */
	int interrupted;			    /* the signal that ended it; 0: none */
};

/*
 * mutant: NULL: none; a trial of one is over as soon as what it must fail at has failed.
 * 0: it took place, well or not, or was skipped because something is missing; -EOPNOTSUPP: can't
 * run here; -EINVAL: the scenario is wrong; -EINTR: interrupted; -errno; words in *ret_error.
 */
int trial_run(const struct scenario *scenario, const struct scenario_mutant *mutant,
	      const struct trial_ground *ground, struct trial **ret_trial,
	      struct stress_error *ret_error);
struct trial *trial_free(struct trial *trial);
DEFINE_CLEANUP(struct trial *, trial_free)

/* Starts the workers of load i. -errno with words. */
int trial_start_load(struct trial *trial, size_t i, struct stress_error *ret_error);

/* trial_subject.c: the agent under test; a bad end fails the scenario. -errno with words. */
int trial_start_subject(struct trial *trial, struct stress_error *ret_error);
void trial_stop_subject(struct trial *trial);

/* steps.c: does what is due now. */
void trial_do_steps(struct trial *trial, uint64_t now_ns);
bool trial_steps_are_over(const struct trial *trial);

/* expects.c: at a moment (SCENARIO_START, SCENARIO_END, a step), and looks that are due. */
void trial_reach(struct trial *trial, int moment, uint64_t now_ns);
void trial_judge(struct trial *trial, uint64_t now_ns);
/* Samples what is due. */
void trial_sample(struct trial *trial, uint64_t now_ns);
/* Whether all that is expected at the moment has been judged. */
bool trial_is_judged(const struct trial *trial, int moment);

/* Whether the expectation that the mutant must fail at has failed. */
bool trial_caught_mutant(const struct trial *trial);

/* Whether it was not to be run without what is missing. */
bool trial_is_skipped(const struct trial *trial);

/* Notes why the scenario failed; the first words stay. */
void trial_fail(struct trial *trial, const char *format, ...) __attribute__((format(printf, 2, 3)));
