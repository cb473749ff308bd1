/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/check.h"

#include "base/clock.h"
#include "stress/check/options.h"
#include "stress/check/result.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A scenario to be run, or one of its mutants. */
struct check {
	struct check_options options;
	const struct log *log;
	struct trial_ground ground;
	size_t n;
	struct scenario **scenarios;
	struct result *results; /* same order; so below */
	struct outcome *outcomes;
	size_t n_outcomes; /* of those that were run */
	struct output junit, json, html;
	int interrupted; /* a signal; 0: none */
};

static int add(struct check *check, struct scenario *scenario, const char *path,
	       const struct scenario_mutant *mutant)
{
	struct scenario **scenarios =
		reallocarray(check->scenarios, check->n + 1, sizeof(*scenarios));
	struct result *results;

	if (scenarios)
		check->scenarios = scenarios;
	results = reallocarray(check->results, check->n + 1, sizeof(*results));
	if (results)
		check->results = results;
	if (!scenarios || !results) {
		scenario_free(scenario);
		return -ENOMEM;
	}
	check->scenarios[check->n] = scenario;
	check->results[check->n++] =
		(struct result){.scenario = scenario, .path = path, .mutant = mutant};
	return 0;
}

/* Each mutant is read anew, so that it alone is broken; also where none is to be run. */
static int add_mutants(struct check *check, size_t n, const char *path,
		       struct stress_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		_cleanup_(scenario_freep) struct scenario *broken = NULL;
		const struct scenario_mutant *mutant;

		r = common_read_scenario(&check->options.common, path, &broken, ret_error);
		if (r < 0)
			return r;
		mutant = &broken->mutants[i];
		r = scenario_mutate(broken, mutant, ret_error);
		if (r == 0 && check->options.mutants)
			r = add(check, TAKE_PTR(broken), path, mutant);
	}
	return r;
}

/* All are read before any is run. */
static int read_all(struct check *check, struct stress_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < check->options.n_paths && r == 0; i++) {
		const char *path = check->options.paths[i];
		_cleanup_(scenario_freep) struct scenario *scenario = NULL;

		r = common_read_scenario(&check->options.common, path, &scenario, ret_error);
		if (r == 0)
			r = add_mutants(check, scenario->n_mutants, path, ret_error);
		if (r == 0 && !check->options.mutants)
			r = add(check, TAKE_PTR(scenario), path, NULL);
	}
	check->outcomes = calloc(check->n + 1, sizeof(*check->outcomes));
	return r == 0 && !check->outcomes ? -ENOMEM : r;
}

static int run_once(struct check *check, struct result *result, struct stress_error *ret_error)
{
	_cleanup_(trial_freep) struct trial *trial = NULL;
	int r = trial_run(result->scenario, result->mutant, &check->ground, &trial, ret_error);

	if (r == 0)
		return result_add(result, trial);
	if (r == -EINTR && trial)
		check->interrupted = trial->interrupted;
	if (r == -EINTR || r == -ENOMEM)
		return r;
	/* The others can be run all the same. */
	return result_add_failure(result, ret_error->text[0] ? ret_error->text : strerror(-r));
}

static int run_scenario(struct check *check, struct result *result, struct stress_error *ret_error)
{
	uint64_t begin_ns = clock_now_ns();
	int r = 0;

	for (uint64_t i = 0; i < check->options.common.repeat && r == 0; i++) {
		r = run_once(check, result, ret_error);
		/* Again it would be skipped again. */
		if (r == 0 && result->runs[i].kind == OUTCOME_SKIPPED)
			break;
	}
	result->duration_ns = clock_now_ns() - begin_ns;
	return r == 0 ? result_conclude(result, &check->options.common) : r;
}

static int write_junit(const void *results, FILE *to)
{
	const struct check *check = results;

	return outcome_write_junit("uswap-stress", check->outcomes, check->n_outcomes, to);
}

static int write_json(const void *results, FILE *to)
{
	const struct check *check = results;

	return results_write_json(check->results, check->n_outcomes, to);
}

static int write_html(const void *results, FILE *to)
{
	const struct check *check = results;

	return outcome_write_html(check->outcomes, check->n_outcomes, to);
}

/* All of them: a run would be for nothing if one can't be written. */
static int open_files(struct check *check, struct stress_error *ret_error)
{
	const struct check_options *options = &check->options;
	int r = common_open_output("junit", options->junit, &check->junit, ret_error);

	if (r == 0)
		r = common_open_output("json", options->json, &check->json, ret_error);
	if (r == 0)
		r = common_open_output("html", options->html, &check->html, ret_error);
	return r;
}

static int write_files(struct check *check, struct stress_error *ret_error)
{
	int r = common_write_output(&check->junit, check, write_junit, ret_error);

	if (r == 0)
		r = common_write_output(&check->json, check, write_json, ret_error);
	if (r == 0)
		r = common_write_output(&check->html, check, write_html, ret_error);
	return r;
}

static int run_each(struct check *check, struct stress_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < check->n && r == 0; i++) {
		r = run_scenario(check, &check->results[i], ret_error);
		if (r < 0)
			return r;
		check->outcomes[check->n_outcomes++] = check->results[i].outcome;
		r = outcome_write_tap(&check->outcomes[i], i + 1, stdout);
	}
	return r;
}

/* Where it is cut short, that is said, and what there is by then stands in the files. */
static int run_all(struct check *check, struct stress_error *ret_error)
{
	int r = outcome_begin_tap(check->n, check->options.mutants ? "there are no mutants" : "",
				  stdout);

	if (r == 0)
		r = run_each(check, ret_error);
	if (r == 0)
		return write_files(check, ret_error);
	if (!ret_error->text[0])
		(void)stress_fail(ret_error, r, "%s", strerror(-r));
	if (r != -EIO)
		(void)outcome_bail_tap(ret_error->text, stdout);
	(void)write_files(check, &(struct stress_error){""});
	return r;
}

static void check_free(struct check *check)
{
	for (size_t i = 0; i < check->n && check->results; i++)
		result_free(&check->results[i]);
	for (size_t i = 0; i < check->n && check->scenarios; i++)
		scenario_free(check->scenarios[i]);
	free(check->outcomes);
	free(check->results);
	free(check->scenarios);
	output_close(&check->junit);
	output_close(&check->json);
	output_close(&check->html);
	check_options_free(&check->options);
}

static int run(struct check *check, char **words, int n)
{
	struct stress_error error = {""};
	int r = check_options_read(&check->options, words, n, &error);

	if (r == 0)
		r = read_all(check, &error);
	if (r == 0)
		r = open_files(check, &error);
	if (r < 0) {
		log_error(check->log, "%s", r == -ENOMEM ? "out of memory" : error.text);
		return 2;
	}
	r = run_all(check, &error);
	if (r < 0)
		log_error(check->log, "%s", error.text);
	return r < 0 ? 1 : outcome_exit_status(check->outcomes, check->n_outcomes);
}

int check_command(char **words, int n, const struct trial_ground *ground, const struct log *log,
		  int *ret_signal)
{
	struct check check = {.log = log,
			      .ground = *ground,
			      .junit = {.fd = -1},
			      .json = {.fd = -1},
			      .html = {.fd = -1}};
	int status = run(&check, words, n);

	*ret_signal = check.interrupted;
	check_free(&check);
	return status;
}
