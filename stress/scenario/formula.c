/* SPDX-License-Identifier: Apache-2.0 */
/* Reading formulas: recursive descent, a function a level of precedence. */
#include "stress/scenario/formula.h"

#include "base/cleanup.h"
#include "base/parse.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Brackets within brackets: what bounds the recursion. */
#define DEPTH_MAX 16

struct reader {
	const char *text, *at;
	struct formula *formula;
	struct formula_error *error;
	unsigned int depth;
};

static int refuse(struct reader *reader, const char *at, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
static int refuse(struct reader *reader, const char *at, const char *format, ...)
{
	va_list ap;

	reader->error->at = (size_t)(at - reader->text);
	va_start(ap, format);
	(void)vsnprintf(reader->error->words, sizeof(reader->error->words), format, ap);
	va_end(ap);
	return -EINVAL;
}

const char *formula_kind_name(enum formula_kind kind)
{
	static const char *const names[] = {
		[FORMULA_ANY] = "numbers",  [FORMULA_PLAIN] = "plain numbers",
		[FORMULA_BYTES] = "bytes",  [FORMULA_TIME] = "times",
		[FORMULA_SHARE] = "shares",
	};

	return names[kind];
}

bool formula_kinds_agree(enum formula_kind a, enum formula_kind b)
{
	return a == b || a == FORMULA_ANY || b == FORMULA_ANY;
}

static void skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t");
}

static bool take(struct reader *reader, char c)
{
	skip_blanks(reader);
	if (*reader->at != c)
		return false;
	reader->at++;
	return true;
}

static int emit(struct reader *reader, enum formula_operation operation, int64_t operand)
{
	struct formula *formula = reader->formula;

	if (formula->n_steps == FORMULA_STEPS_MAX)
		return refuse(reader, reader->at, "more than %d numbers and operations",
			      FORMULA_STEPS_MAX);
	formula->steps[formula->n_steps++] = (struct formula_step){operation, operand};
	return 0;
}

/* Sums, differences, minima and comparisons are of one kind. */
static int agree(struct reader *reader, const char *at, enum formula_kind a, enum formula_kind b)
{
	if (formula_kinds_agree(a, b))
		return 0;
	if ((a == FORMULA_BYTES && b == FORMULA_PLAIN) ||
	    (a == FORMULA_PLAIN && b == FORMULA_BYTES))
		return refuse(reader, at,
			      "bytes and a plain number do not go together; a size has a unit: "
			      "50M, 512B");
	return refuse(reader, at, "%s and %s do not go together", formula_kind_name(a),
		      formula_kind_name(b));
}

static enum formula_kind common_kind(enum formula_kind a, enum formula_kind b)
{
	return a == FORMULA_ANY ? b : a;
}

static int read_number(struct reader *reader, enum formula_kind *ret_kind)
{
	static const struct {
		int (*parse)(const char *, uint64_t *);
		enum formula_kind kind;
	} kinds[] = {
		{parse_u64, FORMULA_PLAIN},
		{parse_duration, FORMULA_TIME},
		{parse_percent, FORMULA_SHARE},
		{parse_size, FORMULA_BYTES},
	};
	const char *begin = reader->at;
	size_t n = strspn(begin, "0123456789.");
	char text[32];
	uint64_t value = 0;
	int r = -EINVAL;

	n += strspn(begin + n, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ%");
	if (n >= sizeof(text))
		return refuse(reader, begin, "no number has so many characters");
	memcpy(text, begin, n);
	text[n] = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(kinds) && r == -EINVAL; i++) {
		r = kinds[i].parse(text, &value);
		*ret_kind = kinds[i].kind;
	}
	if (r == -ERANGE || value > INT64_MAX)
		return refuse(reader, begin, "%s is too large", text);
	if (r < 0)
		return refuse(reader, begin, "%s: a number is 5, 50M, 512B, 100ms, 3s or 2.5%%",
			      text);
	if (value == 0)
		*ret_kind = FORMULA_ANY;
	reader->at += n;
	return emit(reader, FORMULA_NUMBER, (int64_t)value);
}

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static int copy_part(struct reader *reader, const char *begin, size_t n,
		     char to[static STRESS_NAME_MAX], const char *what)
{
	if (n == 0 || n >= STRESS_NAME_MAX)
		return refuse(reader, begin, "%s has 1 to %d characters", what,
			      STRESS_NAME_MAX - 1);
	memcpy(to, begin, n);
	to[n] = '\0';
	return 0;
}

/* "memory.peak@own", "memory.stat:anon": n bytes at begin. */
static int split_name(struct reader *reader, const char *begin, size_t n, struct formula_file *file)
{
	const char *colon = memchr(begin, ':', n);
	size_t name_n = colon ? (size_t)(colon - begin) : n;
	const char *at = memchr(begin, '@', name_n);
	size_t file_n = at ? (size_t)(at - begin) : name_n;

	if (copy_part(reader, begin, file_n, file->file, "a file's name") < 0 ||
	    (at && copy_part(reader, at + 1, name_n - file_n - 1, file->handle,
			     "a descriptor's name") < 0))
		return -EINVAL;
	return colon ? copy_part(reader, colon + 1, n - name_n - 1, file->key, "a key") : 0;
}

