/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page about runs: one HTML file that needs nothing else, no network either. Its figures are the
 * runs' own JSON; what draws them is in page/, the chart library in vendor/.
 */
#pragma once

#include "base/cleanup.h"
#include "stress/job/error.h"

#include <jansson.h>
#include <stdio.h>

/*
 * Reads what `uswap-stress run --json` wrote. -EINVAL with words in *ret_error: no such file, no
 * report, or one without samples (of a program older than they are).
 */
int page_read_run(const char *path, json_t **ret_run, struct stress_error *ret_error);

/* NULL: it is a run that can be shown; else what is wrong with it. */
const char *page_find_fault(const json_t *run);

struct page_run {
	const char *label; /* shown to people; any bytes */
	json_t *run;
};

/* The first run is what the others are compared with. -errno of writing. */
int page_write(const struct page_run *runs, size_t n, FILE *to);

/*
 * `uswap-stress report RUN.json [OTHER.json] [-o FILE]`: words[0..n-1] are what follows "report".
 * Without FILE the page is RUN.html, and that is printed. -EINVAL: wrong words, or no such report;
 * -errno of writing.
 */
int page_command(char **words, int n, struct stress_error *ret_error);
