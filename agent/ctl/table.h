/* SPDX-License-Identifier: Apache-2.0 */
/* Tables for a terminal: columns as wide as their widest cell, cells escaped. */
#pragma once

#include "base/cleanup.h"

#include <stdbool.h>
#include <stdio.h>

struct table_column {
	const char *name;
	bool left; /* aligned so; numbers are not */
};

struct table;

/* At most TABLE_COLUMNS_MAX columns, which must outlive the table. NULL: no memory, or too many. */
#define TABLE_COLUMNS_MAX 16
struct table *table_new(const struct table_column *columns, size_t n_columns);
struct table *table_free(struct table *table);
DEFINE_CLEANUP(struct table *, table_free)

/*
 * Adds a row; cells has one text a column. heading, unless NULL, is a line of its own above it.
 * -ENOMEM.
 */
int table_add(struct table *table, const char *heading, const char *const *cells);

/* Adds a line of text instead of a row. -ENOMEM. */
int table_add_line(struct table *table, const char *text);

bool table_is_empty(const struct table *table);

void table_print(const struct table *table, FILE *out);
