/* SPDX-License-Identifier: Apache-2.0 */
/* The thread of a worker: wait, look, decide, act, account; and its mailbox. */
#include "agent/worker/act.h"
#include "agent/worker/compact.h"
#include "agent/worker/finish.h"
#include "agent/worker/groups.h"
#include "agent/worker/growth.h"
#include "agent/worker/holdout.h"
#include "agent/worker/internal.h"
#include "agent/worker/node.h"
#include "agent/worker/pageout.h"
#include "agent/worker/probes.h"
#include "agent/worker/protection.h"
#include "agent/worker/report.h"
#include "agent/worker/trim.h"

#include "agent/thread.h"
#include "base/clock.h"
#include "cgroup/psi.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>

#define STACK_BYTES			((size_t)256 << 10)
#define START_NS			(30 * NSEC_PER_SEC)
#define HAND_STOP_NS			(900 * NSEC_PER_MSEC)
#define PRESSURE_STALL_US		20000
#define PRESSURE_WINDOW_US		1000000
#define PRESSURE_WINDOW_UNPRIVILEGED_US 2000000

int worker_open_trigger(int dir_fd, const char *path, uint64_t stall_us)
{
	static const uint64_t windows[] = {PRESSURE_WINDOW_US, PRESSURE_WINDOW_UNPRIVILEGED_US};
	int fd = -EINVAL;

	for (size_t i = 0; i < ARRAY_SIZE(windows) && fd < 0; i++)
		fd = psi_trigger_open(dir_fd, path, stall_us, windows[i]);
	return fd;
}

/* The kernel tells of stalls anywhere: then every target that grows is looked at at once. */
static void open_pressure(struct worker *w)
{
	w->pressure_fd =
		worker_open_trigger(w->world->proc_fd, "pressure/memory", PRESSURE_STALL_US);
	if (w->pressure_fd >= 0)
		(void)ring_watch(w->ring, w->pressure_fd, POLLPRI, TOKEN_PRESSURE);
}

/* Its process is made while there is memory for that; none where nothing is asked of the kernel. */
static int open_hand(struct worker *w)
{
	char name[16];
	int r;

	(void)snprintf(name, sizeof(name), "node/%u", w->node->id);
	r = hand_new(w->world->hands, name, &w->hand);
	if (r < 0 || !w->world->act->blocks)
		return r;
	return hand_start(w->hand);
}

static int open_all(struct worker *w)
{
	int r;

	if (w->world->bind) {
		r = topology_bind_thread(w->node);
		if (r < 0)
			log_warning(&w->world->log,
				    "node %u: can't bind its worker to its CPUs and memory: %s",
				    w->node->id, strerrordesc_np(-r));
	}
	r = open_hand(w);
	if (r < 0) {
		log_error(&w->world->log,
			  "node %u: %s: can't be started, and nothing reclaimed: %s", w->node->id,
			  w->world->hands->program, strerrordesc_np(-r));
		return r;
	}
	r = ring_open(w->world->try_uring, &w->ring);
	if (r == 0)
		r = ring_watch(w->ring, w->main_fd, POLLIN, TOKEN_MAIN);
	if (r == 0)
		r = ring_watch(w->ring, hand_fd(w->hand), POLLIN, TOKEN_HAND);
	if (r < 0) {
		log_error(&w->world->log, "node %u: can't start its worker: %s", w->node->id,
			  strerrordesc_np(-r));
		return r;
	}
	r = worker_open_node(w);
	if (r < 0)
		return r;
	r = worker_compact_open(w);
	if (r < 0)
		return r;
	open_pressure(w);
	shared_set_waker(w->world->shared, w->index, w->main_fd);
	r = worker_open_tree(w);
	if (r < 0)
		log_error(&w->world->log, "node %u: can't read the cgroup tree: %s", w->node->id,
			  strerrordesc_np(-r));
	return r;
}

