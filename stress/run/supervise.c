/* SPDX-License-Identifier: Apache-2.0 */
/* From the workers' birth to their end. */
#include "stress/run/run.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "base/parse.h"
#include "base/saturate.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* The workers have time to wake up before the clock starts. */
#define START_DELAY_NS (20 * NSEC_PER_MSEC)

/* What a killed worker may take to die: it can be deep in reclaim, or wait for a disk. */
#define DEATH_NS (10 * NSEC_PER_SEC)

static uint32_t worker_state(const struct run_worker *worker)
{
	return atomic_load(&worker->load.block->state);
}

static bool is_alive(const struct run_worker *worker)
{
	return worker->pid > 0 && worker->end == END_ALIVE;
}

/* Whether the kernel killed somebody in the worker's group, or anywhere if it has none. */
static bool oom_kill_seen(const struct run *run, const struct run_worker *worker)
{
	int group = worker->load.plan->group;
	struct memory_events events;
	char text[16384];
	struct vmstat now;

	if (group >= 0) {
		_cleanup_close_ int fd =
			kfile_open(placement_group_fd(run->placement, (size_t)group),
				   "memory.events", O_RDONLY);

		return fd >= 0 && memory_events_read(fd, &events, NULL) == 0 && events.oom_kill;
	}
	return kfile_read_at(run->proc_fd, "vmstat", text, sizeof(text)) > 0 &&
	       vmstat_parse(text, &now, NULL) == 0 &&
	       now.oom_kill > measure_results(run->measure)->begin.vmstat.oom_kill;
}

static void judge_end(struct run *run, struct run_worker *worker)
{
	const struct worker_block *block = worker->load.block;
	const char *name = worker->load.name;
	int sig = WIFSIGNALED(worker->status) ? WTERMSIG(worker->status) : 0;

	if (worker->killed_as != END_ALIVE) {
		worker->end = worker->killed_as;
		if (worker->end == END_WATCHDOG)
			run_fail(run,
				 "[load %s] was killed: it took longer than duration and grace",
				 name);
	} else if (sig == SIGKILL && oom_kill_seen(run, worker)) {
		worker->end = END_OOM_KILLED;
		run_fail(run, "[load %s] was OOM-killed by the kernel with %ju pages touched", name,
			 (uintmax_t)block_get(&block->resident_pages));
	} else if (sig == SIGALRM) {
		worker->end = END_WATCHDOG;
		run_fail(run, "[load %s] ended itself: this program did nothing for too long",
			 name);
	} else if (sig) {
		worker->end = END_SIGNAL;
		run_fail(run, "[load %s] was killed by signal %d (%s)", name, sig, strsignal(sig));
	} else if (worker_state(worker) != WORKER_DONE) {
		worker->end = END_FAILED;
		run_fail(run, "[load %s] %s: %s", name, block->why[0] ? block->why : "ended early",
			 strerror(-block->error));
	} else {
		worker->end = END_OK;
	}
}

/* The first wrong page and what happened to it. */
static void judge_contents(struct run *run, const struct run_worker *worker)
{
	const struct worker_block *block = worker->load.block;
	const struct worker_bad_page *bad = &block->first_bad;
	char history[96] = "", found[FORMAT_DURATION_BYTES], right[FORMAT_DURATION_BYTES];

	if (!block->bad_pages)
		return;
	if (bad->right_ns)
		(void)snprintf(
			history, sizeof(history), ", right after %s",
			format_duration(right, sizeof(right), bad->right_ns - block->started_ns));
	run_fail(run,
		 "[load %s] %ju pages have wrong contents; first: page %ju (written %u times%s, "
		 "wrong after %s) at byte %zu: 0x%02x, not 0x%02x",
		 worker->load.name, (uintmax_t)block->bad_pages, (uintmax_t)bad->page,
		 bad->generation, history,
		 format_duration(found, sizeof(found), bad->found_ns - block->started_ns),
		 bad->error.offset, bad->error.found, bad->error.expected);
}

