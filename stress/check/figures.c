/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/figures.h"

#include "base/parse.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *show(char *text, size_t n, enum formula_kind kind, uint64_t value)
{
	switch (kind) {
	case FORMULA_BYTES:
		return format_size(text, n, value);
	case FORMULA_TIME:
		return format_duration(text, n, value);
	case FORMULA_SHARE:
		(void)snprintf(text, n, "%" PRIu64 ".%02" PRIu64 "%%", value / 100, value % 100);
		return text;
	default:
		(void)snprintf(text, n, "%" PRIu64, value);
		return text;
	}
}

char *figure_value(char *text, size_t n, enum formula_kind kind, int64_t value)
{
	char number[FIGURE_TEXT_BYTES];
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;

	if (value == INT64_MAX)
		(void)snprintf(text, n, "max");
	else
		(void)snprintf(text, n, "%s%s", value < 0 ? "-" : "",
			       show(number, sizeof(number), kind, size));
	return text;
}

static void say_expected(struct figure *figure, const struct scenario_expect *expect,
			 const struct expect_rule *rule)
{
	static const char *const bases[] = {
		[EXPECT_OF_SUM] = "the sum",
		[EXPECT_OF_SUM_BY_PAGE] = "the sum, by page",
		[EXPECT_OF_WANTED] = "what is wanted",
	};
	char one[FIGURE_TEXT_BYTES], two[FIGURE_TEXT_BYTES];
	const size_t n = sizeof(figure->expected);

	if (expect->kind != EXPECT_RANGE) {
		(void)figure_value(one, sizeof(one), figure->kind, rule->wanted);
		if (expect->kind == EXPECT_IS)
			(void)snprintf(figure->expected, n, "%s", one);
		else
			(void)snprintf(figure->expected, n, "%s within %s of %s", one,
				       show(two, sizeof(two), FORMULA_SHARE, rule->share_permyriad),
				       bases[rule->basis]);
		return;
	}
	(void)snprintf(
		figure->expected, n, "%s%s..%s%s",
		expect->low.n_steps ? figure_value(one, sizeof(one), figure->kind, rule->low) : "",
		expect->low.n_steps ? " " : "", expect->high.n_steps ? " " : "",
		expect->high.n_steps ? figure_value(two, sizeof(two), figure->kind, rule->high)
				     : "");
}

static void say_from(struct figure *figure, const struct formula *value)
{
	size_t n = 0;

	for (size_t i = 0; i < value->n_files && n < sizeof(figure->from); i++) {
		char name[FORMULA_FILE_NAME_BYTES];

		n += (size_t)snprintf(figure->from + n, sizeof(figure->from) - n, "%s%s",
				      i ? ", " : "", formula_file_name(name, &value->files[i]));
	}
}

/* A figure that came out as expected needs no history. */
static void say_samples(struct figure *figure, const struct trial_samples *samples)
{
	size_t first = samples->n > TRIAL_SAMPLES ? samples->n - TRIAL_SAMPLES : 0, n = 0;

	for (size_t i = first; i < samples->n && n < sizeof(figure->samples); i++) {
		char value[FIGURE_TEXT_BYTES];

		n += (size_t)snprintf(figure->samples + n, sizeof(figure->samples) - n, "%s%s",
				      i == first	       ? ""
				      : i == samples->n_judged ? " | "
							       : ", ",
				      figure_value(value, sizeof(value), figure->kind,
						   samples->values[i % TRIAL_SAMPLES]));
	}
}

static void say(struct figure *figure, const struct scenario_expect *expect,
		const struct trial_expect *at)
{
	*figure = (struct figure){.because = expect->because[0] ? expect->because : NULL};
	memcpy(figure->name, expect->name, sizeof(figure->name));
	figure->place = expect->place;
	figure->kind = expect->of.n_steps ? FORMULA_SHARE : expect->value.kind;
	say_from(figure, &expect->value);
	if (!at->verdict.passed)
		say_samples(figure, &at->samples);
	if (at->words[0]) {
		(void)snprintf(figure->measured, sizeof(figure->measured), "nothing: %s",
			       at->words);
		return;
	}
	figure->passed = at->verdict.passed;
	figure->has_value = true;
	figure->value = at->verdict.measured;
	(void)figure_value(figure->measured, sizeof(figure->measured), figure->kind, figure->value);
	say_expected(figure, expect, &at->rule);
	(void)show(figure->error, sizeof(figure->error), figure->kind, at->verdict.error);
	(void)show(figure->tolerance, sizeof(figure->tolerance), figure->kind,
		   at->verdict.tolerance);
}

int figures_of(const struct trial *trial, struct figure **ret_figures, size_t *ret_n)
{
	const struct scenario *scenario = trial->scenario;
	struct figure *figures = calloc(scenario->n_expects + 1, sizeof(*figures));
	size_t n = 0;

	if (!figures)
		return -ENOMEM;
	for (size_t i = 0; i < scenario->n_expects && trial->expects; i++)
		if (trial->expects[i].begin_ns)
			say(&figures[n++], &scenario->expects[i], &trial->expects[i]);
	*ret_figures = figures;
	*ret_n = n;
	return 0;
}