/* The hand goes first: it may still be using a descriptor. */
static void close_all(struct worker *w)
{
	hand_stop(w->hand, HAND_STOP_NS);
	if (hand_stuck(w->hand) > 0)
		log_warning(&w->world->log,
			    "node %u: %zu of its requests stay inside the kernel, each with a "
			    "process (uswapd-hand) that ends when the kernel lets go of it",
			    w->node->id, hand_stuck(w->hand));
	/* What it still held is let go, and its last request counted. */
	if (w->flight.active)
		worker_finish(w, clock_now_ns());
	hand_free(w->hand);
	w->hand = NULL;
	worker_compact_close(w, HAND_STOP_NS / 4);
	worker_close_tree(w);
	worker_close_node(w);
	w->pressure_fd = fd_close(w->pressure_fd);
	w->ring = ring_free(w->ring);
}

static void handle_group_event(struct worker *w, uint64_t token, uint64_t now_ns)
{
	struct group *g = worker_find_group(w, (token & ~TOKEN_STALLED) - TOKEN_GROUPS);

	if (!g || !g->watched)
		return;
	if (token & TOKEN_STALLED) {
		worker_trim_stalled(w, g, now_ns);
		return;
	}
	/* The event stays pending until the file has been read. */
	g->target.due_ns = 0;
	if (memory_events_read(g->watch.events_fd, &g->sample.events, NULL) == -ENODEV)
		worker_unwatch(w, g); /* it would be ready for ever */
}

static void handle_event(struct worker *w, const struct ring_event *event, uint64_t now_ns)
{
	uint64_t value;

	switch (event->token) {
	case TOKEN_MAIN:
		(void)eventfd_read(w->main_fd, &value);
		w->here.target.due_ns = 0;
		break;
	case TOKEN_HAND:
	case TOKEN_COMPACT:
		break; /* every turn looks whether it is done */
	case TOKEN_TREE:
		worker_refresh_tree(w);
		break;
	case TOKEN_LIMITS:
		worker_take_limit_changes(w, now_ns);
		break;
	case TOKEN_PRESSURE:
		if (event->events & POLLPRI)
			worker_node_stalled(w);
		w->look_at_growing = true;
		w->here.target.due_ns = 0;
		break;
	default:
		handle_group_event(w, event->token, now_ns);
	}
}

/* What may be asked of the kernel. A request that may not any more is cut short. */
static void choose_ops(struct worker *w, uint64_t now_ns)
{
	bool may_act = w->config->agent.mode == MODE_ACT && !atomic_load(&w->paused);
	const struct act_ops *act = may_act ? w->world->act : &act_dry_run;

	if (act != w->act)
		worker_pageout_cancel(w);
	w->act = act;
	if (w->flight.active && w->act->dry && !w->flight.act->dry)
		w->flight.interrupt_ns = now_ns;
}

static void change_config(struct worker *w)
{
	const struct config *next = atomic_load(&w->next_config);

	if (next == w->config)
		return;
	/* Main frees what nobody says to use: said first, and still the next one after that. */
	do {
		next = atomic_load(&w->next_config);
		atomic_store(&w->config_in_use, next);
	} while (atomic_load(&w->next_config) != next);
	w->config = next;
	worker_pageout_cancel(w);
	record_turn(w->record, next, true);
	w->holdout.harmful = w->node_holdout.harmful = false;
	/* What is owed was counted by other rules. */
	w->budget = (struct budget){.before = worker_spending(w)};
	w->protections_ns = 0;
	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		g->settings = config_of_group(next, g->cgroup->path);
		g->limits_due_ns = 0; /* reads the exclusions anew too */
		g->target.due_ns = 0;
		g->yield.until_ns = 0;
		if (!g->settings.trim)
			worker_trim_forget(w, g);
	}
	w->here.target.due_ns = 0;
	w->here.yield.until_ns = 0;
}

