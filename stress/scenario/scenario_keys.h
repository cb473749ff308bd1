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

#define SCENARIO_KEYS_MAX 16

struct scenario_kind {
	const char *name;
	const struct scenario_key *keys;
	size_t n_keys;
	size_t array, n; /* offsets in struct scenario of pointer and count */
	size_t size;	 /* of an element; 0: there is one, in struct scenario */
};
extern const struct scenario_kind scenario_kinds[SCENARIO_KINDS];

/* 1 to 63 letters, digits, '-', '_'. */
bool scenario_name_is_good(const char *name);