static void reap(struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		struct run_worker *worker = &run->workers[i];

		if (!is_alive(worker) || waitpid(worker->pid, &worker->status, WNOHANG) <= 0)
			continue;
		judge_end(run, worker);
		judge_contents(run, worker);
	}
}

static void kill_all(struct run *run, enum worker_end as)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		struct run_worker *worker = &run->workers[i];

		if (!is_alive(worker) || worker->killed_as != END_ALIVE)
			continue;
		worker->killed_as = as;
		(void)kill(worker->pid, SIGKILL);
	}
}

static void wake_all(const struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++)
		if (is_alive(&run->workers[i]))
			(void)kill(run->workers[i].pid, SIGUSR1);
}

/* They verify what they hold. */
static void ask_for_check(struct run *run)
{
	atomic_fetch_add(&run->control->checks, 1);
	wake_all(run);
}

/* Waits for an event, at most until until_ns; takes in what happened. -EINTR: told to stop. */
static int wait_for_event(struct run *run, uint64_t until_ns)
{
	struct pollfd fds[JOB_LOADS_MAX + 2];
	uint64_t now_ns = clock_now_ns(), left_ns = until_ns > now_ns ? until_ns - now_ns : 0;
	struct timespec timeout = {.tv_sec = (time_t)(left_ns / NSEC_PER_SEC),
				   .tv_nsec = (long)(left_ns % NSEC_PER_SEC)};
	struct signalfd_siginfo info;
	nfds_t n = 0;
	uint64_t count;

	fds[n++] = (struct pollfd){.fd = run->signal_fd, .events = POLLIN};
	fds[n++] = (struct pollfd){.fd = run->event_fd, .events = POLLIN};
	for (size_t i = 0; i < run->n_workers; i++)
		if (is_alive(&run->workers[i]))
			fds[n++] = (struct pollfd){.fd = run->workers[i].pidfd, .events = POLLIN};
	if (ppoll(fds, n, &timeout, NULL) < 0 && errno != EINTR)
		return -errno;
	(void)!read(run->event_fd, &count, sizeof(count));
	reap(run);
	if (read(run->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGUSR1) {
			ask_for_check(run);
			return 0;
		}
		run->interrupted = (int)info.ssi_signo;
		return -EINTR;
	}
	return 0;
}

/* Every worker has come to the state or has ended. */
static bool all_reached(const struct run *run, enum worker_state state)
{
	for (size_t i = 0; i < run->n_workers; i++)
		if (is_alive(&run->workers[i]) && worker_state(&run->workers[i]) < (uint32_t)state)
			return false;
	return true;
}

static bool any_alive(const struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++)
		if (is_alive(&run->workers[i]))
			return true;
	return false;
}

/* Kills all at the deadline; gives up on those that do not die of it. */
static int enforce_deadline(struct run *run, uint64_t deadline_ns)
{
	uint64_t now_ns = clock_now_ns();

	if (now_ns >= deadline_ns)
		kill_all(run, END_WATCHDOG);
	return now_ns >= deadline_ns + DEATH_NS ? -ETIMEDOUT : 0;
}

/* Returns once all reached the state or ended; kills them at deadline_ns. */
static int wait_for_state(struct run *run, enum worker_state state, uint64_t deadline_ns)
{
	int r = 0;

	while (r == 0 && !all_reached(run, state)) {
		r = wait_for_event(run, MIN(MAX(deadline_ns, clock_now_ns() + NSEC_PER_MSEC),
					    clock_now_ns() + NSEC_PER_SEC));
		if (r == 0)
			r = enforce_deadline(run, deadline_ns);
		if (r == 0 && run->progress)
			run->progress(run, run->progress_context);
	}
	return r;
}

static bool wants_share(const struct run_worker *worker)
{
	const struct load_settings *settings = worker->load.settings;

	return settings->nodes.n && settings->policy != TOPOLOGY_ANYWHERE && is_alive(worker);
}

