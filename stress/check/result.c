/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/result.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool all_passed(const struct result_run *run)
{
	for (size_t i = 0; i < run->n_figures; i++)
		if (!run->figures[i].passed)
			return false;
	return true;
}

/* A mutant is well where it fails, and at the expectation that is there to notice it. */
static enum outcome_kind kind_of_mutant(const struct trial *trial, struct result_run *run)
{
	if (trial_caught_mutant(trial))
		return OUTCOME_PASSED;
	(void)snprintf(run->reason, sizeof(run->reason), "[expect %s] did not fail%s%s",
		       trial->mutant->fails, trial->words[0] ? ": " : "", trial->words);
	return OUTCOME_FAILED;
}

static enum outcome_kind kind_of(const struct trial *trial, struct result_run *run)
{
	bool passed = !trial->words[0] && all_passed(run);

	if (trial->unable)
		(void)snprintf(run->reason, sizeof(run->reason), "%s", trial->lack);
	else if (trial->missing)
		(void)snprintf(run->reason, sizeof(run->reason), "%s%s%s", trial->lack,
			       trial->missing->because[0] ? ": " : "", trial->missing->because);
	else
		(void)snprintf(run->reason, sizeof(run->reason), "%s", trial->words);
	if (trial_is_skipped(trial))
		return OUTCOME_SKIPPED;
	if (trial->missing)
		return passed ? OUTCOME_XPASSED : OUTCOME_XFAILED;
	if (trial->mutant)
		return kind_of_mutant(trial, run);
	return passed ? OUTCOME_PASSED : OUTCOME_FAILED;
}

static int append(struct result *result, const struct result_run *run)
{
	struct result_run *larger =
		reallocarray(result->runs, result->n_runs + 1, sizeof(*result->runs));

	if (!larger)
		return -ENOMEM;
	result->runs = larger;
	result->runs[result->n_runs++] = *run;
	return 0;
}

int result_add(struct result *result, const struct trial *trial)
{
	struct result_run run = {.n_figures = 0};
	int r = figures_of(trial, &run.figures, &run.n_figures);

	if (r < 0)
		return r;
	run.kind = kind_of(trial, &run);
	r = append(result, &run);
	if (r < 0)
		free(run.figures);
	return r;
}

int result_add_failure(struct result *result, const char *words)
{
	struct result_run run = {.kind = OUTCOME_FAILED};

	(void)snprintf(run.reason, sizeof(run.reason), "%s", words);
	return append(result, &run);
}

static int by_value(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Least, middle and greatest of what the runs measured under the name. */
static int say_spread(const struct result *result, const struct figure *figure, char *text,
		      size_t size)
{
	_cleanup_free_ int64_t *values = calloc(result->n_runs, sizeof(*values));
	char least[FIGURE_TEXT_BYTES], middle[FIGURE_TEXT_BYTES], greatest[FIGURE_TEXT_BYTES];
	size_t n = 0;

	if (!values)
		return -ENOMEM;
	for (size_t i = 0; i < result->n_runs; i++)
		for (size_t k = 0; k < result->runs[i].n_figures; k++)
			if (result->runs[i].figures[k].has_value &&
			    strcmp(result->runs[i].figures[k].name, figure->name) == 0)
				values[n++] = result->runs[i].figures[k].value;
	if (n == 0)
		return 0;
	qsort(values, n, sizeof(*values), by_value);
	(void)snprintf(text, size, "%s .. %s .. %s in %zu runs",
		       figure_value(least, sizeof(least), figure->kind, values[0]),
		       figure_value(middle, sizeof(middle), figure->kind, values[(n - 1) / 2]),
		       figure_value(greatest, sizeof(greatest), figure->kind, values[n - 1]), n);
	return 0;
}

/* The first that is not good, else the last. */
static const struct result_run *worst(const struct result *result)
{
	for (size_t i = 0; i < result->n_runs; i++)
		if (!outcome_is_good(result->runs[i].kind))
			return &result->runs[i];
	return &result->runs[result->n_runs - 1];
}

static int conclude_figures(struct result *result, const struct result_run *run)
{
	result->figures = calloc(run->n_figures + 1, sizeof(*result->figures));
	result->spreads = calloc(run->n_figures + 1, sizeof(*result->spreads));
	if (!result->figures || !result->spreads)
		return -ENOMEM;
	for (size_t i = 0; i < run->n_figures; i++) {
		const struct figure *figure = &run->figures[i];
		char *spread = result->spreads[i];

		if (result->n_runs > 1 &&
		    say_spread(result, figure, spread, sizeof(result->spreads[i])) < 0)
			return -ENOMEM;
		result->figures[i] = (struct outcome_figure){
			.name = figure->name,
			.passed = figure->passed,
			.measured = figure->measured,
			.expected = figure->expected,
			.error = figure->error,
			.tolerance = figure->tolerance,
			.because = figure->because,
			.spread = spread[0] ? spread : NULL,
			.from = figure->from,
			.file = figure->place.file,
			.line = figure->place.line,
			.samples = figure->samples[0] ? figure->samples : NULL,
		};
	}
	return 0;
}

/* For a shell. */
static void put_word(const char *word, FILE *to)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789-_./:=%+,@";

	if (*word && !word[strspn(word, plain)]) {
		(void)fputs(word, to);
		return;
	}
	(void)fputc('\'', to);
	for (; *word; word++)
		(void)fputs(*word == '\'' ? "'\\''" : (char[]){*word, '\0'}, to);
	(void)fputc('\'', to);
}

static int say_repeat(struct result *result, const struct common_options *options)
{
	size_t size;
	FILE *to = open_memstream(&result->repeat, &size);

	if (!to)
		return -ENOMEM;
	(void)fputs("uswap-stress check ", to);
	put_word(result->path, to);
	(void)fprintf(to, "%s --seed %" PRIu64, result->mutant ? " --mutants" : "",
		      result->scenario->job->global.seed);
	for (size_t i = 0; i < options->n_settings; i += 2) {
		(void)fprintf(to, " --%s ", options->settings[i]);
		put_word(options->settings[i + 1], to);
	}
	return fclose(to) == 0 ? 0 : -ENOMEM;
}

int result_conclude(struct result *result, const struct common_options *options)
{
	const struct result_run *run = worst(result);
	const char *title = result->scenario->title;
	size_t n_good = 0;

	for (size_t i = 0; i < result->n_runs; i++)
		n_good += outcome_is_good(result->runs[i].kind);
	if (conclude_figures(result, run) < 0 || say_repeat(result, options) < 0 ||
	    asprintf(&result->name, "%s%s%s", title[0] ? title : result->path,
		     result->mutant ? ", mutant " : "",
		     result->mutant ? result->mutant->name : "") < 0)
		return -ENOMEM;
	result->outcome = (struct outcome){
		.kind = run->kind,
		.name = result->name,
		.file = result->path,
		.reason = run->reason[0] ? run->reason : NULL,
		.repeat = result->repeat,
		.n_runs = result->n_runs,
		.n_good = n_good,
		.duration_ns = result->duration_ns,
		.n_figures = run->n_figures,
		.figures = result->figures,
	};
	return 0;
}

void result_free(struct result *result)
{
	for (size_t i = 0; i < result->n_runs; i++)
		free(result->runs[i].figures);
	free(result->runs);
	free(result->repeat);
	free(result->name);
	free(result->spreads);
	free(result->figures);
	*result = (struct result){.n_runs = 0};
}
