/* SPDX-License-Identifier: Apache-2.0 */
/* Steps, expectations and their figures, on directories that stand for groups. */
#include "stress/check/figures.h"
#include "stress/check/trial.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define MSEC NSEC_PER_MSEC

/* A trial whose groups A and B are directories with files. */
struct stage {
	struct fixture *fx;
	struct scenario *scenario;
	struct trial trial;
	int group_fds[2];
	struct trial_step steps[8];
	struct step_result step_results[8];
	struct trial_expect expects[8];
};

static struct stage *stage_free(struct stage *stage)
{
	fd_close(stage->group_fds[0]);
	fd_close(stage->group_fds[1]);
	scenario_free(stage->scenario);
	fixture_free(stage->fx);
	free(stage);
	return NULL;
}
DEFINE_CLEANUP(struct stage *, stage_free)

static struct stage *stage_new(const char *sections)
{
	static const struct fixture_file files[] = {
		{"A/memory.current", "1048576\n"},
		{"A/memory.events", "low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\n"},
		{"A/memory.stat", "anon 524288\nfile 262144\n"},
		{"A/memory.reclaim", ""},
		{"B/memory.current", "0\n"},
	};
	struct stage *stage = calloc(1, sizeof(*stage));
	struct stress_error error;
	char text[2048];

	assert_non_null(stage);
	stage->fx = fixture_new(files, ARRAY_SIZE(files));
	stage->group_fds[0] = kfile_open_dir(stage->fx->fd, "A");
	stage->group_fds[1] = kfile_open_dir(stage->fx->fd, "B");
	assert_int_equal(scenario_new(&stage->scenario), 0);
	(void)snprintf(text, sizeof(text), "[group A]\n[group B]\n%s", sections);
	if (scenario_read_text(stage->scenario, "f", text, &error) < 0)
		fail_msg("%s", error.text);
	stage->trial = (struct trial){
		.scenario = stage->scenario,
		.group_fds = stage->group_fds,
		.steps = stage->steps,
		.step_results = stage->step_results,
		.expects = stage->expects,
		.begin_ns = 1000 * MSEC,
		.sources = {.scenario = stage->scenario,
			    .group_fds = stage->group_fds,
			    .actors = &stage->trial.actors,
			    .handles = &stage->trial.handles,
			    .watches = &stage->trial.watches,
			    .steps = stage->step_results,
			    .machine = {4096, 4096, 2, 1}},
	};
	return stage;
}

static void put(struct stage *stage, const char *path, const char *text)
{
	_cleanup_close_ int fd = openat(stage->fx->fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(kfile_write(fd, text), 0);
}

static const char *text_of(struct stage *stage, const char *path, char text[static 64])
{
	assert_true(kfile_read_at(stage->fx->fd, path, text, 64) >= 0);
	return text;
}

static void test_steps(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[step full]\nwhen = memory.current(B) >= 5M\nwithin = 3s\n"
			  "[step squeeze]\nwrite = memory.reclaim(A) 20M\n"
			  "[step late]\nat = 2s\n"
			  "[expect e]\nvalue = memory.current(A)\nis = 1M\n");
	struct trial *trial = &stage->trial;
	char text[64];

	(void)state;
	trial_do_steps(trial, 1000 * MSEC);
	assert_int_equal(trial->steps[0].state, TRIAL_STEP_WAITS);
	assert_int_equal(trial->steps[1].state, TRIAL_STEP_WAITS);
	assert_string_equal(text_of(stage, "A/memory.reclaim", text), "");
	put(stage, "B/memory.current", "5242880\n");
	trial_do_steps(trial, 2000 * MSEC);
	assert_int_equal(trial->steps[0].state, TRIAL_STEP_OVER);
	assert_int_equal(trial->steps[2].state, TRIAL_STEP_WAITS);
	assert_false(trial_steps_are_over(trial));
	/* `late` counts from the start, not from the step before it. */
	trial_do_steps(trial, clock_now_ns() + 3000 * MSEC);
	assert_string_equal(text_of(stage, "A/memory.reclaim", text), "20M");
	assert_true(trial_steps_are_over(trial));
	assert_string_equal(trial->words, "");
}

/* Without huge pages no folio is sure to be larger than a page. */
static void test_folio(void **state)
{
	static const struct fixture_file files[] = {
		{"kernel/mm/transparent_hugepage/hpage_pmd_size", "2097152\n"}};
	_cleanup_(fixture_freep) struct fixture *huge = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(fixture_freep) struct fixture *none = fixture_new(NULL, 0);
	struct formula_machine machine = sources_read_machine(huge->fd, 2);

	(void)state;
	assert_int_equal(machine.folio_bytes, 2097152);
	assert_int_equal(machine.nodes, 2);
	machine = sources_read_machine(none->fd, 1);
	assert_true(machine.page_bytes > 0);
	assert_int_equal(machine.folio_bytes, machine.page_bytes);
}

