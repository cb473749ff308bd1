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

enum scenario_otherwise { SCENARIO_SKIP, SCENARIO_XFAIL };

/* [requires NAME]: 0, "" and false are not required. */
struct scenario_requirement {
	char name[STRESS_NAME_MAX];
	struct job_place place;
	uint64_t said; /* bit i: the section's i-th key; so below */
	uint64_t otherwise;
	char because[JOB_VALUE_MAX];
	uint64_t swap_bytes, memory_bytes, nodes;
	uint64_t kernel_major, kernel_minor;
	bool zswap;
	char controller[STRESS_NAME_MAX];
	char mount_option[STRESS_NAME_MAX]; /* of the cgroup file system */
	char file[STRESS_NAME_MAX];	    /* groups have it */
};

/* A step by its name, and what that is once all is read. */
struct scenario_moment {
	char name[STRESS_NAME_MAX]; /* "": not said */
	int step;		    /* SCENARIO_START, SCENARIO_END, or an index in steps */
};
#define SCENARIO_START (-1)
#define SCENARIO_END   (-2)

/* [step NAME] */
struct scenario_step {
	char name[STRESS_NAME_MAX];
	struct job_place place;
	uint64_t said;
	uint64_t at_ns;		      /* from the start of the loads; else: after ... */
	struct scenario_moment after; /* SCENARIO_START: at once */
	struct formula_condition when;
	uint64_t within_ns; /* of when: later it has failed */
	char write_file[STRESS_NAME_MAX], write_group[STRESS_NAME_MAX];
	char write_value[JOB_VALUE_MAX];
};

/* [expect NAME] */
struct scenario_expect {
	char name[STRESS_NAME_MAX];
	struct job_place place;
	uint64_t said;
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
	size_t n_requirements, n_steps, n_expects;
	struct scenario_requirement *requirements;
	struct scenario_step *steps;
	struct scenario_expect *expects;
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
	REQUIRES_OTHERWISE,
	REQUIRES_BECAUSE,
};
enum scenario_step_key { STEP_AT, STEP_AFTER, STEP_WHEN, STEP_WITHIN, STEP_WRITE };
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