/* Looks that fall within the next few milliseconds of the first are made with it. */
static uint64_t time_to_wait(const struct worker *w, uint64_t now_ns)
{
	uint64_t due_ns = MIN(now_ns + w->config->agent.tick_max_ns, worker_trim_due_ns(w));

	due_ns = MIN(due_ns, worker_growth_due_ns(w));
	due_ns = MIN(due_ns, worker_compact_due_ns(w));

	if (w->flight.active)
		due_ns = MIN(due_ns, w->flight.interrupt_ns);
	if (!w->flight.active || w->flight.target != &w->here.target)
		due_ns = MIN(due_ns, w->here.target.due_ns);
	for (size_t i = 0; i < w->n_groups; i++) {
		const struct group *g = w->groups[i];

		if (g->watched && !worker_is_busy_with(w, g))
			due_ns = MIN(due_ns, g->target.due_ns);
		if (g->limits_watched)
			due_ns = MIN(due_ns, g->limits_due_ns);
	}
	if (due_ns <= now_ns)
		return w->config->agent.tick_min_ns;
	return MAX(due_ns - now_ns, w->config->agent.tick_min_ns);
}

/* However many events there are, no more turns are made of them than were configured. */
static void rest_between_turns(const struct worker *w, const struct ring_event *events, int n)
{
	uint64_t next_ns = atomic_load(&w->turned_ns) + w->config->agent.tick_min_ns;
	uint64_t now_ns = clock_now_ns();

	for (int i = 0; i < n; i++)
		if (events[i].token == TOKEN_HAND || events[i].token == TOKEN_MAIN)
			return;
	if (now_ns < next_ns)
		(void)poll(NULL, 0, (int)((next_ns - now_ns) / NSEC_PER_MSEC) + 1);
}

static void turn(struct worker *w)
{
	struct ring_event events[32];
	uint64_t now_ns = clock_now_ns();
	int n = ring_wait(w->ring, time_to_wait(w, now_ns), events, ARRAY_SIZE(events));

	w->wakeups++;
	probe_wake(w->node->id, MAX(n, 0));
	if (n < 0) {
		worker_complain(w, now_ns, "ring", n, "can't wait");
		(void)poll(NULL, 0, 100); /* not a busy loop */
	}
	rest_between_turns(w, events, n);
	now_ns = clock_now_ns();
	record_turn(w->record, w->config, false);
	for (int i = 0; i < n; i++)
		handle_event(w, &events[i], now_ns);
	atomic_store(&w->turned_ns, now_ns);
	change_config(w);
	choose_ops(w, now_ns);
	worker_finish(w, now_ns);
	worker_holdout(w, now_ns);
	/* Groups first: what they protect decides how the node may be asked. */
	worker_look_at_groups(w, now_ns);
	worker_look_at_node(w, now_ns);
	worker_trim(w, now_ns);
	worker_growth(w, now_ns);
	worker_compact(w, now_ns);
	worker_pageout(w, now_ns);
	worker_act(w, now_ns);
	worker_hurry(w, clock_now_ns());
	worker_answer_status(w, now_ns);
}

static void *worker_main(void *arg)
{
	struct worker *w = arg;

	w->start_error = open_all(w);
	atomic_store(&w->config_in_use, w->config);
	(void)eventfd_write(w->answer_fd, 1);
	if (w->start_error == 0)
		while (!atomic_load(&w->stop))
			turn(w);
	close_all(w);
	(void)eventfd_write(w->answer_fd, 1);
	return NULL;
}

struct worker *worker_free(struct worker *w)
{
	if (!w)
		return NULL;
	shared_set_waker(w->world->shared, w->index, -1);
	fd_close(w->main_fd);
	fd_close(w->answer_fd);
	free(w->status.groups);
	free(w);
	return NULL;
}

static bool wait_answer(struct worker *w, uint64_t timeout_ns)
{
	struct pollfd answer = {.fd = w->answer_fd, .events = POLLIN};
	uint64_t value;

	if (poll(&answer, 1, (int)(timeout_ns / NSEC_PER_MSEC)) <= 0)
		return false;
	return eventfd_read(w->answer_fd, &value) == 0;
}

int worker_start(const struct worker_world *world, size_t index, const struct config *config,
		 struct worker **ret_worker)
{
	struct worker *w = calloc(1, sizeof(*w));
	char name[16];
	int r;