static void test_condition_too_late(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[step full]\nwhen = memory.current(B) >= 5M\nwithin = 3s\n"
			  "[expect e]\nvalue = memory.current(A)\nis = 1M\n");

	(void)state;
	trial_do_steps(&stage->trial, 1000 * MSEC);
	trial_do_steps(&stage->trial, 3999 * MSEC);
	assert_string_equal(stage->trial.words, "");
	trial_do_steps(&stage->trial, 4000 * MSEC);
	assert_non_null(strstr(stage->trial.words, "[step full] when: did not come within"));
	assert_non_null(strstr(stage->trial.words, "5.0 MiB"));
}

static void test_write_fails(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[step squeeze]\nwrite = memory.reclaim(B) 1M\n"
			  "[expect e]\nvalue = memory.current(A)\nis = 1M\n");

	(void)state;
	trial_do_steps(&stage->trial, 1000 * MSEC);
	assert_non_null(
		strstr(stage->trial.words, "[step squeeze] memory.reclaim(B): No such file"));
}

/* What an expectation measures is judged by it alone. */
static void test_write_may_fail(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[step squeeze]\nwrite = memory.reclaim(B) 1M\n"
			  "[expect e]\nvalue = step:errno(squeeze)\nis = 2\n");
	struct trial *trial = &stage->trial;

	(void)state;
	trial_do_steps(trial, 1000 * MSEC);
	assert_string_equal(trial->words, "");
	assert_true(trial_steps_are_over(trial));
	trial_reach(trial, SCENARIO_END, 2000 * MSEC);
	trial_judge(trial, 2000 * MSEC);
	assert_true(trial->expects[0].verdict.passed);
}

/* After the scenario's time the kernel has none for a write either: here it never takes it. */
static void test_write_is_bounded(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[step squeeze]\nwrite = memory.reclaim(B) 1M\n"
			  "[expect e]\nvalue = memory.current(A)\nis = 1M\n");

	(void)state;
	/* Opening it waits for a reader. */
	assert_int_equal(mkfifoat(stage->fx->fd, "B/memory.reclaim", 0600), 0);
	trial_do_steps(&stage->trial, 1000 * MSEC);
	assert_non_null(strstr(stage->trial.words, "memory.reclaim(B): Interrupted"));
}

/* memory.reclaim that succeeds without taking anything is a broken promise. */
static void test_reclaim(void **state)
{
	_cleanup_(stage_freep) struct stage *broken =
		stage_new("[step take]\nreclaim = A to 512K\n"
			  "[expect e]\nvalue = memory.current(A)\nis = 1M\n");
	_cleanup_(stage_freep) struct stage *there =
		stage_new("[step take]\nreclaim = A to 1M\n"
			  "[expect e]\nvalue = step:tries(take)\nis = 0\n");
	char text[64];

	(void)state;
	trial_do_steps(&broken->trial, 1000 * MSEC);
	assert_string_equal(text_of(broken, "A/memory.reclaim", text), "524288");
	assert_non_null(strstr(broken->trial.words, "said that it took what was asked for, yet"));
	trial_do_steps(&there->trial, 1000 * MSEC);
	assert_string_equal(there->trial.words, "");
	assert_string_equal(text_of(there, "A/memory.reclaim", text), "");
}

/* A descriptor that stays open sees the same file; inotify sees that it is written. */
static int directory_of(const void *context, size_t group, char *path, size_t size)
{
	const struct fixture *fx = context;

	(void)snprintf(path, size, "%s/%c", fx->path, "AB"[group]);
	return 0;
}

