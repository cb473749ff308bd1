/* SPDX-License-Identifier: Apache-2.0 */
/* What each key does. */
#include "agent/ctl/top/model.h"

#include <ctype.h>
#include <string.h>

#define HELP                                                                                 \
	"Up, Down, Page Up, Page Down   choose a group\n"                                    \
	"s                              sort by the next column; r: the other way round\n"   \
	"/                              show only groups with a text in their name\n"        \
	"e, Enter                       why the agent did or did not act on the group\n"     \
	"a                              what is being done and what is held back\n"          \
	"w                              reclaim now: so much on all nodes, or have a look\n" \
	"p, space                       keep this picture, or go on\n"                       \
	"q                              quit\n"                                              \
	"\n"                                                                                 \
	"Nodes: FREE with the kernel's watermarks LOW and HIGH, ROOM above what would\n"     \
	"wake kswapd and the MARGIN kept of it, RATE/s at which it is used up; below it\n"   \
	"free memory over time.\n"                                                           \
	"Groups: USED of LIMIT, COLD as far as known, STALL: share of time that tasks\n"     \
	"waited for memory.\n"                                                               \
	"Both: TAKEN by the agent since it began, BACK/s: of that read back a second,\n"     \
	"us/M: CPU time for each MiB, WHY: the last verdict.\n"

static size_t line_count(const char *lines)
{
	size_t n = 0;

	for (; *lines; lines++)
		n += *lines == '\n';
	return n;
}

/* Where a step leads from index, among n. */
static size_t moved(size_t index, int key, size_t rows, size_t n)
{
	size_t page = MAX(rows, (size_t)1);

	switch (key) {
	case TOP_KEY_UP:
		return index - (index > 0);
	case TOP_KEY_DOWN:
		index++;
		break;
	case TOP_KEY_PAGE_UP:
		return index - MIN(index, page);
	case TOP_KEY_PAGE_DOWN:
		index += page;
		break;
	default:
		break;
	}
	return MIN(index, n - 1);
}

static void select_another(struct top_model *m, int key, size_t rows)
{
	size_t index;

	if (top_selected(m, &index))
		m->selected_id = m->groups[m->shown[moved(index, key, rows, m->n_shown)]].id;
}

static void ask(struct top_model *m, enum top_view view, const char *typed)
{
	m->view = view;
	(void)snprintf(m->typed, sizeof(m->typed), "%s", typed);
}

static void show_help(struct top_model *m)
{
	char *help = strdup(HELP);

	if (help)
		top_show_lines(m, help);
}

static enum top_order list_key(struct top_model *m, int key, size_t rows)
{
	switch (key) {
	case 'q':
		return TOP_QUIT;
	case 's':
		m->sort = (m->sort + 1) % TOP_SORTS;
		top_arrange(m);
		break;
	case 'r':
		m->reversed = !m->reversed;
		top_arrange(m);
		break;
	case '/':
		ask(m, TOP_ASK_FILTER, m->filter);
		break;
	case 'w':
		ask(m, TOP_ASK_BYTES, "");
		break;
	case 'p':
	case ' ':
		m->paused = !m->paused;
		break;
	case 'e':
	case TOP_KEY_ENTER:
		return top_selected(m, NULL) ? TOP_EXPLAIN : TOP_EXPLAIN_ALL;
	case 'a':
		return TOP_EXPLAIN_ALL;
	case 'h':
	case '?':
		show_help(m);
		break;
	default:
		select_another(m, key, rows);
	}
	return TOP_NOTHING;
}

static void lines_key(struct top_model *m, int key, size_t rows)
{
	size_t n = line_count(m->lines);

	if (key == TOP_KEY_UP || key == TOP_KEY_DOWN || key == TOP_KEY_PAGE_UP ||
	    key == TOP_KEY_PAGE_DOWN)
		m->first_line = moved(m->first_line, key, rows, MAX(n, (size_t)1));
	else
		m->view = TOP_LIST;
}

static enum top_order typed_key(struct top_model *m, int key)
{
	enum top_view view = m->view;
	size_t n = strlen(m->typed);

	if (key == TOP_KEY_ESCAPE || key == TOP_KEY_ENTER)
		m->view = TOP_LIST;
	if (key == TOP_KEY_BACKSPACE && n > 0)
		m->typed[n - 1] = '\0';
	else if (key < 0x80 && isprint(key) && n + 1 < sizeof(m->typed))
		(void)snprintf(m->typed + n, sizeof(m->typed) - n, "%c", key);
	if (view == TOP_ASK_BYTES)
		return key == TOP_KEY_ENTER ? TOP_WAKE : TOP_NOTHING;
	/* Seen while it is typed. */
	(void)snprintf(m->filter, sizeof(m->filter), "%s", key == TOP_KEY_ESCAPE ? "" : m->typed);
	top_arrange(m);
	return TOP_NOTHING;
}

enum top_order top_key(struct top_model *m, int key, size_t rows)
{
	m->notice[0] = '\0';
	switch (m->view) {
	case TOP_LIST:
		return list_key(m, key, rows);
	case TOP_LINES:
		lines_key(m, key, rows);
		return TOP_NOTHING;
	default:
		return typed_key(m, key);
	}
}
