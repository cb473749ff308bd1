/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/path.h"

#include "cgroup/tree.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ESCAPE_LENGTH 4 /* \xNN */

static bool is_hostile(unsigned char byte)
{
	return byte < 0x20 || byte >= 0x7f;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* The byte that an escape of ours at text stands for; -1: there is none. */
static int escaped_byte(const char *text)
{
	int high, low, byte;

	if (text[0] != '\\' || text[1] != 'x')
		return -1;
	high = hex_digit(text[2]);
	low = high < 0 ? -1 : hex_digit(text[3]);
	if (low < 0)
		return -1;
	byte = high * 16 + low;
	return is_hostile((unsigned char)byte) || byte == '\\' ? byte : -1;
}

char *cgroup_path_format(const char *path, char *text, size_t n)
{
	size_t used = 0;

	if (n > 1)
		text[used++] = '/';
	for (; *path; path++) {
		bool escape = is_hostile((unsigned char)*path) || escaped_byte(path) >= 0;

		if (used + (escape ? ESCAPE_LENGTH : 1) >= n)
			break;
		if (escape)
			(void)snprintf(text + used, n - used, "\\x%02x", (unsigned char)*path);
		else
			text[used] = *path;
		used += escape ? ESCAPE_LENGTH : 1;
	}
	text[used] = '\0';
	return text;
}

/* Decodes one part of a path. Returns its length or -errno. */
static int parse_part(const char *text, size_t length, char *part, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		int byte = escaped_byte(text + i);

		if (byte == 0 || byte == '/')
			return -EINVAL;
		if (used + 1 >= n)
			return -ENAMETOOLONG;
		if (byte > 0)
			i += ESCAPE_LENGTH - 1;
		part[used++] = byte > 0 ? (char)byte : text[i];
	}
	part[used] = '\0';
	if (strcmp(part, ".") == 0 || strcmp(part, "..") == 0)
		return -EINVAL;
	return (int)used;
}

int cgroup_path_parse(const char *text, char *ret_path, size_t n)
{
	char path[CGROUP_PATH_MAX] = "";
	size_t used = 0;

	for (;;) {
		size_t length;
		int r;

		text += strspn(text, "/");
		length = strcspn(text, "/");
		if (length == 0)
			break;
		if (used + 1 >= sizeof(path))
			return -ENAMETOOLONG;
		if (used > 0)
			path[used++] = '/';
		r = parse_part(text, length, path + used, sizeof(path) - used);
		if (r < 0)
			return r;
		used += (size_t)r;
		text += length;
	}
	if (used + 1 > n)
		return -ENAMETOOLONG;
	memcpy(ret_path, path, used + 1);
	return 0;
}
