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

/* Each mutant is read anew, so that it alone is broken. */
static int add_mutants(struct check *check, size_t n, const char *path,
		       struct stress_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct scenario *broken = NULL;

		r = common_read_scenario(&check->options.common, path, &broken, ret_error);
		if (r == 0)
			r = add(check, broken, path, &broken->mutants[i]);
		if (r == 0)
			r = scenario_mutate(broken, &broken->mutants[i], ret_error);
	}
	return r;
}

/* All are read before any is run. */
static int read_all(struct check *check, struct stress_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < check->options.n_paths && r == 0; i++) {
		const char *path = check->options.paths[i];
		struct scenario *scenario = NULL;

		r = common_read_scenario(&check->options.common, path, &scenario, ret_error);
		if (r == 0 && check->options.mutants) {
			r = add_mutants(check, scenario->n_mutants, path, ret_error);
			scenario_free(scenario);
		} else if (r == 0) {
			r = add(check, scenario, path, NULL);
		}
	}
	check->outcomes = calloc(check->n + 1, sizeof(*check->outcomes));
	return r == 0 && !check->outcomes ? -ENOMEM : r;
}

static int run_once(struct check *check, struct result *result, struct stress_error *ret_error)
{
	_cleanup_(trial_freep) struct trial *trial = NULL;
	int r = trial_run(result->scenario, result->mutant, &check->ground, &trial, ret_error);

	if (r == 0)
		r = result_add(result, trial);
	else if (trial)
		check->interrupted = trial->interrupted;
	return r;
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

static int write_file(const struct check *check, const char *name, const char *path,
		      int (*write_to)(const struct check *, FILE *))
{
	_cleanup_(fclosep) FILE *file = path ? fopen(path, "we") : NULL;
	int r;

	if (!path)
		return 0;
	r = file ? write_to(check, file) : -errno;
	if (r < 0)
		log_error(check->log, "%s: write %s: %s", name, path, strerror(-r));
	return r;
}

static int write_junit(const struct check *check, FILE *to)
{
	return outcome_write_junit("uswap-stress", check->outcomes, check->n, to);
}

static int write_json(const struct check *check, FILE *to)
{
	return results_write_json(check->results, check->n, to);
}

static int write_html(const struct check *check, FILE *to)
{
	return outcome_write_html(check->outcomes, check->n, to);
}

static int run_all(struct check *check, struct stress_error *ret_error)
{
	int r = outcome_begin_tap(check->n, stdout);

	for (size_t i = 0; i < check->n && r == 0; i++) {
		r = run_scenario(check, &check->results[i], ret_error);
		check->outcomes[i] = check->results[i].outcome;
		if (r == 0)
			r = outcome_write_tap(&check->outcomes[i], i + 1, stdout);
	}
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
	check_options_free(&check->options);
}

static int run(struct check *check, char **words, int n)
{
	struct stress_error error = {""};
	int r = check_options_read(&check->options, words, n, &error);

	if (r == 0)
		r = read_all(check, &error);
	if (r < 0) {
		log_error(check->log, "%s", r == -ENOMEM ? "out of memory" : error.text);
		return 2;
	}
	r = run_all(check, &error);
	if (r < 0) {
		log_error(check->log, "%s", error.text[0] ? error.text : strerror(-r));
		return r == -EINVAL ? 2 : 1;
	}
	r = outcome_exit_status(check->outcomes, check->n);
	if (write_file(check, "junit", check->options.junit, write_junit) < 0 ||
	    write_file(check, "json", check->options.json, write_json) < 0 ||
	    write_file(check, "html", check->options.html, write_html) < 0)
		return 1;
	return r;
}

int check_command(char **words, int n, const struct trial_ground *ground, const struct log *log,
		  int *ret_signal)
{
	struct check check = {.log = log, .ground = *ground};
	int status = run(&check, words, n);

	*ret_signal = check.interrupted;
	check_free(&check);
	return status;
}
