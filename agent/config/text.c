/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration files. inih takes a line apart; what it would let pass silently (cut lines and
 * sections' names, comments behind a value, text behind a section's name, bytes that are not text)
 * is refused on the way to it, one line at a time, which also tells the line's number.
 */
#include "agent/config/group_rules.h"
#include "agent/config/load.h"

#include <errno.h>
#include <ini.h>
#include <string.h>

/* A file being read. */
struct source {
	struct load *load;
	const char *path;
	const char *next, *end;		 /* text not yet read */
	unsigned int line;		 /* the last one handed to inih */
	unsigned int seen[SETTINGS_MAX]; /* the line of each setting; 0: not in this file */
	struct group_rule *rule;	 /* of the section that is read; NULL: it is no group's */
	unsigned int rule_seen[GROUP_KEYS_MAX];
	int result;	       /* of the first thing that went wrong */
	unsigned int bad_line; /* and where */
};

static void __attribute__((format(printf, 3, 4)))
fail_line(struct source *source, int result, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	source->result =
		load_vfail(source->load, result, PLACE(source->path, source->line), format, ap);
	source->bad_line = source->line;
	va_end(ap);
}

static void on_group_value(struct source *source, const char *name, const char *value)
{
	const struct setting *key = group_key_find(name), *nearest = group_key_nearest(name);
	unsigned int *seen = key ? &source->rule_seen[key - group_keys] : NULL;
	struct setting_problem problem;
	int r;

	if (!key && nearest) {
		fail_line(source, -EINVAL, "[group]: there is no \"%s\"; did you mean %s?", name,
			  nearest->key);
	} else if (!key) {
		fail_line(source, -EINVAL,
			  "[group]: there is no \"%s\"; uswapd --help-settings lists what there is",
			  name);
	} else if (*seen > 0) {
		fail_line(source, -EINVAL, "[group]: %s was set before, in line %u", name, *seen);
	} else {
		r = group_rule_set(source->rule, key, value, &problem);
		if (r < 0)
			fail_line(source, r, "[group]: %s: %s", name, problem.text);
		*seen = source->line;
	}
}

static void begin_group(struct source *source, const char *pattern, size_t n)
{
	struct config *config = &source->load->config;
	int r;

	for (; n > 0 && (*pattern == ' ' || *pattern == '\t'); n--)
		pattern++;
	r = group_rule_add(config, pattern, n);
	if (r == -E2BIG)
		fail_line(source, r, "more than %d sections [group ...]", CONFIG_RULES_MAX);
	else if (r < 0)
		fail_line(source, r,
			  "[group ...]: write one path or pattern, as in "
			  "[group /system.slice/db-*.service]");
	else
		source->rule = &config->rules[config->n_rules - 1];
	memset(source->rule_seen, 0, sizeof(source->rule_seen));
}

/* inih's handler: 0 tells it that something was wrong. */
static int on_value(void *user, const char *section, const char *key, const char *value)
{
	struct source *source = user;
	const struct setting *setting = setting_find(section, key);
	const char *place = PLACE(source->path, source->line);
	unsigned int *seen = setting ? &source->seen[setting - settings] : NULL;

	if (source->rule) {
		on_group_value(source, key, value);
		return source->result == 0;
	}
	if (!setting)
		source->result = load_fail_unknown(source->load, place, section, key);
	else if (*seen > 0 && !setting_is_list(setting))
		source->result = load_fail(source->load, -EINVAL, place,
					   "%s.%s: was set before, in line %u", section, key,
					   *seen);
	else
		source->result = load_set(source->load, setting, value, *seen > 0, place);
	if (seen)
		*seen = source->line;
	source->bad_line = source->line;
	return source->result == 0;
}

#define GROUP "[group "

static void check_section(struct source *source, const char *text, size_t n)
{
	const char *close = memchr(text, ']', n);
	char name[64];
	const char *nearest;

	source->rule = NULL;
	/* A pattern may have brackets of its own. */
	if (n > strlen(GROUP) && memcmp(text, GROUP, strlen(GROUP)) == 0 && text[n - 1] == ']') {
		begin_group(source, text + strlen(GROUP), n - strlen(GROUP) - 1);
		return;
	}
	if (!close || close != text + n - 1) {
		fail_line(source, -EINVAL, "a section's line is [NAME] and nothing else");
		return;
	}
	(void)snprintf(name, sizeof(name), "%.*s", (int)(n - 2), text + 1);
	if (settings_section_exists(name))
		return;
	nearest = settings_nearest_section(name);
	if (nearest)
		fail_line(source, -EINVAL, "[%s]: there is no such section; did you mean [%s]?",
			  name, nearest);
	else
		fail_line(source, -EINVAL,
			  "[%s]: there is no such section; "
			  "uswapd --help-settings lists them all",
			  name);
}

/* What inih would misread. Text is not NUL-ended. */
static void check_line(struct source *source, const char *text, size_t n, size_t max)
{
	if (n > max) {
		fail_line(source, -E2BIG,
			  "the line is longer than %zu bytes; "
			  "a list may take several lines, each with its key",
			  max);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\t') || c == 0x7f) {
			fail_line(source, -EINVAL, "control byte 0x%02x: is this a text file?", c);
			return;
		}
		if (i > 0 && (c == '#' || c == ';') &&
		    (text[i - 1] == ' ' || text[i - 1] == '\t')) {
			fail_line(source, -EINVAL,
				  "a comment needs a line of its own, '%c' "
				  "behind a value is not one",
				  c);
			return;
		}
	}
	if (n > 0 && text[0] == '[')
		check_section(source, text, n);
}

/* inih's reader, in the manner of fgets(3). Comments are left out, indentation means nothing. */
static char *next_line(char *line, int size, void *stream)
{
	struct source *source = stream;
	const char *text = source->next, *newline;
	size_t n;

	if (source->result < 0 || text == source->end)
		return NULL;
	newline = memchr(text, '\n', (size_t)(source->end - text));
	n = (size_t)((newline ? newline : source->end) - text);
	source->next = newline ? newline + 1 : source->end;
	source->line++;

	if (source->line == 1 && n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		n -= 3;
	}
	for (; n > 0 && (*text == ' ' || *text == '\t'); n--)
		text++;
	while (n > 0 && strchr(" \t\r", text[n - 1]) && text[n - 1] != '\0')
		n--;
	if (n > 0 && (*text == '#' || *text == ';'))
		n = 0;
	check_line(source, text, n, (size_t)size - 1);
	if (source->result < 0)
		return NULL;
	memcpy(line, text, n);
	line[n] = '\0';
	return line;
}

int load_text(struct load *load, const char *path, const char *text, size_t n)
{
	struct source source = {.load = load, .path = path, .next = text, .end = text + n};
	int r = ini_parse_stream(next_line, &source, on_value, &source);

	/* inih goes on behind a line it can't take apart: the first of the two errors counts. */
	if (r > 0 && (source.result == 0 || (unsigned int)r < source.bad_line)) {
		source.line = (unsigned int)r;
		fail_line(&source, -EINVAL, "this is neither \"[section]\" nor \"key = value\"");
	} else if (r < 0) {
		return load_fail(load, -ENOMEM, PLACE(path, 0), "no memory to read it");
	}
	return source.result;
}
