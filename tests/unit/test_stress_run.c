/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whole runs with real workers, without groups and without privilege: what tests/system does with
 * groups on real kernels.
 */
#include "stress/run/run.h"

#include "base/clock.h"
#include "base/parse.h"
#include "stress/loads/pages.h"
#include "stress/report/report.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <linux/magic.h>
#include <signal.h>
#include <string.h>
#include <sys/vfs.h>
#include <sys/wait.h>

struct running {
	struct job *job;
	struct run *run;
	int proc_fd, sys_fd;
};

static void open_run(struct running *running, const char *text)
{
	struct stress_error error;

	*running = (struct running){.proc_fd = open("/proc", O_RDONLY | O_DIRECTORY),
				    .sys_fd = open("/sys", O_RDONLY | O_DIRECTORY)};
	assert_true(running->proc_fd >= 0 && running->sys_fd >= 0);
	assert_int_equal(job_new(&running->job), 0);
	if (job_read_text(running->job, "run.job", text, &error) < 0 ||
	    run_open(running->job, running->proc_fd, running->sys_fd, &running->run, &error) < 0)
		fail_msg("%s", error.text);
}

static void close_run(struct running *running)
{
	running->run = run_free(running->run);
	job_free(running->job);
	close(running->proc_fd);
	close(running->sys_fd);
	/* No worker is left, dead or alive. */
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void execute(struct running *running)
{
	struct stress_error error;

	if (run_execute(running->run, &error) < 0)
		fail_msg("%s", error.text);
	run_clean(running->run);
}

/* How much of the first loads is enough. */
struct enough {
	uint64_t operations[2];
	bool ended;
};

/* As from a terminal. */
static void end_when_enough(const struct run *run, void *context)
{
	struct enough *enough = context;

	for (size_t i = 0; i < run->n_workers && i < ARRAY_SIZE(enough->operations); i++)
		if (block_get(&run->workers[i].load.block->operations) < enough->operations[i])
			return;
	if (!enough->ended)
		enough->ended = kill(getpid(), SIGINT) == 0;
}

static void execute_until(struct running *running, struct enough *enough)
{
	running->run->progress = end_when_enough;
	running->run->progress_context = enough;
	execute(running);
}

static const json_t *find(const json_t *from, const char *path)
{
	_cleanup_free_ char *copy = strdup(path);
	char *rest = copy, *name;

	assert_non_null(copy);
	while (from && (name = strsep(&rest, "."))) {
		uint64_t index;

		from = parse_u64(name, &index) == 0 ? json_array_get(from, index)
						    : json_object_get(from, name);
	}
	if (!from)
		fail_msg("the report has no %s", path);
	return from;
}

static json_int_t integer(const json_t *from, const char *path)
{
	return json_integer_value(find(from, path));
}

static json_t *report(const struct run *run)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *to = open_memstream(&text, &n);
	json_t *root;

	assert_non_null(to);
	assert_int_equal(report_json(run, to), 0);
	(void)fclose(to);
	root = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	return root;
}

/* Every column is as long as the run has samples, and ends where the report does; CSV alike. */
static void check_series(const struct run *run, const json_t *root)
{
	size_t n = json_array_size(find(root, "series.t_ns")), lines = 0, commas = 0;
	const json_t *machine = find(root, "series.machine"), *column;
	_cleanup_free_ char *text = NULL;
	json_int_t touches = 0;
	const char *name;
	FILE *csv;

	assert_int_equal(n, integer(root, "machine.measuring.samples"));
	json_object_foreach((json_t *)(uintptr_t)machine, name, column)
		assert_int_equal(json_array_size(column), n);
	column = find(root, "series.loads.1.operations");
	assert_int_equal(json_integer_value(json_array_get(column, n - 1)),
			 integer(root, "loads.1.operations"));
	column = find(root, "series.loads.1.reuse_count");
	for (size_t i = 0; i < n; i++)
		touches += json_integer_value(json_array_get(column, i));
	assert_int_equal(touches, integer(root, "loads.1.reuse.count"));
	csv = open_memstream(&text, &lines);
	assert_non_null(csv);
	assert_int_equal(report_csv(run, csv), 0);
	(void)fclose(csv);
	assert_int_equal(strncmp(text, "t_ns,machine.stall_some_us,", 27), 0);
	assert_non_null(strstr(text, ",load.reuse.reuse_p99_9_ns,"));
	lines = 0;
	for (const char *c = text; *c; c++) {
		lines += *c == '\n';
		commas += *c == ',';
	}
	assert_int_equal(lines, n + 1);
	assert_int_equal(commas % lines, 0);
}

