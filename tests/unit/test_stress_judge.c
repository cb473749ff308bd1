/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/judge.h"

#include "tests/unit/fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

/* A load without a group whose worker was killed, on a machine that has seen OOM kills before. */
struct killed {
	struct fixture *fx;
	struct load_plan plan;
	struct worker_block block;
	struct run_worker worker;
	struct run run;
};

static void write_vmstat(const struct killed *k, unsigned int oom_kills)
{
	char text[512];

	(void)snprintf(text, sizeof(text),
		       "pgfault 9\npgmajfault 1\npgsteal_kswapd 0\npgsteal_direct 0\n"
		       "pgscan_kswapd 0\npgscan_direct 0\noom_kill %u\n"
		       "workingset_refault_anon 0\nworkingset_refault_file 0\n",
		       oom_kills);
	fixture_write(k->fx, "proc/vmstat", text);
}

static void begin(struct killed *k, unsigned int oom_kills)
{
	*k = (struct killed){.fx = fixture_new(NULL, 0), .plan = {.group = -1}};
	write_vmstat(k, oom_kills);
	k->worker = (struct run_worker){
		.load = {.name = "a", .plan = &k->plan, .block = &k->block},
		.status = SIGKILL,
		.killed_as = END_ALIVE,
		.end = END_ALIVE,
	};
	k->run.proc_fd = openat(k->fx->fd, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(k->run.proc_fd >= 0);
	k->run.oom_kills = judge_oom_kills(k->run.proc_fd);
}

static void end(struct killed *k)
{
	close(k->run.proc_fd);
	fixture_free(k->fx);
}

static void test_killed_by_the_kernel(void **state)
{
	struct killed k;

	(void)state;
	begin(&k, 3);
	write_vmstat(&k, 4);
	judge_end(&k.run, &k.worker);
	assert_int_equal(k.worker.end, END_OOM_KILLED);
	assert_non_null(strstr(k.run.failures[0], "[load a] was OOM-killed by the kernel"));
	end(&k);
}

static void test_killed_by_somebody_where_the_kernel_killed_before(void **state)
{
	struct killed k;

	(void)state;
	begin(&k, 3);
	judge_end(&k.run, &k.worker);
	assert_int_equal(k.worker.end, END_SIGNAL);
	assert_non_null(strstr(k.run.failures[0], "[load a] was killed by signal 9"));
	end(&k);
}

static void test_kills_that_cannot_be_counted(void **state)
{
	struct killed k;

	(void)state;
	begin(&k, 3);
	fixture_remove(k.fx, "proc/vmstat");
	assert_true(judge_oom_kills(k.run.proc_fd) == UINT64_MAX);
	judge_end(&k.run, &k.worker);
	assert_int_equal(k.worker.end, END_SIGNAL);
	end(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_killed_by_the_kernel),
		cmocka_unit_test(test_killed_by_somebody_where_the_kernel_killed_before),
		cmocka_unit_test(test_kills_that_cannot_be_counted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
