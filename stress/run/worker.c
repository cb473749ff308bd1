/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/worker.h"

#include "base/clock.h"
#include "base/kfile.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

/* What the causes of slow touches are told from is never older than that and a step. */
#define FAULTS_LOOK_NS NSEC_PER_MSEC

void run_control_set(struct run_control *control, enum run_phase phase)
{
	atomic_store(&control->phase, (uint32_t)phase);
	(void)syscall(SYS_futex, &control->phase, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void wait_for_phase(struct run_control *control, enum run_phase phase)
{
	uint32_t now;

	while ((now = atomic_load(&control->phase)) < (uint32_t)phase)
		(void)syscall(SYS_futex, &control->phase, FUTEX_WAIT, now, NULL, NULL, 0);
}

static void set_state(struct load *load, struct run_control *control, enum worker_state state)
{
	const uint64_t one = 1;

	atomic_store(&load->block->state, (uint32_t)state);
	(void)!write(control->event_fd, &one, sizeof(one));
}

static _Noreturn void fail(struct load *load, struct run_control *control, const char *what,
			   int error)
{
	load->block->error = error;
	/* The load itself may have said more. */
	if (!load->block->why[0])
		(void)snprintf(load->block->why, sizeof(load->block->why), "%s", what);
	set_state(load, control, WORKER_FAILED);
	_exit(1);
}

static void sleep_until(uint64_t ns)
{
	struct timespec at = {.tv_sec = (time_t)(ns / NSEC_PER_SEC),
			      .tv_nsec = (long)(ns % NSEC_PER_SEC)};

	(void)clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL);
}

/* Ends a sleep, which is what it is for. */
static void be_woken(int sig)
{
	(void)sig;
}

/* The supervisor's terminal signals are the supervisor's to handle; it ends its workers itself. */
static void set_signals(void)
{
	const struct sigaction wake = {.sa_handler = be_woken, .sa_flags = SA_RESTART};
	sigset_t none;

	(void)sigaction(SIGUSR1, &wake, NULL);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGALRM, SIG_DFL);
	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* SIGALRM, which nobody catches. */
static void set_alarm(uint64_t at_ns)
{
	uint64_t now_ns = clock_now_ns();
	uint64_t seconds = at_ns > now_ns ? (at_ns - now_ns) / NSEC_PER_SEC + 1 : 1;

	(void)alarm((unsigned int)MIN(seconds, (uint64_t)UINT_MAX));
}

static int bind_to_nodes(const struct load_settings *settings, const struct topology *topology)
{
	const struct numa_node *nodes[NUMA_NODES_MAX];

	for (size_t i = 0; i < settings->nodes.n; i++) {
		nodes[i] = topology_find(topology, settings->nodes.ids[i]);
		if (!nodes[i])
			return -ENODEV;
	}
	return topology_bind_thread_to(nodes, settings->nodes.n,
				       (enum topology_policy)settings->policy);
}

struct usage {
	uint64_t cpu_ns;
	struct rusage rusage;
};

static uint64_t time_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * NSEC_PER_SEC + (uint64_t)time.tv_usec * NSEC_PER_USEC;
}

/* Of the worker, and of processes it had that ended. */
static struct usage usage_now(void)
{
	struct rusage children = {0};
	struct usage usage;

	/* One thread: its CPU time is the process's. */
	usage.cpu_ns = clock_thread_cpu_ns();
	(void)getrusage(RUSAGE_SELF, &usage.rusage);
	(void)getrusage(RUSAGE_CHILDREN, &children);
	usage.cpu_ns += time_ns(children.ru_utime) + time_ns(children.ru_stime);
	usage.rusage.ru_minflt += children.ru_minflt;
	usage.rusage.ru_majflt += children.ru_majflt;
	usage.rusage.ru_nvcsw += children.ru_nvcsw;
	usage.rusage.ru_nivcsw += children.ru_nivcsw;
	return usage;
}

