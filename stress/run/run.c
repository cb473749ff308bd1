/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/run.h"

#include "base/clock.h"
#include "stress/run/judge.h"
#include "stress/run/machine.h"
#include "stress/run/prepare.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

/* Pages whose compression is measured. */
#define RATIO_SAMPLE_PAGES 256

/* Of samples: more would make reports that nobody can read, and take memory from the loads. */
#define SAMPLES_MAX	  20000
#define SAMPLES_BYTES_MAX (UINT64_C(256) << 20)
/* Beyond the planned duration, while workers are late. */
#define SAMPLES_SPARE 16

void run_fail(struct run *run, const char *format, ...)
{
	va_list ap;

	/* The last line stands for all that follow. */
	if (run->n_failures == RUN_FAILURES_MAX)
		return;
	va_start(ap, format);
	(void)vsnprintf(run->failures[run->n_failures++], sizeof(run->failures[0]), format, ap);
	va_end(ap);
}

static int open_watch(struct run *run, struct stress_error *ret_error)
{
	const struct watch_list *list = &run->job->global.watches;
	size_t missing = 0;
	char pid[24];
	int r = watch_open(run->proc_fd, list, &run->watch, &missing);

	if (r == -ESRCH && list->entries[missing].pid) {
		(void)snprintf(pid, sizeof(pid), "%" PRIu64, list->entries[missing].pid);
		return job_fail(ret_error, job_said_globally(run->job, "watch-pid", pid), "global",
				NULL, "watch-pid: there is no process %s", pid);
	}
	if (r == -ESRCH)
		return job_fail(ret_error,
				job_said_globally(run->job, "watch", list->entries[missing].name),
				"global", NULL, "watch: there is no process called %s",
				list->entries[missing].name);
	return r < 0 ? stress_fail(ret_error, r, "look at processes: %s", strerror(-r)) : 0;
}

int run_open(const struct job *job, int proc_fd, int sys_fd, struct run **ret_run,
	     struct stress_error *ret_error)
{
	_cleanup_(run_freep) struct run *run = calloc(1, sizeof(*run));
	int r;

	if (!run)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	run->job = job;
	run->proc_fd = proc_fd;
	run->sys_fd = sys_fd;
	run->event_fd = run->signal_fd = -1;
	run->oom_kills = judge_oom_kills(proc_fd);
	/* Faults of the job itself first: they need no machine. */
	r = job_check(job, ret_error);
	if (r < 0)
		return r;
	r = machine_read(proc_fd, sys_fd, &run->machine, &run->topology, ret_error);
	if (r == 0)
		r = machine_place(job, proc_fd, &run->machine, &run->placement, ret_error);
	if (r == 0)
		r = open_watch(run, ret_error);
	if (r < 0)
		return r;
	r = plan_make(job, &run->machine, &run->plan, ret_error);
	if (r == -ENOMEM)
		return stress_fail(ret_error, r, "out of memory");
	if (r < 0)
		return r;
	*ret_run = TAKE_PTR(run);
	return 0;
}

static int open_descriptors(struct run *run, struct stress_error *ret_error)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	/* A closed pipe behind the report is an error of writing, not our death. */
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return stress_fail(ret_error, -errno, "block signals: %s", strerror(errno));
	run->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	run->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (run->signal_fd < 0 || run->event_fd < 0)
		return stress_fail(ret_error, -errno, "make descriptors: %s", strerror(errno));
	run->control = load_shared_alloc(sizeof(*run->control));
	if (!run->control)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	run->control->supervisor = getpid();
	run->control->event_fd = run->event_fd;
	return 0;
}

/* Many files, all open. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static int prepare_loads(struct run *run, struct stress_error *ret_error)
{
	int r = 0;

	raise_file_limit();
	run->workers = calloc(run->job->n_loads, sizeof(*run->workers));
	if (!run->workers)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < run->job->n_loads && r == 0; i++) {
		run->workers[i].pidfd = -1;
		run->workers[i].end = run->workers[i].killed_as = END_ALIVE;
		run->n_workers = i + 1;
		r = load_prepare(&run->job->loads[i], run->plan, i, run->proc_fd, run->sys_fd,
				 &run->workers[i].load, ret_error);
		if (r == 0)
			run->workers[i].ratio_percent = content_measure_ratio(
				&run->workers[i].load.content, RATIO_SAMPLE_PAGES);
	}
	return r;
}

/* As often as was asked for, less often where that would be too many samples. */
static size_t plan_samples(struct run *run)
{
	const struct global_settings *global = &run->job->global;
	uint64_t bytes =
		measure_sample_bytes(run->machine.n_nodes, run->job->n_groups, run->n_workers);
	uint64_t max = MIN(SAMPLES_BYTES_MAX / bytes, (uint64_t)SAMPLES_MAX);

	run->interval_ns = MAX(global->interval_ns, global->duration_ns / max + 1);
	if (global->duration_ns / global->interval_ns <= max)
		run->interval_ns = global->interval_ns;
	return global->duration_ns / run->interval_ns + SAMPLES_SPARE;
}

