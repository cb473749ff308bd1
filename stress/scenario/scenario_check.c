/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a scenario makes sense as a whole. */
#include "stress/scenario/scenario.h"

#include "base/parse.h"

#include <errno.h>
#include <string.h>

static bool has_load(const struct scenario *scenario, const char *name)
{
	for (size_t i = 0; i < scenario->job->n_loads; i++)
		if (scenario_means_load(name, scenario->job->loads[i].name))
			return true;
	return false;
}

static int find_step(const struct scenario *scenario, const char *name)
{
	for (size_t i = 0; i < scenario->n_steps; i++)
		if (strcmp(scenario->steps[i].name, name) == 0)
			return (int)i;
	return -1;
}

static bool has_watch(const struct scenario *scenario, const char *name)
{
	for (size_t i = 0; i < scenario->n_watches; i++)
		if (strcmp(scenario->watches[i].name, name) == 0)
			return true;
	return false;
}

/* Whether there is what stands in brackets; else *ret_what is the kind of section it should be. */
static bool has_source(const struct scenario *scenario, const struct formula_file *file,
		       const char **ret_what)
{
	uint64_t node;

	switch (file->source) {
	case FORMULA_OF_GROUP:
		*ret_what = "group";
		return job_find_group(scenario->job, file->of) >= 0;
	case FORMULA_OF_LOAD:
		*ret_what = "load";
		return job_find_load(scenario->job, file->of) >= 0;
	case FORMULA_OF_STEP:
		*ret_what = "step";
		return find_step(scenario, file->of) >= 0;
	case FORMULA_OF_WATCH:
		*ret_what = "watch";
		return has_watch(scenario, file->of);
	case FORMULA_OF_NODE:
		*ret_what = "node";
		return parse_u64(file->of, &node) == 0 && node <= INT32_MAX;
	default:
		*ret_what = "machine";
		return strcmp(file->of, "machine") == 0;
	}
}

static int check_sources(const struct scenario *scenario, const struct formula *formula,
			 const struct job_place *place, const char *section, const char *name,
			 struct stress_error *ret_error)
{
	const char *what;

	for (size_t i = 0; i < formula->n_files; i++) {
		const struct formula_file *file = &formula->files[i];

		if (has_source(scenario, file, &what))
			continue;
		if (file->source == FORMULA_OF_NODE)
			return job_fail(ret_error, place, section, name,
					"%s(%s): a node is a number", file->file, file->of);
		if (file->source == FORMULA_OF_VMSTAT || file->source == FORMULA_OF_MEMINFO)
			return job_fail(ret_error, place, section, name,
					"%s(%s): it is %s(machine)", file->file, file->of,
					file->file);
		return job_fail(ret_error, place, section, name, "%s(%s): there is no [%s %s]",
				file->file, file->of, what, file->of);
	}
	return 0;
}

static int settle(const struct scenario *scenario, struct scenario_moment *moment, int unsaid,
		  const struct job_place *place, const char *section, const char *name,
		  struct stress_error *ret_error)
{
	moment->step = unsaid;
	if (!moment->name[0])
		return 0;
	if (strcmp(moment->name, "start") == 0 || strcmp(moment->name, "end") == 0) {
		moment->step = *moment->name == 's' ? SCENARIO_START : SCENARIO_END;
		return 0;
	}
	for (size_t i = 0; i < scenario->n_steps; i++) {
		if (strcmp(scenario->steps[i].name, moment->name) == 0) {
			moment->step = (int)i;
			return 0;
		}
	}
	return job_fail(ret_error, place, section, name, "there is no [step %s]", moment->name);
}

static int check_requirement(const struct scenario_requirement *requirement,
			     struct stress_error *ret_error)
{
	const uint64_t words = UINT64_C(1) << REQUIRES_OTHERWISE | UINT64_C(1) << REQUIRES_BECAUSE;

	if (!(requirement->said & ~words))
		return job_fail(ret_error, &requirement->place, "requires", requirement->name,
				"requires nothing");
	if (requirement->otherwise == SCENARIO_XFAIL && !requirement->because[0])
		return job_fail(ret_error, &requirement->place, "requires", requirement->name,
				"because is missing: why it fails otherwise");
	return 0;
}

