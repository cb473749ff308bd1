/* SPDX-License-Identifier: Apache-2.0 */
/* What `check` and `compare` are told alike: how often, with which seed and which defaults. */
#pragma once

#include "stress/scenario/scenario.h"

#define COMMON_REPEAT_MAX 10000

struct common_options {
	uint64_t repeat;
	const char *seed; /* NULL: the scenario's own */
	size_t n_settings;
	const char **settings; /* KEY, VALUE, KEY, VALUE ...: defaults of [global]; not owned */
};

/* Room for n words. -ENOMEM. */
int common_options_make(struct common_options *options, int n, uint64_t repeat);
void common_options_free(struct common_options *options);

/* Takes --NAME VALUE. -EINVAL with words. */
int common_options_take(struct common_options *options, const char *name, const char *value,
			struct stress_error *ret_error);

/* Reads the scenario with them. -EINVAL and -errno with words. */
int common_read_scenario(const struct common_options *options, const char *path,
			 struct scenario **ret_scenario, struct stress_error *ret_error);
