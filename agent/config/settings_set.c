/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/config/settings.h"

#include "base/parse.h"

#include <errno.h>
#include <string.h>

struct kind {
	const char *name;
	const char *shape; /* completes "is not " */
	int (*parse)(const char *text, uint64_t *ret);
};

static const struct kind kinds[] = {
	[SETTING_SIZE] = {"size", "a size: write digits and K, M, G or T, as in 64M", parse_size},
	[SETTING_DURATION] = {"duration",
			      "a duration: write digits and us, ms, s, min, h or d, as in 250ms",
			      parse_duration},
	[SETTING_PERCENT] = {"percent", "a share: write digits and %, as in 12.5%", parse_percent},
	[SETTING_COUNT] = {"count", "a count: write digits, as in 16", parse_u64},
	[SETTING_SYSCTL] = {"sysctl", "keep, or digits, as in 60", parse_u64},
	[SETTING_BOOL] = {"yes or no", "yes or no", NULL},
	[SETTING_LEVEL] = {"level", "a level: write error, warning, notice, info or debug", NULL},
	[SETTING_MODE] = {"mode", "a mode: write observe or act", NULL},
	[SETTING_PATH] = {"path", "an absolute path without blanks, as in /run/uswapd/control.sock",
			  NULL},
	[SETTING_PATTERNS] = {"patterns", "a group's path, as in system.slice/db-*.service", NULL},
	[SETTING_USERS] = {"users", "the number of a user, as in 1000 or 6118*", NULL},
};

static void __attribute__((format(printf, 2, 3)))
say(struct setting_problem *problem, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(problem->text, sizeof(problem->text), format, ap);
	va_end(ap);
}

static int not_such_a_value(const struct setting *setting, const char *text,
			    struct setting_problem *ret_problem)
{
	say(ret_problem, "\"%s\" is not %s", text, kinds[setting->kind].shape);
	return -EINVAL;
}

static int set_number(const struct setting *setting, const char *text, uint64_t *dest,
		      struct setting_problem *ret_problem)
{
	const struct kind *kind = &kinds[setting->kind];
	uint64_t value, min, max;
	int r = kind->parse(text, &value);

	if (r == -EINVAL || kind->parse(setting->min, &min) < 0 ||
	    kind->parse(setting->max, &max) < 0)
		return not_such_a_value(setting, text, ret_problem);
	if (r < 0 || value < min || value > max) {
		say(ret_problem, "%s is out of range: write %s to %s", text, setting->min,
		    setting->max);
		return -ERANGE;
	}
	*dest = value;
	return 0;
}

const char *agent_mode_name(enum agent_mode mode)
{
	return mode == MODE_ACT ? "act" : "observe";
}

static int mode_parse(const char *text, enum agent_mode *ret)
{
	for (enum agent_mode mode = MODE_OBSERVE; mode <= MODE_ACT; mode++) {
		if (strcmp(text, agent_mode_name(mode)) == 0) {
			*ret = mode;
			return 0;
		}
	}
	return -EINVAL;
}

static int set_path(const struct setting *setting, const char *text, char *dest,
		    struct setting_problem *ret_problem)
{
	size_t n = strlen(text);

	/* Where the default is none, none can be said. */
	if (n == 0 && *setting->initial == '\0') {
		*dest = '\0';
		return 0;
	}
	if (n < 2 || text[0] != '/' || text[n - 1] == '/' || strpbrk(text, " \t"))
		return not_such_a_value(setting, text, ret_problem);
	if (n >= CONFIG_PATH_MAX) {
		say(ret_problem, "the path is longer than %d bytes", CONFIG_PATH_MAX - 1);
		return -E2BIG;
	}
	memcpy(dest, text, n + 1);
	return 0;
}

/*
 * A leading slash is dropped: people write paths with and without it. What begins like a comment
 * needs it.
 */
int setting_read_pattern(const char *word, size_t n, char ret[CONFIG_PATTERN_MAX])
{
	bool slash = n > 0 && *word == '/';

	word += slash;
	n -= slash;
	if (n == 0 || n > SETTING_VALUE_MAX || *word == '/' || word[n - 1] == '/' ||
	    (!slash && (*word == '#' || *word == ';')) || memchr(word, ' ', n) ||
	    memchr(word, '\t', n))
		return -EINVAL;
	memcpy(ret, word, n);
	ret[n] = '\0';
	return 0;
}

/* Whether there can be anything that the pattern stands for. */
static bool may_match(enum setting_kind kind, const char *word, size_t n)
{
	return kind != SETTING_USERS || strspn(word, "0123456789*?[]-!") >= n;
}

static int add_pattern(struct config_patterns *patterns, enum setting_kind kind, const char *word,
		       size_t n)
{
	char pattern[CONFIG_PATTERN_MAX];

	if (!may_match(kind, word, n) || setting_read_pattern(word, n, pattern) < 0)
		return -EINVAL;
	if (patterns->n == CONFIG_PATTERNS_MAX)
		return -E2BIG;
	memcpy(patterns->pattern[patterns->n++], pattern, strlen(pattern) + 1);
	return 0;
}

static int set_patterns(const struct setting *setting, const char *text, bool append,
			struct config_patterns *dest, struct setting_problem *ret_problem)
{
	struct config_patterns patterns = {0};
	const char *word = text;

	if (append)
		patterns = *dest;
	for (;;) {
		size_t n;
		int r;

		word += strspn(word, " \t");
		n = strcspn(word, " \t");
		if (n == 0)
			break;
		r = add_pattern(&patterns, setting->kind, word, n);
		if (r == -E2BIG)
			say(ret_problem, "more than %d patterns", CONFIG_PATTERNS_MAX);
		else if (r < 0)
			(void)not_such_a_value(setting, text, ret_problem);
		if (r < 0)
			return r;
		word += n;
	}
	*dest = patterns;
	return 0;
}
_Static_assert(SETTING_VALUE_MAX < CONFIG_PATTERN_MAX, "a pattern must fit its place");

bool setting_is_list(const struct setting *setting)
{
	return setting->kind == SETTING_PATTERNS || setting->kind == SETTING_USERS;
}

int setting_set(const struct setting *setting, const char *text, bool append, void *config,
		struct setting_problem *ret_problem)
{
	void *dest = (char *)config + setting->offset;

	if (strlen(text) > SETTING_VALUE_MAX) {
		say(ret_problem, "the value is longer than %d bytes", SETTING_VALUE_MAX);
		return -E2BIG;
	}
	for (const char *c = text; *c; c++) {
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f) {
			say(ret_problem, "the value holds a control byte (0x%02x)", (unsigned)*c);
			return -EINVAL;
		}
	}
	switch (setting->kind) {
	case SETTING_BOOL:
		if (parse_bool(text, dest) < 0)
			return not_such_a_value(setting, text, ret_problem);
		return 0;
	case SETTING_LEVEL:
		if (log_level_parse(text, dest) < 0)
			return not_such_a_value(setting, text, ret_problem);
		return 0;
	case SETTING_MODE:
		if (mode_parse(text, dest) < 0)
			return not_such_a_value(setting, text, ret_problem);
		return 0;
	case SETTING_SYSCTL:
		if (strcmp(text, "keep") != 0)
			return set_number(setting, text, dest, ret_problem);
		*(uint64_t *)dest = TUNING_KEEP;
		return 0;
	case SETTING_PATH:
		return set_path(setting, text, dest, ret_problem);
	case SETTING_PATTERNS:
	case SETTING_USERS:
		return set_patterns(setting, text, append, dest, ret_problem);
	default:
		return set_number(setting, text, dest, ret_problem);
	}
}
