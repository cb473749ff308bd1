/* SPDX-License-Identifier: Apache-2.0 */
/* What a run showed: a table for people, JSON for programs. */
#pragma once

#include "stress/run/run.h"

#include <stdio.h>

/*
 * The JSON's version. Fields are added without a new version; a changed or removed field makes a
 * new one. Units are in the names; events are differences over the measured phase.
 */
#define REPORT_SCHEMA "uswap-stress/1"

/* Of a run that was measured. */
void report_table(const struct run *run, FILE *to);

/* -errno of writing. */
int report_json(const struct run *run, FILE *to);

/* The samples: names in the first line, then a line each. -errno of writing. */
int report_csv(const struct run *run, FILE *to);

/* series.c: the samples as a JSON object of arrays; NULL: no memory. The caller gives it back. */
struct json_t *report_series(const struct run *run);

/* "ok", "oom-killed", ... */
const char *worker_end_name(enum worker_end end);
