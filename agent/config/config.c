/* SPDX-License-Identifier: Apache-2.0 */
/* Where a configuration comes from: defaults, files, drop-ins, overrides. */
#include "agent/config/group_rules.h"
#include "agent/config/load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>

#define FILE_MAX_BYTES 1048576

const char *load_place(char place[PLACE_MAX], const char *path, unsigned int line)
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

int __attribute__((format(printf, 4, 0)))
load_vfail(struct load *load, int result, const char *place, const char *format, va_list ap)
{
	struct config_error *error = load->error;
	int n = snprintf(error->text, sizeof(error->text), "%s: ", place);

	if (n >= 0 && (size_t)n < sizeof(error->text))
		(void)vsnprintf(error->text + n, sizeof(error->text) - (size_t)n, format, ap);
	return result;
}

int __attribute__((format(printf, 4, 5)))
load_fail(struct load *load, int result, const char *place, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)load_vfail(load, result, place, format, ap);
	va_end(ap);
	return result;
}

int load_fail_unknown(struct load *load, const char *place, const char *section, const char *key)
{
	const struct setting *nearest = setting_nearest(section, key);

	if (*section == '\0')
		return load_fail(load, -EINVAL, place,
				 "%s: before it there must be a section's line, as in [%s]", key,
				 nearest ? nearest->section : settings[0].section);
	if (!nearest)
		return load_fail(load, -EINVAL, place,
				 "%s.%s: there is no such setting; "
				 "uswapd --help-settings lists them all",
				 section, key);
	return load_fail(load, -EINVAL, place,
			 "%s.%s: there is no such setting; did you mean %s.%s?", section, key,
			 nearest->section, nearest->key);
}

int load_set(struct load *load, const struct setting *setting, const char *value, bool append,
	     const char *place)
{
	struct setting_problem problem;
	int r = setting_set(setting, value, append, &load->config, &problem);

	if (r < 0)
		return load_fail(load, r, place, "%s.%s: %s", setting->section, setting->key,
				 problem.text);
	(void)snprintf(load->place[setting - settings], PLACE_MAX, "%s", place);
	return 0;
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
		return load_fail(load, (int)n, PLACE(path, 0), "is not a regular file");
	if (n == -EFBIG)
		return load_fail(load, (int)n, PLACE(path, 0), "is larger than %d bytes",
				 FILE_MAX_BYTES);
	if (n < 0)
		return load_fail(load, (int)n, PLACE(path, 0), "can't be read: %s",
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
		return load_fail(load, -ENAMETOOLONG, PLACE(file, 0), "the path is too long");
	(void)snprintf(path, sizeof(path), "%s.d", file);
	n = scandir(path, &entries, is_drop_in, by_name);
	*ret_found = n >= 0;
	if (n < 0 && errno == ENOENT)
		return 0;
	if (n < 0)
		return load_fail(load, -errno, PLACE(path, 0), "can't be read: %s",
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
		return load_fail(load, -ENOENT, PLACE(file, 0), "there is no such file");
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
			return load_fail(load, -EINVAL, "--set",
					 "\"%s\": write section.key=value, "
					 "as in headroom.reaction=250ms",
					 overrides[i]);
		(void)snprintf(section, sizeof(section), "%.*s", (int)(dot - overrides[i]),
			       overrides[i]);
		(void)snprintf(key, sizeof(key), "%.*s", (int)(equals - dot - 1), dot + 1);
		setting = setting_find(section, key);
		if (!setting)
			return load_fail_unknown(load, "--set", section, key);
		index = (size_t)(setting - settings);
		r = load_set(load, setting, equals + 1, seen[index], "--set");
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
	return load_fail(load, -EINVAL, load->place[set_one - settings],
			 "%s.%s must not be more than %s.%s", lower->section, lower->key,
			 upper->section, upper->key);
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
	for (size_t i = 0; i < config->n_rules; i++) {
		fputc('\n', out);
		group_rule_print(&config->rules[i], out);
	}
}
