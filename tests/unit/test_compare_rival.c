/* SPDX-License-Identifier: Apache-2.0 */
/* Agents by their names, what they put into a scenario, and what they leave on the machine. */
#include "stress/compare/rival.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct rival rival_of(const char *text)
{
	struct stress_error error = {""};
	struct rival rival;

	if (rival_parse(text, &rival, &error) < 0)
		fail_msg("%s: %s", text, error.text);
	return rival;
}

static void test_names(void **state)
{
	static const char *const bad[] = {"",
					  "nobody",
					  "uswapd:3",
					  "watermark:0",
					  "watermark:3001",
					  "watermark:x",
					  "memory.high:101",
					  "mine=",
					  "=true",
					  "oom"};
	struct stress_error error;
	struct rival rival;

	(void)state;
	assert_string_equal(rival_of("none").name, "none");
	assert_int_equal(rival_of("watermark").number, 100);
	assert_int_equal(rival_of("watermark:50").number, 50);
	assert_string_equal(rival_of("watermark:50").name, "watermark:50");
	assert_int_equal(rival_of("memory.high").number, 90);
	assert_string_equal(rival_of("mine=prog --a=b c").name, "mine");
	assert_string_equal(rival_of("mine=prog --a=b c").command, "prog --a=b c");
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		error.text[0] = '\0';
		if (rival_parse(bad[i], &rival, &error) != -EINVAL || !error.text[0])
			fail_msg("%s is no error", bad[i]);
	}
}

#define SCENARIO                                                                   \
	"[agent]\ncommand = uswapd --set a.b=c\nready = is ready\n"                \
	"[group A]\nmemory.max = 100M\n[group A/B]\n[group C]\nmemory.max = max\n" \
	"[expect e]\nvalue = memory.current(A)\nis = 0\n"

static struct scenario *scenario_with(const char *rival_text)
{
	struct rival rival = rival_of(rival_text);
	struct scenario *scenario = NULL;
	struct stress_error error = {""};

	assert_int_equal(scenario_new(&scenario), 0);
	if (scenario_read_text(scenario, "f", SCENARIO, &error) < 0 ||
	    rival_enter(&rival, scenario, &error) < 0)
		fail_msg("%s", error.text);
	return scenario;
}