	if (!w)
		return -ENOMEM;
	w->world = world;
	w->index = index;
	w->node = &world->topology->nodes[index];
	w->page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	w->config = config;
	choose_ops(w, 0);
	w->record = recorder_lane(world->recorder, index);
	w->holdout.seed = w->node_holdout.seed = clock_boottime_ns() + index;
	atomic_init(&w->next_config, config);
	atomic_init(&w->turned_ns, clock_now_ns());
	w->here.kswapd_fd = w->compaction.buddy_fd = w->compaction.compact_fd = -1;
	w->pageout.slot = -1;
	w->trim.ages_fd = -1;
	w->here.reclaim_fd = w->machine_watch.vmstat_fd = w->machine_watch.meminfo_fd = -1;
	w->pressure_fd = w->tree_pressure_fd = -1;
	w->main_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	w->answer_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	(void)snprintf(name, sizeof(name), "uswapd/%u", w->node->id);
	r = w->main_fd < 0 || w->answer_fd < 0
		    ? -errno
		    : thread_start(name, STACK_BYTES, worker_main, w, &w->thread);
	if (r < 0) {
		log_error(&world->log, "node %u: can't start its worker: %s", w->node->id,
			  strerrordesc_np(-r));
		worker_free(w);
		return r;
	}
	if (!wait_answer(w, START_NS)) {
		log_error(&world->log, "node %u: its worker does not start within %ju s",
			  w->node->id, (uintmax_t)(START_NS / NSEC_PER_SEC));
		return -ETIMEDOUT;
	}
	if (w->start_error < 0) {
		r = w->start_error;
		(void)pthread_join(w->thread, NULL);
		worker_free(w);
		return r;
	}
	*ret_worker = w;
	return 0;
}

static void kick(struct worker *w)
{
	(void)eventfd_write(w->main_fd, 1);
}

void worker_ask_to_stop(struct worker *w)
{
	atomic_store(&w->stop, true);
	kick(w);
}

int worker_join(struct worker *w, uint64_t timeout_ns)
{
	return thread_join(w->thread, timeout_ns);
}

void worker_set_config(struct worker *w, const struct config *config)
{
	atomic_store(&w->next_config, config);
	kick(w);
}

void worker_set_paused(struct worker *w, bool paused)
{
	atomic_store(&w->paused, paused);
	kick(w);
}

const struct config *worker_config_in_use(const struct worker *w)
{
	return atomic_load(&w->config_in_use);
}

uint64_t worker_turned_ns(const struct worker *w)
{
	return atomic_load(&w->turned_ns);
}

void worker_order(struct worker *w, uint64_t bytes)
{
	uint64_t before = atomic_load(&w->ordered_bytes);

	while (!atomic_compare_exchange_weak(&w->ordered_bytes, &before,
					     bytes > UINT64_MAX - before ? UINT64_MAX
									 : before + bytes))
		;
	kick(w);
}

void worker_want_order(struct worker *w, unsigned int order, uint64_t bytes)
{
	atomic_store(&w->wanted_order_bytes, bytes);
	atomic_store(&w->wanted_order, order);
	kick(w);
}

void worker_ask_status(struct worker *w)
{
	/* An answer nobody waited for any more is thrown away; a question still open is kept. */
	if (atomic_load(&w->status_state) != STATUS_ASKED)
		atomic_store(&w->status_state, STATUS_ASKED);
	kick(w);
}

int worker_status(struct worker *w, uint64_t end_ns, struct node_status *ret)
{
	while (atomic_load(&w->status_state) != STATUS_ANSWERED) {
		uint64_t now_ns = clock_now_ns();

		if (now_ns >= end_ns)
			return -ETIMEDOUT;
		(void)wait_answer(w, MIN(end_ns - now_ns, 50 * NSEC_PER_MSEC));
	}
	*ret = w->status;
	atomic_store(&w->status_state, STATUS_IDLE);
	return 0;
}
