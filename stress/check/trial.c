/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/trial.h"

#include "base/clock.h"
#include "stress/check/kernel_log.h"
#include "stress/check/require.h"
#include "stress/run/machine.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>

/* Between two looks at conditions. */
#define LOOK_NS (10 * NSEC_PER_MSEC)

/* What a worker that has been told to may take to end. */
#define END_NS (30 * NSEC_PER_SEC)

void trial_fail(struct trial *trial, const char *format, ...)
{
	va_list ap;

	if (trial->words[0])
		return;
	va_start(ap, format);
	(void)vsnprintf(trial->words, sizeof(trial->words), format, ap);
	va_end(ap);
}

bool trial_is_skipped(const struct trial *trial)
{
	return trial->unable || (trial->missing && trial->missing->otherwise == SCENARIO_SKIP);
}

/* Programs that must be there. */
static void check_programs(struct trial *trial)
{
	const struct scenario *scenario = trial->scenario;

	for (size_t i = 0; i < scenario->n_requirements && !trial->missing; i++) {
		const char *program = scenario->requirements[i].program;

		if (!program[0] || require_has_program(program))
			continue;
		trial->missing = &scenario->requirements[i];
		(void)snprintf(trial->lack, sizeof(trial->lack),
			       "needs the program %s, which is not in the PATH", program);
	}
}

/* Notes the first requirement that is not met. */
static int check_requirements(struct trial *trial, struct stress_error *ret_error)
{
	const struct scenario *scenario = trial->scenario;
	struct require_facts facts;
	int r = require_read(&trial->machine, trial->ground.proc_fd, trial->ground.sys_fd,
			     trial->placement, &facts, ret_error);

	for (size_t i = 0; i < scenario->n_requirements && r == 0 && !trial->missing; i++)
		if (!require_has(&facts, &scenario->requirements[i], trial->lack,
				 sizeof(trial->lack)))
			trial->missing = &scenario->requirements[i];
	check_programs(trial);
	return r;
}

/* Files that groups must have: seen once there are groups. */
static void check_files(struct trial *trial)
{
	const struct scenario *scenario = trial->scenario;

	for (size_t i = 0; i < scenario->n_requirements && !trial->missing; i++) {
		const char *file = scenario->requirements[i].file;

		if (!file[0] || scenario->job->n_groups == 0 ||
		    require_has_file(trial->group_fds[0], file))
			continue;
		trial->missing = &scenario->requirements[i];
		(void)snprintf(trial->lack, sizeof(trial->lack),
			       "needs %s, which groups don't have here", file);
	}
}

static int open_descriptors(struct trial *trial, struct stress_error *ret_error)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	(void)signal(SIGPIPE, SIG_IGN);
	if (sigprocmask(SIG_BLOCK, &set, NULL) == 0)
		trial->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	trial->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return trial->signal_fd < 0 || trial->event_fd < 0
		       ? stress_fail(ret_error, -errno, "make descriptors: %s", strerror(errno))
		       : 0;
}

int trial_start_load(struct trial *trial, size_t i, struct stress_error *ret_error)
{
	int group = trial->plan->loads[i].group;

	if (trial->actors.list[i].state != ACTOR_NEW)
		return stress_fail(ret_error, -EALREADY, "[load %s] was started before",
				   trial->actors.list[i].load.name);
	return actor_start(&trial->actors.list[i], group < 0 ? -1 : trial->group_fds[group],
			   trial->event_fd, trial->topology,
			   trial->begin_ns + trial->scenario->timeout_ns + END_NS, ret_error);
}

/* Those that no step starts. */
static int start_loads(struct trial *trial, struct stress_error *ret_error)
{
	const struct scenario *scenario = trial->scenario;
	int r = 0;

	for (size_t i = 0; i < trial->actors.n && r == 0; i++) {
		bool waits = false;

		for (size_t k = 0; k < scenario->n_steps; k++)
			waits = waits || scenario_means_load(scenario->steps[k].start,
							     trial->actors.list[i].load.name);
		r = waits ? 0 : trial_start_load(trial, i, ret_error);
	}
	return r;
}

/* Lets some time go by, or less where something happens. -EINTR: told to stop. */
static int rest(struct trial *trial)
{
	const struct timespec pause = {.tv_nsec = (long)LOOK_NS};
	struct pollfd fds[] = {{.fd = trial->signal_fd, .events = POLLIN},
			       {.fd = trial->event_fd, .events = POLLIN}};
	struct signalfd_siginfo info;
	uint64_t count;

	(void)ppoll(fds, ARRAY_SIZE(fds), &pause, NULL);
	(void)!read(trial->event_fd, &count, sizeof(count));
	for (size_t i = 0; i < trial->actors.n; i++)
		actor_look(&trial->actors.list[i]);
	watches_look(&trial->watches);
	if (read(trial->signal_fd, &info, sizeof(info)) != sizeof(info))
		return 0;
	trial->interrupted = (int)info.ssi_signo;
	return -EINTR;
}

