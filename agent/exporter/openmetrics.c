/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/exporter/openmetrics.h"

#include "base/cleanup.h"

#include <string.h>

#define SUFFIX	 "_total"
#define SUFFIX_N (sizeof(SUFFIX) - 1)
#define HEAD_N	 (sizeof("# HELP ") - 1) /* and of "# TYPE " */

/* Where the name's suffix begins in a line "# HELP name_total ..."; NULL: there is none. */
static const char *find_suffix(const char *line, size_t n)
{
	const char *blank;

	if (n < HEAD_N ||
	    (memcmp(line, "# HELP ", HEAD_N) != 0 && memcmp(line, "# TYPE ", HEAD_N) != 0))
		return NULL;
	blank = memchr(line + HEAD_N, ' ', n - HEAD_N);
	if (!blank || (size_t)(blank - line) <= HEAD_N + SUFFIX_N ||
	    memcmp(blank - SUFFIX_N, SUFFIX, SUFFIX_N) != 0)
		return NULL;
	return blank - SUFFIX_N;
}

size_t openmetrics_from_text(char *text, size_t n)
{
	char *to = text;
	const char *from = text, *end = text + n, *at = text;

	/* Comments are few among samples: they are looked for by their first character. */
	while ((at = memchr(at, '#', (size_t)(end - at)))) {
		const char *suffix = NULL;

		if (at == text || at[-1] == '\n')
			suffix = find_suffix(at, (size_t)(end - at));
		at++;
		if (!suffix)
			continue;
		memmove(to, from, (size_t)(suffix - from));
		to += suffix - from;
		from = at = suffix + SUFFIX_N;
	}
	memmove(to, from, (size_t)(end - from));
	return (size_t)(to - text) + (size_t)(end - from);
}
