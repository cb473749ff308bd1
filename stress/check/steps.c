/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a scenario, each when its turn has come. */
#include "stress/check/trial.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "stress/check/figures.h"

#include <string.h>

/* When the step's turn came: its time, or the end of the one it follows; UINT64_MAX: not yet. */
static uint64_t turn_of(const struct trial *trial, const struct scenario_step *step)
{
	int after = step->after.step;

	if (scenario_said(step->said, STEP_AT))
		return trial->begin_ns + step->at_ns;
	if (after == SCENARIO_START)
		return trial->begin_ns;
	return trial->steps[after].state == TRIAL_STEP_OVER ? trial->steps[after].over_ns
							    : UINT64_MAX;
}

/* Whether its condition holds; a scenario that waits for too long has failed. */
static bool condition_holds(struct trial *trial, const struct scenario_step *step,
			    struct trial_step *at, uint64_t now_ns)
{
	enum formula_kind kind = step->when.left.kind == FORMULA_ANY ? step->when.right.kind
								     : step->when.left.kind;
	char words[SOURCES_WORDS_BYTES] = "", one[FIGURE_TEXT_BYTES], two[FIGURE_TEXT_BYTES];
	int64_t left = 0, right = 0;
	int r;

	if (!scenario_said(step->said, STEP_WHEN))
		return true;
	if (!at->due_ns)
		at->due_ns = now_ns + step->within_ns;
	r = sources_evaluate(&trial->sources, &step->when.left, &left, words);
	if (r == 0)
		r = sources_evaluate(&trial->sources, &step->when.right, &right, words);
	if (r == 0 && formula_compare(left, step->when.order, right))
		return true;
	if (now_ns < at->due_ns)
		return false;
	if (r < 0)
		trial_fail(trial, "[step %s] when: %s", step->name, words);
	else
		trial_fail(trial,
			   "[step %s] when: did not come within its time: %s on the left, "
			   "%s on the right",
			   step->name, figure_value(one, sizeof(one), kind, left),
			   figure_value(two, sizeof(two), kind, right));
	return false;
}

static void do_step(struct trial *trial, const struct scenario_step *step)
{
	int group, r;

	if (!scenario_said(step->said, STEP_WRITE))
		return;
	group = job_find_group(trial->scenario->job, step->write_group);
	r = kfile_write_at(trial->group_fds[group], step->write_file, step->write_value);
	if (r < 0)
		trial_fail(trial, "[step %s] write %s(%s): %s", step->name, step->write_file,
			   step->write_group, strerror(-r));
}

void trial_do_steps(struct trial *trial, uint64_t now_ns)
{
	for (size_t i = 0; i < trial->scenario->n_steps && !trial->words[0]; i++) {
		const struct scenario_step *step = &trial->scenario->steps[i];
		struct trial_step *at = &trial->steps[i];

		if (at->state == TRIAL_STEP_WAITS && now_ns >= turn_of(trial, step) &&
		    condition_holds(trial, step, at, now_ns)) {
			do_step(trial, step);
			at->state = TRIAL_STEP_DONE;
			trial_reach(trial, (int)i, clock_now_ns());
			trial_judge(trial, clock_now_ns());
		}
		if (at->state == TRIAL_STEP_DONE && trial_is_judged(trial, (int)i)) {
			at->state = TRIAL_STEP_OVER;
			at->over_ns = clock_now_ns();
		}
	}
}

bool trial_steps_are_over(const struct trial *trial)
{
	for (size_t i = 0; i < trial->scenario->n_steps; i++)
		if (trial->steps[i].state != TRIAL_STEP_OVER)
			return false;
	return true;
}