static void test_run(void **state)
{
	struct running running;
	json_t *root;
	FILE *null;

	(void)state;
	open_run(&running, "[global]\nduration=1s\ninterval=50ms\nseed=5\n"
			   "[load grow]\ntype=anon\nsize=8M\nrate=4M/s\nratio=3\n"
			   "[load reuse]\ntype=anon\nsize=1M\nreuse=zipf\nreuse-write=20%\n"
			   "[load late]\ntype=anon\nsize=1M\nstart=800ms\n");
	execute(&running);
	assert_int_equal(running.run->n_failures, 0);
	root = report(running.run);
	assert_string_equal(json_string_value(find(root, "schema")), "uswap-stress/1");
	assert_string_equal(json_string_value(find(root, "result")), "ok");
	assert_int_equal(integer(root, "seed"), 5);
	assert_string_equal(json_string_value(find(root, "loads.0.end")), "ok");
	/* A second at 4 MiB/s is 1024 pages; what a busy machine could not do is said to miss. */
	assert_in_range(integer(root, "loads.0.first.count"), 1, 1024);
	assert_in_range(integer(root, "loads.0.first.count") +
				integer(root, "loads.0.rate.debt_bytes") / 4096,
			1022, 1024);
	assert_int_equal(integer(root, "loads.0.contents.pages"),
			 integer(root, "loads.0.first.count"));
	assert_int_equal(integer(root, "loads.0.contents.bad_pages"), 0);
	assert_in_range(integer(root, "loads.0.ratio_lz4_percent"), 290, 310);
	assert_int_equal(integer(root, "loads.1.first.count"), 256);
	assert_true(integer(root, "loads.1.reuse.count") > 0);
	assert_true(integer(root, "loads.1.cpu_ns") > 0);
	/* It began 800 ms later than the others. */
	assert_in_range(integer(root, "loads.2.duration_ns"), 1,
			integer(root, "loads.1.duration_ns") - 300000000);
	assert_true((json_int_t)json_array_size(find(root, "samples")) >= 1);
	check_series(running.run, root);
	assert_true(integer(root, "machine.vmstat.pgfault") > 0);
	assert_true(integer(root, "machine.nodes.0.free_min_bytes") > 0);
	json_decref(root);
	null = fopen("/dev/null", "w");
	assert_non_null(null);
	report_table(running.run, null);
	(void)fclose(null);
	close_run(&running);
}

/* The number of a node that this machine has. */
static unsigned int first_node(void)
{
	struct topology *topology;
	unsigned int id;

	assert_int_equal(topology_load(TOPOLOGY_LIVE, NULL, &topology), 0);
	id = topology->nodes[0].id;
	topology_free(topology);
	return id;
}

static void test_files(void **state)
{
	struct enough enough = {.operations = {100, 256}};
	struct running running;
	struct statfs fs;
	json_t *root;

	(void)state;
	if (statfs("/var/tmp", &fs) < 0 || fs.f_type == TMPFS_MAGIC)
		skip();
	open_run(&running, "[global]\nduration=1000s\ninterval=20ms\n"
			   "[load read]\ntype=fileread\nsize=2M\nfiles=2\n"
			   "[load map]\ntype=filemap\nsize=1M\nrate=4M/s\n");
	execute_until(&running, &enough);
	assert_int_equal(running.run->n_failures, 0);
	root = report(running.run);
	assert_true(integer(root, "loads.0.passes") > 1);
	assert_int_equal(integer(root, "loads.0.contents.pages"), 512);
	assert_int_equal(integer(root, "loads.1.contents.pages"), 256);
	assert_int_equal(integer(root, "loads.0.cached_at_start_pages"), 0);
	json_decref(root);
	close_run(&running);
}

/* ThreadSanitizer keeps four times as much beside all memory that is written. */
#ifdef __SANITIZE_THREAD__
#define SHADOWS 4
#else
#define SHADOWS 0
#endif

/* Bound memory is found on its node, and nearly all of it is the load's. */
static void test_node(void **state)
{
	struct enough enough = {.operations = {2048, 256}};
	struct running running;
	json_t *root;
	char text[160];

	(void)state;
	(void)snprintf(text, sizeof(text),
		       "[global]\nduration=1000s\ninterval=20ms\n[load "
		       "bound]\ntype=anon\nsize=8M\nnode=%u\n"
		       "[load free]\ntype=anon\nsize=1M\n",
		       first_node());
	open_run(&running, text);
	execute_until(&running, &enough);
	assert_int_equal(running.run->n_failures, 0);
	root = report(running.run);
	assert_in_range(integer(root, "loads.0.on_node_bytes"), 8 << 20,
			(10 << 20) * (1 + SHADOWS));
	assert_in_range(integer(root, "loads.0.elsewhere_bytes"), 0, 1 << 20);
	assert_null(json_object_get(find(root, "loads.1"), "on_node_bytes"));
	json_decref(root);
	close_run(&running);
}

