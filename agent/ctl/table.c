/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/table.h"

#include "base/escape.h"

#include <errno.h>
#include <string.h>

/* A line of text, or cells, n_columns of them. */
struct row {
	char *line;
	char **cells;
};

struct table {
	const struct table_column *columns;
	size_t n_columns;
	size_t widths[TABLE_COLUMNS_MAX];
	struct row *rows;
	size_t n_rows, capacity;
};

struct table *table_new(const struct table_column *columns, size_t n_columns)
{
	struct table *table = n_columns <= TABLE_COLUMNS_MAX ? calloc(1, sizeof(*table)) : NULL;

	if (!table)
		return NULL;
	table->columns = columns;
	table->n_columns = n_columns;
	for (size_t i = 0; i < n_columns; i++)
		table->widths[i] = strlen(columns[i].name);
	return table;
}

static void free_row(const struct table *table, struct row *row)
{
	for (size_t i = 0; row->cells && i < table->n_columns; i++)
		free(row->cells[i]);
	free(row->cells);
	free(row->line);
}

struct table *table_free(struct table *table)
{
	if (!table)
		return NULL;
	for (size_t i = 0; i < table->n_rows; i++)
		free_row(table, &table->rows[i]);
	free(table->rows);
	free(table);
	return NULL;
}

static char *escaped_copy(const char *text)
{
	size_t size = ESCAPE_SIZE(strlen(text));
	char *copy = malloc(size);

	return copy ? escape_ascii(copy, size, text) : NULL;
}

static int add_row(struct table *table, struct row row)
{
	if (table->n_rows == table->capacity) {
		size_t capacity = table->capacity > 0 ? 2 * table->capacity : 16;
		struct row *rows = realloc(table->rows, capacity * sizeof(*rows));

		if (!rows) {
			free_row(table, &row);
			return -ENOMEM;
		}
		table->rows = rows;
		table->capacity = capacity;
	}
	table->rows[table->n_rows++] = row;
	return 0;
}

int table_add_line(struct table *table, const char *text)
{
	struct row row = {.line = escaped_copy(text)};

	return row.line ? add_row(table, row) : -ENOMEM;
}

int table_add(struct table *table, const char *heading, const char *const *cells)
{
	struct row row = {.cells = calloc(table->n_columns, sizeof(*row.cells))};
	int r = row.cells ? 0 : -ENOMEM;

	for (size_t i = 0; r == 0 && i < table->n_columns; i++) {
		row.cells[i] = escaped_copy(cells[i]);
		if (row.cells[i])
			table->widths[i] = MAX(table->widths[i], strlen(row.cells[i]));
		else
			r = -ENOMEM;
	}
	if (r == 0 && heading)
		r = table_add_line(table, heading);
	if (r < 0) {
		free_row(table, &row);
		return r;
	}
	return add_row(table, row);
}

/* The last column, when it is aligned to the left, gets no blanks behind it. */
static void print_cell(const struct table *table, size_t column, const char *text, FILE *out)
{
	int width = (int)table->widths[column];

	if (column > 0)
		fputc(' ', out);
	if (!table->columns[column].left)
		fprintf(out, "%*s", width, text);
	else if (column + 1 < table->n_columns)
		fprintf(out, "%-*s", width, text);
	else
		fputs(text, out);
}

bool table_is_empty(const struct table *table)
{
	return table->n_rows == 0;
}

void table_print(const struct table *table, FILE *out)
{
	for (size_t i = 0; i < table->n_columns; i++)
		print_cell(table, i, table->columns[i].name, out);
	fputc('\n', out);
	for (size_t i = 0; i < table->n_rows; i++) {
		const struct row *row = &table->rows[i];

		if (row->line)
			fputs(row->line, out);
		for (size_t j = 0; row->cells && j < table->n_columns; j++)
			print_cell(table, j, row->cells[j], out);
		fputc('\n', out);
	}
}