static int open_measure(struct run *run, struct stress_error *ret_error)
{
	unsigned int node_ids[MACHINE_NODES_MAX];
	int group_fds[JOB_GROUPS_MAX];
	struct load_source loads[JOB_LOADS_MAX];
	struct measure_sources sources = {
		.proc_fd = run->proc_fd,
		.sys_fd = run->sys_fd,
		.n_groups = run->job->n_groups,
		.group_fds = group_fds,
		.n_nodes = run->machine.n_nodes,
		.node_ids = node_ids,
		.max_samples = plan_samples(run),
		.n_loads = run->n_workers,
		.loads = loads,
	};
	const char *bad = "";
	int r;

	for (size_t i = 0; i < sources.n_groups; i++)
		group_fds[i] = placement_group_fd(run->placement, i);
	for (size_t i = 0; i < sources.n_nodes; i++)
		node_ids[i] = run->machine.nodes[i].id;
	for (size_t i = 0; i < sources.n_loads; i++) {
		const struct worker_block *block = run->workers[i].load.block;

		loads[i] = (struct load_source){
			.first = &block->first,
			.reuse = &block->reuse,
			.first_slow = &block->first_slow,
			.reuse_slow = &block->reuse_slow,
			.operations = &block->operations,
			.bytes = &block->bytes,
			.resident_pages = &block->resident_pages,
		};
	}
	run->touch_cost_ns = measure_touch_cost_ns();
	r = measure_open(&sources, &run->measure, &bad);
	return r < 0 ? stress_fail(ret_error, r, "open %s: %s", bad, strerror(-r)) : 0;
}

int run_execute(struct run *run, struct stress_error *ret_error)
{
	int r = prepare_loads(run, ret_error);

	/*
	 * Up to here a signal may end us: files have no names, or a janitor sees to them, and
	 * groups are not made yet.
	 */
	if (r == 0)
		r = open_descriptors(run, ret_error);
	if (r == 0 && run->placement)
		r = placement_make(run->placement, run->job, run->plan, ret_error);
	if (r == -EACCES || r == -EPERM || r == -EROFS)
		r = -EOPNOTSUPP;
	if (r == 0)
		r = open_measure(run, ret_error);
	if (r == 0)
		r = run_supervise(run, ret_error);
	return r;
}

void run_clean(struct run *run)
{
	struct stress_error error;
	size_t n_left;

	for (size_t i = 0; i < run->n_workers; i++)
		load_finish(&run->workers[i].load);
	if (!run->placement)
		return;
	n_left = placement_remove(run->placement, &error);
	if (n_left)
		run_fail(run, "%zu groups are left: %s", n_left, error.text);
}

struct run *run_free(struct run *run)
{
	if (!run)
		return NULL;
	for (size_t i = 0; i < run->n_workers; i++) {
		struct run_worker *worker = &run->workers[i];

		load_release(&worker->load);
		worker->pidfd = fd_close(worker->pidfd);
	}
	free(run->workers);
	measure_free(run->measure);
	watch_free(run->watch);
	placement_free(run->placement);
	plan_free(run->plan);
	topology_free(run->topology);
	load_shared_free(run->control, sizeof(*run->control));
	fd_close(run->event_fd);
	fd_close(run->signal_fd);
	free(run);
	return NULL;
}

const char *run_result(const struct run *run)
{
	return run->n_failures ? "failed" : run->ended_early ? "interrupted" : "ok";
}

uint64_t run_measured_ns(const struct run *run)
{
	const struct measures *measures = measure_results(run->measure);

	return measures->end.now_ns - measures->begin.now_ns;
}