static int perform(struct trial *trial, struct stress_error *ret_error)
{
	const struct trial_observer *observer = trial->ground.observer;
	uint64_t now_ns;
	int r = observer ? observer->begin(observer->context, trial, ret_error) : 0;

	while (r == 0 && !trial->words[0]) {
		now_ns = clock_now_ns();
		trial_sample(trial, now_ns);
		trial_judge(trial, now_ns);
		trial_do_steps(trial, now_ns);
		if (!trial->end_ns && trial_steps_are_over(trial)) {
			trial->end_ns = now_ns;
			r = observer ? observer->end(observer->context, trial, ret_error) : 0;
			trial_reach(trial, SCENARIO_END, now_ns);
			trial_judge(trial, now_ns);
		}
		if (trial_caught_mutant(trial) ||
		    (trial->end_ns && trial_is_judged(trial, SCENARIO_END) &&
		     trial_is_judged(trial, SCENARIO_START)))
			return r;
		if (now_ns >= trial->begin_ns + trial->scenario->timeout_ns)
			trial_fail(trial, "is not over after its timeout");
		r = r == 0 ? rest(trial) : r;
	}
	return r;
}

/* All loads verify what they hold and end. */
static int end_loads(struct trial *trial)
{
	uint64_t until_ns = clock_now_ns() + END_NS;
	bool alive = true;
	int r = 0;

	while (r == 0 && alive && clock_now_ns() < until_ns) {
		alive = false;
		for (size_t i = 0; i < trial->actors.n; i++) {
			actor_stop(&trial->actors.list[i]);
			alive = alive || trial->actors.list[i].state == ACTOR_STOPS;
		}
		r = alive ? rest(trial) : 0;
	}
	return r;
}

/* Loads whose end no expectation measures are to end well; contents are right always. */
static void judge_loads(struct trial *trial)
{
	char words[TRIAL_WORDS_BYTES];

	for (size_t i = 0; i < trial->actors.n; i++) {
		const struct actor *actor = &trial->actors.list[i];

		if (!actor_is_sound(actor, words, sizeof(words)) ||
		    (!scenario_measures(trial->scenario, FORMULA_OF_LOAD, actor->load.name,
					FORMULA_LOAD_ALIVE, FORMULA_LOAD_ERRNO) &&
		     !actor_ended_well(actor, words, sizeof(words))))
			trial_fail(trial, "[load %s] %s", actor->load.name, words);
	}
}

static int directory_of(const void *context, size_t group, char *path, size_t size)
{
	return placement_group_directory(context, group, path, size);
}

/* Waits until it is ready; one that ends before that, or never is, fails the scenario. */
static int await_agent(struct trial *trial)
{
	uint64_t until_ns = clock_now_ns() + SCENARIO_PATIENCE_NS;
	int r = 0, said = 0;

	while (r == 0 && said == 0 && clock_now_ns() < until_ns) {
		said = subject_printed(&trial->subject, trial->scenario->agent.ready);
		r = said == 0 ? rest(trial) : 0;
	}
	if (r == 0 && said <= 0)
		trial_fail(trial, "[agent] %s",
			   said < 0 ? "ended before it was ready" : "does not become ready");
	return r;
}

static int open_trial(struct trial *trial, struct stress_error *ret_error)
{
	const struct job *job = trial->scenario->job;
	int r = machine_read(trial->ground.proc_fd, trial->ground.sys_fd, &trial->machine,
			     &trial->topology, ret_error);

	if (r == 0)
		r = machine_place(job, trial->ground.proc_fd, &trial->machine, &trial->placement,
				  ret_error);
	if (r == 0)
		r = check_requirements(trial, ret_error);
	if (r < 0 || trial_is_skipped(trial))
		return r;
	r = plan_make(job, &trial->machine, &trial->plan, ret_error);
	trial->steps = calloc(trial->scenario->n_steps + 1, sizeof(*trial->steps));
	trial->step_results = calloc(trial->scenario->n_steps + 1, sizeof(*trial->step_results));
	trial->expects = calloc(trial->scenario->n_expects + 1, sizeof(*trial->expects));
	trial->group_fds = calloc(job->n_groups + 1, sizeof(*trial->group_fds));
	if (r == -ENOMEM || !trial->steps || !trial->step_results || !trial->expects ||
	    !trial->group_fds)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	trial->sources = (struct sources){
		.scenario = trial->scenario,
		.group_fds = trial->group_fds,
		.proc_fd = trial->ground.proc_fd,
		.sys_fd = trial->ground.sys_fd,
		.handles = &trial->handles,
		.watches = &trial->watches,
		.steps = trial->step_results,
		.actors = &trial->actors,
		.machine = sources_read_machine(trial->ground.sys_fd, trial->machine.n_nodes),
	};
	return r;
}

