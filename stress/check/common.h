/* SPDX-License-Identifier: Apache-2.0 */
/* What `check` and `compare` are told alike: how often, with which seed and which defaults. */
#pragma once

#include "stress/report/output.h"
#include "stress/scenario/scenario.h"

#define COMMON_REPEAT_MAX 10000

struct common_options {
	const char *const *names; /* of all options of the command, NULL at the end; not owned */
	uint64_t repeat;
	const char *seed; /* NULL: the scenario's own */
	size_t n_settings;
	const char **settings; /* KEY, VALUE, KEY, VALUE ...: defaults of [global]; not owned */
};

/* Room for n words. -ENOMEM. */
int common_options_make(struct common_options *options, const char *const *names, int n,
			uint64_t repeat);
void common_options_free(struct common_options *options);

/* "--NAME VALUE" or "--NAME=VALUE". */
struct common_option {
	char name[STRESS_NAME_MAX];
	const char *value;
	int n_words;
};

/* Reads the option that the words, n of them, begin with. -EINVAL with words. */
int common_option_read(char **words, int n, struct common_option *ret,
		       struct stress_error *ret_error);

/* Takes one that the command does not take itself. -EINVAL with words. */
int common_options_take(struct common_options *options, const struct common_option *option,
			struct stress_error *ret_error);

/* Reads the scenario with them. -EINVAL and -errno with words. */
int common_read_scenario(const struct common_options *options, const char *path,
			 struct scenario **ret_scenario, struct stress_error *ret_error);

/* A file for results, before there are any; path NULL: none. -errno with words. */
int common_open_output(const char *name, const char *path, struct output *ret,
		       struct stress_error *ret_error);
int common_write_output(struct output *output, const void *results, output_write_fn *write_to,
			struct stress_error *ret_error);
