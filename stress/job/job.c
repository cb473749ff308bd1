/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/job/job.h"

#include "base/spell.h"
#include "stress/job/job_build.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* "x.job:3", "--load" */
static const char *place_words(const struct job_place *place, char *text, size_t n)
{
	if (place->line)
		(void)snprintf(text, n, "%s:%u", place->file, place->line);
	else
		(void)snprintf(text, n, "%s", place->file);
	return text;
}

int job_fail(struct stress_error *ret_error, const struct job_place *place, const char *section,
	     const char *name, const char *format, ...)
{
	char where[PATH_MAX + 16] = "", what[2 * STRESS_NAME_MAX + 8] = "";
	bool is_known = place && place->file;
	char words[512];
	va_list ap;

	if (is_known)
		(void)place_words(place, where, sizeof(where));
	if (section)
		(void)snprintf(what, sizeof(what), "[%s%s%s] ", section, name && *name ? " " : "",
			       name ? name : "");
	va_start(ap, format);
	(void)vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	(void)snprintf(ret_error->text, sizeof(ret_error->text), "%.400s%s%s%s", where,
		       is_known ? ": " : "", what, words);
	return -EINVAL;
}

int job_new(struct job **ret_job)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job)
		return -ENOMEM;
	stress_settings_default(&global_table, &job->global);
	stress_settings_default(&load_table, &job->defaults.settings);
	*ret_job = job;
	return 0;
}

struct job *job_free(struct job *job)
{
	if (!job)
		return NULL;
	for (size_t i = 0; i < job->n_files; i++)
		free(job->files[i]);
	free(job->files);
	free(job->sayings);
	free(job->groups);
	free(job->loads);
	free(job);
	return NULL;
}

int job_find_group(const struct job *job, const char *name)
{
	for (size_t i = 0; i < job->n_groups; i++)
		if (strcmp(job->groups[i].name, name) == 0)
			return (int)i;
	return -1;
}

int job_find_load(const struct job *job, const char *name)
{
	for (size_t i = 0; i < job->n_loads; i++)
		if (strcmp(job->loads[i].name, name) == 0)
			return (int)i;
	return -1;
}

const struct job_place *job_said(const struct job_load *load, const struct setting *setting)
{
	const struct job_place *place = &load->said[setting - load_table.settings];

	return place->file ? place : &load->place;
}

const struct job_place *job_said_first(const struct job_load *load, const char *words)
{
	char name[STRESS_NAME_MAX];
	const struct setting *setting;

	(void)snprintf(name, sizeof(name), "%.*s", (int)strcspn(words, ":"), words);
	setting = stress_setting_find(&load_table, name);
	return setting ? job_said(load, setting) : &load->place;
}

const struct job_place *job_said_globally(const struct job *job, const char *key, const char *value)
{
	for (size_t i = job->n_sayings; i > 0; i--) {
		const struct job_saying *said = &job->sayings[i - 1];

		if (strcmp(said->section, "global") == 0 && strcmp(said->key, key) == 0 &&
		    (!value || strcmp(said->value, value) == 0))
			return &said->place;
	}
	return NULL;
}

/* Letters, digits, '-' and '_'; nested: parts of such, joined by '/'. */
static bool name_is_good(const char *name, size_t n, bool nested)
{
	bool part_open = false;

	for (size_t i = 0; i < n; i++) {
		char c = name[i];
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '_';

		if (!plain && !(nested && c == '/' && part_open))
			return false;
		part_open = plain;
	}
	return part_open && n < STRESS_NAME_MAX;
}

/* One more element at the end of *array, zeroed. NULL: -ENOMEM. */
static void *grow(void **array, size_t *n, size_t size)
{
	char *larger = reallocarray(*array, *n + 1, size);

	if (!larger)
		return NULL;
	*array = larger;
	memset(larger + *n * size, 0, size);
	return larger + (*n)++ * size;
}

int job_open_load(struct job *job, const char *name, size_t n, const struct job_place *place,
		  struct stress_error *ret_error)
{
	char where[PATH_MAX + 16];
	struct job_load *load;

	if (!name_is_good(name, n, false))
		return job_fail(ret_error, place, NULL, NULL,
				"[load %.*s]: a load's name is 1 to %d letters, digits, '-', '_'",
				(int)n, name, STRESS_NAME_MAX - 1);
	for (size_t i = 0; i < job->n_loads; i++)
		if (strlen(job->loads[i].name) == n && memcmp(job->loads[i].name, name, n) == 0)
			return job_fail(
				ret_error, place, "load", job->loads[i].name,
				"is there already (%s); change it with --set load.%s.KEY=VALUE",
				place_words(&job->loads[i].place, where, sizeof(where)),
				job->loads[i].name);
	if (job->n_loads == JOB_LOADS_MAX)
		return job_fail(ret_error, place, NULL, NULL, "more than %d loads", JOB_LOADS_MAX);
	load = grow((void **)&job->loads, &job->n_loads, sizeof(*load));
	if (!load)
		return -ENOMEM;
	*load = job->defaults;
	memcpy(load->name, name, n);
	load->place = *place;
	return 0;
}

