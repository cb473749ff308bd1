/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/mountinfo.h"

#include "base/ktext.h"

#include <errno.h>
#include <string.h>

/* ID PARENT MAJOR:MINOR ROOT PATH OPTIONS [TAG...] - TYPE SOURCE SUPER-OPTIONS */
#define WORDS_BEFORE_PATH 4

/* Blank, tab, newline and backslash are three octal digits behind a backslash. */
static int unescape(struct ktext_line word, char *text, size_t n)
{
	size_t used = 0;

	for (size_t i = 0; i < word.length; i++) {
		unsigned char byte = (unsigned char)word.text[i];

		if (used + 1 >= n)
			return -EBADMSG;
		if (byte == '\\') {
			unsigned int value = 0;

			for (int digit = 0; digit < 3; digit++) {
				i++;
				if (i >= word.length || word.text[i] < '0' || word.text[i] > '7')
					return -EBADMSG;
				value = value * 8 + (unsigned int)(word.text[i] - '0');
			}
			if (value == 0 || value > 0xff)
				return -EBADMSG;
			byte = (unsigned char)value;
		}
		text[used++] = (char)byte;
	}
	text[used] = '\0';
	return 0;
}

static bool has_option(struct ktext_line options, const char *name)
{
	const size_t n = strlen(name);
	size_t at = 0;

	while (at < options.length) {
		const char *option = options.text + at;
		const char *comma = memchr(option, ',', options.length - at);
		size_t length = comma ? (size_t)(comma - option) : options.length - at;

		if (length == n && memcmp(option, name, n) == 0)
			return true;
		at += length + 1;
	}
	return false;
}

int mountinfo_parse_line(const char *line, struct mountinfo_cgroup2 *ret)
{
	struct mountinfo_cgroup2 found;
	struct ktext_line rest, path, word, source, options;

	if (!ktext_next_line(&line, &rest))
		return -EBADMSG;
	for (int i = 0; i < WORDS_BEFORE_PATH; i++)
		if (!ktext_next_word(&rest, &word))
			return -EBADMSG;
	if (!ktext_next_word(&rest, &path))
		return -EBADMSG;
	do {
		if (!ktext_next_word(&rest, &word))
			return -EBADMSG;
	} while (!ktext_word_is(word, "-"));
	if (!ktext_next_word(&rest, &word))
		return -EBADMSG;
	if (!ktext_word_is(word, "cgroup2"))
		return 0;
	if (!ktext_next_word(&rest, &source) || !ktext_next_word(&rest, &options) ||
	    unescape(path, found.path, sizeof(found.path)) < 0)
		return -EBADMSG;
	found.nsdelegate = has_option(options, "nsdelegate");
	found.recursive_protection = has_option(options, "memory_recursiveprot");
	*ret = found;
	return 1;
}
