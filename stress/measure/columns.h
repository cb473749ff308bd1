/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sample holds, as tables: the JSON's series and the CSV are written from them. Names end in
 * their units as everywhere.
 */
#pragma once

#include "stress/measure/measure.h"

enum column_kind {
	COLUMN_LEVEL,	 /* as it was at the moment of the sample */
	COLUMN_COUNTER,	 /* what happened since the beginning of the measured phase */
	COLUMN_INTERVAL, /* of the time since the sample before */
};

struct column {
	const char *name;
	size_t offset; /* of a uint64_t in the reading */
	enum column_kind kind;
};

struct column_table {
	const struct column *columns;
	size_t n;
};

/* Of struct machine_reading, node_reading, group_reading and load_reading. */
extern const struct column_table machine_columns, node_columns, group_columns, load_columns;

/* begin: the reading that counters count from, NULL if they count from 0. */
uint64_t column_value(const struct column *column, const void *reading, const void *begin);
