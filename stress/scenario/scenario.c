/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of scenario files, and which key of which one is being set. */
#include "stress/scenario/scenario.h"

#include "base/spell.h"
#include "stress/scenario/scenario_keys.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define BEGINS_AS_NAMED(type)                                                                   \
	_Static_assert(offsetof(type, place) == offsetof(struct scenario_named, place) &&       \
			       offsetof(type, said) == offsetof(struct scenario_named, said) && \
			       offsetof(type, said_at) ==                                       \
				       offsetof(struct scenario_named, said_at),                \
		       #type " begins as struct scenario_named")
BEGINS_AS_NAMED(struct scenario_requirement);
BEGINS_AS_NAMED(struct scenario_step);
BEGINS_AS_NAMED(struct scenario_expect);
BEGINS_AS_NAMED(struct scenario_watch);
BEGINS_AS_NAMED(struct scenario_mutant);

struct scenario_spot scenario_spot_of(enum scenario_kind_index kind, const void *section,
				      unsigned int key)
{
	const struct scenario_named *named = section;

	return (struct scenario_spot){
		.place = scenario_said(named->said, key) ? &named->said_at[key] : &named->place,
		.section = scenario_kinds[kind].name,
		.name = named->name,
		.key = scenario_kinds[kind].keys[key].name,
	};
}

int scenario_fail(struct stress_error *ret_error, const struct scenario_spot *spot,
		  const char *format, ...)
{
	char words[sizeof(ret_error->text)];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(words, sizeof(words), format, ap);
	va_end(ap);
	return job_fail(ret_error, spot->place, spot->section, spot->name, "%s: %s", spot->key,
			words);
}

static char **array_of(struct scenario *scenario, const struct scenario_kind *kind)
{
	return (char **)(void *)((char *)scenario + kind->array);
}

static size_t *count_of(struct scenario *scenario, const struct scenario_kind *kind)
{
	return (size_t *)(void *)((char *)scenario + kind->n);
}

static int add_section(struct scenario *scenario, const struct scenario_kind *kind,
		       const char *name, const struct job_place *place,
		       struct stress_error *ret_error)
{
	char **array = array_of(scenario, kind), *larger;
	size_t *n = count_of(scenario, kind);
	struct scenario_named *section;

	if (!scenario_name_is_good(name))
		return job_fail(ret_error, place, NULL, NULL,
				"[%s %.64s]: a name is 1 to %d letters, digits, '-', '_'",
				kind->name, name, STRESS_NAME_MAX - 1);
	if (kind == &scenario_kinds[SCENARIO_KIND_STEP] &&
	    (strcmp(name, "start") == 0 || strcmp(name, "end") == 0))
		return job_fail(ret_error, place, "step", name,
				"is the name of a moment that every scenario has");
	for (size_t i = 0; i < *n; i++) {
		section = (struct scenario_named *)(void *)(*array + i * kind->size);
		if (strcmp(section->name, name) == 0)
			return job_fail(ret_error, place, kind->name, name,
					"is there already (%s:%u)", section->place.file,
					section->place.line);
	}
	if (*n == SCENARIO_SECTIONS_MAX)
		return job_fail(ret_error, place, kind->name, name, "more than %d of them",
				SCENARIO_SECTIONS_MAX);
	larger = reallocarray(*array, *n + 1, kind->size);
	if (!larger)
		return -ENOMEM;
	*array = larger;
	memset(larger + *n * kind->size, 0, kind->size);
	section = (struct scenario_named *)(void *)(larger + (*n)++ * kind->size);
	strcpy(section->name, name);
	section->place = *place;
	return 0;
}

static int open_section(void *context, const char *text, const struct job_place *place,
			struct stress_error *ret_error)
{
	struct scenario *scenario = context;

	for (size_t i = 0; i < (size_t)SCENARIO_KINDS; i++) {
		size_t n = strlen(scenario_kinds[i].name);

		if (strncmp(text, scenario_kinds[i].name, n) != 0 || (text[n] && text[n] != ' '))
			continue;
		scenario->open = (int)i;
		if (i == SCENARIO_KIND_AGENT)
			scenario->agent.place = *place;
		if (!scenario_kinds[i].size)
			return text[n] ? -ENOENT : 0;
		return add_section(scenario, &scenario_kinds[i], text[n] ? text + n + 1 : "", place,
				   ret_error);
	}
	return -ENOENT;
}

static int unknown_key(const struct scenario_kind *kind, const char *name, const char *key,
		       const struct job_place *place, struct stress_error *ret_error)
{
	const char *names[SCENARIO_KEYS_MAX] = {NULL};
	size_t nearest;

	for (size_t i = 0; i < kind->n_keys; i++)
		names[i] = kind->keys[i].name;
	nearest = spell_nearest(key, names, kind->n_keys);
	return job_fail(ret_error, place, kind->name, name, "%.64s: there is no such key%s%s%s",
			key, nearest < kind->n_keys ? "; did you mean '" : "",
			nearest < kind->n_keys ? names[nearest] : "",
			nearest < kind->n_keys ? "'?" : "");
}

static int set_key(void *context, const char *key, const char *value, const struct job_place *place,
		   struct stress_error *ret_error)
{
	struct scenario *scenario = context;
	const struct scenario_kind *kind = &scenario_kinds[scenario->open];
	struct scenario_refusal refusal = {""};
	struct scenario_named *named = NULL;
	void *section = scenario;
	size_t i = 0;

	if (kind->size) {
		section = *array_of(scenario, kind) + (*count_of(scenario, kind) - 1) * kind->size;
		named = section;
	}
	while (i < kind->n_keys && strcmp(kind->keys[i].name, key) != 0)
		i++;
	if (i == kind->n_keys)
		return unknown_key(kind, named ? named->name : NULL, key, place, ret_error);
	if (named && scenario_said(named->said, (unsigned int)i))
		return job_fail(ret_error, place, kind->name, named->name, "%s: is said twice",
				key);
	if (kind->keys[i].take(section, (char *)section + kind->keys[i].offset, value, &refusal) <
	    0)
		return job_fail(ret_error, place, kind->name, named ? named->name : NULL, "%s: %s",
				key, refusal.words);
	if (named) {
		named->said |= UINT64_C(1) << i;
		named->said_at[i] = *place;
	}
	return 0;
}

int scenario_new(struct scenario **ret_scenario)
{
	struct scenario *scenario = calloc(1, sizeof(*scenario));

	if (!scenario)
		return -ENOMEM;
	if (job_new(&scenario->job) < 0) {
		scenario_free(scenario);
		return -ENOMEM;
	}
	scenario->sections = (struct job_sections){
		.words = "[scenario], [requires NAME], [step NAME], [expect NAME], [watch NAME], "
			 "[agent], [mutant NAME]",
		.context = scenario,
		.open = open_section,
		.set = set_key,
	};
	scenario->timeout_ns = SCENARIO_TIMEOUT_NS;
	scenario->job->more = &scenario->sections;
	/* What the kernel does with groups alone can be looked at, too; and what does not fit. */
	scenario->job->may_idle = true;
	scenario->job->global.check_fit = false;
	*ret_scenario = scenario;
	return 0;
}

struct scenario *scenario_free(struct scenario *scenario)
{
	if (!scenario)
		return NULL;
	job_free(scenario->job);
	free(scenario->requirements);
	free(scenario->steps);
	free(scenario->expects);
	free(scenario->watches);
	free(scenario->mutants);
	free(scenario);
	return NULL;
}

static int finish(struct scenario *scenario, struct stress_error *ret_error)
{
	int r = job_complete(scenario->job, ret_error);

	return r < 0 ? r : scenario_check(scenario, ret_error);
}

int scenario_read_file(struct scenario *scenario, const char *path, struct stress_error *ret_error)
{
	int r = job_read_file(scenario->job, path, ret_error);

	return r < 0 ? r : finish(scenario, ret_error);
}

int scenario_read_text(struct scenario *scenario, const char *name, const char *text,
		       struct stress_error *ret_error)
{
	int r = job_read_text(scenario->job, name, text, ret_error);

	return r < 0 ? r : finish(scenario, ret_error);
}

int scenario_mutate(struct scenario *scenario, const struct scenario_mutant *mutant,
		    struct stress_error *ret_error)
{
	const struct scenario_spot set = scenario_spot_of(SCENARIO_KIND_MUTANT, mutant, MUTANT_SET);
	struct stress_error error;
	int r = mutant->set[0] ? job_set(scenario->job, mutant->set, &error) : 0;

	if (r == -EINVAL)
		return scenario_fail(ret_error, &set, "%s", error.text);
	if (r == 0)
		r = scenario_check(scenario, ret_error);
	if (r == 0 && mutant->no_agent)
		scenario->agent.command[0] = '\0';
	return r;
}

bool scenario_means_load(const char *meant, const char *load)
{
	size_t n = strlen(meant);

	return strncmp(meant, load, n) == 0 && (load[n] == '\0' || load[n] == '.');
}

bool scenario_measures(const struct scenario *scenario, enum formula_source source,
		       const char *name, size_t first_key, size_t last_key)
{
	for (size_t i = 0; i < scenario->n_expects; i++) {
		const struct formula *value = &scenario->expects[i].value;

		for (size_t f = 0; f < value->n_files; f++)
			if (value->files[f].source == source &&
			    strcmp(value->files[f].of, name) == 0 &&
			    value->files[f].key_index >= first_key &&
			    value->files[f].key_index <= last_key)
				return true;
	}
	return false;
}
