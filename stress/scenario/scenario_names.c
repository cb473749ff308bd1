/* SPDX-License-Identifier: Apache-2.0 */
/* What sections name: other ones, and whether there are such. */
#include "stress/scenario/scenario_keys.h"

#include "base/parse.h"
#include "base/spell.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char *const sorts[] = {
	[SCENARIO_GROUP] = "group", [SCENARIO_LOAD] = "load",	  [SCENARIO_STEP] = "step",
	[SCENARIO_WATCH] = "watch", [SCENARIO_EXPECT] = "expect",
};

_Static_assert(JOB_GROUPS_MAX <= SCENARIO_SECTIONS_MAX && JOB_LOADS_MAX <= SCENARIO_SECTIONS_MAX,
	       "room for the names of all");

static size_t names_of(const struct scenario *scenario, enum scenario_sort sort,
		       const char *names[static SCENARIO_SECTIONS_MAX])
{
	const struct job *job = scenario->job;
	const size_t counts[] = {
		[SCENARIO_GROUP] = job->n_groups,	 [SCENARIO_LOAD] = job->n_loads,
		[SCENARIO_STEP] = scenario->n_steps,	 [SCENARIO_WATCH] = scenario->n_watches,
		[SCENARIO_EXPECT] = scenario->n_expects,
	};

	for (size_t i = 0; i < counts[sort]; i++)
		names[i] = sort == SCENARIO_GROUP   ? job->groups[i].name
			   : sort == SCENARIO_LOAD  ? job->loads[i].name
			   : sort == SCENARIO_STEP  ? scenario->steps[i].name
			   : sort == SCENARIO_WATCH ? scenario->watches[i].name
						    : scenario->expects[i].name;
	return counts[sort];
}

int scenario_find_step(const struct scenario *scenario, const char *name)
{
	for (size_t i = 0; i < scenario->n_steps; i++)
		if (strcmp(scenario->steps[i].name, name) == 0)
			return (int)i;
	return -1;
}

/* what: where in the key's value it is named; "": it is all of it. */
static int check_name(const struct scenario *scenario, enum scenario_sort sort, const char *what,
		      const char *name, const struct scenario_spot *spot,
		      struct stress_error *ret_error)
{
	const char *names[SCENARIO_SECTIONS_MAX] = {NULL};
	size_t n = names_of(scenario, sort, names), nearest;
	char meant[STRESS_NAME_MAX + 32] = "";

	for (size_t i = 0; i < n; i++)
		if (strcmp(name, names[i]) == 0 ||
		    (sort == SCENARIO_LOAD && scenario_means_load(name, names[i])))
			return 0;
	nearest = spell_nearest(name, names, n);
	if (nearest < n)
		(void)snprintf(meant, sizeof(meant), "; did you mean '%s'?", names[nearest]);
	return scenario_fail(ret_error, spot, "%sthere is no [%s %s]%s", what, sorts[sort], name,
			     meant);
}

int scenario_check_name(const struct scenario *scenario, enum scenario_sort sort, const char *name,
			const struct scenario_spot *spot, struct stress_error *ret_error)
{
	return check_name(scenario, sort, "", name, spot, ret_error);
}

static int check_file(const struct scenario *scenario, const struct formula_file *file,
		      const struct scenario_spot *spot, struct stress_error *ret_error)
{
	char what[2 * STRESS_NAME_MAX + 8];
	uint64_t node;

	(void)snprintf(what, sizeof(what), "%s(%s): ", file->file, file->of);
	switch (file->source) {
	case FORMULA_OF_GROUP:
		return check_name(scenario, SCENARIO_GROUP, what, file->of, spot, ret_error);
	case FORMULA_OF_LOAD:
		/* A load of several workers has as many figures: one is to be named. */
		if (job_find_load(scenario->job, file->of) >= 0)
			return 0;
		return check_name(scenario, SCENARIO_LOAD, what, file->of, spot, ret_error) < 0
			       ? -EINVAL
			       : scenario_fail(ret_error, spot,
					       "%shas several workers: name one, %s.1", what,
					       file->of);
	case FORMULA_OF_STEP:
		return check_name(scenario, SCENARIO_STEP, what, file->of, spot, ret_error);
	case FORMULA_OF_WATCH:
		return check_name(scenario, SCENARIO_WATCH, what, file->of, spot, ret_error);
	case FORMULA_OF_NODE:
		if (parse_u64(file->of, &node) == 0 && node <= INT32_MAX)
			return 0;
		return scenario_fail(ret_error, spot, "%sa node is a number", what);
	default:
		if (strcmp(file->of, "machine") == 0)
			return 0;
		return scenario_fail(ret_error, spot, "%sit is %s(machine)", what, file->file);
	}
}

int scenario_check_sources(const struct scenario *scenario, const struct formula *formula,
			   const struct scenario_spot *spot, struct stress_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < formula->n_files && r == 0; i++)
		r = check_file(scenario, &formula->files[i], spot, ret_error);
	return r;
}

int scenario_check_command(const struct scenario *scenario, struct stress_error *ret_error)
{
	const struct scenario_agent *agent = &scenario->agent;
	const struct scenario_spot spot = {&agent->place, "agent", NULL, "command"};
	const char *begin = agent->command, *end;
	char name[STRESS_NAME_MAX];

	if (!*begin && agent->place.file)
		return scenario_fail(ret_error, &spot, "is missing: what is to be started");
	for (; (begin = strchr(begin, '@')) && (end = strchr(begin + 1, '@')); begin = end + 1) {
		if (strcspn(begin, " \t") < (size_t)(end - begin))
			return 0;
		(void)snprintf(name, sizeof(name), "%.*s", (int)(end - begin - 1), begin + 1);
		if (check_name(scenario, SCENARIO_GROUP, "", name, &spot, ret_error) < 0)
			return -EINVAL;
	}
	return 0;
}
