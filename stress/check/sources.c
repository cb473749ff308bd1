/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/sources.h"

#include "base/kfile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* memory.stat has 2.5 KiB; nothing of a group is as long. */
#define TEXT_BYTES 16384

static bool same_file(const struct formula_file *a, const struct formula_file *b)
{
	return strcmp(a->file, b->file) == 0 && strcmp(a->group, b->group) == 0;
}

static int read_text(const struct sources *sources, const struct formula_file *file,
		     char text[static TEXT_BYTES])
{
	int group = job_find_group(sources->job, file->group);
	ssize_t n = kfile_read_at(sources->group_fds[group], file->file, text, TEXT_BYTES);

	return n < 0 ? (int)n : 0;
}

static int read_values(const struct sources *sources, const struct formula *formula,
		       int64_t values[static FORMULA_FILES_MAX], size_t *ret_bad)
{
	bool done[FORMULA_FILES_MAX] = {false};
	char text[TEXT_BYTES];
	int r = 0;

	for (size_t i = 0; i < formula->n_files && r == 0; i++) {
		if (!done[i])
			r = read_text(sources, &formula->files[i], text);
		for (size_t k = i; k < formula->n_files && r == 0; k++) {
			if (done[k] || !same_file(&formula->files[i], &formula->files[k]))
				continue;
			r = formula_file_value(&formula->files[k], text, &values[k]);
			done[k] = true;
			*ret_bad = k;
		}
		if (!done[i])
			*ret_bad = i;
	}
	return r;
}

int sources_evaluate(const struct sources *sources, const struct formula *formula, int64_t *ret,
		     char words[static SOURCES_WORDS_BYTES])
{
	int64_t values[FORMULA_FILES_MAX] = {0};
	size_t bad = 0;
	int r = read_values(sources, formula, values, &bad);

	if (r < 0) {
		const struct formula_file *file = &formula->files[bad];

		(void)snprintf(words, SOURCES_WORDS_BYTES, "%s%s%s(%s): %s", file->file,
			       file->key[0] ? ":" : "", file->key, file->group,
			       r == -EBADMSG ? "there is no such number in it" : strerror(-r));
		return r;
	}
	r = formula_evaluate(formula, values, &sources->machine, ret);
	if (r < 0)
		(void)snprintf(words, SOURCES_WORDS_BYTES, "%s",
			       r == -EDOM ? "division by 0" : strerror(-r));
	return r;
}
