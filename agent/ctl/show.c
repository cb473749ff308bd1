/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/show.h"

#include "agent/ctl/reader.h"
#include "agent/ctl/table.h"
#include "base/cleanup.h"
#include "base/escape.h"
#include "base/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#define CELL_BYTES 32
#define LINE_BYTES 2048 /* the longest metric has fewer than 1500 */

/* In tenths below ten of a unit, as in 9.5M; cut, not rounded. */
static char *scaled(char cell[SHOW_SIZE_BYTES], uint64_t value, uint64_t base, const char *units)
{
	uint64_t scale = 1;
	size_t unit = 0;

	while (value / scale >= base && units[unit + 1]) {
		scale *= base;
		unit++;
	}
	if (unit > 0 && value / scale < 10)
		(void)snprintf(cell, SHOW_SIZE_BYTES, "%u.%u%c", (unsigned int)(value / scale),
			       (unsigned int)(value % scale * 10 / scale), units[unit]);
	else if (unit > 0)
		(void)snprintf(cell, SHOW_SIZE_BYTES, "%u%c", (unsigned int)(value / scale),
			       units[unit]);
	else
		(void)snprintf(cell, SHOW_SIZE_BYTES, "%u", (unsigned int)value);
	return cell;
}

char *show_size(char cell[SHOW_SIZE_BYTES], uint64_t bytes)
{
	if (bytes == UINT64_MAX) {
		memcpy(cell, "-", 2);
		return cell;
	}
	return scaled(cell, bytes, 1024, "BKMGTPE");
}

char *show_count(char cell[SHOW_SIZE_BYTES], uint64_t count)
{
	if (count < 100000) {
		(void)snprintf(cell, SHOW_SIZE_BYTES, "%u", (unsigned int)count);
		return cell;
	}
	return scaled(cell, count, 1000, " kMGTPE");
}

/* "1.5ms" */
static char *show_time(char cell[CELL_BYTES], uint64_t ns)
{
	char *blank;

	blank = strchr(format_duration(cell, CELL_BYTES, ns), ' ');
	if (blank)
		memmove(blank, blank + 1, strlen(blank));
	return cell;
}

enum node_column {
	NODE_NUMBER,
	NODE_FREE,
	NODE_ROOM,
	NODE_MARGIN,
	NODE_RATE,
	NODE_STATE,
	NODE_TAKEN,
	NODE_NET,
	NODE_BACK,
	NODE_CPU,
	NODE_COLUMNS,
};

static const struct table_column node_columns[NODE_COLUMNS] = {
	[NODE_NUMBER] = {"NODE", false}, [NODE_FREE] = {"FREE", false},
	[NODE_ROOM] = {"ROOM", false},	 [NODE_MARGIN] = {"MARGIN", false},
	[NODE_RATE] = {"RATE/s", false}, [NODE_STATE] = {"STATE", true},
	[NODE_TAKEN] = {"TAKEN", false}, [NODE_NET] = {"NET", false},
	[NODE_BACK] = {"BACK", false},	 [NODE_CPU] = {"CPU", false},
};

enum group_column {
	GROUP_USED,
	GROUP_LIMIT,
	GROUP_KIND,
	GROUP_ROOM,
	GROUP_MARGIN,
	GROUP_RATE,
	GROUP_STATE,
	GROUP_TAKEN,
	GROUP_BACK,
	GROUP_CPU,
	GROUP_EVENTS,
	GROUP_COLUMNS,
};

/* Each group's path has a line of its own above its numbers. */
static const struct table_column group_columns[GROUP_COLUMNS] = {
	[GROUP_USED] = {"   USED", false},  [GROUP_LIMIT] = {"LIMIT", false},
	[GROUP_KIND] = {"KIND", true},	    [GROUP_ROOM] = {"ROOM", false},
	[GROUP_MARGIN] = {"MARGIN", false}, [GROUP_RATE] = {"RATE/s", false},
	[GROUP_STATE] = {"STATE", true},    [GROUP_TAKEN] = {"TAKEN", false},
	[GROUP_BACK] = {"BACK", false},	    [GROUP_CPU] = {"CPU", false},
	[GROUP_EVENTS] = {"EVENTS", false},
};

enum trim_column {
	TRIM_USED,
	TRIM_COLD,
	TRIM_STATE,
	TRIM_WANTED,
	TRIM_TAKEN,
	TRIM_NET,
	TRIM_BACK,
	TRIM_CPU,
	TRIM_COLUMNS,
};

