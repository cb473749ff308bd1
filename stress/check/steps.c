/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of a scenario, each when its turn has come. */
#include "stress/check/trial.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "cgroup/memory.h"
#include "stress/check/figures.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/time.h>

/* As the kernel's selftests do it (reclaim_until() of test_memcontrol.c). */
#define RECLAIM_TRIES	       5
#define RECLAIM_NEAR_PERMYRIAD 300

#define ALARM_US	       100000 /* between two interruptions of a write */

/* When the step's turn came: its time, or the end of the one it follows; UINT64_MAX: not yet. */
static uint64_t turn_of(const struct trial *trial, const struct scenario_step *step)
{
	int after = step->after.step;

	if (scenario_said(step->said, STEP_AT))
		return trial->begin_ns + step->at_ns;
	if (after == SCENARIO_START)
		return trial->begin_ns + step->pause_ns;
	return trial->steps[after].state == TRIAL_STEP_OVER
		       ? trial->steps[after].over_ns + step->pause_ns
		       : UINT64_MAX;
}

/* Whether its condition holds; a scenario that waits for too long has failed. */
static bool condition_holds(struct trial *trial, const struct scenario_step *step,
			    const struct trial_step *at, uint64_t now_ns)
{
	enum formula_kind kind = step->when.left.kind == FORMULA_ANY ? step->when.right.kind
								     : step->when.left.kind;
	char words[SOURCES_WORDS_BYTES] = "", one[FIGURE_TEXT_BYTES], two[FIGURE_TEXT_BYTES];
	int64_t left = 0, right = 0;
	int r;

	if (!scenario_said(step->said, STEP_WHEN))
		return true;
	r = sources_evaluate(&trial->sources, &step->when.left, &left, words);
	if (r == 0)
		r = sources_evaluate(&trial->sources, &step->when.right, &right, words);
	if (r == 0 && formula_compare(left, step->when.order, right))
		return true;
	if (now_ns < at->begin_ns + step->within_ns)
		return false;
	if (r < 0)
		trial_fail(trial, "[step %s] when: %s", step->name, words);
	else
		trial_fail(trial,
			   "[step %s] when: did not come within its time: %s on the left, %s on "
			   "the right",
			   step->name, figure_value(one, sizeof(one), kind, left),
			   figure_value(two, sizeof(two), kind, right));
	return false;
}

static void be_interrupted(int sig)
{
	(void)sig;
}

/*
 * The kernel may take long over a write; at the scenario's end it is interrupted. Again and again:
 * one that comes before the write has begun is lost.
 */
static int write_bounded(const struct trial *trial, const struct scenario_file *file,
			 const char *value)
{
	const struct sigaction action = {.sa_handler = be_interrupted};
	uint64_t until_ns = trial->begin_ns + trial->scenario->timeout_ns, now_ns = clock_now_ns();
	uint64_t left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	const struct itimerval timer = {
		.it_value = {(time_t)(left_ns / NSEC_PER_SEC), 1},
		.it_interval = {.tv_usec = ALARM_US},
	};
	const struct itimerval none = {.it_value = {0, 0}};
	int group = job_find_group(trial->scenario->job, file->group), r;

	(void)sigaction(SIGALRM, &action, NULL);
	(void)setitimer(ITIMER_REAL, &timer, NULL);
	if (file->handle[0])
		r = kfile_write(
			handles_find(&trial->handles, file->file, file->handle, file->group),
			value);
	else
		r = kfile_write_at(trial->group_fds[group], file->file, value);
	(void)setitimer(ITIMER_REAL, &none, NULL);
	return r;
}

/*
 * Asks for what is above the goal until that is near. What the kernel may answer is success, which
 * is a promise, or -EAGAIN.
 */
static int reclaim(struct trial *trial, const struct scenario_step *step,
		   struct step_result *result)
{
	struct scenario_file target = {.file = "memory.reclaim"};
	int group = job_find_group(trial->scenario->job, step->reclaim), r = 0;
	char amount[32], now_text[FIGURE_TEXT_BYTES];
	uint64_t now_bytes = 0;

	memcpy(target.group, step->reclaim, sizeof(target.group));
	for (;;) {
		const struct expect_rule near = {.kind = EXPECT_CLOSE,
						 .basis = EXPECT_OF_SUM,
						 .share_permyriad = RECLAIM_NEAR_PERMYRIAD,
						 .wanted = (int64_t)step->reclaim_to_bytes};

		if (memory_bytes_read_at(trial->group_fds[group], "memory.current", &now_bytes) < 0)
			return -EIO;
		if (now_bytes <= step->reclaim_to_bytes ||
		    expect_judge(&near, (int64_t)now_bytes).passed)
			return 0;
		(void)figure_value(now_text, sizeof(now_text), FORMULA_BYTES, (int64_t)now_bytes);
		if (result->tries > 0 && r == 0) {
			trial_fail(trial,
				   "[step %s] reclaim: memory.reclaim(%s) said that it took what "
				   "was asked for, yet there are %s",
				   step->name, step->reclaim, now_text);
			return 0;
		}
		if (result->tries == RECLAIM_TRIES) {
			trial_fail(trial, "[step %s] reclaim: after %d tries there are %s",
				   step->name, RECLAIM_TRIES, now_text);
			return r;
		}
		(void)snprintf(amount, sizeof(amount), "%" PRIu64,
			       now_bytes - step->reclaim_to_bytes);
		r = write_bounded(trial, &target, amount);
		result->tries++;
		if (r < 0 && r != -EAGAIN)
			return r;
	}
}

