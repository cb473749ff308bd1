/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a scenario makes sense as a whole. */
#include "stress/scenario/scenario_keys.h"

#include "base/parse.h"

#include <errno.h>
#include <string.h>

static int settle(const struct scenario *scenario, struct scenario_moment *moment, int unsaid,
		  const struct scenario_spot *spot, struct stress_error *ret_error)
{
	moment->step = unsaid;
	if (!moment->name[0])
		return 0;
	if (strcmp(moment->name, "start") == 0 || strcmp(moment->name, "end") == 0) {
		moment->step = *moment->name == 's' ? SCENARIO_START : SCENARIO_END;
		return 0;
	}
	moment->step = scenario_find_step(scenario, moment->name);
	return scenario_check_name(scenario, SCENARIO_STEP, moment->name, spot, ret_error);
}

static struct scenario_spot of_step(const struct scenario_step *step, unsigned int key)
{
	return scenario_spot_of(SCENARIO_KIND_STEP, step, key);
}

static struct scenario_spot of_expect(const struct scenario_expect *expect, unsigned int key)
{
	return scenario_spot_of(SCENARIO_KIND_EXPECT, expect, key);
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
		unsigned int key;
		enum scenario_sort sort;
		const char *name;
	} objects[] = {
		{STEP_START, SCENARIO_LOAD, step->start},
		{STEP_STOP, SCENARIO_LOAD, step->stop},
		{STEP_KILL, SCENARIO_LOAD, step->kill},
		{STEP_WRITE, SCENARIO_GROUP, step->write.group},
		{STEP_RECLAIM, SCENARIO_GROUP, step->reclaim},
		{STEP_REMOVE, SCENARIO_GROUP, step->remove},
	};

	for (size_t i = 0; i < ARRAY_SIZE(objects); i++) {
		const struct scenario_spot spot = of_step(step, objects[i].key);

		if (objects[i].name[0] &&
		    scenario_check_name(scenario, objects[i].sort, objects[i].name, &spot,
					ret_error) < 0)
			return -EINVAL;
	}
	return 0;
}

/* A limit that the kernel would refuse, unless that is what is looked at. */
static int check_write(const struct scenario *scenario, const struct scenario_step *step,
		       struct stress_error *ret_error)
{
	static const char *const limits[] = {
		"memory.min",	    "memory.low",      "memory.high",	  "memory.max",
		"memory.swap.high", "memory.swap.max", "memory.zswap.max"};
	const struct scenario_spot spot = of_step(step, STEP_WRITE);
	uint64_t bytes;

	if (scenario_measures(scenario, FORMULA_OF_STEP, step->name, FORMULA_STEP_ERRNO,
			      FORMULA_STEP_ERRNO) ||
	    strcmp(step->write_value, "max") == 0 || parse_size(step->write_value, &bytes) == 0)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (strcmp(step->write.file, limits[i]) == 0)
			return scenario_fail(
				ret_error, &spot,
				"\"%.64s\" is not understood; %s is max or a size, such "
				"as 30M",
				step->write_value, limits[i]);
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
	const struct scenario_spot when = of_step(step, STEP_WHEN),
				   after = of_step(step, STEP_AFTER);
	bool has_at = scenario_said(step->said, STEP_AT);

	if (check_step_keys(step, ret_error) < 0 || check_objects(scenario, step, ret_error) < 0 ||
	    check_write(scenario, step, ret_error) < 0 ||
	    scenario_check_sources(scenario, &step->when.left, &when, ret_error) < 0 ||
	    scenario_check_sources(scenario, &step->when.right, &when, ret_error) < 0 ||
	    settle(scenario, &step->after, has_at || i == 0 ? SCENARIO_START : (int)i - 1, &after,
		   ret_error) < 0)
		return -EINVAL;
	if (step->after.step == SCENARIO_END)
		return scenario_fail(ret_error, &after, "nothing is done after the end");
	return 0;
}

static int check_watch(const struct scenario *scenario, const struct scenario_watch *watch,
		       struct stress_error *ret_error)
{
	struct scenario_spot spot;
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
	spot = scenario_spot_of(SCENARIO_KIND_WATCH, watch,
				watch->file.file[0] ? WATCH_FILE : WATCH_GROUP);
	return scenario_check_name(scenario, SCENARIO_GROUP, watch->file.group, &spot, ret_error);
}

static int check_mutant(const struct scenario *scenario, const struct scenario_mutant *mutant,
			struct stress_error *ret_error)
{
	const struct scenario_spot fails =
		scenario_spot_of(SCENARIO_KIND_MUTANT, mutant, MUTANT_FAILS);
	const char *words = NULL;