static const struct table_column trim_columns[TRIM_COLUMNS] = {
	[TRIM_USED] = {"   USED", false}, [TRIM_COLD] = {"COLD", false},
	[TRIM_STATE] = {"TRIM", true},	  [TRIM_WANTED] = {"STEP", false},
	[TRIM_TAKEN] = {"TAKEN", false},  [TRIM_NET] = {"NET", false},
	[TRIM_BACK] = {"BACK", false},	  [TRIM_CPU] = {"CPU", false},
};

enum device_column {
	DEVICE_NUMBER,
	DEVICE_WRITTEN,
	DEVICE_CLEAN,
	DEVICE_SLOWEST,
	DEVICE_RATE,
	DEVICE_GIVEN_UP,
	DEVICE_COLUMNS,
};

static const struct table_column device_columns[DEVICE_COLUMNS] = {
	[DEVICE_NUMBER] = {"DEVICE", true},   [DEVICE_WRITTEN] = {"WRITTEN", false},
	[DEVICE_CLEAN] = {"CLEAN", false},    [DEVICE_SLOWEST] = {"SLOWEST", false},
	[DEVICE_RATE] = {"AT MOST/s", false}, [DEVICE_GIVEN_UP] = {"GIVEN UP", false},
};

/* Returns 0, -EPROTO or -ENOMEM. */
static int add_node(struct table *table, const json_t *object)
{
	struct reader node = {object, false};
	char cells[NODE_COLUMNS][CELL_BYTES];
	const char *texts[NODE_COLUMNS];
	struct reader verdict, ledger;
	uint64_t id = reader_number(&node, "node");

	if (!reader_flag(&node, "answered")) {
		(void)snprintf(cells[0], CELL_BYTES, "%4" PRIu64 " did not answer", id);
		return node.bad ? -EPROTO : table_add_line(table, cells[0]);
	}
	verdict = reader_member(&node, "verdict");
	ledger = reader_member(&node, "ledger");
	for (size_t i = 0; i < NODE_COLUMNS; i++)
		texts[i] = cells[i];
	(void)snprintf(cells[NODE_NUMBER], CELL_BYTES, "%" PRIu64, id);
	show_size(cells[NODE_FREE], reader_number(&node, "free_bytes"));
	show_size(cells[NODE_ROOM], reader_number(&verdict, "room_bytes"));
	show_size(cells[NODE_MARGIN], reader_number(&verdict, "margin_bytes"));
	show_size(cells[NODE_RATE], reader_number(&verdict, "rate_bytes_per_s"));
	texts[NODE_STATE] = reader_text(&verdict, "reason");
	show_size(cells[NODE_TAKEN], reader_number(&ledger, "applied_bytes"));
	show_size(cells[NODE_NET], reader_number(&ledger, "net_freed_bytes"));
	show_size(cells[NODE_BACK], reader_number(&ledger, "refaulted_bytes"));
	show_time(cells[NODE_CPU], reader_number(&node, "cpu_ns"));
	if (node.bad || verdict.bad || ledger.bad)
		return -EPROTO;
	return table_add(table, NULL, texts);
}

static int add_group(struct table *table, const json_t *object)
{
	struct reader group = {object, false};
	struct reader verdict = reader_member(&group, "verdict"),
		      ledger = reader_member(&group, "ledger");
	const char *path = reader_text(&group, "path"), *kind = reader_text(&group, "limit");
	const char *events = strcmp(kind, "high") == 0 ? "events_high" : "events_max";
	char cells[GROUP_COLUMNS][CELL_BYTES];
	const char *texts[GROUP_COLUMNS];

	if (!reader_flag(&group, "owns_limit"))
		return group.bad ? -EPROTO : 0;
	for (size_t i = 0; i < GROUP_COLUMNS; i++)
		texts[i] = cells[i];
	show_size(cells[GROUP_USED], reader_number(&group, "current_bytes"));
	show_size(cells[GROUP_LIMIT], reader_number(&group, "limit_bytes"));
	texts[GROUP_KIND] = kind;
	show_size(cells[GROUP_ROOM], reader_number(&verdict, "room_bytes"));
	show_size(cells[GROUP_MARGIN], reader_number(&verdict, "margin_bytes"));
	show_size(cells[GROUP_RATE], reader_number(&verdict, "rate_bytes_per_s"));
	texts[GROUP_STATE] = reader_text(&verdict, "reason");
	show_size(cells[GROUP_TAKEN], reader_number(&ledger, "applied_bytes"));
	show_size(cells[GROUP_BACK], reader_number(&ledger, "refaulted_bytes"));
	show_time(cells[GROUP_CPU], reader_number(&ledger, "cpu_ns"));
	show_count(cells[GROUP_EVENTS], reader_number(&group, events));
	if (group.bad || verdict.bad || ledger.bad)
		return -EPROTO;
	return table_add(table, path, texts);
}