int job_open_group(struct job *job, const char *name, size_t n, const struct job_place *place,
		   struct stress_error *ret_error)
{
	char text[STRESS_NAME_MAX];
	struct job_group *group;
	char *slash;

	if (!name_is_good(name, n, true))
		return job_fail(
			ret_error, place, NULL, NULL,
			"[group %.*s]: a group's name is 1 to %d letters, digits, '-', '_', "
			"and '/' between the names of nested groups",
			(int)n, name, STRESS_NAME_MAX - 1);
	memcpy(text, name, n);
	text[n] = '\0';
	if (job_find_group(job, text) >= 0)
		return job_fail(ret_error, place, "group", text, "is there already");
	slash = strrchr(text, '/');
	if (slash) {
		*slash = '\0';
		if (job_find_group(job, text) < 0)
			return job_fail(ret_error, place, NULL, NULL,
					"[group %.*s]: there is no [group %s] before it", (int)n,
					name, text);
	}
	if (job->n_groups == JOB_GROUPS_MAX)
		return job_fail(ret_error, place, NULL, NULL, "more than %d groups",
				JOB_GROUPS_MAX);
	group = grow((void **)&job->groups, &job->n_groups, sizeof(*group));
	if (!group)
		return -ENOMEM;
	memcpy(group->name, name, n);
	group->place = *place;
	return 0;
}

/* Keeps it for the report. Values too long for that are cut there, not here. */
static int keep_saying(struct job *job, const char *section, const char *name, const char *key,
		       const char *value, const struct job_place *place)
{
	struct job_saying *saying = grow((void **)&job->sayings, &job->n_sayings, sizeof(*saying));

	if (!saying)
		return -ENOMEM;
	(void)snprintf(saying->section, sizeof(saying->section), "%s%s%s", section,
		       *name ? " " : "", name);
	(void)snprintf(saying->key, sizeof(saying->key), "%s", key);
	(void)snprintf(saying->value, sizeof(saying->value), "%s", value);
	saying->place = *place;
	return 0;
}

int job_check_once(const struct job *job, size_t begin, const char *key,
		   const struct job_place *place, struct stress_error *ret_error)
{
	const struct setting *setting = stress_setting_find(&global_table, key);
	char line[32] = "";

	if (setting && setting->many)
		return 0;
	for (size_t i = begin; i < job->n_sayings; i++) {
		const struct job_saying *said = &job->sayings[i];

		if (strcmp(said->key, key) != 0)
			continue;
		if (said->place.line)
			(void)snprintf(line, sizeof(line), "in line %u ", said->place.line);
		return job_fail(ret_error, place, said->section, NULL,
				"%s: was said %sbefore, as \"%.64s\"; leave out one of the two",
				key, line, said->value);
	}
	return 0;
}

/* ", at least 4.0 KiB, at most 64.0 MiB" */
static void say_bounds(const struct setting *setting, char *text, size_t n)
{
	char bound[64];
	size_t used = 0;

	text[0] = '\0';
	if (!setting->type->show)
		return;
	if (setting->min)
		used = (size_t)snprintf(text, n, ", at least %s",
					setting->type->show(bound, sizeof(bound), setting->min));
	if (setting->max && used < n)
		(void)snprintf(text + used, n - used, ", at most %s",
			       setting->type->show(bound, sizeof(bound), setting->max));
}

static int explain_value(struct stress_error *ret_error, const struct job_place *place,
			 const char *section, const char *name, const struct setting *setting,
			 const char *value, int error)
{
	char choices[128] = "", bounds[128] = "";
	size_t used = 0;

	for (size_t i = 0; setting->choices && setting->choices[i]; i++)
		used += (size_t)snprintf(choices + used, sizeof(choices) - used, "%s%s",
					 i ? ", " : "", setting->choices[i]);
	if (error == -E2BIG)
		return job_fail(ret_error, place, section, name, "%s: at most %d of them",
				setting->name, WATCHES_MAX);
	if (error == -ERANGE)
		say_bounds(setting, bounds, sizeof(bounds));
	return job_fail(ret_error, place, section, name, "%s: \"%.64s\" is %s; it is %s%s",
			setting->name, value, error == -ERANGE ? "out of range" : "not understood",
			setting->choices ? choices : setting->type->words, bounds);
}

