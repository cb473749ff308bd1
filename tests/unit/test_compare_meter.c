/* SPDX-License-Identifier: Apache-2.0 */
/* What is read of a trial: what grew, and what there is at the end. */
#include "stress/compare/meter.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static const struct fixture_file files[] = {
	{"proc/stat", "cpu  100 0 100 5000 0 0 0 0 0 0\nintr 1 2 3\n"},
	{"proc/vmstat", "pgpgout 100\nworkingset_refault_anon 5\nworkingset_refault_file 7\n"},
	{"proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 500 kB\n"},
	{"A/memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=1000\n"
			      "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
	{"A/B/memory.pressure", "some avg10=0.00 avg60=0.00 avg300=0.00 total=900\n"
				"full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"},
};

static void change(const struct fixture *fx)
{
	fixture_write(fx, "proc/stat", "cpu  150 0 110 9000 0 0 0 0 0 0\nintr 1 2 3\n");
	fixture_write(fx, "proc/vmstat",
		      "pgpgout 164\nworkingset_refault_anon 6\nworkingset_refault_file 17\n");
	fixture_write(fx, "proc/meminfo", "MemTotal: 1000 kB\nMemAvailable: 400 kB\n");
	fixture_write(fx, "A/memory.pressure",
		      "some avg10=0.00 avg60=0.00 avg300=0.00 total=4000\n"
		      "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
}

static void test_meter(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(scenario_freep) struct scenario *scenario = NULL;
	_cleanup_close_ int proc_fd = kfile_open_dir(fx->fd, "proc");
	_cleanup_close_ int a_fd = kfile_open_dir(fx->fd, "A"),
			    b_fd = kfile_open_dir(fx->fd, "A/B");
	const int group_fds[] = {a_fd, b_fd};
	struct stress_error error = {""};
	struct trial trial = {.ground = {.proc_fd = proc_fd, .sys_fd = -1, .kmsg_fd = -1}};
	struct meter meter;
	const int64_t *values = meter.score.values;

	(void)state;
	assert_int_equal(scenario_new(&scenario), 0);
	assert_int_equal(scenario_read_text(scenario, "f",
					    "[group A]\n[group A/B]\n[expect e]\n"
					    "value = memory.current(A)\nis = 0\n",
					    &error),
			 0);
	trial.scenario = scenario;
	trial.sources = (struct sources){
		.scenario = scenario,
		.group_fds = group_fds,
		.proc_fd = proc_fd,
		.actors = &trial.actors,
		.handles = &trial.handles,
		.watches = &trial.watches,
		.machine = {4096, 4096, 2, 1},
	};
	if (meter_begin(&meter, &trial, &error) < 0)
		fail_msg("%s", error.text);
	change(fx);
	if (meter_end(&meter, &trial, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(values[SCORE_AVAILABLE], 400 * 1024);
	assert_int_equal(values[SCORE_REFAULTS], 11);
	assert_int_equal(values[SCORE_WRITTEN], 64 * 1024);
	/* That of B is in that of A. */
	assert_int_equal(values[SCORE_STALL], 3 * NSEC_PER_MSEC);
	assert_int_equal(values[SCORE_CPU], 60 * (NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK)));
	assert_true(values[SCORE_TIME] > 0);
	assert_int_equal(values[SCORE_WORK], 0);

	/* Without PSI there is no stall; without the rest there is no measuring. */
	fixture_remove(fx, "A/memory.pressure");
	assert_int_equal(meter_begin(&meter, &trial, &error), 0);
	assert_int_equal(values[SCORE_STALL], 0);
	fixture_write(fx, "proc/vmstat", "pgpgout 1\n");
	assert_int_equal(meter_begin(&meter, &trial, &error), -EBADMSG);
	assert_non_null(strstr(error.text, "vmstat:workingset_refault_anon(machine)"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_meter)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