static int refuse_file(struct reader *reader, const char *begin, const struct formula_file *file,
		       const char *why)
{
	if (why)
		return refuse(reader, begin, "%s has a key: %s", file->file, why);
	return refuse(reader, begin,
		      "%.40s: there is no such source; files of groups have a dot, others are "
		      "load, step, watch, vmstat, meminfo, node",
		      file->file);
}

/* The name was n bytes at begin, reader->at is at its '('. */
static int read_file(struct reader *reader, const char *begin, size_t n,
		     enum formula_kind *ret_kind)
{
	struct formula *formula = reader->formula;
	const char *close = strchr(reader->at, ')'), *why = NULL;
	struct formula_file *file;

	if (!close)
		return refuse(reader, reader->at, "the '(' before the group is not closed");
	if (formula->n_files == FORMULA_FILES_MAX)
		return refuse(reader, begin, "more than %d files", FORMULA_FILES_MAX);
	file = &formula->files[formula->n_files];
	*file = (struct formula_file){.scale = 1};
	if (split_name(reader, begin, n, file) < 0 ||
	    copy_part(reader, reader->at + 1, (size_t)(close - reader->at) - 1, file->of,
		      "a group's name") < 0)
		return -EINVAL;
	if (formula_file_kind(file, ret_kind, &why) < 0)
		return refuse_file(reader, begin, file, why);
	if (file->handle[0] && file->source != FORMULA_OF_GROUP)
		return refuse(reader, begin, "%s is no file: it has no descriptor", file->file);
	reader->at = close + 1;
	return emit(reader, FORMULA_FILE, (int64_t)formula->n_files++);
}

static int read_sum(struct reader *reader, enum formula_kind *ret_kind);

static const struct function {
	const char *name;
	enum formula_operation operation;
	unsigned int n_arguments;
} functions[] = {
	{"abs", FORMULA_ABS, 1},
	{"min", FORMULA_MIN, 2},
	{"max", FORMULA_MAX, 2},
};

static int read_arguments(struct reader *reader, const struct function *function,
			  enum formula_kind *ret_kind)
{
	enum formula_kind kind = FORMULA_ANY, next = FORMULA_ANY;
	const char *begin = reader->at;

	reader->at++;
	for (unsigned int i = 0; i < function->n_arguments; i++) {
		if (i > 0 && !take(reader, ','))
			return refuse(reader, reader->at, "%s takes two formulas: a ',' is missing",
				      function->name);
		if (read_sum(reader, &next) < 0 || agree(reader, begin, kind, next) < 0)
			return -EINVAL;
		kind = common_kind(kind, next);
	}
	if (!take(reader, ')'))
		return refuse(reader, reader->at, "the '(' behind %s is not closed",
			      function->name);
	*ret_kind = kind;
	return emit(reader, function->operation, 0);
}

static const struct {
	const char *name;
	enum formula_operation operation;
	int64_t operand;
	enum formula_kind kind;
} constants[] = {
	{"page", FORMULA_PAGE, 0, FORMULA_BYTES},
	{"folio", FORMULA_FOLIO, 0, FORMULA_BYTES},
	{"cpus", FORMULA_CPUS, 0, FORMULA_PLAIN},
	{"nodes", FORMULA_NODES, 0, FORMULA_PLAIN},
	{"max", FORMULA_NUMBER, INT64_MAX, FORMULA_ANY},
	{"EAGAIN", FORMULA_NUMBER, EAGAIN, FORMULA_PLAIN},
	{"EBUSY", FORMULA_NUMBER, EBUSY, FORMULA_PLAIN},
	{"EINTR", FORMULA_NUMBER, EINTR, FORMULA_PLAIN},
	{"EINVAL", FORMULA_NUMBER, EINVAL, FORMULA_PLAIN},
	{"ENOMEM", FORMULA_NUMBER, ENOMEM, FORMULA_PLAIN},
	{"SIGKILL", FORMULA_NUMBER, SIGKILL, FORMULA_PLAIN},
};

static int read_name(struct reader *reader, enum formula_kind *ret_kind)
{
	const char *begin = reader->at;
	size_t n = strspn(begin, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "0123456789._-:@");

	reader->at += n;
	skip_blanks(reader);
	if (*reader->at == '(') {
		for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
			if (strlen(functions[i].name) == n &&
			    memcmp(functions[i].name, begin, n) == 0)
				return read_arguments(reader, &functions[i], ret_kind);
		return read_file(reader, begin, n, ret_kind);
	}
	for (size_t i = 0; i < ARRAY_SIZE(constants); i++) {
		if (strlen(constants[i].name) == n && memcmp(constants[i].name, begin, n) == 0) {
			*ret_kind = constants[i].kind;
			return emit(reader, constants[i].operation, constants[i].operand);
		}
	}
	return refuse(reader, begin,
		      "%.*s: neither page, cpus, nodes nor max; a file names its group: "
		      "memory.current(A)",
		      (int)MIN(n, (size_t)40), begin);
}

