/* SPDX-License-Identifier: Apache-2.0 */
/* What the parts of the JSON share. */
#pragma once

#include "base/cleanup.h"
#include "stress/run/run.h"

#include <jansson.h>
#include <stdint.h>

/*
 * jansson's _new calls take NULL for a value that could not be allocated and fail; what is missing
 * then is found at the end: dumping a NULL root fails.
 */
static inline json_t *number(uint64_t value)
{
	return json_integer((json_int_t)MIN(value, (uint64_t)INT64_MAX));
}

static inline void put(json_t *to, const char *key, uint64_t value)
{
	(void)json_object_set_new(to, key, number(value));
}

/* Counters go back when a group is re-read while the kernel folds its CPUs' shares. */
static inline uint64_t grown(uint64_t begin, uint64_t end)
{
	return end > begin ? end - begin : 0;
}

/* A load and how it went. */
json_t *load_json(const struct run_worker *worker);