/* null: it is not trimmed. */
static int add_trim(struct table *table, const json_t *object)
{
	struct reader group = {object, false}, trim, ledger;
	const char *path = reader_text(&group, "path"), *texts[TRIM_COLUMNS];
	char cells[TRIM_COLUMNS][CELL_BYTES];

	if (json_is_null(json_object_get(object, "trim")))
		return 0;
	trim = reader_member(&group, "trim");
	ledger = reader_member(&trim, "ledger");
	for (size_t i = 0; i < TRIM_COLUMNS; i++)
		texts[i] = cells[i];
	show_size(cells[TRIM_USED], reader_number(&group, "current_bytes"));
	show_size(cells[TRIM_COLD], reader_number(&trim, "cold_bytes"));
	texts[TRIM_STATE] = reader_text(&trim, "reason");
	show_size(cells[TRIM_WANTED], reader_number(&trim, "wanted_bytes"));
	show_size(cells[TRIM_TAKEN], reader_number(&ledger, "applied_bytes"));
	show_size(cells[TRIM_NET], reader_number(&ledger, "net_freed_bytes"));
	show_size(cells[TRIM_BACK], reader_number(&ledger, "refaulted_bytes"));
	show_time(cells[TRIM_CPU], reader_number(&ledger, "cpu_ns"));
	if (group.bad || trim.bad || ledger.bad)
		return -EPROTO;
	return table_add(table, path, texts);
}

static int add_device(struct table *table, const json_t *object)
{
	struct reader device = {object, false};
	const char *texts[DEVICE_COLUMNS];
	char cells[DEVICE_COLUMNS][CELL_BYTES];

	for (size_t i = 0; i < DEVICE_COLUMNS; i++)
		texts[i] = cells[i];
	texts[DEVICE_NUMBER] = reader_text(&device, "device");
	show_size(cells[DEVICE_WRITTEN], reader_number(&device, "written_bytes"));
	show_size(cells[DEVICE_CLEAN], reader_number(&device, "cleaned_bytes"));
	show_time(cells[DEVICE_SLOWEST], reader_number(&device, "slowest_ns"));
	show_size(cells[DEVICE_RATE], reader_number(&device, "bound_bytes_per_s"));
	show_count(cells[DEVICE_GIVEN_UP], reader_number(&device, "given_up"));
	return device.bad ? -EPROTO : table_add(table, NULL, texts);
}

static int add_all(struct table *table, const json_t *array,
		   int (*add)(struct table *, const json_t *))
{
	int r = table ? 0 : -ENOMEM;

	if (!json_is_array(array))
		return -EPROTO;
	for (size_t i = 0; r == 0 && i < json_array_size(array); i++)
		r = add(table, json_array_get(array, i));
	return r;
}

static int compare_paths(const void *a, const void *b)
{
	const json_t *const *left = a, *const *right = b;

	return strcmp(json_string_value(json_object_get(*left, "path")) ?: "",
		      json_string_value(json_object_get(*right, "path")) ?: "");
}

/* The agent has them in the order it met them. The caller releases the array. */
static int sort_by_path(const json_t *groups, json_t **ret_sorted)
{
	size_t n = json_array_size(groups);
	_cleanup_free_ json_t **order = calloc(n + 1, sizeof(*order));
	json_auto_t *sorted = json_array();
	int r = 0;

	if (!json_is_array(groups))
		return -EPROTO;
	for (size_t i = 0; order && i < n; i++)
		order[i] = json_array_get(groups, i);
	if (order)
		qsort(order, n, sizeof(*order), compare_paths);
	for (size_t i = 0; order && i < n; i++)
		r |= json_array_append(sorted, order[i]);
	if (!order || !sorted || r != 0)
		return -ENOMEM;
	*ret_sorted = TAKE_PTR(sorted);
	return 0;
}