/* Groups and loads that the step names. */
static int check_objects(const struct scenario *scenario, const struct scenario_step *step,
			 struct stress_error *ret_error)
{
	const struct {
		const char *key, *name;
		bool of_load;
	} objects[] = {
		{"start", step->start, true},	   {"stop", step->stop, true},
		{"kill", step->kill, true},	   {"write", step->write.group, false},
		{"reclaim", step->reclaim, false}, {"remove", step->remove, false},
	};

	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		const char *name = objects[i].name;

		if (!name[0] || (objects[i].of_load ? has_load(scenario, name)
						    : job_find_group(scenario->job, name) >= 0))
			continue;
		return job_fail(ret_error, &step->place, "step", step->name,
				"%s: there is no [%s %s]", objects[i].key,
				objects[i].of_load ? "load" : "group", name);
	}
	return 0;
}

static int check_step_keys(const struct scenario_step *step, struct stress_error *ret_error)
{
	const uint64_t conditions = UINT64_C(1) << STEP_AFTER | UINT64_C(1) << STEP_WITHIN;
	const uint64_t ends = UINT64_C(1) << STEP_STOP | UINT64_C(1) << STEP_KILL;
	bool has_when = scenario_said(step->said, STEP_WHEN);
	bool has_within = scenario_said(step->said, STEP_WITHIN);
	const char *words = NULL;

	if (scenario_said(step->said, STEP_AT) && scenario_said(step->said, STEP_AFTER))
		words = "at and after: a step begins at a time or after another";
	else if ((has_when && !has_within) || (has_within && !has_when && !(step->said & ends)))
		words = "when goes with within: how long to wait for it";
	else if (!(step->said & ~conditions))
		words = "does nothing: at, pause, when, start, stop, kill, write, reclaim or "
			"remove is missing";
	return words ? job_fail(ret_error, &step->place, "step", step->name, "%s", words) : 0;
}

/* Steps follow the one that is written before them, unless they say otherwise. */
static int check_step(const struct scenario *scenario, size_t i, struct stress_error *ret_error)
{
	struct scenario_step *step = &scenario->steps[i];
	const struct job_place *place = &step->place;
	bool has_at = scenario_said(step->said, STEP_AT);

	if (check_step_keys(step, ret_error) < 0 || check_objects(scenario, step, ret_error) < 0 ||
	    check_sources(scenario, &step->when.left, place, "step", step->name, ret_error) < 0 ||
	    check_sources(scenario, &step->when.right, place, "step", step->name, ret_error) < 0 ||
	    settle(scenario, &step->after, has_at || i == 0 ? SCENARIO_START : (int)i - 1, place,
		   "step", step->name, ret_error) < 0)
		return -EINVAL;
	if (step->after.step == SCENARIO_END)
		return job_fail(ret_error, place, "step", step->name,
				"after: nothing is done after the end");
	return 0;
}

static int check_watch(const struct scenario *scenario, const struct scenario_watch *watch,
		       struct stress_error *ret_error)
{
	const char *words = NULL;

	if (scenario_said(watch->said, WATCH_FILE) == scenario_said(watch->said, WATCH_GROUP))
		words = "says one of file, group";
	else if (!scenario_said(watch->said, WATCH_BY))
		words = "by is missing: poll or inotify";
	else if (watch->by == SCENARIO_BY_POLL && !watch->file.file[0])
		words = "group: a directory can be watched by inotify only";
	else if (watch->file.handle[0])
		words = "file: has a descriptor of its own";
	if (words)
		return job_fail(ret_error, &watch->place, "watch", watch->name, "%s", words);
	if (job_find_group(scenario->job, watch->file.group) < 0)
		return job_fail(ret_error, &watch->place, "watch", watch->name,
				"there is no [group %s]", watch->file.group);
	return 0;
}

static int check_mutant(const struct scenario *scenario, const struct scenario_mutant *mutant,
			struct stress_error *ret_error)
{
	const char *words = NULL;
	bool found = false;

