/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/actor.h"

#include "base/clock.h"
#include "stress/run/prepare.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

int actors_prepare(struct actors *actors, const struct job *job, const struct plan *plan,
		   int proc_fd, int sys_fd, struct stress_error *ret_error)
{
	int r = 0;

	*actors = (struct actors){.list = calloc(job->n_loads + 1, sizeof(*actors->list))};
	if (!actors->list)
		return stress_fail(ret_error, -ENOMEM, "out of memory");
	for (size_t i = 0; i < job->n_loads && r == 0; i++) {
		struct actor *actor = &actors->list[i];

		actors->n = i + 1;
		actor->pidfd = -1;
		actor->control = load_shared_alloc(sizeof(*actor->control));
		if (!actor->control)
			return stress_fail(ret_error, -ENOMEM, "out of memory");
		r = load_prepare(&job->loads[i], plan, i, proc_fd, sys_fd, &actor->load, ret_error);
	}
	return r;
}

/* What a killed worker may take to die: it can be deep in reclaim, or wait for a disk. */
#define DEATH_MS 10000

static void wait_for_death(struct actor *actor)
{
	struct pollfd pidfd = {.fd = actor->pidfd, .events = POLLIN};

	if (actor->state == ACTOR_RUNS || actor->state == ACTOR_STOPS)
		(void)poll(&pidfd, 1, DEATH_MS);
	actor_look(actor);
}

void actors_free(struct actors *actors)
{
	for (size_t i = 0; i < actors->n; i++) {
		struct actor *actor = &actors->list[i];

		actor_kill(actor);
		wait_for_death(actor);
		load_release(&actor->load);
		load_shared_free(actor->control, sizeof(*actor->control));
		fd_close(actor->pidfd);
	}
	free(actors->list);
	*actors = (struct actors){0};
}

int actor_start(struct actor *actor, int group_fd, int event_fd, const struct topology *topology,
		uint64_t last_ns, struct stress_error *ret_error)
{
	int r;

	actor->load.group_fd = group_fd;
	actor->control->supervisor = getpid();
	actor->control->event_fd = event_fd;
	actor->control->start_ns = clock_now_ns();
	actor->control->last_ns = last_ns;
	atomic_store(&actor->control->end_ns, last_ns);
	atomic_store(&actor->control->phase, RUN_STARTED);
	r = worker_spawn(&actor->load, actor->control, topology, &actor->pid, &actor->pidfd);
	if (r < 0)
		return stress_fail(ret_error, r, "[load %s] start its worker: %s", actor->load.name,
				   strerror(-r));
	actor->state = ACTOR_RUNS;
	return 0;
}

void actor_stop(struct actor *actor)
{
	if (actor->state != ACTOR_RUNS && actor->state != ACTOR_STOPS)
		return;
	if (actor->state == ACTOR_RUNS) {
		atomic_store(&actor->control->end_ns, clock_now_ns());
		run_control_set(actor->control, RUN_VERIFY);
		actor->state = ACTOR_STOPS;
	}
	/* It may have looked at the end before it went to sleep, and been woken before it slept. */
	(void)kill(actor->pid, SIGUSR1);
}

void actor_kill(struct actor *actor)
{
	if (actor->state != ACTOR_RUNS && actor->state != ACTOR_STOPS)
		return;
	actor->killed = true;
	(void)kill(actor->pid, SIGKILL);
}

void actor_look(struct actor *actor)
{
	if ((actor->state == ACTOR_RUNS || actor->state == ACTOR_STOPS) &&
	    waitpid(actor->pid, &actor->status, WNOHANG) > 0)
		actor->state = ACTOR_GONE;
}

int64_t actor_number(const struct actor *actor, enum formula_load_key key)
{
	const struct worker_block *block = actor->load.block;
	bool gone = actor->state == ACTOR_GONE;

	switch (key) {
	case FORMULA_LOAD_ALIVE:
		return actor->state == ACTOR_RUNS || actor->state == ACTOR_STOPS;
	case FORMULA_LOAD_EXIT:
		return gone && WIFEXITED(actor->status) ? WEXITSTATUS(actor->status) : 0;
	case FORMULA_LOAD_SIGNAL:
		return gone && WIFSIGNALED(actor->status) ? WTERMSIG(actor->status) : 0;
	case FORMULA_LOAD_ERRNO:
		return gone ? -block->error : 0;
	case FORMULA_LOAD_BAD_PAGES:
		return (int64_t)block->bad_pages;
	case FORMULA_LOAD_RESIDENT:
		return (int64_t)(block_get(&block->resident_pages) * CONTENT_PAGE_BYTES);
	case FORMULA_LOAD_OPERATIONS:
		return (int64_t)block_get(&block->operations);
	case FORMULA_LOAD_FIRST_P50:
		return (int64_t)histogram_percentile_ns(&block->first, 5000);
	case FORMULA_LOAD_FIRST_P99:
		return (int64_t)histogram_percentile_ns(&block->first, 9900);
	case FORMULA_LOAD_FIRST_P99_9:
		return (int64_t)histogram_percentile_ns(&block->first, 9990);
	case FORMULA_LOAD_REUSE_P50:
		return (int64_t)histogram_percentile_ns(&block->reuse, 5000);
	case FORMULA_LOAD_REUSE_P99:
		return (int64_t)histogram_percentile_ns(&block->reuse, 9900);
	default:
		return (int64_t)histogram_percentile_ns(&block->reuse, 9990);
	}
}

bool actor_is_sound(const struct actor *actor, char *words, size_t n)
{
	const struct worker_block *block = actor->load.block;

	if (!block->bad_pages)
		return true;
	(void)snprintf(words, n,
		       "%" PRIu64 " pages have wrong contents, the first is page %" PRIu64,
		       block->bad_pages, block->first_bad.page);
	return false;
}

bool actor_ended_well(const struct actor *actor, char *words, size_t n)
{
	const struct worker_block *block = actor->load.block;
	int sig = WIFSIGNALED(actor->status) ? WTERMSIG(actor->status) : 0;

	if (actor->state == ACTOR_NEW || actor->killed)
		return true;
	if (actor->state != ACTOR_GONE)
		(void)snprintf(words, n, "does not end");
	else if (sig)
		(void)snprintf(words, n, "was killed by signal %d (%s)", sig, strsignal(sig));
	else if (block->error)
		(void)snprintf(words, n, "%s: %s", block->why, strerror(-block->error));
	else if (WEXITSTATUS(actor->status))
		(void)snprintf(words, n, "exited with %d", WEXITSTATUS(actor->status));
	else
		return true;
	return false;
}