static void show_line(const char *prefix, const char *line, FILE *out)
{
	char escaped[ESCAPE_SIZE(LINE_BYTES)];

	fprintf(out, "%s%s\n", prefix, escape_ascii(escaped, sizeof(escaped), line));
}

static void show_head(struct reader *head, FILE *out)
{
	const json_t *degraded = json_object_get(head->object, "degraded");
	const json_t *write_back = json_object_get(head->object, "write_back");
	json_int_t given_up = json_integer_value(json_object_get(write_back, "devices_given_up"));
	const json_t *hands = json_object_get(head->object, "hands");
	json_int_t stuck = json_integer_value(json_object_get(hands, "stuck"));
	const char *mode = "";
	char up[FORMAT_DURATION_BYTES], line[256];

	if (reader_flag(head, "dry_run"))
		mode = ", dry run: it changes nothing";
	else if (strcmp(reader_text(head, "mode"), "observe") == 0)
		mode = ", observes: it changes nothing (uswapctl advise, enable)";
	else if (reader_flag(head, "paused"))
		mode = ", paused: it changes nothing (uswapctl resume)";
	(void)snprintf(line, sizeof(line), "uswapd %s, up %s%s", reader_text(head, "version"),
		       format_duration(up, sizeof(up), reader_number(head, "uptime_ns")), mode);
	show_line("", line, out);
	for (size_t i = 0; i < json_array_size(degraded); i++)
		show_line("! ", json_string_value(json_array_get(degraded, i)) ?: "", out);
	if (stuck > 0)
		fprintf(out,
			"! requests that the kernel keeps: %" JSON_INTEGER_FORMAT
			"; swap does not answer, and is not used (see the log)\n",
			stuck);
	if (json_is_true(json_object_get(head->object, "demotes")))
		fputs("! demotion is on: what is taken goes to slower nodes first (uswapd "
		      "--doctor)\n",
		      out);
	if (reader_number(head, "swap_writes_left_bytes") == 0)
		fputs("! nothing more goes to swap on disks today (protect.swap_writes)\n", out);
	if (given_up > 0)
		fprintf(out,
			"! %" JSON_INTEGER_FORMAT
			" devices do not answer: nothing is written back there (see the log)\n",
			given_up);
}

int show_status(const json_t *status, FILE *out)
{
	_cleanup_(table_freep) struct table *nodes = table_new(node_columns, NODE_COLUMNS);
	_cleanup_(table_freep) struct table *groups = table_new(group_columns, GROUP_COLUMNS);
	_cleanup_(table_freep) struct table *trimmed = table_new(trim_columns, TRIM_COLUMNS);
	_cleanup_(table_freep) struct table *devices = table_new(device_columns, DEVICE_COLUMNS);
	json_auto_t *sorted = NULL;
	const json_t *written = json_object_get(json_object_get(status, "write_back"), "devices");
	struct reader head = {status, false};
	int r;

	(void)reader_text(&head, "version");
	(void)reader_number(&head, "uptime_ns");
	(void)reader_flag(&head, "dry_run");
	(void)reader_text(&head, "mode");
	(void)reader_flag(&head, "paused");
	(void)reader_number(&head, "swap_writes_left_bytes");
	r = head.bad ? -EPROTO : 0;
	if (r == 0)
		r = add_all(nodes, json_object_get(status, "nodes"), add_node);
	if (r == 0)
		r = sort_by_path(json_object_get(status, "groups"), &sorted);
	if (r == 0)
		r = add_all(groups, sorted, add_group);
	if (r == 0)
		r = add_all(trimmed, sorted, add_trim);
	if (r == 0)
		r = add_all(devices, written, add_device);
	if (r < 0)
		return r;
	show_head(&head, out);
	fputc('\n', out);
	table_print(nodes, out);
	fputc('\n', out);
	if (!table_is_empty(groups))
		table_print(groups, out);
	else
		fputs("No group has a limit (memory.high, memory.max).\n", out);
	if (!table_is_empty(trimmed)) {
		fputc('\n', out);
		table_print(trimmed, out);
	}
	if (!table_is_empty(devices)) {
		fputc('\n', out);
		table_print(devices, out);
	}
	return 0;
}

void show_text(const char *lines, FILE *out)
{
	while (*lines) {
		size_t n = strcspn(lines, "\n");
		char line[LINE_BYTES];

		(void)snprintf(line, sizeof(line), "%.*s", (int)MIN(n, sizeof(line) - 1), lines);
		show_line("", line, out);
		lines += n + (lines[n] == '\n');
	}
}
