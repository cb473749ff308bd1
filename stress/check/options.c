/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/options.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX ".scenario"

static int add_path(struct check_options *options, char *path)
{
	char **larger = reallocarray(options->paths, options->n_paths + 1, sizeof(*larger));

	if (!path || !larger) {
		free(path);
		options->paths = larger ? larger : options->paths;
		return -ENOMEM;
	}
	options->paths = larger;
	options->paths[options->n_paths++] = path;
	return 0;
}

static int is_scenario_or_folder(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name), suffix = strlen(SUFFIX);

	return (entry->d_type == DT_DIR && entry->d_name[0] != '.') ||
	       (n > suffix && strcmp(entry->d_name + n - suffix, SUFFIX) == 0);
}

static int add_file(struct check_options *options, const char *path,
		    struct stress_error *ret_error);

/* All scenarios of a folder and of those in it, by their names. */
static int add_folder(struct check_options *options, const char *folder,
		      struct stress_error *ret_error)
{
	struct dirent **entries = NULL;
	int n = scandir(folder, &entries, is_scenario_or_folder, alphasort), r = 0;

	if (n < 0)
		return stress_fail(ret_error, -errno, "read %s: %s", folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		_cleanup_free_ char *path = NULL;

		if (r == 0 && asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0)
			r = -ENOMEM;
		if (r == 0)
			r = add_file(options, path, ret_error);
		free(entries[i]);
	}
	free(entries);
	return r;
}

static int add_file(struct check_options *options, const char *path, struct stress_error *ret_error)
{
	struct stat stat_of;

	if (stat(path, &stat_of) < 0)
		return stress_fail(ret_error, -EINVAL, "%s: %s", path, strerror(errno));
	return S_ISDIR(stat_of.st_mode) ? add_folder(options, path, ret_error)
					: add_path(options, strdup(path));
}

static int take_option(struct check_options *options, const struct common_option *option,
		       struct stress_error *ret_error)
{
	if (strcmp(option->name, "junit") == 0) {
		options->junit = option->value;
	} else if (strcmp(option->name, "json") == 0) {
		options->json = option->value;
	} else if (strcmp(option->name, "html") == 0) {
		options->html = option->value;
	} else {
		return common_options_take(&options->common, option, ret_error);
	}
	return 0;
}

/* A file, or an option with its value. *ret_n: how many words it was. */
static int take_words(struct check_options *options, char **words, int n, int *ret_n,
		      struct stress_error *ret_error)
{
	struct common_option option = {.n_words = 1};
	size_t n_paths = options->n_paths;
	int r = 0;

	if (strncmp(words[0], "--", 2) != 0) {
		r = add_file(options, words[0], ret_error);
		if (r == 0 && options->n_paths == n_paths)
			r = stress_fail(ret_error, -EINVAL, "%s: no file in it ends with %s",
					words[0], SUFFIX);
	} else if (strcmp(words[0], "--mutants") == 0) {
		options->mutants = true;
	} else {
		r = common_option_read(words, n, &option, ret_error);
		if (r == 0)
			r = take_option(options, &option, ret_error);
	}
	*ret_n = option.n_words;
	return r;
}

int check_options_read(struct check_options *options, char **words, int n,
		       struct stress_error *ret_error)
{
	static const char *const names[] = {"repeat", "seed", "mutants", "junit",
					    "json",   "html", NULL};
	int r = 0, used;

	*options = (struct check_options){.n_paths = 0};
	if (common_options_make(&options->common, names, n, 1) < 0)
		return -ENOMEM;
	for (int i = 0; i < n && r == 0; i += used)
		r = take_words(options, words + i, n - i, &used, ret_error);
	if (r == 0 && options->n_paths == 0)
		r = stress_fail(ret_error, -EINVAL,
				"check wants scenario files, or folders of them");
	return r;
}

void check_options_free(struct check_options *options)
{
	for (size_t i = 0; i < options->n_paths; i++)
		free(options->paths[i]);
	free(options->paths);
	common_options_free(&options->common);
	*options = (struct check_options){.n_paths = 0};
}
