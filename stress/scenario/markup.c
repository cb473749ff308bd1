/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/scenario/markup.h"

#include "base/cleanup.h"
#include "base/escape.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static void put_character(const char *c, FILE *to)
{
	switch (*c) {
	case '<':
		(void)fputs("&lt;", to);
		break;
	case '>':
		(void)fputs("&gt;", to);
		break;
	case '&':
		(void)fputs("&amp;", to);
		break;
	case '"':
		(void)fputs("&quot;", to);
		break;
	default:
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			(void)fprintf(to, "\\x%02x", (unsigned char)*c);
		else
			(void)fputc(*c, to);
	}
}

static void put_valid(const char *text, FILE *to)
{
	for (; *text; text++) {
		bool noncharacter = strncmp(text, "\xef\xbf\xbe", 3) == 0 ||
				    strncmp(text, "\xef\xbf\xbf", 3) == 0;

		if (noncharacter) {
			(void)fprintf(to, "\\xef\\xbf\\x%02x", (unsigned char)text[2]);
			text += 2;
		} else {
			put_character(text, to);
		}
	}
}

static int put_text(const char *text, FILE *to)
{
	size_t size = ESCAPE_SIZE(strlen(text));
	_cleanup_free_ char *escaped = malloc(size);

	if (!escaped)
		return -ENOMEM;
	put_valid(escape_utf8(escaped, size, text), to);
	return 0;
}

int markup_put(const char *before, const char *text, const char *after, FILE *to)
{
	int r;

	if (!text)
		return 0;
	(void)fputs(before, to);
	r = put_text(text, to);
	(void)fputs(after, to);
	return r;
}