static void note_usage(struct worker_block *block, const struct usage *then)
{
	struct usage now = usage_now();

	block->cpu_ns = now.cpu_ns - then->cpu_ns;
	block->minor_faults = (uint64_t)(now.rusage.ru_minflt - then->rusage.ru_minflt);
	block->major_faults = (uint64_t)(now.rusage.ru_majflt - then->rusage.ru_majflt);
	block->voluntary_switches = (uint64_t)(now.rusage.ru_nvcsw - then->rusage.ru_nvcsw);
	block->involuntary_switches = (uint64_t)(now.rusage.ru_nivcsw - then->rusage.ru_nivcsw);
}

/* Verification in the measured phase. */
struct check {
	uint32_t asked;	  /* by the supervisor, and done */
	uint64_t next_ns; /* UINT64_MAX: only when asked */
};

/* Verifies, and keeps the earliest wrong page with what is known about it. */
static int verify(struct load *load, bool at_end)
{
	struct worker_block *block = load->block;
	struct worker_bad_page first = block->first_bad;
	uint64_t bad_before = block->bad_pages;
	int r;

	if (load->settings->verify == VERIFY_NONE)
		return 0;
	block->bad_pages = 0;
	r = load_verify(load, at_end);
	if (bad_before) {
		block->first_bad = first;
		block->bad_pages = MAX(block->bad_pages, bad_before);
	}
	return r;
}

static int check_now(struct load *load, const struct run_control *control, struct check *check)
{
	struct worker_block *block = load->block;
	uint64_t skipped = block->skipped_pages;
	int r;

	check->asked = atomic_load(&control->checks);
	r = verify(load, false);
	/* What was verified so far is said of the end. */
	block_add(&block->checked_pages, block_get(&block->verified_pages));
	block_set(&block->verified_pages, 0);
	block->skipped_pages = skipped;
	block_add(&block->checks, 1);
	load->checked.at_ns = clock_now_ns();
	load->checked.n_pages = block_get(&block->resident_pages);
	if (check->next_ns != UINT64_MAX)
		check->next_ns = load->checked.at_ns + load->settings->verify_every_ns;
	return r;
}

static bool check_is_due(const struct run_control *control, const struct check *check,
			 uint64_t now_ns)
{
	return now_ns >= check->next_ns || atomic_load(&control->checks) != check->asked;
}

static void sleep_until_due(uint64_t due_ns, uint64_t now_ns, uint64_t end_ns)
{
	due_ns = MAX(due_ns, now_ns + LOAD_SLEEP_NS);
	sleep_until(MIN(due_ns, end_ns));
}

static uint64_t end_of(const struct load *load, const struct run_control *control,
		       uint64_t begin_ns)
{
	uint64_t end_ns = atomic_load(&control->end_ns);

	return load->settings->duration_ns ? MIN(end_ns, begin_ns + load->settings->duration_ns)
					   : end_ns;
}

static int run_measured(struct load *load, const struct run_control *control, struct check *check)
{
	uint64_t begin_ns = control->start_ns + load->settings->start_ns;
	uint64_t now_ns, end_ns, due_ns = 0, looked_ns = 0, stepped_ns = 0;
	struct usage usage;
	int r = 0;

	while (clock_now_ns() < (end_ns = MIN(begin_ns, end_of(load, control, begin_ns))))
		sleep_until(end_ns);
	usage = usage_now();
	/* Begun late, by a CPU that was not to be had, is as late as any other debt. */
	load->started_ns = load->block->started_ns = MIN(begin_ns, clock_now_ns());
	check->next_ns = load->settings->verify_every_ns
				 ? load->started_ns + load->settings->verify_every_ns
				 : UINT64_MAX;
	while (r == 0 && (now_ns = clock_now_ns()) < (end_ns = end_of(load, control, begin_ns))) {
		if (now_ns - looked_ns >= FAULTS_LOOK_NS) {
			slow_look(&load->block->last_faults);
			looked_ns = now_ns;
		}
		r = load->ops->step(load, now_ns, &due_ns);
		stepped_ns = now_ns;
		if (r == 0 && check_is_due(control, check, now_ns))
			r = check_now(load, control, check);
		else if (due_ns > now_ns)
			sleep_until_due(MIN(due_ns, check->next_ns), now_ns, end_ns);
	}
	/* Overslept, or kept from a CPU: the last step says how far behind that has put it. */
	end_ns = end_of(load, control, begin_ns);
	if (r == 0 && begin_ns < end_ns && MAX(stepped_ns, due_ns) < end_ns - 1)
		r = load->ops->step(load, end_ns - 1, &due_ns);
	load->block->ended_ns = clock_now_ns();
	note_usage(load->block, &usage);
	return r;
}

