/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/path.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_dots(const char *part, size_t length)
{
	return (length == 1 || length == 2) && memcmp(part, "..", length) == 0;
}

/* The length of the part that begins at or after *text, to where it moves; 0 after the last. */
static size_t next_part(const char **text)
{
	*text += strspn(*text, "/");
	return strcspn(*text, "/");
}

int cgroup_path_parse(const char *text, char *ret_path, size_t n)
{
	size_t used = 0, length;

	for (const char *at = text; (length = next_part(&at)) > 0; at += length) {
		if (is_dots(at, length))
			return -EINVAL;
		used += length + (used > 0);
	}
	if (used + 1 > n)
		return -ENAMETOOLONG;
	used = 0;
	for (const char *at = text; (length = next_part(&at)) > 0; at += length) {
		if (used > 0)
			ret_path[used++] = '/';
		memcpy(ret_path + used, at, length);
		used += length;
	}
	ret_path[used] = '\0';
	return 0;
}