int job_set_load(struct job *job, struct job_load *load, const char *key, const char *value,
		 const struct job_place *place, struct stress_error *ret_error)
{
	const struct setting *setting = stress_setting_find(&load_table, key);
	const char *section = load == &job->defaults ? "global" : "load", *nearest;
	int r;

	if (!setting && stress_setting_find(&global_table, key))
		return job_fail(ret_error, place, section, load->name,
				"%.64s: is no setting of a load: it stands in [global]", key);
	if (!setting) {
		nearest = stress_setting_nearest(&load_table, key);
		return job_fail(ret_error, place, "load", load->name,
				"%.64s: a load has no such setting%s%s%s", key,
				nearest ? "; did you mean '" : "", nearest ? nearest : "",
				nearest ? "'?" : "");
	}
	r = stress_setting_read(setting, value, &load->settings);
	if (r < 0)
		return explain_value(ret_error, place, section, load->name, setting, value, r);
	/* At once: what follows is about a load of this type. */
	if (strcmp(key, "type") == 0 && job_check_type(load, place, ret_error) < 0)
		return -EINVAL;
	load->said[setting - load_table.settings] = *place;
	return keep_saying(job, section, load->name, key, value, place);
}

int job_set_in_global(struct job *job, const char *key, const char *value,
		      const struct job_place *place, struct stress_error *ret_error)
{
	const struct setting *setting = stress_setting_find(&global_table, key);
	const char *nearest;
	int r;

	if (!setting && stress_setting_find(&load_table, key))
		return job_set_load(job, &job->defaults, key, value, place, ret_error);
	if (!setting) {
		nearest = stress_setting_nearest(&global_table, key);
		nearest = nearest ? nearest : stress_setting_nearest(&load_table, key);
		return job_fail(ret_error, place, "global", NULL,
				"%.64s: there is no such setting%s%s%s", key,
				nearest ? "; did you mean '" : "", nearest ? nearest : "",
				nearest ? "'?" : "");
	}
	r = stress_setting_read(setting, value, &job->global);
	if (r < 0)
		return explain_value(ret_error, place, "global", NULL, setting, value, r);
	return keep_saying(job, "global", "", key, value, place);
}

/* "memory.swap.max": a controller and the file's name. */
static bool knob_is_good(const char *file)
{
	const char *dot = strchr(file, '.');

	if (!dot || dot == file || !dot[1] || strlen(file) >= STRESS_NAME_MAX)
		return false;
	return strspn(file, "abcdefghijklmnopqrstuvwxyz0123456789._") == strlen(file) &&
	       !strstr(file, "..");
}

/*
 * The kernel's name that a misspelt one of its memory files was meant to be, or NULL. What is like
 * none of these is left to the kernel: it may have more.
 */
static const char *nearest_memory_file(const char *file)
{
	static const char *const files[] = {
		"memory.min",	   "memory.low",       "memory.high",	   "memory.max",
		"memory.peak",	   "memory.oom.group", "memory.reclaim",   "memory.swap.high",
		"memory.swap.max", "memory.swap.peak", "memory.zswap.max", "memory.zswap.writeback",
	};
	size_t i;

	if (strncmp(file, "memory.", strlen("memory.")) != 0)
		return NULL;
	i = spell_nearest(file, files, ARRAY_SIZE(files));
	return i < ARRAY_SIZE(files) && strcmp(file, files[i]) != 0 ? files[i] : NULL;
}

int job_set_group(struct job *job, struct job_group *group, const char *key, const char *value,
		  const struct job_place *place, struct stress_error *ret_error)
{
	struct job_knob *knob = NULL;
	const char *nearest;

	if (!knob_is_good(key))
		return job_fail(ret_error, place, "group", group->name,
				"%.64s: not a file of a cgroup, such as memory.max", key);
	nearest = nearest_memory_file(key);
	if (nearest)
		return job_fail(ret_error, place, "group", group->name,
				"%s: a group has no such file; did you mean '%s'?", key, nearest);
	if (strlen(value) >= JOB_VALUE_MAX)
		return job_fail(ret_error, place, "group", group->name,
				"%s: the value has more than %d bytes", key, JOB_VALUE_MAX - 1);
	/* Said again by an option, that counts, at the first one's place in the order. */
	for (size_t i = 0; i < group->n_knobs; i++)
		if (strcmp(group->knobs[i].file, key) == 0)
			knob = &group->knobs[i];
	if (!knob && group->n_knobs == JOB_KNOBS_MAX)
		return job_fail(ret_error, place, "group", group->name, "more than %d files",
				JOB_KNOBS_MAX);
	if (!knob)
		knob = &group->knobs[group->n_knobs++];
	strcpy(knob->file, key);
	strcpy(knob->value, value);
	knob->place = *place;
	return keep_saying(job, "group", group->name, key, value, place);
}
