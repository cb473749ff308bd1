/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/recording.h"

#include "base/cleanup.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <string.h>

/* Copies the text without blanks at its ends. False: it is too long, or empty. */
static bool take_word(const char *text, size_t n, char *to, size_t size)
{
	while (n && strchr(" \t\r", text[0]) && text[0])
		text++, n--;
	while (n && strchr(" \t\r", text[n - 1]) && text[n - 1])
		n--;
	if (n == 0 || n >= size)
		return false;
	memcpy(to, text, n);
	to[n] = '\0';
	return true;
}

/* "12.5" is seconds. */
static int parse_time(char *word, size_t size, uint64_t *ret_ns)
{
	size_t n = strlen(word);

	if (word[n - 1] >= '0' && word[n - 1] <= '9') {
		if (n + 1 >= size)
			return -EINVAL;
		strcpy(word + n, "s");
	}
	return parse_duration(word, ret_ns);
}

static int parse_point(const char *line, size_t n, uint64_t permyriad, struct schedule_point *ret)
{
	const char *comma = memchr(line, ',', n);
	struct schedule_point point;
	unsigned __int128 bytes;
	char word[64];
	int r;

	if (!comma || !take_word(line, (size_t)(comma - line), word, sizeof(word)))
		return -EINVAL;
	r = parse_time(word, sizeof(word), &point.at_ns);
	if (r < 0)
		return r;
	if (!take_word(comma + 1, n - (size_t)(comma + 1 - line), word, sizeof(word)))
		return -EINVAL;
	r = parse_size(word, &point.bytes);
	if (r < 0)
		return r;
	bytes = (unsigned __int128)point.bytes * permyriad / 10000;
	if (bytes > UINT64_MAX)
		return -ERANGE;
	point.bytes = (uint64_t)bytes;
	*ret = point;
	return 0;
}

static int append(struct schedule_point **points, size_t *n, struct schedule_point point)
{
	struct schedule_point *larger;

	if (*n == RECORDING_POINTS_MAX)
		return -E2BIG;
	/* Twice as many at every power of two. */
	if ((*n & (*n - 1)) == 0) {
		larger = reallocarray(*points, *n ? *n * 2 : 1, sizeof(*larger));
		if (!larger)
			return -ENOMEM;
		*points = larger;
	}
	(*points)[(*n)++] = point;
	return 0;
}

/* Without the comment; 0 when there is nothing. */
static size_t length_of(const struct ktext_line *line)
{
	const char *comment = memchr(line->text, '#', line->length);
	size_t n = comment ? (size_t)(comment - line->text) : line->length;

	while (n && strchr(" \t\r", line->text[n - 1]) && line->text[n - 1])
		n--;
	return n;
}

/* Of columns: "time,bytes". */
static bool is_title(const char *text)
{
	char first = text[strspn(text, " \t")];

	return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
}

int recording_parse(const char *text, uint64_t permyriad, struct schedule_point **ret_points,
		    size_t *ret_n, unsigned int *ret_line)
{
	_cleanup_free_ struct schedule_point *points = NULL;
	const char *cursor = text;
	struct ktext_line line;
	unsigned int number = 0;
	size_t n = 0;
	int r = 0;

	*ret_line = 0;
	while (r == 0 && ktext_next_line(&cursor, &line)) {
		size_t length = length_of(&line);
		struct schedule_point point;

		*ret_line = ++number;
		if (length == 0 || (number == 1 && is_title(line.text)))
			continue;
		r = parse_point(line.text, length, permyriad, &point);
		if (r < 0 || (n && point.at_ns <= points[n - 1].at_ns))
			return -EINVAL;
		r = append(&points, &n, point);
	}
	if (r < 0)
		return r;
	if (n == 0) {
		*ret_line = 0;
		return -EINVAL;
	}
	*ret_points = TAKE_PTR(points);
	*ret_n = n;
	return 0;
}
