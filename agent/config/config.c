/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Configuration files. inih takes a line apart; what it would let pass silently (cut lines,
 * comments behind a value, text behind a section's name, bytes that are not text) is refused on the
 * way to it, one line at a time, which also tells the line's number.
 */
#include "agent/config/config.h"

#include "agent/config/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <ini.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES 1048576
#define PLACE_MAX      224 /* "FILE:LINE" */

struct load {
	struct config config;
	char place[SETTINGS_MAX][PLACE_MAX]; /* where each setting was set last */
	struct config_error *error;
};

/* A file being read. */
struct source {
	struct load *load;
	const char *path;
	const char *next, *end;		 /* text not yet read */
	unsigned int line;		 /* the last one handed to inih */
	unsigned int seen[SETTINGS_MAX]; /* the line of each setting; 0: not in this file */
	int result;			 /* of the first thing that went wrong */
	unsigned int bad_line;		 /* and where */
};

/* "FILE:LINE", or "FILE" for line 0; of a long path its end, which tells more than its beginning.
 */
static const char *place_of(char place[PLACE_MAX], const char *path, unsigned int line)
{
	const int shown_max = PLACE_MAX - 24;
	size_t n = strlen(path);
	bool cut = n > (size_t)shown_max;
	const char *shown = cut ? path + n - shown_max : path;

	if (line > 0)
		(void)snprintf(place, PLACE_MAX, "%s%.*s:%u", cut ? "..." : "", shown_max, shown,
			       line);
	else
		(void)snprintf(place, PLACE_MAX, "%s%.*s", cut ? "..." : "", shown_max, shown);
	return place;
}
#define PLACE(path, line) place_of((char[PLACE_MAX]){""}, path, line)

static int __attribute__((format(printf, 4, 0)))
vfail(struct load *load, int result, const char *place, const char *format, va_list ap)
{
	struct config_error *error = load->error;
	int n = snprintf(error->text, sizeof(error->text), "%s: ", place);

	if (n >= 0 && (size_t)n < sizeof(error->text))
		(void)vsnprintf(error->text + n, sizeof(error->text) - (size_t)n, format, ap);
	return result;
}

static int __attribute__((format(printf, 4, 5)))
fail(struct load *load, int result, const char *place, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vfail(load, result, place, format, ap);
	va_end(ap);
	return result;
}

static void __attribute__((format(printf, 3, 4)))
fail_line(struct source *source, int result, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	source->result = vfail(source->load, result, PLACE(source->path, source->line), format, ap);
	source->bad_line = source->line;
	va_end(ap);
}

static int fail_unknown(struct load *load, const char *place, const char *section, const char *key)
{
	const struct setting *nearest = setting_nearest(section, key);

	if (!nearest)
		return fail(load, -EINVAL, place,
			    "%s.%s: there is no such setting; "
			    "uswapd --help-settings lists them all",
			    section, key);
	return fail(load, -EINVAL, place, "%s.%s: there is no such setting; did you mean %s.%s?",
		    section, key, nearest->section, nearest->key);
}

static int set(struct load *load, const struct setting *setting, const char *value, bool append,
	       const char *place)
{
	struct setting_problem problem;
	int r = setting_set(setting, value, append, &load->config, &problem);

	if (r < 0)
		return fail(load, r, place, "%s.%s: %s", setting->section, setting->key,
			    problem.text);
	(void)snprintf(load->place[setting - settings], PLACE_MAX, "%s", place);
	return 0;
}

/* inih's handler: 0 tells it that something was wrong. */
static int on_value(void *user, const char *section, const char *key, const char *value)
{
	struct source *source = user;
	const struct setting *setting = setting_find(section, key);
	const char *place = PLACE(source->path, source->line);
	unsigned int *seen = setting ? &source->seen[setting - settings] : NULL;

	if (!setting)
		source->result = fail_unknown(source->load, place, section, key);
	else if (*seen > 0 && setting->kind != SETTING_PATTERNS)
		source->result = fail(source->load, -EINVAL, place,
				      "%s.%s: was set before, in line %u", section, key, *seen);
	else
		source->result = set(source->load, setting, value, *seen > 0, place);
	if (seen)
		*seen = source->line;
	source->bad_line = source->line;
	return source->result == 0;
}

static void check_section(struct source *source, const char *text, size_t n)
{
	const char *close = memchr(text, ']', n);
	char name[64];
	const char *nearest;

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

static int load_text(struct load *load, const char *path, const char *text, size_t n)
{
	struct source source = {.load = load, .path = path, .next = text, .end = text + n};
	int r = ini_parse_stream(next_line, &source, on_value, &source);

	/* inih goes on behind a line it can't take apart: the first of the two errors counts. */
	if (r > 0 && (source.result == 0 || (unsigned int)r < source.bad_line)) {
		source.line = (unsigned int)r;
		fail_line(&source, -EINVAL, "this is neither \"[section]\" nor \"key = value\"");
	} else if (r < 0) {
		return fail(load, -ENOMEM, PLACE(path, 0), "no memory to read it");
	}
	return source.result;
}

/* Returns the file's size, or -errno. */
static ssize_t read_file(const char *path, char **ret_text)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	_cleanup_free_ char *text = NULL;
	size_t used = 0;
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -ENODEV;
	text = malloc(FILE_MAX_BYTES);
	if (!text)
		return -ENOMEM;
	for (;;) {
		ssize_t n = read(fd, text + used, FILE_MAX_BYTES - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += (size_t)n;
		if (used == FILE_MAX_BYTES)
			return -EFBIG;
	}
	*ret_text = TAKE_PTR(text);
	return (ssize_t)used;
}

static int load_file(struct load *load, const char *path)
{
	_cleanup_free_ char *text = NULL;
	ssize_t n = read_file(path, &text);

	if (n == -EISDIR || n == -ENODEV)
		return fail(load, (int)n, PLACE(path, 0), "is not a regular file");
	if (n == -EFBIG)
		return fail(load, (int)n, PLACE(path, 0), "is larger than %d bytes",
			    FILE_MAX_BYTES);
	if (n < 0)
		return fail(load, (int)n, PLACE(path, 0), "can't be read: %s",
			    strerrordesc_np((int)-n));
	return load_text(load, path, text, (size_t)n);
}

static int is_drop_in(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 && strcmp(entry->d_name + n - 5, ".conf") == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The files of FILE.d; *ret_found tells whether there is such a directory. */
static int load_drop_ins(struct load *load, const char *file, bool *ret_found)
{
	char path[PATH_MAX];
	struct dirent **entries = NULL;
	size_t directory_n = strlen(file) + 2;
	int n, r = 0;

	if (directory_n + 1 + NAME_MAX >= sizeof(path))
		return fail(load, -ENAMETOOLONG, PLACE(file, 0), "the path is too long");
	(void)snprintf(path, sizeof(path), "%s.d", file);
	n = scandir(path, &entries, is_drop_in, by_name);
	*ret_found = n >= 0;
	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0)
		return fail(load, -errno, PLACE(path, 0), "can't be read: %s",
			    strerrordesc_np(errno));
	for (int i = 0; i < n; i++) {
		(void)snprintf(path + directory_n, sizeof(path) - directory_n, "/%s",
			       entries[i]->d_name);
		if (r == 0)
			r = load_file(load, path);
		free(entries[i]);
	}
	free(entries);
	return r;
}

/* A file may be missing when it has drop-ins. */
static int load_files(struct load *load, const char *file)
{
	bool missing = access(file, F_OK) < 0 && errno == ENOENT, drop_ins = false;
	int r = missing ? 0 : load_file(load, file);

	if (r == 0)
		r = load_drop_ins(load, file, &drop_ins);
	if (r == 0 && missing && !drop_ins)
		return fail(load, -ENOENT, PLACE(file, 0), "there is no such file");
	return r;
}

/* "section.key=value". Of several for one key the last counts; lists are joined. */
static int load_overrides(struct load *load, const char *const *overrides, size_t n)
{
	bool seen[SETTINGS_MAX] = {false};

	for (size_t i = 0; i < n; i++) {
		const char *dot = strchr(overrides[i], '.');
		const char *equals = strchr(overrides[i], '=');
		const struct setting *setting;
		char section[64], key[64];
		size_t index;
		int r;

		if (!dot || !equals || dot > equals)
			return fail(load, -EINVAL, "--set",
				    "\"%s\": write section.key=value, "
				    "as in headroom.reaction=250ms",
				    overrides[i]);
		(void)snprintf(section, sizeof(section), "%.*s", (int)(dot - overrides[i]),
			       overrides[i]);
		(void)snprintf(key, sizeof(key), "%.*s", (int)(equals - dot - 1), dot + 1);
		setting = setting_find(section, key);
		if (!setting)
			return fail_unknown(load, "--set", section, key);
		index = (size_t)(setting - settings);
		r = set(load, setting, equals + 1, seen[index], "--set");
		if (r < 0)
			return r;
		seen[index] = true;
	}
	return 0;
}

/* Blames the setting that somebody set, not a default. */
static int check_order(struct load *load)
{
	const struct setting *lower, *upper, *set_one;

	if (settings_in_order(&load->config, &lower, &upper))
		return 0;
	set_one = *load->place[lower - settings] ? lower : upper;
	return fail(load, -EINVAL, load->place[set_one - settings],
		    "%s.%s must not be more than %s.%s", lower->section, lower->key, upper->section,
		    upper->key);
}

/* base NULL: the defaults. */
static int load_config(const struct config *base, const char *file, const char *const *overrides,
		       size_t n_overrides, struct config *ret, struct config_error *ret_error)
{
	_cleanup_free_ struct load *load = calloc(1, sizeof(*load));
	int r = 0;

	if (!load) {
		(void)snprintf(ret_error->text, sizeof(ret_error->text),
			       "no memory to read the configuration");
		return -ENOMEM;
	}
	load->error = ret_error;
	if (base)
		load->config = *base;
	else
		config_defaults(&load->config);
	if (file)
		r = load_files(load, file);
	if (r == 0)
		r = load_overrides(load, overrides, n_overrides);
	if (r == 0)
		r = check_order(load);
	if (r == 0)
		*ret = load->config;
	return r;
}

int config_load(const char *file, const char *const *overrides, size_t n_overrides,
		struct config *ret, struct config_error *ret_error)
{
	return load_config(NULL, file, overrides, n_overrides, ret, ret_error);
}

int config_override(const struct config *base, const char *const *overrides, size_t n_overrides,
		    struct config *ret, struct config_error *ret_error)
{
	return load_config(base, NULL, overrides, n_overrides, ret, ret_error);
}

void config_defaults(struct config *ret)
{
	struct setting_problem problem;

	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < n_settings; i++)
		(void)setting_set(&settings[i], settings[i].initial, false, ret, &problem);
}

void config_print(const struct config *config, FILE *out)
{
	const char *section = "";

	for (size_t i = 0; i < n_settings; i++) {
		if (strcmp(settings[i].section, section) != 0)
			fprintf(out, "%s[%s]\n", i > 0 ? "\n" : "", settings[i].section);
		section = settings[i].section;
		settings_print_wrapped(settings[i].help, "# ", 78, out);
		setting_print(&settings[i], config, out);
	}
}