	if (!mutant->set[0] && !mutant->no_agent)
		words = "breaks nothing: set or agent is missing";
	else if (mutant->no_agent && !scenario->agent.command[0])
		words = "agent: there is no [agent] with a command";
	else if (!mutant->fails[0])
		words = "fails is missing: the expectation that must fail";
	if (words)
		return job_fail(ret_error, &mutant->place, "mutant", mutant->name, "%s", words);
	return scenario_check_name(scenario, SCENARIO_EXPECT, mutant->fails, &fails, ret_error);
}

/* A step that the formula looks at and that is not among those that can begin; NULL: none. */
static const struct scenario_step *look_at_stuck(const struct scenario *scenario,
						 const struct formula *formula, const bool *begins)
{
	for (size_t i = 0; i < formula->n_files; i++) {
		int step = formula->files[i].source == FORMULA_OF_STEP
				   ? scenario_find_step(scenario, formula->files[i].of)
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
		unsigned int key;
		const struct formula *formula;
		enum formula_kind kind;
	} others[] = {
		{EXPECT_KEY_OF, &expect->of, expect->value.kind},
		{expect->kind == EXPECT_IS ? EXPECT_KEY_IS : EXPECT_KEY_CLOSE, &expect->wanted,
		 kind},
		{EXPECT_KEY_TOLERANCE, &expect->tolerance, kind},
		{EXPECT_KEY_RANGE, &expect->low, kind},
		{EXPECT_KEY_RANGE, &expect->high, kind},
	};

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		const struct scenario_spot spot = of_expect(expect, others[i].key);

		if (others[i].formula->n_steps &&
		    !formula_kinds_agree(others[i].formula->kind, others[i].kind))
			return scenario_fail(ret_error, &spot, "is of %s, what is measured of %s%s",
					     formula_kind_name(others[i].formula->kind),
					     formula_kind_name(others[i].kind),
					     others[i].kind == FORMULA_BYTES
						     ? "; a size has a unit: 50M, 512B"
						     : "");
	}
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

/* What its formulas name is there. */
static int check_formulas(const struct scenario *scenario, const struct scenario_expect *expect,
			  struct stress_error *ret_error)
{
	const struct {
		unsigned int key;
		const struct formula *formula;
	} formulas[] = {
		{EXPECT_KEY_VALUE, &expect->value},
		{EXPECT_KEY_OF, &expect->of},
		{expect->kind == EXPECT_IS ? EXPECT_KEY_IS : EXPECT_KEY_CLOSE, &expect->wanted},
		{EXPECT_KEY_TOLERANCE, &expect->tolerance},
		{EXPECT_KEY_RANGE, &expect->low},
		{EXPECT_KEY_RANGE, &expect->high},
	};

	for (size_t i = 0; i < ARRAY_SIZE(formulas); i++) {
		const struct scenario_spot spot = of_expect(expect, formulas[i].key);

		if (scenario_check_sources(scenario, formulas[i].formula, &spot, ret_error) < 0)
			return -EINVAL;
	}
	return 0;
}

static int check_expect(const struct scenario *scenario, struct scenario_expect *expect,
			struct stress_error *ret_error)
{
	const struct scenario_spot at = of_expect(expect, EXPECT_KEY_AT),
				   since = of_expect(expect, EXPECT_KEY_SINCE),
				   range = of_expect(expect, EXPECT_KEY_RANGE);
	int64_t low, high;

	if (check_keys(expect, ret_error) < 0 || check_kinds(expect, ret_error) < 0 ||
	    settle(scenario, &expect->at, SCENARIO_END, &at, ret_error) < 0 ||
	    settle(scenario, &expect->since, SCENARIO_START, &since, ret_error) < 0 ||
	    check_formulas(scenario, expect, ret_error) < 0)
		return -EINVAL;
	if (constant(&expect->low, &low) && constant(&expect->high, &high) && low > high)
		return scenario_fail(ret_error, &range, "nothing is in it, LOW is above HIGH");
	if (scenario_said(expect->said, EXPECT_KEY_SINCE) && expect->since.step == expect->at.step)
		return scenario_fail(ret_error, &since,
				     "and at are the same moment: nothing changes");
	return 0;
}

int scenario_check(struct scenario *scenario, struct stress_error *ret_error)
{
	const struct job *job = scenario->job;
	const struct job_place whole = {.file = job->n_files ? job->files[0] : NULL};

	if (job_check(scenario->job, ret_error) < 0 ||
	    scenario_check_command(scenario, ret_error) < 0)
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
