/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/compare/compare.h"

#include "stress/check/common.h"
#include "stress/compare/meter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define REPEAT_USUAL 5
#define AGENTS_MAX   16

struct options {
	struct common_options common;
	const char *path, *json, *html; /* NULL: not said */
	size_t n_agents;
	struct rival agents[AGENTS_MAX];
};

struct compare {
	struct comparison comparison;
	struct options options;
	const struct log *log;
	const struct trial_ground *ground;
	struct output json, html;
	int interrupted;
};

size_t compare_turn(size_t n_agents, size_t repetition, size_t turn)
{
	return (repetition + turn) % n_agents;
}

static int take_agent(struct options *options, const char *text, struct stress_error *ret_error)
{
	struct rival *rival = &options->agents[options->n_agents];
	int r;

	if (options->n_agents == AGENTS_MAX)
		return stress_fail(ret_error, -EINVAL, "--agent: %d at most", AGENTS_MAX);
	r = rival_parse(text, rival, ret_error);
	for (size_t i = 0; i < options->n_agents && r == 0; i++)
		if (strcmp(options->agents[i].name, rival->name) == 0)
			r = stress_fail(ret_error, -EINVAL, "--agent %s: was said before",
					rival->name);
	options->n_agents += r == 0;
	return r;
}

static int take_option(struct options *options, const struct common_option *option,
		       struct stress_error *ret_error)
{
	if (strcmp(option->name, "agent") == 0)
		return take_agent(options, option->value, ret_error);
	if (strcmp(option->name, "json") == 0) {
		options->json = option->value;
	} else if (strcmp(option->name, "html") == 0) {
		options->html = option->value;
	} else {
		return common_options_take(&options->common, option, ret_error);
	}
	return 0;
}

/* The scenario, or an option with its value. *ret_n: how many words it was. */
static int take_words(struct options *options, char **words, int n, int *ret_n,
		      struct stress_error *ret_error)
{
	struct common_option option = {.n_words = 1};
	int r = 0;

	if (strncmp(words[0], "--", 2) != 0) {
		if (options->path)
			r = stress_fail(ret_error, -EINVAL, "compare wants one scenario");
		options->path = words[0];
	} else {
		r = common_option_read(words, n, &option, ret_error);
		if (r == 0)
			r = take_option(options, &option, ret_error);
	}
	*ret_n = option.n_words;
	return r;
}

static int read_options(struct options *options, char **words, int n,
			struct stress_error *ret_error)
{
	static const char *const names[] = {"agent", "repeat", "seed", "json", "html", NULL};
	int r = 0, used;

	if (common_options_make(&options->common, names, n, REPEAT_USUAL) < 0)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	for (int i = 0; i < n && r == 0; i += used)
		r = take_words(options, words + i, n - i, &used, ret_error);
	if (r == 0 && (!options->path || options->n_agents == 0))
		r = stress_fail(ret_error, -EINVAL,
				"compare wants a scenario and an --agent or more (uswap-stress "
				"help agents)");
	return r;
}

static int enter_all(struct compare *compare, struct stress_error *ret_error)
{
	struct comparison *comparison = &compare->comparison;
	const struct options *options = &compare->options;
	int r = 0;

	comparison->path = options->path;
	comparison->repeat = options->common.repeat;
	comparison->contenders = calloc(options->n_agents + 1, sizeof(*comparison->contenders));
	if (!comparison->contenders ||
	    score_table_make(&comparison->table, options->n_agents, options->common.repeat) < 0)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	comparison->n = options->n_agents;
	for (size_t i = 0; i < comparison->n && r == 0; i++) {
		struct contender *contender = &comparison->contenders[i];

		contender->rival = options->agents[i];
		r = common_read_scenario(&options->common, options->path, &contender->scenario,
					 ret_error);
		if (r == 0)
			r = rival_enter(&contender->rival, contender->scenario, ret_error);
	}
	if (r == 0)
		comparison->seed = comparison->contenders[0].scenario->job->global.seed;
	return r;
}

static void note(struct contender *contender, const char *words)
{
	if (!contender->words[0])
		(void)snprintf(contender->words, sizeof(contender->words), "%s", words);
}

/* With the machine as the rival wants it. */
static int run_trial(struct compare *compare, struct contender *contender, size_t repetition,
		     const struct trial_ground *ground, const struct meter *meter,
		     struct stress_error *ret_error)
{
	_cleanup_(trial_freep) struct trial *trial = NULL;
	size_t agent = (size_t)(contender - compare->comparison.contenders);
	int r = trial_run(contender->scenario, NULL, ground, &trial, ret_error);

