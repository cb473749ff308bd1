/* SPDX-License-Identifier: Apache-2.0 */
/* What formulas come to. */
#include "stress/scenario/formula.h"

#include "base/cleanup.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <string.h>

static int combine(enum formula_operation operation, int64_t a, int64_t b, int64_t *ret)
{
	switch (operation) {
	case FORMULA_ADD:
		return __builtin_add_overflow(a, b, ret) ? -EOVERFLOW : 0;
	case FORMULA_SUBTRACT:
		return __builtin_sub_overflow(a, b, ret) ? -EOVERFLOW : 0;
	case FORMULA_MULTIPLY:
		return __builtin_mul_overflow(a, b, ret) ? -EOVERFLOW : 0;
	case FORMULA_DIVIDE:
		if (b == 0)
			return -EDOM;
		if (a == INT64_MIN && b == -1)
			return -EOVERFLOW;
		*ret = a / b;
		return 0;
	case FORMULA_MIN:
		*ret = MIN(a, b);
		return 0;
	default:
		*ret = MAX(a, b);
		return 0;
	}
}

/* What a step takes off the stack. */
static size_t operands(enum formula_operation operation)
{
	switch (operation) {
	case FORMULA_NUMBER:
	case FORMULA_FILE:
	case FORMULA_PAGE:
	case FORMULA_FOLIO:
	case FORMULA_CPUS:
	case FORMULA_NODES:
		return 0;
	case FORMULA_ABS:
		return 1;
	default:
		return 2;
	}
}

int formula_evaluate(const struct formula *formula, const int64_t *values,
		     const struct formula_machine *machine, int64_t *ret)
{
	int64_t stack[FORMULA_STEPS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < formula->n_steps; i++) {
		const struct formula_step *step = &formula->steps[i];
		int r;

		if (n < operands(step->operation))
			return -EINVAL;
		switch (step->operation) {
		case FORMULA_NUMBER:
			stack[n++] = step->operand;
			break;
		case FORMULA_FILE:
			stack[n++] = values[step->operand];
			break;
		case FORMULA_PAGE:
			stack[n++] = machine->page_bytes;
			break;
		case FORMULA_FOLIO:
			stack[n++] = machine->folio_bytes;
			break;
		case FORMULA_CPUS:
			stack[n++] = machine->cpus;
			break;
		case FORMULA_NODES:
			stack[n++] = machine->nodes;
			break;
		case FORMULA_ABS:
			if (stack[n - 1] == INT64_MIN)
				return -EOVERFLOW;
			if (stack[n - 1] < 0)
				stack[n - 1] = -stack[n - 1];
			break;
		default:
			r = combine(step->operation, stack[n - 2], stack[n - 1], &stack[n - 2]);
			if (r < 0)
				return r;
			n--;
		}
	}
	if (n != 1)
		return -EINVAL;
	*ret = stack[0];
	return 0;
}

bool formula_compare(int64_t left, enum formula_order order, int64_t right)
{
	switch (order) {
	case FORMULA_EQUAL:
		return left == right;
	case FORMULA_UNEQUAL:
		return left != right;
	case FORMULA_LESS:
		return left < right;
	case FORMULA_AT_MOST:
		return left <= right;
	case FORMULA_MORE:
		return left > right;
	default:
		return left >= right;
	}
}

static int word_value(struct ktext_line word, int64_t *ret)
{
	uint64_t value;
	int r;

	if (ktext_word_is(word, "max")) {
		*ret = INT64_MAX;
		return 0;
	}
	r = parse_u64_n(word.text, word.length, &value);
	if (r == -EINVAL)
		return -EBADMSG;
	if (r < 0 || value > INT64_MAX)
		return -EOVERFLOW;
	*ret = (int64_t)value;
	return 0;
}

static int only_word(struct ktext_line line, int64_t *ret)
{
	struct ktext_line word;

	if (!ktext_next_word(&line, &word))
		return -EBADMSG;
	if (ktext_next_word(&line, &(struct ktext_line){NULL, 0}))
		return -EBADMSG;
	return word_value(word, ret);
}

/* "total=12" of "some avg10=0.00 ... total=12". */
static int named_field(struct ktext_line line, const char *name, int64_t *ret)
{
	size_t n = strlen(name);
	struct ktext_line word;
	bool found = false;
	int r = -EBADMSG;

	while (ktext_next_word(&line, &word)) {
		if (word.length <= n || memcmp(word.text, name, n) != 0 || word.text[n] != '=')
			continue;
		if (found)
			return -EBADMSG;
		found = true;
		r = word_value((struct ktext_line){word.text + n + 1, word.length - n - 1}, ret);
	}
	return r;
}

/* Of a flat keyed file "key 5", or with a dot in the key the field of a nested one. */
static int keyed_value(const char *key, struct ktext_line line, int64_t *ret)
{
	const char *dot = strchr(key, '.');
	struct ktext_line word;
	size_t n = dot ? (size_t)(dot - key) : strlen(key);

	if (!ktext_next_word(&line, &word))
		return -ENOENT;
	/* "MemFree:  1234 kB" */
	if (word.length == n + 1 && word.text[n] == ':' && memcmp(word.text, key, n) == 0)
		return ktext_next_word(&line, &word) ? word_value(word, ret) : -EBADMSG;
	if (word.length != n || memcmp(word.text, key, n) != 0)
		return -ENOENT;
	return dot ? named_field(line, dot + 1, ret) : only_word(line, ret);
}

static bool has_word(const char *text, const char *wanted)
{
	struct ktext_line line, word;

	while (ktext_next_line(&text, &line))
		while (ktext_next_word(&line, &word))
			if (ktext_word_is(word, wanted))
				return true;
	return false;
}

char *formula_file_name(char text[static FORMULA_FILE_NAME_BYTES], const struct formula_file *file)
{
	(void)snprintf(text, FORMULA_FILE_NAME_BYTES, "%s%s%s%s%s(%s)", file->file,
		       file->handle[0] ? "@" : "", file->handle, file->key[0] ? ":" : "", file->key,
		       file->of);
	return text;
}

int formula_file_value(const struct formula_file *file, const char *text, int64_t *ret)
{
	struct ktext_line line;
	int64_t value = 0;
	bool found = false;

	if (file->source == FORMULA_OF_GROUP && formula_file_lists_words(file->file)) {
		*ret = has_word(text, file->key);
		return 0;
	}

	while (ktext_next_line(&text, &line)) {
		int r = file->key[0] ? keyed_value(file->key, line, &value)
				     : only_word(line, &value);

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return r;
		if (found)
			return -EBADMSG;
		found = true;
	}
	if (!found)
		return -EBADMSG;
	if (value != INT64_MAX && __builtin_mul_overflow(value, file->scale, &value))
		return -EOVERFLOW;
	*ret = value;
	return 0;
}