static void test_handles_and_watches(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[watch w]\nfile = memory.events(A)\nby = inotify\n"
			  "[step reset]\nwrite = memory.stat@own(A) anon 7\n"
			  "[expect e]\nvalue = memory.current@own(A)\nis = 1M\n"
			  "[expect w]\nvalue = watch:events(w)\nrange = 1 ..\n");
	struct trial *trial = &stage->trial;
	struct stress_error error;
	char text[64];

	(void)state;
	assert_int_equal(handles_open(&trial->handles, stage->scenario, stage->group_fds, &error),
			 0);
	assert_int_equal(watches_open(&trial->watches, stage->scenario, stage->group_fds,
				      directory_of, stage->fx, &error),
			 0);
	assert_int_equal(trial->handles.n, 2);
	trial_do_steps(trial, 1000 * MSEC);
	assert_string_equal(trial->words, "");
	assert_memory_equal(text_of(stage, "A/memory.stat", text), "anon 7", 6);
	trial_reach(trial, SCENARIO_END, 2000 * MSEC);
	trial_judge(trial, 2000 * MSEC);
	assert_true(trial->expects[0].verdict.passed);
	assert_false(trial->expects[1].verdict.passed);
	put(stage, "A/memory.events", "low 0\n");
	watches_look(&trial->watches);
	trial->expects[1].over = false;
	trial_judge(trial, 2000 * MSEC);
	assert_true(trial->expects[1].verdict.passed);
	handles_close(&trial->handles);
	watches_close(&trial->watches);
}

/* Wherever a formula may stand. */
static void test_handles_of_all_formulas(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[step wait]\nwhen = 1M >= memory.current@when(A)\nwithin = 1s\n"
			  "[expect share]\nvalue = memory.stat:anon(A)\n"
			  "of = memory.current@of(A)\nis = 50%\n"
			  "[expect equal]\nvalue = memory.current(A)\n"
			  "is = memory.current@wanted(A)\ntolerance = memory.current@tolerance(B)\n"
			  "because = batches\n"
			  "[expect between]\nvalue = memory.current(A)\n"
			  "range = memory.current@low(B) .. memory.current@high(A)\n");
	struct trial *trial = &stage->trial;
	struct stress_error error;

	(void)state;
	assert_int_equal(handles_open(&trial->handles, stage->scenario, stage->group_fds, &error),
			 0);
	trial_do_steps(trial, 1000 * MSEC);
	assert_true(trial_steps_are_over(trial));
	trial_reach(trial, SCENARIO_END, 2000 * MSEC);
	trial_judge(trial, 2000 * MSEC);
	for (size_t i = 0; i < 3; i++)
		if (!trial->expects[i].verdict.passed)
			fail_msg("%s: %s", stage->scenario->expects[i].name,
				 trial->expects[i].words);
	handles_close(&trial->handles);
}

static struct figure figure_of(struct stage *stage, size_t i)
{
	_cleanup_free_ struct figure *figures = NULL;
	size_t n = 0;

	assert_int_equal(figures_of(&stage->trial, &figures, &n), 0);
	assert_true(i < n);
	return figures[i];
}

static void test_figures(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[expect close]\nvalue = memory.current(A)\n"
			  "close = 1000K within 3% of sum\nbecause = page tables\n"
			  "[expect share]\nvalue = memory.stat:anon(A)\nof = memory.current(A)\n"
			  "range = 60% ..\n"
			  "[expect sum]\n"
			  "value = memory.stat:anon(A) + memory.stat:file(A) - memory.current(A)\n"
			  "is = 0\ntolerance = 64 * page * cpus\nbecause = batches\n"
			  "[expect missing]\nvalue = memory.stat:slab(A)\nis = 0\n"
			  "[expect nothing]\nvalue = memory.current(A)\nof = memory.current(B)\n"
			  "is = 0\n");
	struct figure figure;

	(void)state;
	trial_reach(&stage->trial, SCENARIO_END, 1000 * MSEC);
	trial_judge(&stage->trial, 1000 * MSEC);
	assert_true(trial_is_judged(&stage->trial, SCENARIO_END));

	figure = figure_of(stage, 0);
	assert_true(figure.passed);
	assert_string_equal(figure.measured, "1.0 MiB");
	assert_string_equal(figure.expected, "1000.0 KiB within 3.00% of the sum");
	assert_string_equal(figure.error, "24.0 KiB");
	assert_string_equal(figure.tolerance, "60.7 KiB");
	assert_string_equal(figure.because, "page tables");
	figure = figure_of(stage, 1);
	assert_false(figure.passed);
	assert_string_equal(figure.measured, "50.00%");
	assert_string_equal(figure.expected, "60.00% ..");
	assert_string_equal(figure.error, "10.00%");
	figure = figure_of(stage, 2);
	assert_true(figure.passed);
	assert_string_equal(figure.measured, "-256.0 KiB");
	assert_string_equal(figure.tolerance, "512.0 KiB");
	figure = figure_of(stage, 3);
	assert_false(figure.passed);
	assert_string_equal(figure.measured,
			    "nothing: memory.stat:slab(A): there is no such number in it");
	figure = figure_of(stage, 4);
	assert_false(figure.passed);
	assert_string_equal(figure.measured, "nothing: a share of 0");
}