static _Noreturn void worker_main(struct load *load, struct run_control *control,
				  const struct topology *topology)
{
	const char *why = "";
	struct check check = {0};
	uint64_t then_ns;
	int r;

	set_signals();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != control->supervisor)
		_exit(1);
	(void)prctl(PR_SET_NAME, load->name);
	/* The default slack of 50 us would make small rates coarse. */
	(void)prctl(PR_SET_TIMERSLACK, 1);
	r = kfile_write_at(load->proc_fd, "self/oom_score_adj",
			   oom_score_adjs[load->settings->oom_score_adj]);
	if (r < 0)
		fail(load, control,
		     "write its oom_score_adj (less than it is wants CAP_SYS_RESOURCE)", r);
	r = load->settings->nodes.n ? bind_to_nodes(load->settings, topology) : 0;
	if (r < 0)
		fail(load, control, "bind to the nodes", r);
	r = load->ops->begin ? load->ops->begin(load, &why) : 0;
	if (r < 0)
		fail(load, control, why, r);
	set_state(load, control, WORKER_READY);
	wait_for_phase(control, RUN_STARTED);
	set_alarm(control->last_ns);
	set_state(load, control, WORKER_RUNNING);
	r = run_measured(load, control, &check);
	if (r < 0)
		fail(load, control, "run", r);
	set_state(load, control, WORKER_MEASURED);
	wait_for_phase(control, RUN_VERIFY);
	set_state(load, control, WORKER_VERIFYING);
	then_ns = clock_now_ns();
	r = verify(load, true);
	load->block->verify_ns = clock_now_ns() - then_ns;
	if (r < 0)
		fail(load, control, "read back to verify", r);
	set_state(load, control, WORKER_DONE);
	_exit(0);
}

/* Enters the group through its cgroup.procs: "0" means the writing process. */
static int enter_group(int group_fd)
{
	return kfile_write_at(group_fd, "cgroup.procs", "0");
}

int worker_spawn(struct load *load, struct run_control *control, const struct topology *topology,
		 pid_t *ret_pid, int *ret_pidfd)
{
	int pidfd = -1, group_fd = load->group_fd;
	struct clone_args args = {
		.flags = CLONE_PIDFD | (group_fd >= 0 ? CLONE_INTO_CGROUP : 0),
		.pidfd = (uint64_t)(uintptr_t)&pidfd,
		.exit_signal = SIGCHLD,
		.cgroup = group_fd >= 0 ? (uint64_t)group_fd : 0,
	};
	pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	int r;

	if (pid == 0)
		worker_main(load, control, topology);
	/* A container's seccomp filter may know no clone3, or refuse it. */
	if (pid < 0 && (errno == ENOSYS || errno == EPERM)) {
		pid = fork();
		if (pid == 0) {
			r = group_fd >= 0 ? enter_group(group_fd) : 0;
			if (r < 0)
				fail(load, control, "enter the group", r);
			worker_main(load, control, topology);
		}
		if (pid > 0)
			pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	}
	if (pid < 0)
		return -errno;
	*ret_pid = pid;
	*ret_pidfd = pidfd;
	return 0;
}
