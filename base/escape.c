/* SPDX-License-Identifier: Apache-2.0 */
#include "base/escape.h"

#include <stdint.h>
#include <string.h>

/* Bytes of the valid UTF-8 sequence (RFC 3629) that text begins with; 0: none. */
static size_t utf8_length(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	uint32_t code, least;
	size_t n;

	if (c[0] < 0x80)
		return 1;
	if (c[0] >= 0xc0 && c[0] < 0xe0) {
		n = 2;
		least = 0x80;
	} else if (c[0] >= 0xe0 && c[0] < 0xf0) {
		n = 3;
		least = 0x800;
	} else if (c[0] >= 0xf0 && c[0] < 0xf8) {
		n = 4;
		least = 0x10000;
	} else {
		return 0;
	}
	code = c[0] & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0; /* NUL ends up here too: nothing behind it is read */
		code = code << 6 | (c[i] & 0x3fU);
	}
	if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

static size_t ascii_length(const char *text)
{
	return *text >= ' ' && *text <= '~' ? 1 : 0;
}

static char *escape(char *escaped, size_t size, const char *text, size_t (*passing)(const char *))
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	while (*text) {
		size_t n = passing(text);
		unsigned char c = (unsigned char)*text;

		if (used + (n > 0 ? n : 4) >= size)
			break;
		if (n > 0) {
			memcpy(escaped + used, text, n);
			used += n;
			text += n;
		} else {
			const char hex[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};

			memcpy(escaped + used, hex, sizeof(hex));
			used += sizeof(hex);
			text++;
		}
	}
	if (size > 0)
		escaped[used] = '\0';
	return escaped;
}

char *escape_utf8(char *escaped, size_t size, const char *text)
{
	return escape(escaped, size, text, utf8_length);
}

char *escape_ascii(char *escaped, size_t size, const char *text)
{
	return escape(escaped, size, text, ascii_length);
}
