/* SPDX-License-Identifier: Apache-2.0 */
/* What is expected, looked at when its moment has come. */
#include "stress/check/trial.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int evaluate(struct trial *trial, const struct formula *formula, int64_t unsaid,
		    struct trial_expect *at, int64_t *ret)
{
	if (!formula->n_steps) {
		*ret = unsaid;
		return 0;
	}
	return sources_evaluate(&trial->sources, formula, ret, at->words);
}

/* value, value / of, or value - what it was. */
static int measure(struct trial *trial, const struct scenario_expect *expect,
		   struct trial_expect *at, int64_t *ret)
{
	int64_t value, whole;
	int r = evaluate(trial, &expect->value, 0, at, &value);

	if (r < 0)
		return r;
	if (expect->of.n_steps) {
		r = evaluate(trial, &expect->of, 0, at, &whole);
		if (r < 0)
			return r;
		r = expect_ratio(value, whole, ret);
	} else if (scenario_said(expect->said, EXPECT_KEY_SINCE)) {
		r = at->has_before ? expect_delta(at->before, value, ret) : -ENODATA;
	} else {
		*ret = value;
	}
	if (r < 0)
		(void)snprintf(at->words, sizeof(at->words), "%s",
			       r == -EDOM ? "a share of 0" : strerror(-r));
	return r;
}

static int resolve_rule(struct trial *trial, const struct scenario_expect *expect,
			struct trial_expect *at)
{
	int r;

	at->rule = (struct expect_rule){
		.kind = expect->kind,
		.basis = expect->basis,
		.share_permyriad = expect->share_permyriad,
		.page_bytes = trial->sources.machine.page_bytes,
	};
	r = evaluate(trial, &expect->wanted, 0, at, &at->rule.wanted);
	if (r == 0)
		r = evaluate(trial, &expect->tolerance, 0, at, &at->rule.tolerance);
	if (r == 0)
		r = evaluate(trial, &expect->low, INT64_MIN, at, &at->rule.low);
	return r == 0 ? evaluate(trial, &expect->high, INT64_MAX, at, &at->rule.high) : r;
}

/* One look. */
static void look(struct trial *trial, const struct scenario_expect *expect, struct trial_expect *at,
		 uint64_t now_ns)
{
	const struct expect_poll poll = {at->begin_ns, expect->poll_ns, expect->timeout_ns};
	int64_t measured;
	int r;

	at->words[0] = '\0';
	at->samples.n_judged = at->samples.n;
	r = measure(trial, expect, at, &measured);
	if (r == 0)
		r = resolve_rule(trial, expect, at);
	if (r == 0)
		at->verdict = expect_judge(&at->rule, measured);
	at->over = expect_poll_next(&poll, now_ns, r == 0 && at->verdict.passed, &at->next_ns) !=
		   EXPECT_LOOK_AGAIN;
}

void trial_reach(struct trial *trial, int moment, uint64_t now_ns)
{
	for (size_t i = 0; i < trial->scenario->n_expects; i++) {
		const struct scenario_expect *expect = &trial->scenario->expects[i];
		struct trial_expect *at = &trial->expects[i];

		if (scenario_said(expect->said, EXPECT_KEY_SINCE) && expect->since.step == moment)
			at->has_before = evaluate(trial, &expect->value, 0, at, &at->before) == 0;
		if (expect->at.step == moment)
			at->begin_ns = at->next_ns = now_ns;
	}
}

void trial_judge(struct trial *trial, uint64_t now_ns)
{
	for (size_t i = 0; i < trial->scenario->n_expects; i++) {
		struct trial_expect *at = &trial->expects[i];

		if (at->begin_ns && !at->over && now_ns >= at->next_ns)
			look(trial, &trial->scenario->expects[i], at, now_ns);
	}
}

/* What can't be measured yet, or no more, is no sample. */
static void sample(struct trial *trial, const struct scenario_expect *expect,
		   struct trial_expect *at, uint64_t now_ns)
{
	struct trial_samples *samples = &at->samples;
	struct trial_expect aside = {.has_before = at->has_before, .before = at->before};
	int64_t value;

	if (now_ns < samples->next_ns ||
	    (at->over && samples->n - samples->n_judged >= TRIAL_SAMPLES_AFTER))
		return;
	samples->next_ns = now_ns + TRIAL_SAMPLE_NS;
	if (measure(trial, expect, &aside, &value) == 0)
		samples->values[samples->n++ % TRIAL_SAMPLES] = value;
}

void trial_sample(struct trial *trial, uint64_t now_ns)
{
	for (size_t i = 0; i < trial->scenario->n_expects; i++)
		sample(trial, &trial->scenario->expects[i], &trial->expects[i], now_ns);
}

bool trial_is_judged(const struct trial *trial, int moment)
{
	for (size_t i = 0; i < trial->scenario->n_expects; i++)
		if (trial->scenario->expects[i].at.step == moment && !trial->expects[i].over)
			return false;
	return true;
}

bool trial_caught_mutant(const struct trial *trial)
{
	for (size_t i = 0; trial->mutant && i < trial->scenario->n_expects; i++)
		if (strcmp(trial->scenario->expects[i].name, trial->mutant->fails) == 0)
			return trial->expects && trial->expects[i].over &&
			       (trial->expects[i].words[0] || !trial->expects[i].verdict.passed);
	return false;
}
