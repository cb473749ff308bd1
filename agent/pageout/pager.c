/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/pageout/pager.h"

#include "agent/account/pace.h"
#include "agent/record/recorder.h"
#include "agent/slot.h"
#include "agent/thread.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#define STACK_BYTES ((size_t)256 << 10)
/* Between two steps: others want the locks too. */
#define PAUSE_NS (2 * NSEC_PER_MSEC)
/* A process that nobody asked about for so long is let go of. */
#define IDLE_NS (5 * NSEC_PER_SEC)
/* Of those that DAMON watches somebody may have ended. */
#define TIDY_NS (30 * NSEC_PER_SEC)

struct job {
	struct slot slot;
	_Atomic bool cancelled;
	const struct act_ops *ops;
	struct pageout_settings settings;
	struct reclaim_settings reclaim;
	struct pageout_ask ask; /* group_fd is its own */
	struct pageout_result result;
};

struct pager {
	pthread_t thread;
	int wake_fd;
	_Atomic bool stop;
	_Atomic bool unwatch;
	struct job jobs[PAGER_SLOTS];

	struct hand *hand;
	struct damon_watch *watch; /* NULL: DAMON is left alone */
	struct pageout_pass *pass;
	struct pageout_history history;
	struct pace pace;

	struct record_lane *record; /* NULL: nothing is recorded */
	struct config recorded;	    /* what it went by last: of pageout alone, else as by default */
};

/* --- the askers' side --- */

int pager_ask(struct pager *p, const struct act_ops *ops, const struct config *config,
	      const struct pageout_ask *ask, int wake_fd)
{
	for (int i = 0; i < PAGER_SLOTS; i++) {
		struct job *job = &p->jobs[i];

		if (!slot_take(&job->slot))
			continue;
		atomic_store(&job->cancelled, false);
		job->ops = ops;
		job->settings = config->pageout;
		job->reclaim = config->reclaim;
		job->ask = *ask;
		/* The group may go before its turn comes. */
		job->ask.group_fd = fcntl(ask->group_fd, F_DUPFD_CLOEXEC, 0);
		slot_ask(&job->slot, wake_fd);
		(void)eventfd_write(p->wake_fd, 1);
		return i;
	}
	return -EBUSY;
}

void pager_cancel(struct pager *p, int slot)
{
	atomic_store(&p->jobs[slot].cancelled, true);
}

bool pager_collect(struct pager *p, int slot, struct pageout_result *ret)
{
	struct job *job = &p->jobs[slot];

	if (!slot_is_done(&job->slot))
		return false;
	*ret = job->result;
	slot_free(&job->slot);
	return true;
}

/* --- the thread's side --- */

/* Until it is done, nobody wants it any more, or the agent ends. */
static int serve(struct pager *p, struct job *job)
{
	struct pollfd none = {.fd = -1};
	int r = pageout_pass_begin(p->pass, &job->ask, &job->settings, job->ops);

	if (r < 0)
		return r;
	while (!atomic_load(&p->stop) && !atomic_load(&job->cancelled)) {
		uint64_t piece = pace_piece_bytes(&p->pace, &job->reclaim);

		r = pageout_pass_step(p->pass, &p->history, piece, clock_now_ns());
		if (r <= 0)
			return r;
		(void)poll(&none, 0, (int)(PAUSE_NS / NSEC_PER_MSEC));
	}
	return 0;
}

static bool is_renewed(const struct pageout_settings *a, const struct pageout_settings *b)
{
	return a->enabled != b->enabled || a->second_chance != b->second_chance ||
	       a->rss_min_bytes != b->rss_min_bytes || a->still_for_ns != b->still_for_ns ||
	       a->cold_age_ns != b->cold_age_ns;
}

/* Those that ask may go by different ones for a moment. Which names they have is not recorded. */
static void record_settings(struct pager *p, const struct pageout_settings *settings)
{
	bool renewed = is_renewed(&p->recorded.pageout, settings);

	if (!p->record)
		return;
	if (renewed)
		p->recorded.pageout = *settings;
	record_turn(p->record, &p->recorded, renewed);
}

