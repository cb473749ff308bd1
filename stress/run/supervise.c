/* SPDX-License-Identifier: Apache-2.0 */
/* From the workers' birth to their end. */
#include "stress/run/run.h"

#include "base/clock.h"
#include "stress/run/judge.h"

#include <errno.h>
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

static void reap(struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		struct run_worker *worker = &run->workers[i];

		if (!run_worker_is_alive(worker) ||
		    waitpid(worker->pid, &worker->status, WNOHANG) <= 0)
			continue;
		judge_end(run, worker);
	}
}

static void kill_all(struct run *run, enum worker_end as)
{
	for (size_t i = 0; i < run->n_workers; i++) {
		struct run_worker *worker = &run->workers[i];

		if (!run_worker_is_alive(worker) || worker->killed_as != END_ALIVE)
			continue;
		worker->killed_as = as;
		(void)kill(worker->pid, SIGKILL);
	}
}

static void wake_all(const struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++)
		if (run_worker_is_alive(&run->workers[i]))
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
		if (run_worker_is_alive(&run->workers[i]))
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
		if (run_worker_is_alive(&run->workers[i]) &&
		    worker_state(&run->workers[i]) < (uint32_t)state)
			return false;
	return true;
}

static bool any_alive(const struct run *run)
{
	for (size_t i = 0; i < run->n_workers; i++)
		if (run_worker_is_alive(&run->workers[i]))
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

	judge_shares_begin(run);
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
	judge_shares_end(run);
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
		if (run_worker_is_alive(&run->workers[i]))
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
