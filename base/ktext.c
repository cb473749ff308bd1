/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ktext.h"

#include "base/parse.h"

#include <errno.h>
#include <string.h>

bool ktext_next_line(const char **cursor, struct ktext_line *ret_line)
{
	const char *begin = *cursor, *end;

	if (*begin == '\0')
		return false;
	end = strchrnul(begin, '\n');
	*ret_line = (struct ktext_line){.text = begin, .length = (size_t)(end - begin)};
	*cursor = *end ? end + 1 : end;
	return true;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool ktext_next_word(struct ktext_line *line, struct ktext_line *ret_word)
{
	size_t at = 0, end;

	while (at < line->length && is_blank(line->text[at]))
		at++;
	end = at;
	while (end < line->length && !is_blank(line->text[end]))
		end++;
	if (end == at)
		return false;
	*ret_word = (struct ktext_line){.text = line->text + at, .length = end - at};
	line->text += end;
	line->length -= end;
	return true;
}

bool ktext_take_word(struct ktext_line *line, const char *text)
{
	size_t at = 0;

	while (at < line->length && text[at] && line->text[at] == text[at])
		at++;
	if (text[at] || (at < line->length && !is_blank(line->text[at])))
		return false;
	line->text += at;
	line->length -= at;
	return true;
}

bool ktext_word_is(struct ktext_line word, const char *text)
{
	return ktext_take_word(&word, text) && word.length == 0;
}

/*
 * These files are read often, and most of their lines hold no key that is wanted: they are not
 * split, and mostly differ in the first letter.
 */
static int take_key(const struct ktext_key *keys, size_t n_keys, struct ktext_line *line)
{
	for (size_t i = 0; i < n_keys; i++)
		if (*line->text == *keys[i].name && ktext_take_word(line, keys[i].name))
			return (int)i;
	return -1;
}

int ktext_read_keys(const char *text, const struct ktext_key *keys, size_t n_keys, void *dest,
		    const char **ret_bad)
{
	uint64_t values[KTEXT_KEYS_MAX] = {0};
	bool seen[KTEXT_KEYS_MAX] = {false};
	struct ktext_line line, value, extra;
	int at = 0;

	if (n_keys > KTEXT_KEYS_MAX)
		return -EINVAL;
	while (ktext_next_line(&text, &line)) {
		at = take_key(keys, n_keys, &line);
		if (at < 0)
			continue;
		if (seen[at] || !ktext_next_word(&line, &value) || ktext_next_word(&line, &extra) ||
		    parse_u64_n(value.text, value.length, &values[at]) < 0)
			goto bad;
		seen[at] = true;
	}
	for (at = 0; at < (int)n_keys; at++)
		if (!seen[at] && !keys[at].optional)
			goto bad;
	for (size_t i = 0; i < n_keys; i++)
		memcpy((char *)dest + keys[i].offset, &values[i], sizeof(values[i]));
	return 0;
bad:
	if (ret_bad)
		*ret_bad = keys[at].name;
	return -EBADMSG;
}
