/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `uswap-stress check`. */
#pragma once

#include "base/cleanup.h"
#include "stress/check/common.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check_options {
	struct common_options common;
	size_t n_paths;
	char **paths;			 /* of scenario files */
	const char *junit, *json, *html; /* files to be written; NULL: none */
	bool mutants;			 /* run these instead of the scenarios themselves */
};

/* -EINVAL with words; -errno of a folder. check_options_free after an error, too. */
int check_options_read(struct check_options *options, char **words, int n,
		       struct stress_error *ret_error);
void check_options_free(struct check_options *options);
