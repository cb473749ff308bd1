/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario as its file says it: a job (stress/job/job.h: the same groups, loads and settings) and
 * what is required of the machine, what is done while the job runs, and what is expected. The
 * format is told in README.md.
 *
 * Nothing here touches the machine. Errors are -EINVAL with file, line, section and key in struct
 * stress_error.
 */
#pragma once

#include "base/cleanup.h"
#include "base/clock.h"
#include "stress/job/job.h"
#include "stress/scenario/expect.h"
#include "stress/scenario/formula.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* [agent] makes it wait so long for `ready`; stop and kill so long for loads, unless said. */
#define SCENARIO_PATIENCE_NS (30 * NSEC_PER_SEC)

#define SCENARIO_KEYS_MAX    16 /* of a section */

enum scenario_otherwise { SCENARIO_SKIP, SCENARIO_XFAIL };

/* [requires NAME]: 0, "" and false are not required. */
struct scenario_requirement {
	char name[STRESS_NAME_MAX];
	struct job_place place;
	uint64_t said;				     /* bit i: the section's i-th key; so below */
	struct job_place said_at[SCENARIO_KEYS_MAX]; /* where */
	uint64_t otherwise;
	char because[JOB_VALUE_MAX];
	uint64_t swap_bytes, memory_bytes, nodes;
	uint64_t kernel_major, kernel_minor;
	bool zswap;
	char controller[STRESS_NAME_MAX];
	char mount_option[STRESS_NAME_MAX]; /* of the cgroup file system */
	char file[STRESS_NAME_MAX];	    /* groups have it; "FILE:KEY": with that key */
	char program[STRESS_NAME_MAX];	    /* it is in the PATH */
};

/* A step by its name, and what that is once all is read. */
struct scenario_moment {
	char name[STRESS_NAME_MAX]; /* "": not said */
	int step;		    /* SCENARIO_START, SCENARIO_END, or an index in steps */
};
#define SCENARIO_START (-1)
#define SCENARIO_END   (-2)

/* A file of a group: "memory.reclaim(A)", "memory.peak@own(A)". */
struct scenario_file {
	char file[STRESS_NAME_MAX];
	char handle[STRESS_NAME_MAX]; /* of a descriptor that stays open; "": it is opened anew */
	char group[STRESS_NAME_MAX];
};

/* [step NAME]: waits, then does what it says, in the order of these fields. */
struct scenario_step {
	char name[STRESS_NAME_MAX];
	struct job_place place;
	uint64_t said;
	struct job_place said_at[SCENARIO_KEYS_MAX];
	uint64_t at_ns;		      /* from the start of the loads; else: after ... */
	struct scenario_moment after; /* SCENARIO_START: at once */
	struct formula_condition when;
	uint64_t within_ns;	     /* of when, stop and kill: later it has failed */
	uint64_t pause_ns;	     /* before it begins */
	char start[STRESS_NAME_MAX]; /* loads; all workers of them */
	char stop[STRESS_NAME_MAX];  /* over when they are gone; the same with kill */
	char kill[STRESS_NAME_MAX];
	struct scenario_file write;
	char write_value[JOB_VALUE_MAX];
	char reclaim[STRESS_NAME_MAX]; /* a group: memory.reclaim until memory.current is there */
	uint64_t reclaim_to_bytes;
	char remove[STRESS_NAME_MAX]; /* a group */
};

enum scenario_watch_by { SCENARIO_BY_POLL, SCENARIO_BY_INOTIFY };

/* [watch NAME]: notices of a file, from the start on. */
struct scenario_watch {
	char name[STRESS_NAME_MAX];
	struct job_place place;
	uint64_t said;
	struct job_place said_at[SCENARIO_KEYS_MAX];
	struct scenario_file file; /* file "": the group's directory */
	uint64_t by;
};

/* [agent]: what runs from before the loads until after the end. */
struct scenario_agent {
	struct job_place place;	     /* file NULL: there is no such section */
	char command[JOB_VALUE_MAX]; /* words; "": none */
	char ready[JOB_VALUE_MAX];   /* what it prints when it is; "": it is at once */
	bool may_end_anyhow;	     /* after SIGTERM, with any status */
};

/* [mutant NAME]: what is broken on purpose, so that the scenario must fail. */
struct scenario_mutant {
	char name[STRESS_NAME_MAX];
	struct job_place place;
	uint64_t said;
	struct job_place said_at[SCENARIO_KEYS_MAX];
	char set[JOB_VALUE_MAX]; /* as --set of uswap-stress run; "": nothing */
	bool no_agent;
	char fails[STRESS_NAME_MAX]; /* an expectation */
};

