/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lines.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Moves what is left to the front and reads more behind it. */
static int fill(struct line_reader *r)
{
	ssize_t n;

	memmove(r->text, r->text + r->begin, r->end - r->begin);
	r->end -= r->begin;
	r->begin = 0;
	do
		n = read(r->fd, r->text + r->end, sizeof(r->text) - r->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	r->ended = n == 0;
	r->end += (size_t)n;
	return 0;
}

int line_reader_next(struct line_reader *r, const char **ret_line, size_t *ret_length)
{
	for (;;) {
		char *line = r->text + r->begin;
		char *newline = memchr(line, '\n', r->end - r->begin);
		bool full = r->begin == 0 && r->end == sizeof(r->text);
		bool cut = r->cutting;
		int error;

		if (newline || full || (r->ended && r->begin < r->end)) {
			*ret_line = line;
			*ret_length = newline ? (size_t)(newline - line) : r->end - r->begin;
			r->begin += *ret_length + (newline ? 1 : 0);
			r->cutting = !newline && full;
			if (cut)
				continue;
			return 1;
		}
		if (r->ended)
			return 0;
		error = fill(r);
		if (error < 0)
			return error;
	}
}