/* Of what the worker has mapped, what is on its nodes. false: it can't be told. */
static bool read_share(const struct run *run, const struct run_worker *worker,
		       struct numa_share *ret)
{
	const struct node_list *nodes = &worker->load.settings->nodes;
	struct numa_share share = {0}, one = {0};

	if (!wants_share(worker))
		return false;
	for (size_t i = 0; i < nodes->n; i++) {
		if (numa_maps_read(run->proc_fd, worker->pid, nodes->ids[i], &one) < 0)
			return false;
		share.on_node_bytes += one.on_node_bytes;
	}
	share.elsewhere_bytes = minus(one.on_node_bytes + one.elsewhere_bytes, share.on_node_bytes);
	*ret = share;
	return true;
}

/* Where the loads' memory is before they touch any: libraries, what came with the fork. */
static void read_shares(struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		struct run_worker *worker = &run->workers[i];

		worker->has_share = read_share(run, worker, &worker->share);
	}
}

/* A bound load's book-keeping, shared with us, may be on our node: so much and a byte a page. */
#define STRAY_BYTES (UINT64_C(1) << 20)

/* After the measured phase: what came since. Memory of a bound load must be on its node. */
static void judge_shares(struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		struct run_worker *worker = &run->workers[i];
		const struct load_settings *settings = worker->load.settings;
		struct numa_share now, *share = &worker->share;
		char ids[NODE_LIST_BYTES];

		worker->has_share = worker->has_share && read_share(run, worker, &now);
		if (!worker->has_share)
			continue;
		share->on_node_bytes = minus(now.on_node_bytes, share->on_node_bytes);
		share->elsewhere_bytes = minus(now.elsewhere_bytes, share->elsewhere_bytes);
		if (settings->policy == TOPOLOGY_BIND &&
		    share->elsewhere_bytes > STRAY_BYTES + share->on_node_bytes / 100)
			run_fail(run,
				 "[load %s] is bound to node %s, yet %ju bytes of its memory are "
				 "elsewhere (%ju there)",
				 worker->load.name,
				 node_list_format(ids, sizeof(ids), &settings->nodes),
				 (uintmax_t)share->elsewhere_bytes,
				 (uintmax_t)share->on_node_bytes);
	}
}

/*
 * Loads stop growing at the floor by themselves. Where memory falls to half of it all the same (by
 * somebody else, or faster than a load looked), the run gives back what it has. Not where memory
 * was below the floor from the beginning.
 */
static void enforce_floor(struct run *run)
{
	const struct measures *results = measure_results(run->measure);
	const struct memory_reading *begin = &results->begin.memory,
				    *now = &results->last->machine.memory;
	uint64_t floor_bytes = run->plan->floor_bytes,
		 left_bytes = now->available_bytes + now->swap_free_bytes;

	if (begin->available_bytes + begin->swap_free_bytes < floor_bytes ||
	    left_bytes >= floor_bytes / 2 || run->below_floor)
		return;
	run->below_floor = true;
	run_fail(run,
		 "stopped: %ju bytes of memory and swap were left, less than half of the floor "
		 "(%ju)",
		 (uintmax_t)left_bytes, (uintmax_t)floor_bytes);
	kill_all(run, END_STOPPED);
}

static int spawn_all(struct run *run, struct stress_error *ret_error)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		struct run_worker *worker = &run->workers[i];
		int group = worker->load.plan->group;
		int r;

		if (group >= 0)
			worker->load.group_fd = placement_group_fd(run->placement, (size_t)group);
		r = worker_spawn(&worker->load, run->control, run->topology, &worker->pid,
				 &worker->pidfd);
		if (r < 0)
			return stress_fail(ret_error, r, "[load %s] start its worker: %s",
					   worker->load.name, strerror(-r));
	}
	return 0;
}

/* Told so by the terminal: what was measured until now counts. */
static bool end_early(struct run *run)
{
	uint64_t now_ns = clock_now_ns();

	if (run->interrupted != SIGINT || now_ns >= atomic_load(&run->control->end_ns))
		return false;
	atomic_store(&run->control->end_ns, now_ns);
	run->ended_early = true;
	return true;
}

