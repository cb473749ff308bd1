/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/top/screen.h"

#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <string.h>

#include <curses.h>

#define ESCAPE_MS 50 /* until Escape is a key and not the begin of another one */

struct screen {
	SCREEN *terminal;
	bool utf8;
	struct top_line lines[TOP_ROWS_MAX];
};

static const chtype styles[] = {
	[TOP_PLAIN] = A_NORMAL,		  [TOP_TITLE] = A_BOLD,
	[TOP_HEADING] = A_REVERSE,	  [TOP_SELECTED] = A_STANDOUT | A_BOLD,
	[TOP_LOW] = A_BOLD | A_UNDERLINE, [TOP_FAINT] = A_DIM,
};

int screen_open(struct screen **ret_screen)
{
	struct screen *screen;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))
		return -ENOTTY;
	screen = calloc(1, sizeof(*screen));
	if (!screen)
		return -ENOMEM;
	(void)setlocale(LC_CTYPE, "");
	screen->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	screen->terminal = newterm(NULL, stdout, stdin);
	if (!screen->terminal) {
		free(screen);
		return -ENOTTY;
	}
	(void)set_term(screen->terminal);
	(void)cbreak();
	(void)noecho();
	(void)keypad(stdscr, TRUE);
	(void)curs_set(0);
	(void)set_escdelay(ESCAPE_MS);
	*ret_screen = screen;
	return 0;
}

struct screen *screen_close(struct screen *screen)
{
	if (!screen)
		return NULL;
	(void)endwin();
	delscreen(screen->terminal);
	free(screen);
	return NULL;
}

size_t screen_rows(const struct screen *screen)
{
	(void)screen;
	return (size_t)CLAMP(getmaxy(stdscr), 1, TOP_ROWS_MAX);
}

void screen_draw(struct screen *screen, const struct top_model *model)
{
	size_t rows = screen_rows(screen);
	size_t columns = (size_t)CLAMP(getmaxx(stdscr), 1, TOP_COLUMNS_MAX);

	top_layout(model, columns, rows, screen->utf8, screen->lines);
	(void)erase();
	for (size_t i = 0; i < rows; i++) {
		(void)attrset((attr_t)styles[screen->lines[i].style]);
		(void)mvaddstr((int)i, 0, screen->lines[i].text);
	}
	(void)refresh();
}

/* A terminal that is closed always has something to read, and it is nothing. */
static bool is_gone(void)
{
	struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};

	return poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL));
}

int screen_key(struct screen *screen, int timeout_ms)
{
	int key;

	(void)screen;
	timeout(timeout_ms);
	key = getch();
	switch (key) {
	case ERR:
		return is_gone() ? SCREEN_GONE : SCREEN_NO_KEY;
	case KEY_RESIZE:
		return SCREEN_NO_KEY;
	case KEY_UP:
		return TOP_KEY_UP;
	case KEY_DOWN:
		return TOP_KEY_DOWN;
	case KEY_PPAGE:
		return TOP_KEY_PAGE_UP;
	case KEY_NPAGE:
		return TOP_KEY_PAGE_DOWN;
	case KEY_ENTER:
	case '\r':
	case '\n':
		return TOP_KEY_ENTER;
	case KEY_BACKSPACE:
	case 0x7f:
	case '\b':
		return TOP_KEY_BACKSPACE;
	case 0x1b:
		return TOP_KEY_ESCAPE;
	default:
		return key < 0x80 ? key : SCREEN_NO_KEY;
	}
}
