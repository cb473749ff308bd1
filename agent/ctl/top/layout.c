/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/top/layout.h"

#include "agent/ctl/show.h"
#include "base/escape.h"
#include "base/saturate.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SCALE_COLUMNS 6
#define BAR_LEVELS    8
#define FIXED_COLUMNS 59 /* of a group's line, without its name */
#define NAME_COLUMNS  12 /* at least */

/* A size, or a count, for one printf. */
#define SIZE(bytes)  show_size((char[SHOW_SIZE_BYTES]){""}, bytes)
#define COUNT(count) show_known_count((char[SHOW_SIZE_BYTES]){""}, count)

struct canvas {
	struct top_line *lines;
	size_t columns, rows, used;
	bool utf8;
};

static char *show_known_count(char cell[SHOW_SIZE_BYTES], uint64_t count)
{
	if (count == UINT64_MAX)
		return strcpy(cell, "-");
	return show_count(cell, count);
}

/* The next line; NULL: beyond the last row. */
static struct top_line *next_line(struct canvas *c, enum top_style style)
{
	struct top_line *line = &c->lines[c->used];

	if (c->used == c->rows)
		return NULL;
	c->used++;
	line->style = style;
	line->text[0] = '\0';
	return line;
}

/* How much of a line fits, broken at a blank where there is one. */
static size_t fitting(const char *line, size_t n, size_t columns)
{
	size_t at = columns;

	if (n <= columns)
		return n;
	while (at > columns / 2 && line[at] != ' ')
		at--;
	return line[at] == ' ' ? at : columns;
}

/* Cuts to the width: half a number is worse than none. What stands out does so over all of it. */
static void __attribute__((format(printf, 3, 4)))
add_line(struct canvas *c, enum top_style style, const char *format, ...)
{
	struct top_line *line = next_line(c, style);
	va_list ap;
	size_t n;

	if (!line)
		return;
	va_start(ap, format);
	(void)vsnprintf(line->text, sizeof(line->text), format, ap);
	va_end(ap);
	n = fitting(line->text, strlen(line->text), c->columns);
	line->text[n] = '\0';
	if (style == TOP_HEADING || style == TOP_SELECTED) {
		memset(line->text + n, ' ', c->columns - n);
		line->text[c->columns] = '\0';
	}
}

/* How many nodes are shown, and whether with their bars: half of the screen is for groups. */
static size_t shown_nodes(const struct top_model *m, size_t rows, bool *ret_bars)
{
	size_t half = rows / 2 > 2 ? rows / 2 - 2 : 0;

	*ret_bars = 2 * m->n_nodes <= half;
	return MIN(m->n_nodes, half);
}

size_t top_page(const struct top_model *m, size_t rows)
{
	bool bars;
	size_t nodes = shown_nodes(m, rows, &bars);
	/* The title, two headings, the last line. */
	size_t others = m->view == TOP_LINES ? 2 : 4 + nodes * (bars ? 2 : 1);

	return rows > others ? rows - others : 1;
}

/* One bar a picture, against the most that is shown or the high watermark, which stands before. */
static void add_history(struct canvas *c, const struct top_node *node)
{
	static const char *const blocks[BAR_LEVELS] = {
		"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588",
	};
	static const char *const ascii[BAR_LEVELS] = {"_", ".", ":", "-", "=", "+", "*", "#"};
	struct top_line *line = next_line(c, TOP_FAINT);
	size_t room = c->columns > SCALE_COLUMNS ? c->columns - SCALE_COLUMNS : 0;
	size_t n = MIN(node->n_history, room), used;
	const uint64_t *first = node->history + node->n_history - n;
	uint64_t most = MAX(node->high_bytes, UINT64_C(1));

	if (!line || n == 0)
		return;
	for (size_t i = 0; i < n; i++)
		most = MAX(most, first[i]);
	used = (size_t)snprintf(line->text, SCALE_COLUMNS + 1, "%5s ", SIZE(most));
	for (size_t i = 0; i < n; i++) {
		size_t level = (size_t)((unsigned __int128)first[i] * (BAR_LEVELS - 1) / most);
		const char *bar = c->utf8 ? blocks[level] : ascii[level];

		memcpy(line->text + used, bar, strlen(bar) + 1);
		used += strlen(bar);
	}
}

static void add_node(struct canvas *c, const struct top_node *node)
{
	if (!node->answered) {
		add_line(c, TOP_LOW, "%4" PRIu64 " did not answer", node->node);
		return;
	}
	add_line(c, node->free_bytes < node->high_bytes ? TOP_LOW : TOP_PLAIN,
		 "%4" PRIu64 " %5s %5s %5s %5s %6s %6s %5s %6s %5s %s", node->node,
		 SIZE(node->free_bytes), SIZE(node->low_bytes), SIZE(node->high_bytes),
		 SIZE(node->room_bytes), SIZE(node->margin_bytes), SIZE(node->rate_bytes_per_s),
		 SIZE(node->doings.taken_bytes), SIZE(node->doings.back_bytes_per_s),
		 COUNT(node->doings.price_us_per_mib), node->doings.why);
}

static void add_nodes(struct canvas *c, const struct top_model *m)
{
	bool bars;
	size_t n = shown_nodes(m, c->rows, &bars);

	add_line(c, TOP_HEADING, "%s",
		 "NODE  FREE   LOW  HIGH  ROOM MARGIN RATE/s TAKEN BACK/s  us/M WHY");
	for (size_t i = 0; i < n; i++) {
		add_node(c, &m->nodes[i]);
		if (bars)
			add_history(c, &m->nodes[i]);
	}
}