static void test_enter(void **state)
{
	static const struct {
		const char *rival, *command, *ready;
		bool may_end_anyhow;
	} rows[] = {
		/* Its own agent keeps the scenario's settings, and has to end well. */
		{"uswapd", "uswapd --set a.b=c", "is ready", false},
		{"none", "", "", true},
		{"mine=prog x", "prog x", "", true},
		{"uswap=uswap d", "uswap d", "", true},
		{"loop", "", "", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(scenario_freep) struct scenario *scenario = scenario_with(rows[i].rival);

		assert_string_equal(scenario->agent.command, rows[i].command);
		assert_string_equal(scenario->agent.ready, rows[i].ready);
		assert_int_equal(scenario->agent.may_end_anyhow, rows[i].may_end_anyhow);
		assert_int_equal(scenario->job->groups[0].n_knobs, 1);
	}
}

/* Only groups that have a limit get one below it. */
static void test_knob(void **state)
{
	_cleanup_(scenario_freep) struct scenario *scenario = scenario_with("memory.high:80");
	const struct job_group *groups = scenario->job->groups;

	(void)state;
	assert_int_equal(groups[0].n_knobs, 2);
	assert_string_equal(groups[0].knobs[1].file, "memory.high");
	assert_string_equal(groups[0].knobs[1].value, "83886080");
	assert_int_equal(groups[1].n_knobs, 0);
	assert_int_equal(groups[2].n_knobs, 1);
}

static void assert_file(const struct fixture *fx, const char *path, const char *text)
{
	_cleanup_free_ char *content = fixture_read(fx, path);

	assert_string_equal(content, text);
}

/* What was changed is put back. */
static void test_changes(void **state)
{
	static const struct fixture_file files[] = {
		{"proc/sys/vm/watermark_scale_factor", "10\n"},
		{"sys/module/damon_reclaim/parameters/min_age", "120000000\n"},
		{"sys/module/damon_reclaim/parameters/enabled", "N\n"},
		{"sys/module/damon_stat/parameters/enabled", "Y\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(scenario_freep) struct scenario *scenario = scenario_with("none");
	_cleanup_close_ int proc_fd = openat(fx->fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_close_ int sys_fd = openat(fx->fd, "sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct trial_ground ground = {.proc_fd = proc_fd, .sys_fd = sys_fd, .kmsg_fd = -1};
	struct rival watermark = rival_of("watermark:77"), damon = rival_of("damon");
	struct rival_change change;
	struct stress_error error;

	(void)state;
	assert_int_equal(rival_begin(&watermark, scenario, &ground, &change, &error), 0);
	/* In a file, unlike in the kernel's, what is longer stays behind the new value. */
	assert_file(fx, "proc/sys/vm/watermark_scale_factor", "77\n");
	assert_int_equal(rival_end(&change), 0);
	assert_file(fx, "proc/sys/vm/watermark_scale_factor", "10\n");

	assert_int_equal(rival_begin(&damon, scenario, &ground, &change, &error), 0);
	assert_file(fx, "sys/module/damon_reclaim/parameters/enabled", "Y\n");
	assert_file(fx, "sys/module/damon_stat/parameters/enabled", "N\n");
	assert_int_equal(rival_end(&change), 0);
	assert_file(fx, "sys/module/damon_stat/parameters/enabled", "Y\n");
	assert_file(fx, "sys/module/damon_reclaim/parameters/min_age", "120000000\n");
	assert_file(fx, "sys/module/damon_reclaim/parameters/enabled", "N\n");

	fixture_remove(fx, "sys/module");
	error.text[0] = '\0';
	assert_int_equal(rival_begin(&damon, scenario, &ground, &change, &error), -EOPNOTSUPP);
	assert_string_equal(error.text, "this kernel has no DAMON_RECLAIM");
	assert_int_equal(rival_end(&change), 0);
}

/* A program that is not there is said to be missing, with what to do about it. */
static void test_absent(void **state)
{
	_cleanup_(scenario_freep) struct scenario *scenario = scenario_with("none");
	struct trial_ground ground = {.proc_fd = -1, .sys_fd = -1, .kmsg_fd = -1};
	_cleanup_free_ char *path = strdup(getenv("PATH"));
	struct rival oomd = rival_of("oomd");
	struct rival_change change;
	struct stress_error error = {""};

	(void)state;
	assert_int_equal(setenv("PATH", "/nowhere", 1), 0);
	assert_int_equal(rival_begin(&oomd, scenario, &ground, &change, &error), -EOPNOTSUPP);
	assert_non_null(strstr(error.text, "oomd is not in the PATH"));
	assert_int_equal(rival_end(&change), 0);
	assert_int_equal(setenv("PATH", path, 1), 0);
}

/* Its files are in a directory that goes with the run. */
static void test_oomd(void **state)
{
	static const struct fixture_file files[] = {{"oomd", ""}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(scenario_freep) struct scenario *scenario = scenario_with("oomd");
	struct trial_ground ground = {.proc_fd = -1, .sys_fd = -1, .kmsg_fd = -1};
	_cleanup_free_ char *path = strdup(getenv("PATH"));
	struct rival oomd = rival_of("oomd");
	char config[64], text[512] = "";
	struct rival_change change;
	struct stress_error error;
	FILE *file;

	(void)state;
	assert_int_equal(fchmodat(fx->fd, "oomd", 0755, 0), 0);
	assert_int_equal(setenv("PATH", fx->path, 1), 0);
	assert_int_equal(rival_begin(&oomd, scenario, &ground, &change, &error), 0);
	assert_int_equal(setenv("PATH", path, 1), 0);
	(void)snprintf(config, sizeof(config), "%s/oomd.json", change.directory);
	assert_non_null(strstr(scenario->agent.command, config));
	file = fopen(config, "re");
	assert_non_null(file);
	assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
	assert_int_equal(fclose(file), 0);
	assert_non_null(strstr(text, "\"cgroup\":\"A.uswap-stress-*,C.uswap-stress-*\""));
	assert_int_equal(rival_end(&change), 0);
	assert_int_equal(access(change.directory, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),  cmocka_unit_test(test_enter),
		cmocka_unit_test(test_knob),   cmocka_unit_test(test_changes),
		cmocka_unit_test(test_absent), cmocka_unit_test(test_oomd),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
