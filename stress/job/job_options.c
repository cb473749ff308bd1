/* SPDX-License-Identifier: Apache-2.0 */
/* A job as the command line says it. */
#include "stress/job/job.h"

#include "base/spell.h"
#include "stress/job/job_build.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The next comma behind which there is a KEY=, or NULL: all others belong to the value. */
static char *find_separator(char *text)
{
	static const char key_bytes[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	char *comma = text;

	while ((comma = strchr(comma, ','))) {
		size_t n = strspn(comma + 1, key_bytes);

		if (n && comma[1 + n] == '=')
			return comma;
		comma++;
	}
	return NULL;
}

/* Takes "KEY=VALUE" up to the next separator off *rest, which is changed. NULL: no '='. */
static char *take_assignment(char **rest, char **ret_value)
{
	char *key = *rest, *comma = find_separator(key);
	char *equals;

	*rest = NULL;
	if (comma) {
		*comma = '\0';
		*rest = comma + 1;
	}
	equals = strchr(key, '=');
	if (!equals)
		return NULL;
	*equals = '\0';
	*ret_value = equals + 1;
	return key;
}

/* What name= says in "KEY=VALUE,KEY=VALUE", else type, type2, type3 ... */
static const char *name_load(const struct job *job, const char *type, const char *pairs,
			     char name[static STRESS_NAME_MAX], size_t *ret_n)
{
	for (const char *at = pairs; at; at = strchr(at, ',')) {
		at += *at == ',';
		if (strncmp(at, "name=", 5) == 0) {
			*ret_n = strcspn(at + 5, ",");
			return at + 5;
		}
	}
	(void)snprintf(name, STRESS_NAME_MAX, "%.48s", type);
	for (unsigned int i = 2; job_find_load(job, name) >= 0; i++)
		(void)snprintf(name, STRESS_NAME_MAX, "%.48s%u", type, i);
	*ret_n = strlen(name);
	return name;
}

/* Of the last load. begin: in job->sayings, the first about it. */
static int set_load_once(struct job *job, size_t begin, const char *key, const char *value,
			 const struct job_place *place, struct stress_error *ret_error)
{
	int r = job_check_once(job, begin, key, place, ret_error);

	return r < 0 ? r
		     : job_set_load(job, &job->loads[job->n_loads - 1], key, value, place,
				    ret_error);
}

int job_add_load(struct job *job, const char *text, struct stress_error *ret_error)
{
	static const struct job_place place = {.file = "--load"};
	_cleanup_free_ char *copy = strdup(text);
	char *rest, *key, *value, free_name[STRESS_NAME_MAX];
	size_t begin = job->n_sayings, n;
	const char *name;
	int r;

	if (!copy)
		return -ENOMEM;
	rest = strchr(copy, ':');
	if (rest)
		*rest++ = '\0';
	name = name_load(job, copy, rest, free_name, &n);
	r = job_open_load(job, name, n, &place, ret_error);
	if (r == 0)
		r = job_set_load(job, &job->loads[job->n_loads - 1], "type", copy, &place,
				 ret_error);
	while (r == 0 && rest && *rest) {
		key = take_assignment(&rest, &value);
		if (!key)
			return job_fail(ret_error, &place, NULL, NULL,
					"%.128s: is TYPE:KEY=VALUE,KEY=VALUE...", text);
		if (strcmp(key, "name") != 0)
			r = set_load_once(job, begin, key, value, &place, ret_error);
		else if (value != name)
			return job_fail(ret_error, &place, NULL, NULL,
					"%.128s: has more than one name", text);
	}
	return r;
}

int job_add_group(struct job *job, const char *text, struct stress_error *ret_error)
{
	static const struct job_place place = {.file = "--group"};
	_cleanup_free_ char *copy = strdup(text);
	size_t begin = job->n_sayings;
	char *rest, *key, *value;
	int r;

	if (!copy)
		return -ENOMEM;
	rest = strchr(copy, ':');
	if (rest)
		*rest++ = '\0';
	r = job_open_group(job, copy, strlen(copy), &place, ret_error);
	while (r == 0 && rest && *rest) {
		key = take_assignment(&rest, &value);
		if (!key)
			return job_fail(ret_error, &place, NULL, NULL,
					"%.128s: is NAME:FILE=VALUE,FILE=VALUE...", text);
		r = job_check_once(job, begin, key, &place, ret_error);
		if (r == 0)
			r = job_set_group(job, &job->groups[job->n_groups - 1], key, value, &place,
					  ret_error);
	}
	return r;
}

/* Splits "NAME.KEY" at the first dot: names have none, keys may. */
static char *split_name(char *text)
{
	char *dot = strchr(text, '.');

	if (!dot || !dot[1])
		return NULL;
	*dot = '\0';
	return dot + 1;
}

int job_set(struct job *job, const char *text, struct stress_error *ret_error)
{
	static const struct job_place place = {.file = "--set"};
	_cleanup_free_ char *copy = strdup(text);
	char *value, *name, *key;
	int i;

	if (!copy)
		return -ENOMEM;
	value = strchr(copy, '=');
	if (!value)
		goto malformed;
	*value++ = '\0';
	name = split_name(copy);
	if (!name)
		goto malformed;
	if (strcmp(copy, "global") == 0)
		return job_set_in_global(job, name, value, &place, ret_error);
	key = split_name(name);
	if (!key)
		goto malformed;
	if (strcmp(copy, "load") == 0) {
		i = job_find_load(job, name);
		if (i < 0)
			return job_fail(ret_error, &place, "load", name, "there is no such load");
		return job_set_load(job, &job->loads[i], key, value, &place, ret_error);
	}
	if (strcmp(copy, "group") == 0) {
		i = job_find_group(job, name);
		if (i < 0)
			return job_fail(ret_error, &place, "group", name, "there is no such group");
		return job_set_group(job, &job->groups[i], key, value, &place, ret_error);
	}
malformed:
	return job_fail(ret_error, &place, NULL, NULL,
			"%.128s: is global.KEY=VALUE, load.NAME.KEY=VALUE or group.NAME.FILE=VALUE",
			text);
}

int job_set_global(struct job *job, const char *name, const char *value,
		   struct stress_error *ret_error)
{
	static const struct job_place place = {.file = "command line"};

	return job_set_in_global(job, name, value, &place, ret_error);
}

/*
 * Takes one option and its value into the job. Returns how many words it was, or -errno;
 * *ret_default when it is a default for the loads that follow.
 */
static int take_option(struct job *job, char **words, int n, const char **ret_default,
		       struct stress_error *ret_error)
{
	static const struct {
		const char *name;
		int (*take)(struct job *, const char *, struct stress_error *);
	} options[] = {
		{"load", job_add_load},
		{"group", job_add_group},
		{"set", job_set},
	};
	const char *name = words[0] + 2, *value;
	_cleanup_free_ char *copy = strdup(name);
	char *equals;
	int used, r;

	if (!copy)
		return -ENOMEM;
	/* "--duration=20s" as well as "--duration 20s". */
	equals = strchr(copy, '=');
	if (equals)
		*equals = '\0';
	used = equals ? 1 : 2;
	value = equals ? equals + 1 : n > 1 ? words[1] : NULL;
	if (!value)
		return stress_fail(ret_error, -EINVAL, "%s wants a value", words[0]);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		if (strcmp(copy, options[i].name) == 0) {
			r = options[i].take(job, value, ret_error);
			return r < 0 ? r : used;
		}
	}
	if (!stress_setting_find(&global_table, copy) && !stress_setting_find(&load_table, copy)) {
		const char *const own[] = {options[0].name, options[1].name, options[2].name};
		size_t i = spell_nearest(copy, own, ARRAY_SIZE(own));
		const char *nearest =
			i < ARRAY_SIZE(own) ? own[i] : stress_setting_nearest(&global_table, copy);

		nearest = nearest ? nearest : stress_setting_nearest(&load_table, copy);
		return stress_fail(ret_error, -EINVAL, "--%s: there is no such option%s%s%s", copy,
				   nearest ? "; did you mean --" : "", nearest ? nearest : "",
				   nearest ? "?" : "");
	}
	r = job_set_global(job, copy, value, ret_error);
	if (r < 0)
		return r;
	if (!stress_setting_find(&global_table, copy))
		*ret_default = words[0];
	return used;
}