/* What was done to a group; a failure that no expectation looks at is the scenario's. */
static void note_error(struct trial *trial, const struct scenario_step *step,
		       struct step_result *result, const char *file, const char *group, int error)
{
	result->error = error;
	if (error < 0 && !scenario_measures(trial->scenario, FORMULA_OF_STEP, step->name,
					    FORMULA_STEP_ERRNO, FORMULA_STEP_ERRNO))
		trial_fail(trial, "[step %s] %s(%s): %s", step->name, file, group,
			   strerror(-error));
}

static void act_on_loads(struct trial *trial, const struct scenario_step *step)
{
	struct stress_error error;

	for (size_t i = 0; i < trial->actors.n; i++) {
		struct actor *actor = &trial->actors.list[i];

		if (scenario_means_load(step->start, actor->load.name) &&
		    trial_start_load(trial, i, &error) < 0)
			trial_fail(trial, "[step %s] %s", step->name, error.text);
		if (scenario_means_load(step->stop, actor->load.name))
			actor_stop(actor);
		if (scenario_means_load(step->kill, actor->load.name))
			actor_kill(actor);
	}
}

static void act(struct trial *trial, size_t i)
{
	const struct scenario_step *step = &trial->scenario->steps[i];
	struct step_result *result = &trial->step_results[i];
	uint64_t begin_ns = clock_now_ns();
	size_t group;

	act_on_loads(trial, step);
	if (scenario_said(step->said, STEP_WRITE))
		note_error(trial, step, result, step->write.file, step->write.group,
			   write_bounded(trial, &step->write, step->write_value));
	if (scenario_said(step->said, STEP_RECLAIM))
		note_error(trial, step, result, "memory.reclaim", step->reclaim,
			   reclaim(trial, step, result));
	if (scenario_said(step->said, STEP_REMOVE)) {
		group = (size_t)job_find_group(trial->scenario->job, step->remove);
		trial->group_fds[group] = -1;
		note_error(trial, step, result, "remove", step->remove,
			   placement_remove_group(trial->placement, group));
	}
	result->took_ns = clock_now_ns() - begin_ns;
}

/* Whether the loads that the step ends are gone; one that takes too long has failed. */
static bool loads_are_gone(struct trial *trial, const struct scenario_step *step,
			   const struct trial_step *at, uint64_t now_ns)
{
	uint64_t within_ns = step->within_ns ? step->within_ns : SCENARIO_PATIENCE_NS;

	for (size_t i = 0; i < trial->actors.n; i++) {
		struct actor *actor = &trial->actors.list[i];

		if (!scenario_means_load(step->stop, actor->load.name) &&
		    !scenario_means_load(step->kill, actor->load.name))
			continue;
		if (actor->state == ACTOR_NEW || actor->state == ACTOR_GONE)
			continue;
		if (now_ns >= at->begin_ns + within_ns)
			trial_fail(trial, "[step %s] [load %s] does not end", step->name,
				   actor->load.name);
		if (actor->state == ACTOR_STOPS)
			actor_stop(actor);
		return false;
	}
	return true;
}

/* As far as it goes now. */
static void advance(struct trial *trial, size_t i, uint64_t now_ns)
{
	const struct scenario_step *step = &trial->scenario->steps[i];
	struct trial_step *at = &trial->steps[i];

	if (at->state == TRIAL_STEP_WAITS && now_ns >= turn_of(trial, step)) {
		if (!at->begin_ns)
			at->begin_ns = now_ns;
		if (condition_holds(trial, step, at, now_ns)) {
			act(trial, i);
			at->state = TRIAL_STEP_ENDS;
		}
	}
	if (at->state == TRIAL_STEP_ENDS && loads_are_gone(trial, step, at, now_ns)) {
		at->state = TRIAL_STEP_DONE;
		trial_reach(trial, (int)i, clock_now_ns());
		trial_judge(trial, clock_now_ns());
	}
	if (at->state == TRIAL_STEP_DONE && trial_is_judged(trial, (int)i)) {
		at->state = TRIAL_STEP_OVER;
		at->over_ns = clock_now_ns();
	}
}

void trial_do_steps(struct trial *trial, uint64_t now_ns)
{
	for (size_t i = 0; i < trial->scenario->n_steps && !trial->words[0]; i++)
		advance(trial, i, now_ns);
}

bool trial_steps_are_over(const struct trial *trial)
{
	for (size_t i = 0; i < trial->scenario->n_steps; i++)
		if (trial->steps[i].state != TRIAL_STEP_OVER)
			return false;
	return true;
}
