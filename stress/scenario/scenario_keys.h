/* SPDX-License-Identifier: Apache-2.0 */
/* The keys of scenario files, a table for each kind of section. Private to scenario*.c. */
#pragma once

#include "stress/scenario/scenario.h"

/* Why a value was refused. */
struct scenario_refusal {
	char words[FORMULA_WORDS_BYTES + 64];
};

/*
 * Reads value into the section's struct; field is where the key's own part of it is. -EINVAL with
 * words.
 */
typedef int scenario_take_fn(void *section, void *field, const char *value,
			     struct scenario_refusal *refusal);

struct scenario_key {
	const char *name;
	scenario_take_fn *take;
	size_t offset; /* of field */
};

enum scenario_kind_index {
	SCENARIO_KIND_SCENARIO,
	SCENARIO_KIND_REQUIRES,
	SCENARIO_KIND_STEP,
	SCENARIO_KIND_EXPECT,
	SCENARIO_KIND_WATCH,
	SCENARIO_KIND_AGENT,
	SCENARIO_KIND_MUTANT,
	SCENARIO_KINDS,
};

struct scenario_kind {
	const char *name;
	const struct scenario_key *keys;
	size_t n_keys;
	size_t array, n; /* offsets in struct scenario of pointer and count */
	size_t size;	 /* of an element; 0: there is one, in struct scenario */
};
extern const struct scenario_kind scenario_kinds[SCENARIO_KINDS];

/* What the structs of sections with a name have in common: they begin so. */
struct scenario_named {
	char name[STRESS_NAME_MAX];
	struct job_place place;
	uint64_t said;
	struct job_place said_at[SCENARIO_KEYS_MAX];
};

/* A key of a section, as errors tell it. */
struct scenario_spot {
	const struct job_place *place;
	const char *section, *name, *key;
};
/* section begins as struct scenario_named. A key that was not said stands where the section does.
 */
struct scenario_spot scenario_spot_of(enum scenario_kind_index kind, const void *section,
				      unsigned int key);
/* -EINVAL with file, line, section, key and words. */
int scenario_fail(struct stress_error *ret_error, const struct scenario_spot *spot,
		  const char *format, ...) __attribute__((format(printf, 3, 4)));

/* scenario_names.c: what other sections are called. */
enum scenario_sort {
	SCENARIO_GROUP,
	SCENARIO_LOAD,
	SCENARIO_STEP,
	SCENARIO_WATCH,
	SCENARIO_EXPECT
};
/* Whether there is one of that name; else -EINVAL with words, and which one may have been meant. */
int scenario_check_name(const struct scenario *scenario, enum scenario_sort sort, const char *name,
			const struct scenario_spot *spot, struct stress_error *ret_error);
/* The same of all that a formula names. */
int scenario_check_sources(const struct scenario *scenario, const struct formula *formula,
			   const struct scenario_spot *spot, struct stress_error *ret_error);
/* Of its groups between two @. */
int scenario_check_command(const struct scenario *scenario, struct stress_error *ret_error);
/* Index of the step; -1: there is none. */
int scenario_find_step(const struct scenario *scenario, const char *name);

/* 1 to 63 letters, digits, '-', '_'. */
bool scenario_name_is_good(const char *name);
