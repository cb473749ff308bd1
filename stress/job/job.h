/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job: what is to be done, as it was said, from files and the command line alike.
 *
 *	[global]                      settings of the run; settings of loads there are the defaults
 *	duration = 20s                of the loads that follow
 *
 *	[group svc]                   a cgroup; its files in the order they are to be written
 *	memory.max = 128M
 *
 *	[load grow]                   a worker process
 *	type = anon
 *	group = svc
 *	size = 160M
 *
 *	include = more.job            another file's sections, found beside this one; a new section
 *	                              begins after it
 *
 * The command line says the same as
 *	--duration 20s --group svc:memory.max=128M --load anon:name=grow,group=svc,size=160M
 * and changes what a file said with --set load.grow.size=64M.
 *
 * Nothing here touches the machine. Errors are -EINVAL with words in struct stress_error. What is
 * said last counts, an option after a file; in one section, or one option, a key stands once.
 */
#pragma once

#include "base/cleanup.h"
#include "stress/job/error.h"
#include "stress/job/settings.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where something was said. */
struct job_place {
	const char *file;  /* lives as long as the job; an option's name on the command line */
	unsigned int line; /* 0: none */
};

#define JOB_VALUE_MAX 192

/* One file of a group. */
struct job_knob {
	char file[STRESS_NAME_MAX]; /* "memory.max" */
	char value[JOB_VALUE_MAX];  /* as said; "" is possible */
	struct job_place place;
};

#define JOB_KNOBS_MAX 32

struct job_group {
	char name[STRESS_NAME_MAX]; /* "svc", "svc/inner" (svc comes before it) */
	struct job_place place;
	size_t n_knobs;
	struct job_knob knobs[JOB_KNOBS_MAX];
};

/* One thing that was said, as it was: for reports. */
struct job_saying {
	char section[STRESS_NAME_MAX + 8]; /* "global", "load grow" */
	char key[STRESS_NAME_MAX];
	char value[JOB_VALUE_MAX];
	struct job_place place;
};

struct job_load {
	char name[STRESS_NAME_MAX];
	struct job_place place;
	struct load_settings settings;
	/* By index in load_table; file NULL: not said. */
	struct job_place said[N_LOAD_SETTINGS_MAX];
};

/*
 * Sections beside a job's own ("[step fill]"), for formats built upon it: who reads them. open gets
 * what stands between the brackets (NUL-ended) and says -ENOENT when it knows no such section, else
 * 0 or -EINVAL with words; set gets what follows, until the next section.
 */
struct job_sections {
	const char *words; /* "[step NAME], [expect NAME]" */
	void *context;
	int (*open)(void *context, const char *section, const struct job_place *place,
		    struct stress_error *ret_error);
	int (*set)(void *context, const char *key, const char *value, const struct job_place *place,
		   struct stress_error *ret_error);
};

#define JOB_LOADS_MAX  256
#define JOB_GROUPS_MAX 256

struct job {
	struct global_settings global;
	struct job_load defaults;	 /* of loads, from [global] */
	const struct job_sections *more; /* NULL: none; not owned */
	bool may_idle;			 /* it may do without loads */
	unsigned int n_open;		 /* files being read, each included by the one before */
	size_t n_groups, n_loads;
	struct job_group *groups;
	struct job_load *loads;
	size_t n_sayings;
	struct job_saying *sayings; /* in order; a later one can overrule an earlier one */
	/* Names of files that places point to. */
	size_t n_files;
	char **files;
};

int job_new(struct job **ret_job);
struct job *job_free(struct job *job);
DEFINE_CLEANUP(struct job *, job_free)

/* Reads a job file. -errno of opening it, too. */
int job_read_file(struct job *job, const char *path, struct stress_error *ret_error);

/* Reads text as a job file called name. */
int job_read_text(struct job *job, const char *name, const char *text,
		  struct stress_error *ret_error);

/*
 * "anon:size=64M,rate=8M/s,group=svc"; name= names the load, default its type (anon, anon2 ...). A
 * comma that no KEY= follows belongs to the value ("cpuset.cpus=0,2").
 */
int job_add_load(struct job *job, const char *text, struct stress_error *ret_error);

/* "svc:memory.max=128M,memory.swap.max=0" */
int job_add_group(struct job *job, const char *text, struct stress_error *ret_error);

/* "global.seed=7", "load.grow.size=64M", "group.svc.memory.max=128M" (or "group svc.memory...") */
int job_set(struct job *job, const char *text, struct stress_error *ret_error);

/* A setting of [global], or a default for loads, by name. */
int job_set_global(struct job *job, const char *name, const char *value,
		   struct stress_error *ret_error);

/*
 * All that the words of a command line say: job files, "--load TYPE:..." and the like, "--KEY
 * VALUE" or "--KEY=VALUE". A default that no load follows is an error.
 */
int job_read_words(struct job *job, char **words, int n, struct stress_error *ret_error);

/* Index of the group, -1 when there is none. */
int job_find_group(const struct job *job, const char *name);
/* The same of a load. */
int job_find_load(const struct job *job, const char *name);

/*
 * When all has been said: a load with several workers becomes as many loads of one worker each,
 * called NAME.1, NAME.2 ... Once; before job_check.
 */
int job_complete(struct job *job, struct stress_error *ret_error);

/*
 * Whether it makes sense as a whole: every load has a known type, settings that type knows, a size,
 * and a group that exists.
 */
int job_check(const struct job *job, struct stress_error *ret_error);

/* Writes "PLACE: [SECTION] KEY: " and the words into *ret_error and returns -EINVAL. */
int job_fail(struct stress_error *ret_error, const struct job_place *place, const char *section,
	     const char *name, const char *format, ...) __attribute__((format(printf, 5, 6)));

/* The place where a load's setting was said, else the load's own. setting points into load_table.
 */
const struct job_place *job_said(const struct job_load *load, const struct setting *setting);
/* The same of the setting that words begin with ("size: ..."); the load's place if they do not. */
const struct job_place *job_said_first(const struct job_load *load, const char *words);
/* Where a setting of [global] was said last, with this value (NULL: any); NULL: nowhere. */
const struct job_place *job_said_globally(const struct job *job, const char *key,
					  const char *value);