/* [expect NAME] */
struct scenario_expect {
	char name[STRESS_NAME_MAX];
	struct job_place place;
	uint64_t said;
	struct job_place said_at[SCENARIO_KEYS_MAX];
	struct formula value;
	struct formula of;	      /* the figure is value / of, a share */
	struct scenario_moment since; /* the figure is what changed since then */
	struct scenario_moment at;    /* when it is looked at */
	enum expect_kind kind;
	enum expect_basis basis;
	uint64_t share_permyriad;
	struct formula wanted, tolerance;
	struct formula low, high; /* n_steps 0: no bound */
	uint64_t poll_ns, timeout_ns;
	char because[JOB_VALUE_MAX]; /* why the tolerance is what it is */
};

#define SCENARIO_SECTIONS_MAX 256 /* of each kind */
#define SCENARIO_TIMEOUT_NS   (60 * NSEC_PER_SEC)

struct scenario {
	char title[JOB_VALUE_MAX];
	uint64_t timeout_ns; /* of the whole */
	struct job *job;
	struct scenario_agent agent;
	size_t n_requirements, n_steps, n_expects, n_watches, n_mutants;
	struct scenario_requirement *requirements;
	struct scenario_step *steps;
	struct scenario_expect *expects;
	struct scenario_watch *watches;
	struct scenario_mutant *mutants;
	/* While it is read. */
	struct job_sections sections;
	int open; /* kind of the section being read */
};

int scenario_new(struct scenario **ret_scenario);
struct scenario *scenario_free(struct scenario *scenario);
DEFINE_CLEANUP(struct scenario *, scenario_free)

/* Reads a file, or text as a file called name, and checks the whole. Once for each scenario. */
int scenario_read_file(struct scenario *scenario, const char *path, struct stress_error *ret_error);
int scenario_read_text(struct scenario *scenario, const char *name, const char *text,
		       struct stress_error *ret_error);

/*
 * Whether it makes sense as a whole: the job does; steps and groups that are named exist, no step
 * waits for itself, each expectation measures something and can be met. Settles moments.
 */
int scenario_check(struct scenario *scenario, struct stress_error *ret_error);

/* Breaks it as the mutant says. Errors as those of reading it. */
int scenario_mutate(struct scenario *scenario, const struct scenario_mutant *mutant,
		    struct stress_error *ret_error);

/*
 * Whether an expectation measures such a number of the load, step or watch: key first to last of
 * its source. What is measured is judged by that alone.
 */
bool scenario_measures(const struct scenario *scenario, enum formula_source source,
		       const char *name, size_t first_key, size_t last_key);

/* Whether the load is one of those that a step means: it itself, or its worker. */
bool scenario_means_load(const char *meant, const char *load);

/* Bits of said. */
enum scenario_requirement_key {
	REQUIRES_SWAP,
	REQUIRES_MEMORY,
	REQUIRES_NODES,
	REQUIRES_KERNEL,
	REQUIRES_ZSWAP,
	REQUIRES_CONTROLLER,
	REQUIRES_MOUNT_OPTION,
	REQUIRES_FILE,
	REQUIRES_PROGRAM,
	REQUIRES_OTHERWISE,
	REQUIRES_BECAUSE,
};
enum scenario_step_key {
	STEP_AT,
	STEP_AFTER,
	STEP_PAUSE,
	STEP_WHEN,
	STEP_WITHIN,
	STEP_START,
	STEP_STOP,
	STEP_KILL,
	STEP_WRITE,
	STEP_RECLAIM,
	STEP_REMOVE,
};
enum scenario_watch_key { WATCH_FILE, WATCH_GROUP, WATCH_BY };
enum scenario_mutant_key { MUTANT_SET, MUTANT_AGENT, MUTANT_FAILS };
enum scenario_expect_key {
	EXPECT_KEY_VALUE,
	EXPECT_KEY_OF,
	EXPECT_KEY_SINCE,
	EXPECT_KEY_AT,
	EXPECT_KEY_IS,
	EXPECT_KEY_TOLERANCE,
	EXPECT_KEY_RANGE,
	EXPECT_KEY_CLOSE,
	EXPECT_KEY_POLL,
	EXPECT_KEY_TIMEOUT,
	EXPECT_KEY_BECAUSE,
};
static inline bool scenario_said(uint64_t said, unsigned int key)
{
	return said >> key & 1;
}
