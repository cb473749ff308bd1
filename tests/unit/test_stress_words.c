/* SPDX-License-Identifier: Apache-2.0 */
/* A job as the words of a command line say it. */
#include "stress/job/job.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

#define READ(job, error, ...) read_words(job, (char **)(const char *[]){__VA_ARGS__, NULL}, error)

static int read_words(struct job *job, char **words, struct stress_error *error)
{
	int n = 0;

	while (words[n])
		n++;
	return job_read_words(job, words, n, error);
}

/* What follows counts, and in every way it can be said. */
static void test_said(void **state)
{
	const struct fixture_file files[] = {
		{"a.job", "[global]\nduration = 3s\n[load grow]\ntype = anon\nsize = 1M\n"}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(job_freep) struct job *job = NULL;
	_cleanup_free_ char *path = NULL;
	struct stress_error error = {""};

	(void)state;
	assert_int_equal(job_new(&job), 0);
	assert_true(asprintf(&path, "%s/a.job", fx->path) > 0);
	assert_int_equal(READ(job, &error, path, "--duration=5s", "--seed", "7", "--ratio", "3",
			      "--group", "svc:cpuset.cpus=0,2", "--load",
			      "anon:name=big,size=2M,group=svc", "--set", "load.grow.size=4M"),
			 0);
	assert_true(job->global.duration_ns == UINT64_C(5000000000));
	assert_true(job->global.seed == 7);
	assert_int_equal(job->n_loads, 2);
	assert_true(job->loads[0].settings.size.value == 4 << 20);
	assert_true(job->loads[0].settings.ratio_percent == 200);
	assert_true(job->loads[1].settings.ratio_percent == 300);
	assert_string_equal(job->groups[0].knobs[0].value, "0,2");
}

static void test_refused(void **state)
{
	static const struct {
		const char *words[3];
		const char *error;
	} rows[] = {
		{{"--duraton", "5s"},
		 "--duraton: there is no such option; did you mean --duration?"},
		{{"--lod", "anon:size=1M"}, "did you mean --load?"},
		{{"--reuse-wen", "after"}, "did you mean --reuse-when?"},
		{{"--nothing-like-it", "1"}, "--nothing-like-it: there is no such option"},
		{{"--duration"}, "--duration wants a value"},
		{{"-d", "5s"}, "-d: options begin with --"},
		{{"--duration", "5"}, "command line: [global] duration: \"5\" is not understood"},
		{{"--rate", "5M"}, "command line: [global] rate: \"5M\" is not understood"},
		{{"--set", "global.ratoi=3"},
		 "[global] ratoi: there is no such setting; did you mean 'ratio'?"},
		{{"--load", "anon:size=1M,floor=1G"},
		 "floor: is no setting of a load: it stands in [global]"},
		{{"size=4M"}, "size=4M: is no file; a load's settings stand with it: --load TYPE:"},
		{{"/nowhere/a.job"}, "/nowhere/a.job: No such file or directory"},
		{{"--load=anon:size=1M", "--ratio", "3"},
		 "--ratio: is a default for the loads that follow"},
		{{"--load", "anon:size"}, "anon:size: is TYPE:KEY=VALUE"},
		{{"--set", "lod.grow.size=1M"}, "is global.KEY=VALUE, load.NAME.KEY=VALUE"},
		{{"--set", "load.grow.size=1M"}, "there is no such load"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(job_freep) struct job *job = NULL;
		struct stress_error error = {""};

		assert_int_equal(job_new(&job), 0);
		assert_true(READ(job, &error, rows[i].words[0], rows[i].words[1],
				 rows[i].words[1] ? rows[i].words[2] : NULL) < 0);
		if (!strstr(error.text, rows[i].error))
			fail_msg("%s: %s", rows[i].words[0], error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_said),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