static int make_groups(struct trial *trial, struct stress_error *ret_error)
{
	int r = placement_make(trial->placement, trial->scenario->job, trial->plan, ret_error);

	for (size_t i = 0; r == 0 && i < trial->scenario->job->n_groups; i++)
		trial->group_fds[i] = placement_group_fd(trial->placement, i);
	return r;
}

/* With groups made: all that the scenario says. */
static int play(struct trial *trial, struct stress_error *ret_error)
{
	char words[TRIAL_WORDS_BYTES];
	int r = handles_open(&trial->handles, trial->scenario, trial->group_fds, ret_error);

	if (r == 0)
		r = watches_open(&trial->watches, trial->scenario, trial->group_fds, directory_of,
				 trial->placement, ret_error);
	if (r == 0)
		r = trial_start_subject(trial, ret_error);
	if (r < 0)
		return r;
	kernel_log_begin(trial->ground.kmsg_fd);
	if (trial->subject.pid)
		r = await_agent(trial);
	/* The start is the moment before the loads'. */
	trial->begin_ns = clock_now_ns();
	trial_reach(trial, SCENARIO_START, trial->begin_ns);
	trial_judge(trial, trial->begin_ns);
	if (r == 0 && start_loads(trial, ret_error) < 0)
		return -EIO;
	if (r == 0)
		r = perform(trial, ret_error);
	if (r == 0)
		r = end_loads(trial);
	if (r < 0 && !trial->interrupted)
		return r;
	if (r < 0)
		return stress_fail(ret_error, r, "stopped by %s", strsignal(trial->interrupted));
	judge_loads(trial);
	trial_stop_subject(trial);
	if (kernel_log_is_bad(trial->ground.kmsg_fd, words, sizeof(words)))
		trial_fail(trial, "the kernel's log has: %s", words);
	return 0;
}

static int run_trial(struct trial *trial, struct stress_error *ret_error)
{
	int r = open_trial(trial, ret_error);

	if (r < 0 || trial_is_skipped(trial))
		return r;
	r = actors_prepare(&trial->actors, trial->scenario->job, trial->plan, trial->ground.proc_fd,
			   trial->ground.sys_fd, ret_error);
	if (r == 0)
		r = open_descriptors(trial, ret_error);
	if (r == 0 && trial->placement)
		r = make_groups(trial, ret_error);
	if (r == -EACCES || r == -EPERM || r == -EROFS)
		r = -EOPNOTSUPP;
	if (r < 0)
		return r;
	check_files(trial);
	return trial_is_skipped(trial) ? 0 : play(trial, ret_error);
}

int trial_run(const struct scenario *scenario, const struct scenario_mutant *mutant,
	      const struct trial_ground *ground, struct trial **ret_trial,
	      struct stress_error *ret_error)
{
	struct trial *trial = calloc(1, sizeof(*trial));
	int r;

	if (!trial)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	trial->scenario = scenario;
	trial->mutant = mutant;
	trial->ground = *ground;
	trial->subject = (struct subject){.pidfd = -1, .output_fd = -1};
	trial->event_fd = trial->signal_fd = -1;
	r = run_trial(trial, ret_error);
	if (r == -EOPNOTSUPP) {
		trial->unable = true;
		(void)snprintf(trial->lack, sizeof(trial->lack), "%s", ret_error->text);
		r = 0;
	}
	*ret_trial = trial;
	return r;
}

struct trial *trial_free(struct trial *trial)
{
	if (!trial)
		return NULL;
	actors_free(&trial->actors);
	subject_free(&trial->subject);
	handles_close(&trial->handles);
	watches_close(&trial->watches);
	placement_free(trial->placement);
	plan_free(trial->plan);
	topology_free(trial->topology);
	fd_close(trial->event_fd);
	fd_close(trial->signal_fd);
	free(trial->group_fds);
	free(trial->steps);
	free(trial->step_results);
	free(trial->expects);
	free(trial);
	return NULL;
}
