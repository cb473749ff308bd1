/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config/config.h"

#include <fnmatch.h>
#include <string.h>

/* What fnmatch can't decide (bytes that are no text in the locale) is left alone. */
static bool match_any(const struct config_patterns *patterns, const char *text, int flags)
{
	for (size_t i = 0; i < patterns->n; i++)
		if (fnmatch(patterns->pattern[i], text, flags) != FNM_NOMATCH)
			return true;
	return false;
}

bool config_patterns_match(const struct config_patterns *patterns, const char *path)
{
	if (*path == '/')
		path++;
	return match_any(patterns, path, FNM_PATHNAME | FNM_LEADING_DIR);
}

bool config_patterns_match_part(const struct config_patterns *patterns, const char *path)
{
	if (patterns->n == 0)
		return false;
	do {
		path += *path == '/';
		if (match_any(patterns, path, FNM_PATHNAME | FNM_LEADING_DIR))
			return true;
		path = strchr(path, '/');
	} while (path);
	return false;
}

bool config_patterns_are_same(const struct config_patterns *a, const struct config_patterns *b)
{
	return a->n == b->n && memcmp(a->pattern, b->pattern, a->n * sizeof(a->pattern[0])) == 0;
}