	if (r == -EINTR || r == -ENOMEM) {
		compare->interrupted = trial ? trial->interrupted : 0;
		return r;
	}
	if (r < 0) {
		contender->n_failed++;
		note(contender, ret_error->text);
	} else if (trial_is_skipped(trial)) {
		contender->absent = true;
		note(contender, trial->lack);
	} else if (trial->words[0]) {
		contender->n_failed++;
		note(contender, trial->words);
	} else {
		score_table_note(&compare->comparison.table, agent, repetition, &meter->score);
	}
	contender->n_runs++;
	return 0;
}

static int run_once(struct compare *compare, struct contender *contender, size_t repetition,
		    struct stress_error *ret_error)
{
	struct meter meter;
	const struct trial_observer observer = {meter_begin, meter_end, &meter};
	struct trial_ground ground = *compare->ground;
	struct rival_change change;
	int r, undone;

	ground.observer = &observer;
	r = rival_begin(&contender->rival, contender->scenario, &ground, &change, ret_error);
	if (r == -EOPNOTSUPP) {
		contender->absent = true;
		note(contender, ret_error->text);
	} else if (r == 0) {
		r = run_trial(compare, contender, repetition, &ground, &meter, ret_error);
	}
	undone = rival_end(&change);
	if (undone < 0 && r == 0)
		r = stress_fail(ret_error, undone, "%s: undo what it changed: %s",
				contender->rival.name, strerror(-undone));
	return r == -EOPNOTSUPP ? 0 : r;
}

/* In turn, so that what changes on the machine with time changes for all. */
static int run_all(struct compare *compare, struct stress_error *ret_error)
{
	struct comparison *comparison = &compare->comparison;
	int r = 0;

	for (size_t i = 0; i < comparison->repeat; i++) {
		for (size_t turn = 0; turn < comparison->n && r == 0; turn++) {
			struct contender *contender =
				&comparison->contenders[compare_turn(comparison->n, i, turn)];

			if (!contender->absent)
				r = run_once(compare, contender, i, ret_error);
		}
	}
	return r;
}

static int write_json(const void *comparison, FILE *to)
{
	return comparison_write_json(comparison, to);
}

static int write_html(const void *comparison, FILE *to)
{
	return comparison_write_html(comparison, to);
}

static int exit_status(const struct comparison *comparison)
{
	bool ran = false;

	for (size_t i = 0; i < comparison->n; i++) {
		if (comparison->contenders[i].n_failed)
			return 1;
		ran = ran || !comparison->contenders[i].absent;
	}
	return ran ? 0 : 77;
}

static int run(struct compare *compare, char **words, int n)
{
	struct stress_error error = {""};
	int r = read_options(&compare->options, words, n, &error);

	if (r == 0)
		r = enter_all(compare, &error);
	if (r == 0)
		r = common_open_output("json", compare->options.json, &compare->json, &error);
	if (r == 0)
		r = common_open_output("html", compare->options.html, &compare->html, &error);
	if (r < 0) {
		log_error(compare->log, "%s", r == -ENOMEM ? "out of memory" : error.text);
		return 2;
	}
	r = run_all(compare, &error);
	if (r < 0) {
		log_error(compare->log, "%s", error.text[0] ? error.text : strerror(-r));
		return 1;
	}
	r = comparison_write_text(&compare->comparison, stdout);
	if (r < 0)
		(void)stress_fail(&error, r, "standard output: write: %s", strerror(-r));
	if (r == 0)
		r = common_write_output(&compare->json, &compare->comparison, write_json, &error);
	if (r == 0)
		r = common_write_output(&compare->html, &compare->comparison, write_html, &error);
	if (r < 0)
		log_error(compare->log, "%s", error.text);
	return r < 0 ? 1 : exit_status(&compare->comparison);
}

int compare_command(char **words, int n, const struct trial_ground *ground, const struct log *log,
		    int *ret_signal)
{
	struct compare compare = {
		.log = log, .ground = ground, .json = {.fd = -1}, .html = {.fd = -1}};
	int status = run(&compare, words, n);

	*ret_signal = compare.interrupted;
	for (size_t i = 0; i < compare.comparison.n; i++)
		scenario_free(compare.comparison.contenders[i].scenario);
	free(compare.comparison.contenders);
	score_table_free(&compare.comparison.table);
	output_close(&compare.json);
	output_close(&compare.html);
	common_options_free(&compare.options.common);
	return status;
}
