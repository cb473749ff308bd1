/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as a scenario: it is taken or refused with words, and one that is taken keeps what
 * scenario.h and formula.h promise. Each line also as a formula and as a condition.
 */
#include "stress/scenario/scenario.h"

#include <errno.h>
#include <string.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void evaluate(const struct formula *formula)
{
	static const struct formula_machine machine = {.page_bytes = 4096, .cpus = 2, .nodes = 1};
	static const int64_t values[][FORMULA_FILES_MAX] = {{0}, {INT64_MAX, 1, INT64_MAX, 2}};

	require(formula->n_files <= FORMULA_FILES_MAX && formula->n_steps <= FORMULA_STEPS_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		int64_t value;
		int r = formula_evaluate(formula, values[i], &machine, &value);

		require(r == 0 || r == -EOVERFLOW || r == -EDOM);
	}
}

static void check_moment(const struct scenario *scenario, const struct scenario_moment *moment)
{
	require(moment->step >= SCENARIO_END && moment->step < (int)scenario->n_steps);
}

static void check_good(const struct scenario *scenario)
{
	require(scenario->n_expects > 0);
	for (size_t i = 0; i < scenario->n_steps; i++) {
		size_t length = 0;

		for (int at = (int)i; at >= 0; at = scenario->steps[at].after.step)
			require(length++ < scenario->n_steps);
	}
	for (size_t i = 0; i < scenario->n_expects; i++) {
		const struct scenario_expect *expect = &scenario->expects[i];
		const struct formula *const formulas[] = {&expect->value,     &expect->of,
							  &expect->wanted,    &expect->low,
							  &expect->tolerance, &expect->high};

		check_moment(scenario, &expect->at);
		check_moment(scenario, &expect->since);
		for (size_t f = 0; f < ARRAY_SIZE(formulas); f++)
			if (formulas[f]->n_steps)
				evaluate(formulas[f]);
	}
}

static void take_lines(char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		struct formula_error error = {.words = ""};
		struct formula_condition condition;
		struct formula formula;

		if (formula_parse(line, &formula, &error) == 0)
			evaluate(&formula);
		else
			require(error.words[0] && error.at <= strlen(line));
		if (formula_parse_condition(line, &condition, &error) == 0) {
			evaluate(&condition.left);
			evaluate(&condition.right);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = malloc(size + 1);
	_cleanup_(scenario_freep) struct scenario *scenario = NULL;
	struct stress_error error = {""};
	int r;

	require(text && scenario_new(&scenario) == 0);
	memcpy(text, data, size);
	text[size] = '\0';
	r = scenario_read_text(scenario, "fuzz", text, &error);
	require(r == 0 || (r == -EINVAL && error.text[0]));
	if (r == 0)
		check_good(scenario);
	take_lines(text);
	return 0;
}
