/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/path.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define ESCAPE_LENGTH 4 /* \xNN */

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

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The hostile byte that the escape at text stands for; 0: there is none. */
static unsigned char escaped_byte(const char *text)
{
	int high, low, byte;

	if (text[0] != '\\' || text[1] != 'x')
		return 0;
	high = hex_digit(text[2]);
	low = high < 0 ? -1 : hex_digit(text[3]);
	if (low < 0)
		return 0;
	byte = high * 16 + low;
	return byte < 0x20 || byte >= 0x7f ? (unsigned char)byte : 0;
}

void cgroup_path_unescape(char *path)
{
	const char *from = path;
	char *to = path;

	while (*from) {
		unsigned char byte = escaped_byte(from);

		*to++ = byte ? (char)byte : *from;
		from += byte ? ESCAPE_LENGTH : 1;
	}
	*to = '\0';
}
