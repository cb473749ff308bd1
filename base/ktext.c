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

bool ktext_next_word(struct ktext_line *line, struct ktext_line *ret_word)
{
	size_t at = 0, end;

	while (at < line->length && (line->text[at] == ' ' || line->text[at] == '\t'))
		at++;
	end = at;
	while (end < line->length && line->text[end] != ' ' && line->text[end] != '\t')
		end++;
	if (end == at)
		return false;
	*ret_word = (struct ktext_line){.text = line->text + at, .length = end - at};
	line->text += end;
	line->length -= end;
	return true;
}

bool ktext_word_is(struct ktext_line word, const char *text)
{
	return strlen(text) == word.length && memcmp(word.text, text, word.length) == 0;
}

static int find_key(const struct ktext_key *keys, size_t n_keys, struct ktext_line word)
{
	for (size_t i = 0; i < n_keys; i++)
		if (ktext_word_is(word, keys[i].name))
			return (int)i;
	return -1;
}

int ktext_read_keys(const char *text, const struct ktext_key *keys, size_t n_keys, void *dest,
		    const char **ret_bad)
{
	uint64_t values[KTEXT_KEYS_MAX] = {0};
	bool seen[KTEXT_KEYS_MAX] = {false};
	struct ktext_line line, key, value, extra;
	int at = 0;

	if (n_keys > KTEXT_KEYS_MAX)
		return -EINVAL;
	while (ktext_next_line(&text, &line)) {
		if (!ktext_next_word(&line, &key))
			continue;
		at = find_key(keys, n_keys, key);
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