	for (size_t i = 0; i < scenario->n_expects; i++)
		found = found || strcmp(scenario->expects[i].name, mutant->fails) == 0;
	if (!mutant->set[0] && !mutant->no_agent)
		words = "breaks nothing: set or agent is missing";
	else if (mutant->no_agent && !scenario->agent.command[0])
		words = "agent: there is no [agent] with a command";
	else if (!mutant->fails[0])
		words = "fails is missing: the expectation that must fail";
	else if (!found)
		words = "fails: there is no such [expect NAME]";
	return words ? job_fail(ret_error, &mutant->place, "mutant", mutant->name, "%s", words) : 0;
}

/* A step that the formula looks at and that is not among those that can begin; NULL: none. */
static const struct scenario_step *look_at_stuck(const struct scenario *scenario,
						 const struct formula *formula, const bool *begins)
{
	for (size_t i = 0; i < formula->n_files; i++) {
		int step = formula->files[i].source == FORMULA_OF_STEP
				   ? find_step(scenario, formula->files[i].of)
				   : -1;

		if (step >= 0 && !begins[step])
			return &scenario->steps[step];
	}
	return NULL;
}

/* Another one that the step waits for and that is not among those that can begin; NULL: none. */
static const struct scenario_step *waits_for(const struct scenario *scenario,
					     const struct scenario_step *step, const bool *begins)
{
	const struct scenario_step *stuck = look_at_stuck(scenario, &step->when.left, begins);

	if (step->after.step >= 0 && !begins[step->after.step])
		return &scenario->steps[step->after.step];
	return stuck ? stuck : look_at_stuck(scenario, &step->when.right, begins);
}

/* Again and again those can begin that wait for none of the rest; what is left waits in a ring. */
static int check_rings(const struct scenario *scenario, struct stress_error *ret_error)
{
	bool begins[SCENARIO_SECTIONS_MAX] = {false}, changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < scenario->n_steps; i++) {
			if (begins[i] || waits_for(scenario, &scenario->steps[i], begins))
				continue;
			begins[i] = changed = true;
		}
	}
	for (size_t i = 0; i < scenario->n_steps; i++)
		if (!begins[i])
			return job_fail(ret_error, &scenario->steps[i].place, "step",
					scenario->steps[i].name,
					"never begins: it waits for [step %s], and that in the end "
					"for itself or for a step that does",
					waits_for(scenario, &scenario->steps[i], begins)->name);
	return 0;
}

/* Whether it is the same on every machine and at all times; then *ret is what it is. */
static bool constant(const struct formula *formula, int64_t *ret)
{
	static const struct formula_machine none = {.page_bytes = 0};

	for (size_t i = 0; i < formula->n_steps; i++) {
		enum formula_operation operation = formula->steps[i].operation;

		if (operation == FORMULA_FILE || operation == FORMULA_PAGE ||
		    operation == FORMULA_FOLIO || operation == FORMULA_CPUS ||
		    operation == FORMULA_NODES)
			return false;
	}
	return formula->n_steps && formula_evaluate(formula, NULL, &none, ret) == 0;
}