/* Does something once, when the first worker has begun. */
static void kill_first(const struct run *run, void *context)
{
	bool *done = context;

	if (!*done && atomic_load(&run->workers[0].load.block->state) == WORKER_RUNNING)
		*done = kill(run->workers[0].pid, SIGKILL) == 0;
}

static void test_killed_worker(void **state)
{
	struct running running;
	bool done = false;
	json_t *root;

	(void)state;
	open_run(&running, "[global]\nduration=2s\ninterval=20ms\n"
			   "[load victim]\ntype=anon\nsize=1M\n[load other]\ntype=anon\nsize=1M\n");
	running.run->progress = kill_first;
	running.run->progress_context = &done;
	execute(&running);
	assert_true(done);
	assert_int_equal(running.run->n_failures, 1);
	assert_non_null(strstr(running.run->failures[0], "[load victim] was killed by signal 9"));
	root = report(running.run);
	assert_string_equal(json_string_value(find(root, "result")), "failed");
	assert_string_equal(json_string_value(find(root, "loads.0.end")), "killed");
	assert_string_equal(json_string_value(find(root, "loads.1.end")), "ok");
	json_decref(root);
	close_run(&running);
}

static void stop_first(const struct run *run, void *context)
{
	bool *done = context;

	if (!*done && atomic_load(&run->workers[0].load.block->state) == WORKER_RUNNING)
		*done = kill(run->workers[0].pid, SIGSTOP) == 0;
}

static void test_stuck_worker(void **state)
{
	struct running running;
	bool done = false;

	(void)state;
	open_run(&running, "[global]\nduration=1s\ninterval=20ms\ngrace=8s\n"
			   "[load stuck]\ntype=anon\nsize=1M\n");
	running.run->progress = stop_first;
	running.run->progress_context = &done;
	execute(&running);
	assert_true(done);
	assert_int_equal(running.run->n_failures, 1);
	assert_non_null(strstr(running.run->failures[0], "took longer than duration and grace"));
	close_run(&running);
}