static int read_file(struct job *job, const char *path, struct stress_error *ret_error)
{
	int r = job_read_file(job, path, ret_error);

	if (r != -ENOENT || !strchr(path, '='))
		return r;
	return stress_fail(ret_error, -EINVAL,
			   "%s: is no file; a load's settings stand with it: --load TYPE:%s", path,
			   path);
}

int job_read_words(struct job *job, char **words, int n, struct stress_error *ret_error)
{
	const char *for_nobody = NULL; /* a default that no load has followed */

	while (n > 0) {
		size_t n_loads = job->n_loads;
		int r;

		if (strncmp(*words, "--", 2) == 0) {
			r = take_option(job, words, n, &for_nobody, ret_error);
		} else if (**words == '-') {
			r = stress_fail(ret_error, -EINVAL, "%s: options begin with --", *words);
		} else {
			r = read_file(job, *words, ret_error);
			r = r < 0 ? r : 1;
		}
		if (r < 0)
			return r;
		if (job->n_loads > n_loads)
			for_nobody = NULL;
		words += r;
		n -= r;
	}
	if (!for_nobody)
		return 0;
	return stress_fail(
		ret_error, -EINVAL,
		"%s: is a default for the loads that follow, and none does: say it first, or "
		"--set load.NAME.KEY=VALUE",
		for_nobody);
}
