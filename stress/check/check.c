/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/check.h"

#include "base/clock.h"
#include "stress/check/options.h"
#include "stress/check/result.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct check {
	struct check_options options;
	const struct log *log;
	int proc_fd, sys_fd;
	size_t n;
	struct scenario **scenarios; /* same order as options.paths; so below */
	struct result *results;
	struct outcome *outcomes;
	int interrupted; /* a signal; 0: none */
};

static int read_scenario(const struct check_options *options, const char *path,
			 struct scenario *scenario, struct stress_error *ret_error)
{
	int r = 0;

	for (size_t i = 0; i < options->n_settings && r == 0; i += 2)
		r = job_set_global(scenario->job, options->settings[i], options->settings[i + 1],
				   ret_error);
	if (r == 0)
		r = scenario_read_file(scenario, path, ret_error);
	if (r == -ENOENT || r == -EACCES)
		return stress_fail(ret_error, r, "%s: %s", path, strerror(-r));
	if (r == 0 && options->seed)
		r = job_set_global(scenario->job, "seed", options->seed, ret_error);
	return r;
}

/* All are read before any is run. */
static int read_all(struct check *check, struct stress_error *ret_error)
{
	size_t n = check->options.n_paths;
	int r = 0;

	check->n = n;
	check->scenarios = calloc(n, sizeof(*check->scenarios));
	check->results = calloc(n, sizeof(*check->results));
	check->outcomes = calloc(n, sizeof(*check->outcomes));
	if (!check->scenarios || !check->results || !check->outcomes)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < n && r == 0; i++) {
		r = scenario_new(&check->scenarios[i]);
		if (r == 0)
			r = read_scenario(&check->options, check->options.paths[i],
					  check->scenarios[i], ret_error);
		check->results[i].scenario = check->scenarios[i];
		check->results[i].path = check->options.paths[i];
	}
	return r;
}

static int run_once(struct check *check, struct result *result, struct stress_error *ret_error)
{
	_cleanup_(trial_freep) struct trial *trial = NULL;
	int r = trial_run(result->scenario, check->proc_fd, check->sys_fd, &trial, ret_error);

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

	for (uint64_t i = 0; i < check->options.repeat && r == 0; i++) {
		r = run_once(check, result, ret_error);
		/* Again it would be skipped again. */
		if (r == 0 && result->runs[i].kind == OUTCOME_SKIPPED)
			break;
	}
	result->duration_ns = clock_now_ns() - begin_ns;
	return r == 0 ? result_conclude(result, check->options.seed) : r;
}

static int write_junit(const struct check *check)
{
	_cleanup_(fclosep) FILE *file = NULL;
	int r;

	if (!check->options.junit)
		return 0;
	file = fopen(check->options.junit, "we");
	r = file ? outcome_write_junit("uswap-stress", check->outcomes, check->n, file) : -errno;
	if (r < 0)
		log_error(check->log, "junit: write %s: %s", check->options.junit, strerror(-r));
	return r;
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
		return r == -EOPNOTSUPP ? 77 : r == -EINVAL ? 2 : 1;
	}
	r = outcome_exit_status(check->outcomes, check->n);
	return write_junit(check) < 0 ? 1 : r;
}

int check_command(char **words, int n, int proc_fd, int sys_fd, const struct log *log,
		  int *ret_signal)
{
	struct check check = {.log = log, .proc_fd = proc_fd, .sys_fd = sys_fd};
	int status = run(&check, words, n);

	*ret_signal = check.interrupted;
	check_free(&check);
	return status;
}
