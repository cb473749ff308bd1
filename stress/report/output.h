/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file for results. It is opened before the run, which would be for nothing if it can't be
 * written; what stood there stays until there is something new.
 */
#pragma once

#include "base/cleanup.h"
#include "stress/job/error.h"

#include <stdbool.h>
#include <stdio.h>

struct output {
	const char *name, *path; /* "json", "run.json"; not owned */
	int fd;
	bool made, written; /* by us */
};

/* path: "-" is standard output; "" is nowhere, and nothing may be written. -errno with words. */
int output_open(const char *name, const char *path, struct output *ret,
		struct stress_error *ret_error);

/* Writes results out. -errno. */
typedef int output_write_fn(const void *results, FILE *to);

/* Once. -errno of writing, with words. */
int output_write(struct output *output, const void *results, output_write_fn *write_to,
		 struct stress_error *ret_error);

/* A file that was made and has got no results is removed. */
void output_close(struct output *output);
