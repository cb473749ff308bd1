/* SPDX-License-Identifier: Apache-2.0 */
/* From Prometheus' text format 0.0.4, in which the agent answers, to OpenMetrics 1.0. Pure. */
#pragma once

#include <stddef.h>

/*
 * OpenMetrics names a family of counters without the _total of its samples: it is taken out of the
 * lines of comment, in place. Returns the new length.
 */
size_t openmetrics_from_text(char *text, size_t n);