static size_t escaped_length(const char *path)
{
	char escaped[ESCAPE_SIZE(1024)];

	return strlen(escape_ascii(escaped, sizeof(escaped), path));
}

/* A long name loses its front: what tells groups apart stands at the end. */
static char *name_cell(char *cell, size_t width, const char *path)
{
	char escaped[ESCAPE_SIZE(1024)];
	size_t n;

	escape_ascii(escaped, sizeof(escaped), path);
	n = strlen(escaped);
	if (n <= width)
		(void)snprintf(cell, width + 1, "%s", escaped);
	else
		(void)snprintf(cell, width + 1, "...%s", escaped + n - (width - 3));
	return cell;
}

static void add_group(struct canvas *c, const struct top_group *group, size_t width, bool selected)
{
	char name[TOP_COLUMNS_MAX + 1];
	const struct top_doings *doings = &group->doings;

	add_line(c, selected ? TOP_SELECTED : TOP_PLAIN,
		 "%-*s %5s %5s %5s %3u.%u%% %6s %5s %5s %-14s", (int)width,
		 name_cell(name, width, group->path), SIZE(group->current_bytes),
		 SIZE(group->limit_bytes), SIZE(group->cold_bytes),
		 (unsigned int)(group->stalled_permyriad / 100),
		 (unsigned int)(group->stalled_permyriad / 10 % 10), SIZE(doings->back_bytes_per_s),
		 SIZE(doings->taken_bytes), COUNT(doings->price_us_per_mib), doings->why);
}

/* As wide as the longest name asks for: on a wide terminal the rest stays beside it. */
static size_t name_width(const struct canvas *c, const struct top_model *m)
{
	size_t room = MAX(c->columns, (size_t)(FIXED_COLUMNS + NAME_COLUMNS)) - FIXED_COLUMNS;
	size_t longest = NAME_COLUMNS;

	for (size_t i = 0; i < m->n_shown && longest < room; i++)
		longest = MAX(longest, escaped_length(m->groups[m->shown[i]].path));
	return MIN(longest, room);
}

static void add_groups(struct canvas *c, const struct top_model *m)
{
	size_t width = name_width(c, m);
	size_t page = top_page(m, c->rows), selected = 0, first;
	const struct top_group *group = top_selected(m, &selected);

	add_line(c, TOP_HEADING, "%-*s %5s %5s %5s %6s %6s %5s %5s %-14s", (int)width, "GROUP",
		 "USED", "LIMIT", "COLD", "STALL", "BACK/s", "TAKEN", "us/M", "WHY");
	if (!group && m->seen)
		add_line(c, TOP_FAINT, "%s",
			 *m->filter ? "No group's name has what you look for."
				    : "No group has a limit (memory.high, memory.max).");
	first = selected / page * page;
	for (size_t i = first; i < MIN(first + page, m->n_shown); i++)
		add_group(c, &m->groups[m->shown[i]], width, i == selected);
}

static void add_wrapped(struct canvas *c, const char *line)
{
	size_t n = strlen(line);

	do {
		size_t fits = fitting(line, n, c->columns);

		add_line(c, TOP_PLAIN, "%.*s", (int)fits, line);
		fits += line[fits] == ' ';
		line += fits;
		n -= fits;
	} while (n > 0);
}

static void add_text(struct canvas *c, const struct top_model *m)
{
	const char *line = m->lines;
	char text[1024], escaped[ESCAPE_SIZE(sizeof(text))];

	for (size_t i = 0; *line && c->used + 1 < c->rows; i++) {
		size_t n = strcspn(line, "\n");

		(void)snprintf(text, sizeof(text), "%.*s", (int)MIN(n, sizeof(text) - 1), line);
		if (i >= m->first_line)
			add_wrapped(c, escape_ascii(escaped, sizeof(escaped), text));
		line += n + (line[n] == '\n');
	}
}

/* The last row is kept for what add_last() has to say. */
static void add_last(struct canvas *c, const struct top_model *m)
{
	c->used = MIN(c->used, c->rows - 1);
	while (c->used + 1 < c->rows)
		add_line(c, TOP_PLAIN, "%s", "");
	if (m->view == TOP_ASK_FILTER)
		add_line(c, TOP_TITLE, "only groups with: %s_", m->typed);
	else if (m->view == TOP_ASK_BYTES)
		add_line(c, TOP_TITLE, "reclaim how much, as in 64M (nothing: look now): %s_",
			 m->typed);
	else if (*m->trouble)
		add_line(c, TOP_TITLE, "%s", m->trouble);
	else if (*m->notice)
		add_line(c, TOP_TITLE, "%s", m->notice);
	else if (m->view == TOP_LINES)
		add_line(c, TOP_FAINT, "Up Down  any other key: back");
	else
		add_line(c, TOP_FAINT,
			 "q quit  s sort  / filter  p pause  w reclaim  e explain  h help");
}

void top_layout(const struct top_model *m, size_t columns, size_t rows, bool utf8,
		struct top_line *lines)
{
	struct canvas c = {.lines = lines, .columns = columns, .rows = rows, .utf8 = utf8};
	char right[128];

	(void)snprintf(right, sizeof(right), "%s%zu of %zu groups by %s%s",
		       m->paused ? "PAUSED  " : "", m->n_shown, m->n_groups, top_sort_name(m->sort),
		       m->reversed ? ", reversed" : "");
	add_line(&c, TOP_TITLE, "%-*s  %s", (int)minus(columns, strlen(right) + 2), m->agent,
		 right);
	if (m->view == TOP_LINES) {
		add_text(&c, m);
	} else {
		add_nodes(&c, m);
		add_groups(&c, m);
	}
	add_last(&c, m);
}