static void finish(struct pager *p, struct job *job)
{
	uint64_t cpu_ns = clock_thread_cpu_ns();
	int r;

	record_settings(p, &job->settings);
	r = serve(p, job);

	job->result = r < 0 ? (struct pageout_result){.error = r, .ended = true}
			    : *pageout_pass_result(p->pass);
	job->result.cpu_ns += clock_thread_cpu_ns() - cpu_ns;
	if (p->watch)
		job->result.cpu_ns += damon_watch_take_cpu_ns(p->watch);
	/* What looking takes is no measure of how fast memory can be had. */
	pace_learn(&p->pace, job->result.applied_bytes, job->result.calls_ns);
	job->ask.group_fd = fd_close(job->ask.group_fd);
	slot_end(&job->slot);
}

static int wait_ms(const struct pager *p)
{
	if (pageout_pass_is_open(p->pass) || hand_stuck(p->hand) > 0)
		return (int)(IDLE_NS / NSEC_PER_MSEC);
	return damon_watch_is_active(p->watch) ? (int)(TIDY_NS / NSEC_PER_MSEC) : -1;
}

static void *pager_main(void *arg)
{
	struct pager *p = arg;
	struct pollfd wake = {.fd = p->wake_fd, .events = POLLIN};
	struct hand_result none;
	uint64_t value;

	damon_watch_restore(p->watch);
	while (!atomic_load(&p->stop)) {
		if (poll(&wake, 1, wait_ms(p)) == 0)
			pageout_pass_end(p->pass);
		(void)hand_take(p->hand, &none);
		if (atomic_exchange(&p->unwatch, false))
			damon_watch_end(p->watch);
		damon_watch_tidy(p->watch, clock_now_ns());
		(void)eventfd_read(p->wake_fd, &value);
		for (size_t i = 0; i < PAGER_SLOTS; i++)
			if (slot_begin(&p->jobs[i].slot))
				finish(p, &p->jobs[i]);
	}
	damon_watch_end(p->watch);
	hand_stop(p->hand, 0);
	return NULL;
}

static void free_all(struct pager *p)
{
	pageout_pass_free(p->pass);
	damon_watch_free(p->watch);
	hand_free(p->hand);
	fd_close(p->wake_fd);
	for (size_t i = 0; i < PAGER_SLOTS; i++)
		fd_close(p->jobs[i].ask.group_fd);
	free(p);
}

static int open_watch(struct pager *p, const struct pager_world *world)
{
	const struct kdamonds kdamonds = {
		.proc_fd = world->proc_fd,
		.sys_fd = world->sys_fd,
		.note = world->damon_note,
		.hand = p->hand,
		.ops = &act_live,
	};

	return world->damon_note ? damon_watch_new(&kdamonds, &p->watch) : 0;
}

int pager_start(const struct pager_world *world, struct pager **ret_pager)
{
	struct pager *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return -ENOMEM;
	for (size_t i = 0; i < PAGER_SLOTS; i++)
		p->jobs[i].ask.group_fd = -1;
	p->record = world->record;
	if (p->record)
		config_defaults(&p->recorded);
	p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = p->wake_fd < 0 ? -errno : hand_new(world->hands, "pageout", &p->hand);
	if (r == 0)
		r = open_watch(p, world);
	if (r == 0)
		r = pageout_pass_new(world->proc_fd, p->hand, p->watch, &p->stop, &p->pass);
	if (r == 0)
		pageout_pass_record(p->pass, p->record);
	if (r == 0)
		r = thread_start("uswapd/pageout", STACK_BYTES, pager_main, p, &p->thread);
	if (r < 0) {
		free_all(p);
		return r;
	}
	*ret_pager = p;
	return 0;
}

void pager_ask_to_stop(struct pager *p)
{
	if (!p)
		return;
	atomic_store(&p->stop, true);
	(void)eventfd_write(p->wake_fd, 1);
}

void pager_unwatch(struct pager *p)
{
	if (!p)
		return;
	atomic_store(&p->unwatch, true);
	(void)eventfd_write(p->wake_fd, 1);
}

struct damon_state pager_damon_state(const struct pager *p)
{
	return p && p->watch ? damon_watch_state(p->watch) : (struct damon_state){0};
}

int pager_stop(struct pager *p, uint64_t timeout_ns)
{
	int r;

	if (!p)
		return 0;
	pager_ask_to_stop(p);
	r = thread_join(p->thread, timeout_ns);
	if (r < 0)
		return r;
	free_all(p);
	return 0;
}
