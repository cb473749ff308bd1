/* SPDX-License-Identifier: Apache-2.0 */
/* Runs of a scenario taken together, from trials made by hand. */
#include "stress/check/options.h"
#include "stress/check/result.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

static struct scenario *scenario_of(const char *text)
{
	struct scenario *scenario = NULL;
	struct stress_error error;

	assert_int_equal(scenario_new(&scenario), 0);
	if (scenario_read_text(scenario, "f", text, &error) < 0)
		fail_msg("%s", error.text);
	return scenario;
}

#define TEXT                                                  \
	"[scenario]\ntitle = t\n[group A]\n"                  \
	"[requires r]\nzswap = yes\n"                         \
	"[expect near]\nvalue = memory.current(A)\nis = 5M\n" \
	"tolerance = 1M\nbecause = b\n"                       \
	"[mutant broken]\nset = group.A.memory.max=1M\nfails = near\n"

/* A trial whose only expectation measured so many bytes. */
static struct trial trial_of(const struct scenario *scenario, struct trial_expect *expect,
			     int64_t measured)
{
	*expect = (struct trial_expect){
		.begin_ns = 1,
		.over = true,
		.rule = {.kind = EXPECT_IS, .wanted = 5 << 20, .tolerance = 1 << 20},
	};
	expect->verdict = expect_judge(&expect->rule, measured);
	return (struct trial){.scenario = scenario, .expects = expect};
}

static void test_spread(void **state)
{
	_cleanup_(scenario_freep) struct scenario *scenario = scenario_of(TEXT);
	struct result result = {.scenario = scenario, .path = "it's f"};
	const int64_t measured[] = {5 << 20, 9 << 20, 4 << 20};
	const char *settings[] = {"directory", "/data"};
	const struct common_options options = {.n_settings = 2, .settings = settings};
	struct trial_expect expect;

	(void)state;
	scenario->job->global.seed = 7;
	for (size_t i = 0; i < ARRAY_SIZE(measured); i++) {
		struct trial trial = trial_of(scenario, &expect, measured[i]);

		assert_int_equal(result_add(&result, &trial), 0);
	}
	assert_int_equal(result_conclude(&result, &options), 0);
	assert_int_equal(result.outcome.kind, OUTCOME_FAILED);
	assert_int_equal(result.outcome.n_runs, 3);
	assert_int_equal(result.outcome.n_good, 2);
	assert_string_equal(result.outcome.repeat,
			    "uswap-stress check 'it'\\''s f' --seed 7 --directory /data");
	/* Of the run that failed. */
	assert_string_equal(result.outcome.figures[0].measured, "9.0 MiB");
	assert_string_equal(result.outcome.figures[0].spread,
			    "4.0 MiB .. 5.0 MiB .. 9.0 MiB in 3 runs");
	result_free(&result);
}

/* What could not be run is told with the reason, and no figures. */
static void test_could_not_run(void **state)
{
	_cleanup_(scenario_freep) struct scenario *scenario = scenario_of(TEXT);
	struct result result = {.scenario = scenario, .path = "f"};
	const struct common_options options = {.n_settings = 0};

	(void)state;
	assert_int_equal(result_add_failure(&result, "write memory.zswap.max: no such file"), 0);
	assert_int_equal(result_conclude(&result, &options), 0);
	assert_int_equal(result.outcome.kind, OUTCOME_FAILED);
	assert_int_equal(result.outcome.n_figures, 0);
	assert_string_equal(result.outcome.reason, "write memory.zswap.max: no such file");
	result_free(&result);
}

static enum outcome_kind kind_of(const struct scenario *scenario,
				 const struct scenario_mutant *mutant, struct trial *trial)
{
	struct result result = {.scenario = scenario, .mutant = mutant, .path = "f"};
	enum outcome_kind kind;

	trial->mutant = mutant;
	assert_int_equal(result_add(&result, trial), 0);
	kind = result.runs[0].kind;
	result_free(&result);
	return kind;
}

static void test_kinds(void **state)
{
	_cleanup_(scenario_freep) struct scenario *scenario = scenario_of(TEXT);
	const struct scenario_mutant *mutant = &scenario->mutants[0];
	struct trial_expect expect;
	struct trial good = trial_of(scenario, &expect, 5 << 20);

	(void)state;
	assert_int_equal(kind_of(scenario, NULL, &good), OUTCOME_PASSED);
	assert_int_equal(kind_of(scenario, mutant, &good), OUTCOME_FAILED);
	/* Another failure is not the one that the mutant is there for. */
	strcpy(good.words, "the kernel's log has a BUG");
	assert_int_equal(kind_of(scenario, NULL, &good), OUTCOME_FAILED);
	assert_int_equal(kind_of(scenario, mutant, &good), OUTCOME_FAILED);
	good.words[0] = '\0';
	good.missing = &scenario->requirements[0];
	assert_int_equal(kind_of(scenario, NULL, &good), OUTCOME_SKIPPED);
	assert_int_equal(kind_of(scenario, mutant, &good), OUTCOME_SKIPPED);
	scenario->requirements[0].otherwise = SCENARIO_XFAIL;
	assert_int_equal(kind_of(scenario, NULL, &good), OUTCOME_XPASSED);

	good = trial_of(scenario, &expect, 50 << 20);
	assert_int_equal(kind_of(scenario, NULL, &good), OUTCOME_FAILED);
	assert_int_equal(kind_of(scenario, mutant, &good), OUTCOME_PASSED);
	good.missing = &scenario->requirements[0];
	assert_int_equal(kind_of(scenario, NULL, &good), OUTCOME_XFAILED);
}