static void take_pending(int sig)
{
	struct timespec none = {0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	while (sigtimedwait(&set, NULL, &none) > 0)
		;
}

static void interrupt(const struct run *run, void *context)
{
	(void)run;
	(void)context;
	(void)kill(getpid(), SIGTERM);
}

static void test_interrupted(void **state)
{
	struct stress_error error = {""};
	struct running running;

	(void)state;
	open_run(&running, "[global]\nduration=60s\ninterval=20ms\n"
			   "[load long]\ntype=anon\nsize=1M\nreuse=uniform\n");
	running.run->progress = interrupt;
	assert_int_equal(run_execute(running.run, &error), -EINTR);
	assert_int_equal(running.run->interrupted, SIGTERM);
	assert_int_equal(running.run->workers[0].end, END_STOPPED);
	run_clean(running.run);
	assert_int_equal(running.run->n_failures, 0);
	close_run(&running);
	take_pending(SIGTERM);
}

/* From a terminal: the run ends now, and what there is of it is verified and reported. */
static void test_ended_early(void **state)
{
	struct enough enough = {.operations = {256}};
	struct running running;
	json_t *root;

	(void)state;
	/* One that sleeps, and one that has not begun. */
	open_run(&running, "[global]\nduration=1000s\ninterval=20ms\n"
			   "[load a]\ntype=anon\nsize=1M\n"
			   "[load b]\ntype=anon\nsize=1M\nstart=900s\n");
	execute_until(&running, &enough);
	assert_int_equal(running.run->interrupted, SIGINT);
	assert_true(running.run->ended_early);
	assert_int_equal(running.run->n_failures, 0);
	root = report(running.run);
	assert_string_equal(json_string_value(find(root, "result")), "interrupted");
	assert_string_equal(json_string_value(find(root, "loads.1.end")), "ok");
	assert_int_equal(integer(root, "loads.0.contents.pages"), 256);
	assert_int_equal(integer(root, "loads.1.operations"), 0);
	assert_true(integer(root, "duration_ns") < 900 * (json_int_t)NSEC_PER_SEC);
	json_decref(root);
	close_run(&running);
}

static void interrupt_twice(const struct run *run, void *context)
{
	(void)context;
	(void)kill(run->workers[0].pid, SIGSTOP);
	(void)kill(getpid(), SIGINT);
}

/* The second time it ends at once, whatever its workers do. */
static void test_interrupted_twice(void **state)
{
	struct stress_error error = {""};
	struct running running;

	(void)state;
	open_run(&running,
		 "[global]\nduration=1000s\ninterval=20ms\n[load a]\ntype=anon\nsize=1M\n");
	running.run->progress = interrupt_twice;
	assert_int_equal(run_execute(running.run, &error), -EINTR);
	assert_non_null(strstr(error.text, "stopped by Interrupt"));
	run_clean(running.run);
	close_run(&running);
	take_pending(SIGINT);
}

/* Same seed, same contents and same patterns: what was touched is the same. */
static void test_seed(void **state)
{
	json_t *roots[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct running running;

		open_run(&running, "[global]\nduration=100ms\nseed=77\n"
				   "[load a]\ntype=anon\nsize=1M\n");
		execute(&running);
		roots[i] = report(running.run);
		close_run(&running);
	}
	assert_true(integer(roots[0], "loads.0.seed") == integer(roots[1], "loads.0.seed"));
	assert_true(integer(roots[0], "loads.0.ratio_lz4_percent") ==
		    integer(roots[1], "loads.0.ratio_lz4_percent"));
	json_decref(roots[0]);
	json_decref(roots[1]);
}

/* What was written once is said to have been written twice, after it was found right. */
static void tamper(const struct run *run, void *context)
{
	const struct load *load = &run->workers[0].load;
	const struct pages *pages = load->state;
	uint64_t *tampered_ns = context;

	if (*tampered_ns || block_get(&load->block->checks) == 0)
		return;
	pages->generations[5]++;
	*tampered_ns = clock_now_ns();
	(void)kill(getpid(), SIGUSR1);
}

/* A page that goes wrong in the measured phase is found then, with its history. */
static void test_verify_every(void **state)
{
	struct running running;
	const struct worker_block *block;
	uint64_t tampered_ns = 0;
	_cleanup_free_ char *text = NULL;
	size_t n = 0;
	FILE *table;

	(void)state;
	open_run(&running, "[global]\nduration=2s\ninterval=10ms\n"
			   "[load a]\ntype=anon\nsize=1M\nverify-every=200ms\n"
			   "[load b]\ntype=shmem\nsize=1M\n");
	running.run->progress = tamper;
	running.run->progress_context = &tampered_ns;
	execute(&running);
	block = running.run->workers[0].load.block;
	assert_true(tampered_ns > 0);
	assert_int_equal(block->bad_pages, 1);
	assert_int_equal(block->first_bad.page, 5);
	assert_in_range(block->first_bad.right_ns, block->started_ns, tampered_ns);
	assert_in_range(block->first_bad.found_ns, tampered_ns, block->ended_ns);
	assert_true(block_get(&block->checks) >= 2);
	assert_int_equal(block_get(&block->checked_pages), block_get(&block->checks) * 256);
	assert_int_equal(block_get(&block->verified_pages), 256);
	assert_int_equal(running.run->n_failures, 1);
	assert_non_null(strstr(running.run->failures[0], "[load a] 1 pages have wrong contents"));
	assert_non_null(strstr(running.run->failures[0], "right after"));
	/* The other one was asked by the signal alone. */
	assert_int_equal(block_get(&running.run->workers[1].load.block->checks), 1);
	table = open_memstream(&text, &n);
	assert_non_null(table);
	report_table(running.run, table);
	(void)fclose(table);
	assert_non_null(strstr(text, "    checked  256 pages, in 1 looks before that\n"));
	close_run(&running);
}

/* What can't be had here is the job's affair: place, key and reason are told. */
static void test_refused(void **state)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{"[load a]\ntype=fileread\nsize=1M\ndirectory=/nowhere\n",
		 "run.job:4: [load a] directory: it can't be opened (/nowhere): No such file"},
		{"[load a]\ntype=slab\ndirectory=/nowhere\nsize=1M\n",
		 "run.job:3: [load a] directory: it can't be opened (/nowhere): No such file"},
		{"[load a]\ntype=anon\nschedule=replay\ntrace=/nowhere/t.csv\nsize=1M\n",
		 "run.job:4: [load a] trace: read /nowhere/t.csv: No such file"},
		{"[load a]\ntype=anon\nschedule=replay\ntrace=/dev/null\nsize=1M\n",
		 "run.job:4: [load a] trace: /dev/null: no line of TIME,BYTES"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct running running;
		struct stress_error error = {""};

		open_run(&running, rows[i].text);
		assert_int_equal(run_execute(running.run, &error), -EINVAL);
		if (strncmp(error.text, rows[i].words, strlen(rows[i].words)) != 0)
			fail_msg("\"%s\" is not \"%s\"", error.text, rows[i].words);
		run_clean(running.run);
		close_run(&running);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verify_every),  cmocka_unit_test(test_node),
		cmocka_unit_test(test_run),	      cmocka_unit_test(test_files),
		cmocka_unit_test(test_killed_worker), cmocka_unit_test(test_stuck_worker),
		cmocka_unit_test(test_interrupted),   cmocka_unit_test(test_seed),
		cmocka_unit_test(test_ended_early),   cmocka_unit_test(test_interrupted_twice),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