static int check_kinds(const struct scenario_expect *expect, struct stress_error *ret_error)
{
	bool is_ratio = scenario_said(expect->said, EXPECT_KEY_OF);
	enum formula_kind kind = is_ratio ? FORMULA_SHARE : expect->value.kind;
	const struct {
		const char *key;
		const struct formula *formula;
		enum formula_kind kind;
	} others[] = {
		{"of", &expect->of, expect->value.kind}, {"what is wanted", &expect->wanted, kind},
		{"tolerance", &expect->tolerance, kind}, {"range", &expect->low, kind},
		{"range", &expect->high, kind},
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (others[i].formula->n_steps &&
		    !formula_kinds_agree(others[i].formula->kind, others[i].kind))
			return job_fail(ret_error, &expect->place, "expect", expect->name,
					"%s: is of %s, what is measured of %s%s", others[i].key,
					formula_kind_name(others[i].formula->kind),
					formula_kind_name(others[i].kind),
					others[i].kind == FORMULA_BYTES
						? "; a size has a unit: 50M, 512B"
						: "");
	return 0;
}

/* Keys that go together. */
static int check_keys(const struct scenario_expect *expect, struct stress_error *ret_error)
{
	bool is = scenario_said(expect->said, EXPECT_KEY_IS);
	bool range = scenario_said(expect->said, EXPECT_KEY_RANGE);
	bool close = scenario_said(expect->said, EXPECT_KEY_CLOSE);
	bool tolerance = scenario_said(expect->said, EXPECT_KEY_TOLERANCE);
	const char *words = NULL;

	if (!scenario_said(expect->said, EXPECT_KEY_VALUE))
		words = "value is missing: what is measured";
	else if (expect->value.n_files == 0)
		words = "value: measures nothing, it names no file";
	else if (is + range + close != 1)
		words = "says one of is, range, close";
	else if (tolerance && !is)
		words = "tolerance goes with is";
	else if ((tolerance || close) && !scenario_said(expect->said, EXPECT_KEY_BECAUSE))
		words = "because is missing: why it may be off by so much";
	else if (scenario_said(expect->said, EXPECT_KEY_POLL) !=
		 scenario_said(expect->said, EXPECT_KEY_TIMEOUT))
		words = "poll goes with timeout";
	else if (expect->poll_ns > expect->timeout_ns)
		words = "poll: is longer than timeout";
	else if (scenario_said(expect->said, EXPECT_KEY_OF) &&
		 scenario_said(expect->said, EXPECT_KEY_SINCE))
		words = "of and since: a share is not measured as a change";
	return words ? job_fail(ret_error, &expect->place, "expect", expect->name, "%s", words) : 0;
}

static int check_expect(const struct scenario *scenario, struct scenario_expect *expect,
			struct stress_error *ret_error)
{
	const struct formula *const formulas[] = {&expect->value,     &expect->of,
						  &expect->wanted,    &expect->low,
						  &expect->tolerance, &expect->high};
	const struct job_place *place = &expect->place;
	int64_t low, high;

	if (check_keys(expect, ret_error) < 0 || check_kinds(expect, ret_error) < 0 ||
	    settle(scenario, &expect->at, SCENARIO_END, place, "expect", expect->name, ret_error) <
		    0 ||
	    settle(scenario, &expect->since, SCENARIO_START, place, "expect", expect->name,
		   ret_error) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(formulas); i++)
		if (check_sources(scenario, formulas[i], place, "expect", expect->name, ret_error) <
		    0)
			return -EINVAL;
	if (constant(&expect->low, &low) && constant(&expect->high, &high) && low > high)
		return job_fail(ret_error, place, "expect", expect->name,
				"range: nothing is in it, LOW is above HIGH");
	if (scenario_said(expect->said, EXPECT_KEY_SINCE) && expect->since.step == expect->at.step)
		return job_fail(ret_error, place, "expect", expect->name,
				"since and at are the same moment: nothing changes");
	return 0;
}

int scenario_check(struct scenario *scenario, struct stress_error *ret_error)
{
	const struct job *job = scenario->job;
	const struct job_place whole = {.file = job->n_files ? job->files[0] : NULL};

	if (job_check(scenario->job, ret_error) < 0)
		return -EINVAL;
	for (size_t i = 0; i < scenario->n_requirements; i++)
		if (check_requirement(&scenario->requirements[i], ret_error) < 0)
			return -EINVAL;
	for (size_t i = 0; i < scenario->n_steps; i++)
		if (check_step(scenario, i, ret_error) < 0)
			return -EINVAL;
	if (check_rings(scenario, ret_error) < 0)
		return -EINVAL;
	for (size_t i = 0; i < scenario->n_watches; i++)
		if (check_watch(scenario, &scenario->watches[i], ret_error) < 0)
			return -EINVAL;
	for (size_t i = 0; i < scenario->n_expects; i++)
		if (check_expect(scenario, &scenario->expects[i], ret_error) < 0)
			return -EINVAL;
	for (size_t i = 0; i < scenario->n_mutants; i++)
		if (check_mutant(scenario, &scenario->mutants[i], ret_error) < 0)
			return -EINVAL;
	if (scenario->n_expects == 0)
		return job_fail(ret_error, &whole, NULL, NULL,
				"nothing is expected: an [expect NAME] is missing");
	return 0;
}