static void test_json(void **state)
{
	_cleanup_(scenario_freep) struct scenario *scenario = scenario_of(TEXT);
	struct result result = {.scenario = scenario, .path = "f"};
	struct trial_expect expect;
	struct trial trial = trial_of(scenario, &expect, 5 << 20);
	const struct common_options options = {.seed = NULL};
	_cleanup_free_ char *text = NULL;
	const char *outcome, *name;
	json_int_t value;
	json_auto_t *root = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	(void)state;
	assert_int_equal(result_add(&result, &trial), 0);
	assert_int_equal(result_conclude(&result, &options), 0);
	assert_int_equal(results_write_json(&result, 1, to), 0);
	assert_int_equal(fclose(to), 0);
	root = json_loads(text, 0, NULL);
	assert_non_null(root);
	assert_int_equal(json_unpack(root, "{s:[{s:s, s:[{s:[{s:s, s:I}]}]}]}", "scenarios",
				     "outcome", &outcome, "runs", "figures", "name", &name, "value",
				     &value),
			 0);
	assert_string_equal(outcome, "passed");
	assert_string_equal(name, "near");
	assert_int_equal(value, 5 << 20);
	result_free(&result);
}

static void test_options(void **state)
{
	static const struct fixture_file files[] = {{"d/b.scenario", ""},    {"d/a.scenario", ""},
						    {"d/c.txt", ""},	     {"d/empty/c.txt", ""},
						    {"d/in/c.scenario", ""}, {"e/x", ""}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	char folder[256], empty[256], file[256];
	char *words[] = {folder,
			 file,
			 (char *)"--repeat",
			 (char *)"5",
			 (char *)"--seed",
			 (char *)"7",
			 (char *)"--mutants",
			 (char *)"--directory",
			 (char *)"/data",
			 (char *)"--html=page.html"};
	struct check_options options;
	struct stress_error error = {""};

	(void)state;
	(void)snprintf(folder, sizeof(folder), "%s/d", fx->path);
	(void)snprintf(empty, sizeof(empty), "%s/e", fx->path);
	(void)snprintf(file, sizeof(file), "%s/d/b.scenario", fx->path);
	assert_int_equal(check_options_read(&options, words, ARRAY_SIZE(words), &error), 0);
	assert_int_equal(options.n_paths, 4);
	assert_non_null(strstr(options.paths[0], "/d/a.scenario"));
	assert_non_null(strstr(options.paths[2], "/d/in/c.scenario"));
	assert_string_equal(options.paths[3], file);
	assert_int_equal(options.common.repeat, 5);
	assert_string_equal(options.common.seed, "7");
	assert_true(options.mutants);
	assert_string_equal(options.html, "page.html");
	assert_int_equal(options.common.n_settings, 2);
	assert_string_equal(options.common.settings[1], "/data");
	check_options_free(&options);

	static const char *const bad[][2] = {{"--repeat", "0"},	  {"--junit", NULL},
					     {"--nonsense", "1"}, {"--", "1"},
					     {"--json", NULL},	  {"/no/such/file", NULL}};
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		char *two[] = {(char *)bad[i][0], (char *)bad[i][1]};

		assert_int_equal(check_options_read(&options, two, bad[i][1] ? 2 : 1, &error),
				 -EINVAL);
		assert_true(error.text[0]);
		check_options_free(&options);
	}
	words[0] = (char *)"--junti=x";
	assert_int_equal(check_options_read(&options, words, 1, &error), -EINVAL);
	assert_string_equal(error.text, "--junti: there is no such option; did you mean --junit?");
	check_options_free(&options);
	words[0] = empty;
	assert_int_equal(check_options_read(&options, words, 1, &error), -EINVAL);
	check_options_free(&options);
	assert_int_equal(check_options_read(&options, NULL, 0, &error), -EINVAL);
	check_options_free(&options);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_spread),	cmocka_unit_test(test_could_not_run),
		cmocka_unit_test(test_kinds),	cmocka_unit_test(test_json),
		cmocka_unit_test(test_options),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