static int measured_phase(struct run *run, struct stress_error *ret_error)
{
	const struct global_settings *global = &run->job->global;
	uint64_t cpu_ns, next_ns, deadline_ns, missed;
	const char *bad = "";
	int r;

	read_shares(run);
	r = measure_begin(run->measure, &bad);
	if (r < 0)
		return stress_fail(ret_error, r, "read %s: %s", bad, strerror(-r));
	watch_begin(run->watch);
	cpu_ns = clock_thread_cpu_ns();
	run->control->start_ns = clock_now_ns() + START_DELAY_NS;
	run->control->end_ns = run->control->start_ns + global->duration_ns;
	deadline_ns = run->control->end_ns + global->grace_ns;
	run->control->last_ns = deadline_ns + DEATH_NS;
	run_control_set(run->control, RUN_STARTED);
	next_ns = run->control->start_ns;
	while (any_alive(run) &&
	       (clock_now_ns() < run->control->end_ns || !all_reached(run, WORKER_MEASURED))) {
		r = wait_for_event(run, MIN(next_ns, MAX(run->control->end_ns,
							 clock_now_ns() + NSEC_PER_MSEC)));
		if (r == -EINTR && end_early(run)) {
			deadline_ns = run->control->end_ns + global->grace_ns;
			r = 0;
		}
		/* Again and again: one may have looked at its end just before it went to sleep. */
		if (run->ended_early)
			wake_all(run);
		if (r == 0)
			r = enforce_deadline(run, deadline_ns);
		if (r < 0)
			return r;
		if (clock_now_ns() < next_ns)
			continue;
		r = measure_sample(run->measure, &bad);
		if (r < 0)
			return stress_fail(ret_error, r, "read %s: %s", bad, strerror(-r));
		enforce_floor(run);
		if (run->progress)
			run->progress(run, run->progress_context);
		/* Samples that were missed are left out, not made up for. */
		missed = (clock_now_ns() - next_ns) / run->interval_ns;
		run->samples_missed += missed;
		next_ns += run->interval_ns * (1 + missed);
	}
	r = measure_end(run->measure, &bad);
	if (r < 0)
		return stress_fail(ret_error, r, "read %s: %s", bad, strerror(-r));
	watch_end(run->watch);
	run->own_cpu_ns = clock_thread_cpu_ns() - cpu_ns;
	run->measured = true;
	judge_shares(run);
	return 0;
}

static int run_phases(struct run *run, struct stress_error *ret_error)
{
	uint64_t grace_ns = run->job->global.grace_ns;
	int r = spawn_all(run, ret_error);

	if (r == 0)
		r = wait_for_state(run, WORKER_READY, clock_now_ns() + grace_ns);
	if (r == 0)
		r = measured_phase(run, ret_error);
	if (r < 0)
		return r;
	run_control_set(run->control, RUN_VERIFY);
	return wait_for_state(run, WORKER_GONE, run->control->end_ns + grace_ns);
}

/* Nobody outlives the supervisor, however it ends. */
static void end_all(struct run *run)
{
	uint64_t deadline_ns = clock_now_ns() + DEATH_NS;

	kill_all(run, END_STOPPED);
	while (any_alive(run) && clock_now_ns() < deadline_ns)
		(void)wait_for_event(run, clock_now_ns() + 10 * NSEC_PER_MSEC);
	for (size_t i = 0; i < run->n_workers; i++)
		if (is_alive(&run->workers[i]))
			run_fail(run, "[load %s] process %d was killed and does not die",
				 run->workers[i].load.name, run->workers[i].pid);
}

int run_supervise(struct run *run, struct stress_error *ret_error)
{
	int r = run_phases(run, ret_error);

	if (r == -EINTR)
		(void)stress_fail(ret_error, r, "stopped by %s", strsignal(run->interrupted));
	if (r == -ETIMEDOUT)
		(void)stress_fail(ret_error, r, "workers that were killed do not die");
	end_all(run);
	return r;
}