/* What changed since a step, looked at until it holds. */
static void test_since_and_poll(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[step a]\nat = 1s\n"
			  "[expect e]\nsince = a\nvalue = memory.events:max(A)\nrange = 2 ..\n"
			  "poll = 100ms\ntimeout = 1s\n");
	struct trial *trial = &stage->trial;

	(void)state;
	trial_reach(trial, 0, 2000 * MSEC);
	put(stage, "A/memory.events", "low 0\nhigh 0\nmax 4\noom 0\noom_kill 0\n");
	trial_judge(trial, 2500 * MSEC);
	assert_false(trial_is_judged(trial, SCENARIO_END)); /* not its turn yet */
	trial_reach(trial, SCENARIO_END, 3000 * MSEC);
	trial_judge(trial, 3000 * MSEC);
	assert_false(trial_is_judged(trial, SCENARIO_END));
	put(stage, "A/memory.events", "low 0\nhigh 0\nmax 5\noom 0\noom_kill 0\n");
	trial_judge(trial, 3050 * MSEC);
	assert_false(trial_is_judged(trial, SCENARIO_END)); /* looks are 100 ms apart */
	trial_judge(trial, 3100 * MSEC);
	assert_true(trial_is_judged(trial, SCENARIO_END));
	assert_true(figure_of(stage, 0).passed);
	assert_string_equal(figure_of(stage, 0).measured, "2");
}

static void test_poll_ends(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[expect e]\nvalue = memory.current(B)\nrange = 1M ..\n"
			  "poll = 100ms\ntimeout = 1s\n");
	struct trial *trial = &stage->trial;

	(void)state;
	trial_reach(trial, SCENARIO_END, 3000 * MSEC);
	trial_judge(trial, 3900 * MSEC);
	assert_false(trial_is_judged(trial, SCENARIO_END));
	trial_judge(trial, 4000 * MSEC);
	assert_true(trial_is_judged(trial, SCENARIO_END));
	assert_false(figure_of(stage, 0).passed);
}

/* A figure that failed shows what it was before and after that; a good one needs no history. */
static void test_samples(void **state)
{
	_cleanup_(stage_freep) struct stage *stage =
		stage_new("[step go]\nat = 3s\n"
			  "[expect bad]\nat = go\nvalue = memory.current(B)\nrange = 4M ..\n"
			  "[expect good]\nat = go\nvalue = memory.current(B)\nrange = .. 4M\n");
	struct trial *trial = &stage->trial;
	struct figure figure;
	char text[16];

	(void)state;
	for (uint64_t i = 0; i < 25; i++) {
		(void)snprintf(text, sizeof(text), "%ju\n", (uintmax_t)(i << 10));
		put(stage, "B/memory.current", text);
		trial_sample(trial, (1000 + i * 100) * MSEC);
		/* Not more often than that. */
		trial_sample(trial, (1000 + i * 100 + 99) * MSEC);
	}
	trial_reach(trial, 0, 4000 * MSEC);
	trial_judge(trial, 4000 * MSEC);
	for (uint64_t i = 0; i < 15; i++)
		trial_sample(trial, (4000 + i * 100) * MSEC);
	figure = figure_of(stage, 0);
	assert_false(figure.passed);
	assert_string_equal(figure.from, "memory.current(B)");
	assert_string_equal(figure.place.file, "f");
	assert_int_equal(figure.place.line, 5);
	assert_string_equal(
		figure.samples,
		"15.0 KiB, 16.0 KiB, 17.0 KiB, 18.0 KiB, 19.0 KiB, 20.0 KiB, 21.0 KiB, "
		"22.0 KiB, 23.0 KiB, 24.0 KiB | 24.0 KiB, 24.0 KiB, 24.0 KiB, 24.0 KiB, "
		"24.0 KiB, 24.0 KiB, 24.0 KiB, 24.0 KiB, 24.0 KiB, 24.0 KiB");
	assert_string_equal(figure_of(stage, 1).samples, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_folio),
		cmocka_unit_test(test_condition_too_late),
		cmocka_unit_test(test_write_fails),
		cmocka_unit_test(test_write_may_fail),
		cmocka_unit_test(test_write_is_bounded),
		cmocka_unit_test(test_reclaim),
		cmocka_unit_test(test_handles_and_watches),
		cmocka_unit_test(test_handles_of_all_formulas),
		cmocka_unit_test(test_figures),
		cmocka_unit_test(test_since_and_poll),
		cmocka_unit_test(test_poll_ends),
		cmocka_unit_test(test_samples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
