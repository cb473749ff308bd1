/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is seen while a job runs: on a terminal a screen that is painted anew a few times a second,
 * never taller or wider than the terminal; elsewhere a plain line every ten seconds.
 */
#pragma once

#include "base/cleanup.h"
#include "stress/run/run.h"

#include <stddef.h>
#include <stdio.h>

struct live;

/* NULL: no memory, and nothing to see. to is not owned. */
struct live *live_new(FILE *to);
struct live *live_free(struct live *live);
DEFINE_CLEANUP(struct live *, live_free)

/*
 * On a terminal: says that loads are being prepared, which takes its time where files are written.
 * live may be NULL, here and below.
 */
void live_begin(struct live *live, size_t n_loads);

/* Called at every sample; paints when it is time to. */
void live_show(struct live *live, const struct run *run);

/* Takes the screen away: the report comes in its place. */
void live_end(struct live *live);

/*
 * The screen as text, whole lines of at most width - 1 columns, at most height of them. Figures are
 * of the time since the call before. Returns the number of lines; text is NUL-ended.
 */
size_t live_paint(struct live *live, const struct run *run, size_t width, size_t height, char *text,
		  size_t size);