static int read_primary(struct reader *reader, enum formula_kind *ret_kind)
{
	int r;

	skip_blanks(reader);
	if (reader->depth == DEPTH_MAX)
		return refuse(reader, reader->at, "more than %d brackets in brackets", DEPTH_MAX);
	reader->depth++;
	if (*reader->at >= '0' && *reader->at <= '9') {
		r = read_number(reader, ret_kind);
	} else if ((*reader->at >= 'a' && *reader->at <= 'z') ||
		   (*reader->at >= 'A' && *reader->at <= 'Z')) {
		r = read_name(reader, ret_kind);
	} else if (take(reader, '(')) {
		r = read_sum(reader, ret_kind);
		if (r == 0 && !take(reader, ')'))
			r = refuse(reader, reader->at, "a ')' is missing");
	} else {
		r = refuse(reader, reader->at, "a number, a file or a '(' should stand here");
	}
	reader->depth--;
	return r;
}

/* Kinds of products and quotients; -1: there is no such kind. */
static int product_kind(char sign, enum formula_kind a, enum formula_kind b)
{
	if (a == FORMULA_ANY || b == FORMULA_ANY)
		return FORMULA_ANY;
	if (b == FORMULA_PLAIN)
		return (int)a;
	if (sign == '*')
		return a == FORMULA_PLAIN ? (int)b : -1;
	return a == b ? FORMULA_PLAIN : -1;
}

static int read_product(struct reader *reader, enum formula_kind *ret_kind)
{
	if (read_primary(reader, ret_kind) < 0)
		return -EINVAL;
	for (;;) {
		enum formula_kind right = FORMULA_ANY;
		const char *at;
		char sign;
		int kind;

		skip_blanks(reader);
		at = reader->at;
		sign = *at;
		if (sign != '*' && sign != '/')
			return 0;
		reader->at++;
		if (read_primary(reader, &right) < 0)
			return -EINVAL;
		kind = product_kind(sign, *ret_kind, right);
		if (kind < 0)
			return refuse(
				reader, at, "%s can't be %s by %s", formula_kind_name(*ret_kind),
				sign == '*' ? "multiplied" : "divided", formula_kind_name(right));
		*ret_kind = (enum formula_kind)kind;
		if (emit(reader, sign == '*' ? FORMULA_MULTIPLY : FORMULA_DIVIDE, 0) < 0)
			return -EINVAL;
	}
}

static int read_sum(struct reader *reader, enum formula_kind *ret_kind)
{
	if (read_product(reader, ret_kind) < 0)
		return -EINVAL;
	for (;;) {
		enum formula_kind right = FORMULA_ANY;
		const char *at;

		skip_blanks(reader);
		at = reader->at;
		if (*at != '+' && *at != '-')
			return 0;
		reader->at++;
		if (read_product(reader, &right) < 0 || agree(reader, at, *ret_kind, right) < 0 ||
		    emit(reader, *at == '+' ? FORMULA_ADD : FORMULA_SUBTRACT, 0) < 0)
			return -EINVAL;
		*ret_kind = common_kind(*ret_kind, right);
	}
}

static int read_end(struct reader *reader)
{
	skip_blanks(reader);
	return *reader->at ? refuse(reader, reader->at, "nothing should stand here but %.20s does",
				    reader->at)
			   : 0;
}

int formula_parse(const char *text, struct formula *ret, struct formula_error *ret_error)
{
	struct formula formula = {.n_steps = 0};
	struct reader reader = {.text = text, .at = text, .formula = &formula, .error = ret_error};

	if (read_sum(&reader, &formula.kind) < 0 || read_end(&reader) < 0)
		return -EINVAL;
	*ret = formula;
	return 0;
}

static int read_order(struct reader *reader, enum formula_order *ret)
{
	static const struct {
		const char *sign;
		enum formula_order order;
	} orders[] = {
		{"==", FORMULA_EQUAL},	  {"!=", FORMULA_UNEQUAL}, {"<=", FORMULA_AT_MOST},
		{">=", FORMULA_AT_LEAST}, {"<", FORMULA_LESS},	   {">", FORMULA_MORE},
	};

	skip_blanks(reader);
	for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
		if (begins(reader->at, orders[i].sign)) {
			reader->at += strlen(orders[i].sign);
			*ret = orders[i].order;
			return 0;
		}
	}
	return refuse(reader, reader->at, "one of == != < <= > >= should stand here");
}

int formula_parse_condition(const char *text, struct formula_condition *ret,
			    struct formula_error *ret_error)
{
	struct formula_condition condition = {.order = FORMULA_EQUAL};
	struct reader reader = {
		.text = text, .at = text, .formula = &condition.left, .error = ret_error};

	if (read_sum(&reader, &condition.left.kind) < 0 ||
	    read_order(&reader, &condition.order) < 0)
		return -EINVAL;
	reader.formula = &condition.right;
	if (read_sum(&reader, &condition.right.kind) < 0 || read_end(&reader) < 0 ||
	    agree(&reader, text, condition.left.kind, condition.right.kind) < 0)
		return -EINVAL;
	*ret = condition;
	return 0;
}
