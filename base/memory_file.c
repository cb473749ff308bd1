/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory_file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/types.h>

#define FIRST_BYTES ((size_t)16 << 10)

struct memory_file {
	char *text;
	size_t n, size; /* n < size, but when both are 0 */
	bool failed;
	char **ret_text;
	size_t *ret_n;
};

static bool make_room(struct memory_file *file, size_t n)
{
	size_t size = file->size > 0 ? file->size : FIRST_BYTES;
	char *text;

	while (size - file->n <= n)
		size *= 2;
	if (size == file->size)
		return true;
	text = realloc(file->text, size);
	if (!text)
		return false;
	file->text = text;
	file->size = size;
	return true;
}

/* 0 says that it failed. */
static ssize_t append(void *cookie, const char *bytes, size_t n)
{
	struct memory_file *file = cookie;

	if (file->failed || !make_room(file, n)) {
		file->failed = true;
		errno = ENOMEM;
		return 0;
	}
	memcpy(file->text + file->n, bytes, n);
	file->n += n;
	return (ssize_t)n;
}

static int hand_over(void *cookie)
{
	_cleanup_free_ struct memory_file *file = cookie;

	if (file->failed || !make_room(file, 0)) {
		free(file->text);
		errno = ENOMEM;
		return EOF;
	}
	file->text[file->n] = '\0';
	*file->ret_text = file->text;
	*file->ret_n = file->n;
	return 0;
}

FILE *memory_file_open(char **ret_text, size_t *ret_n)
{
	const cookie_io_functions_t functions = {.write = append, .close = hand_over};
	struct memory_file *file = calloc(1, sizeof(*file));
	FILE *stream;

	if (!file)
		return NULL;
	file->ret_text = ret_text;
	file->ret_n = ret_n;
	stream = fopencookie(file, "w", functions);
	if (!stream)
		free(file);
	return stream;
}
