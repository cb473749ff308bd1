/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/compact.h"

#include "agent/worker/act.h"
#include "agent/worker/internal.h"
#include "agent/worker/node.h"
#include "agent/worker/outcome.h"
#include "agent/worker/report.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/saturate.h"
#include "numa/buddy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LOOK_NS	     (5 * NSEC_PER_SEC)
#define LOOK_SOON_NS NSEC_PER_SEC
/* What was asked for once is given up then. */
#define ONCE_NS (60 * NSEC_PER_SEC)
/* Longer than most nodes take: the next one begins at the beginning again. */
#define COMPACTION_NS (30 * NSEC_PER_SEC)

void worker_compact_reopen(struct worker *w)
{
	struct worker_compaction *c = &w->compaction;

	if (!w->world->whole_machine)
		return;
	fd_close(c->compact_fd);
	c->compact_fd = node_compact_open(w->world->sys_fd, w->node->id);
}

int worker_compact_open(struct worker *w)
{
	struct worker_compaction *c = &w->compaction;
	char name[32];
	int r;

	c->buddy_fd = kfile_open(w->world->proc_fd, "buddyinfo", O_RDONLY);
	c->compact_fd = -1;
	worker_compact_reopen(w);
	(void)snprintf(name, sizeof(name), "compact/%u", w->node->id);
	c->hands.program = w->world->hands->program;
	r = hand_new(&c->hands, name, &c->hand);
	return r < 0 ? r : ring_watch(w->ring, hand_fd(c->hand), POLLIN, TOKEN_COMPACT);
}

void worker_compact_close(struct worker *w, uint64_t timeout_ns)
{
	struct worker_compaction *c = &w->compaction;

	hand_stop(c->hand, timeout_ns);
	c->hand = hand_free(c->hand);
	c->buddy_fd = fd_close(c->buddy_fd);
	c->compact_fd = fd_close(c->compact_fd);
}

struct order_want worker_order_want(const struct worker *w)
{
	if (w->compaction.once.order > 0)
		return w->compaction.once;
	return (struct order_want){
		.order = (unsigned int)w->config->balance.order,
		.bytes = w->config->balance.order_free_bytes,
	};
}

uint64_t worker_compact_due_ns(const struct worker *w)
{
	const struct worker_compaction *c = &w->compaction;

	if (c->under_way)
		return c->end_ns;
	return worker_order_want(w).order == 0 ? UINT64_MAX : c->due_ns;
}

/* What main has put into the mailbox. */
static void take_wish(struct worker *w, uint64_t now_ns)
{
	struct worker_compaction *c = &w->compaction;
	unsigned int order = atomic_exchange(&w->wanted_order, 0);

	if (order == 0)
		return;
	c->once = (struct order_want){
		.order = order,
		.bytes = MAX(atomic_load(&w->wanted_order_bytes), w->page_size << order),
	};
	c->once_until_ns = now_ns + ONCE_NS;
	c->once_reclaimed = false;
	c->history = (struct order_history){0};
	c->due_ns = 0;
}

/* Of each order: free in pieces of it or larger. */
struct fitting {
	uint64_t bytes[BUDDY_ORDERS_MAX];
};

static int read_fitting(struct worker *w, struct fitting *ret, const char **ret_bad)
{
	const int fd = w->compaction.buddy_fd;
	struct buddy buddy;
	int r = fd < 0 ? fd : buddy_read(fd, w->node->id, &buddy, ret_bad);

	if (r < 0)
		return r;
	for (unsigned int order = 0; order < BUDDY_ORDERS_MAX; order++)
		ret->bytes[order] = buddy_pages(&buddy, order) * w->page_size;
	return 0;
}

static void begin(struct worker *w, const struct order_want *want, uint64_t now_ns)
{
	struct worker_compaction *c = &w->compaction;
	const struct request request = {.backend = BACKEND_NODE_COMPACT, .fd = c->compact_fd};
	int r;

	if (w->act->dry || worker_budget_used_up(w, now_ns) != VERDICT_NONE)
		return;
	r = hand_submit(c->hand, w->act, &request);
	if (r < 0) {
		worker_complain(w, now_ns, "compaction", r, "can't be begun");
		c->due_ns = now_ns + ONCE_NS;
		return;
	}
	c->under_way = true;
	c->end_ns = now_ns + COMPACTION_NS;
	c->begun_for = *want;
	c->before_bytes = c->fitting_bytes;
	log_debug(&w->world->log, "node %u: compacting: %ju bytes are free in pieces of order %u",
		  w->node->id, (uintmax_t)c->fitting_bytes, want->order);
}

/* What was killed could not say how much it used: no more than there was time. */
static uint64_t cpu_used_ns(const struct hand_result *result)
{
	return result->error == -ETIMEDOUT ? result->wall_ns : result->cpu_ns;
}

/* after_bytes: fitting; UINT64_MAX: not known, and counts as nothing gained. */
static void record_outcome(struct worker *w, const struct hand_result *result, uint64_t after_bytes,
			   uint64_t now_ns)
{
	const struct worker_compaction *c = &w->compaction;
	struct outcome_record o = {
		.decision = RECORD_ORDER,
		.error = result->error,
		.now_ns = now_ns,
		.asked_bytes = minus(c->begun_for.bytes, c->before_bytes),
		.applied_bytes = after_bytes == UINT64_MAX ? 0
							   : minus(after_bytes, c->before_bytes),
		.wall_ns = result->wall_ns,
		.cpu_ns = cpu_used_ns(result),
	};

	worker_record_outcome(w, NULL, &o);
}

static void finish(struct worker *w, uint64_t now_ns)
{
	struct worker_compaction *c = &w->compaction;
	uint64_t after_bytes = UINT64_MAX;
	const char *bad = NULL;
	struct hand_result result;
	struct fitting after;
	int r;

	if (c->under_way && (w->act->dry || now_ns >= c->end_ns))
		hand_give_up(c->hand);
	/* One that was given up is seen to end later. */
	if (!c->under_way && hand_stuck(c->hand) == 0)
		return;
	if (!hand_take(c->hand, &result))
		return;
	c->under_way = false;
	c->compactions++;
	c->wall_ns += result.wall_ns;
	c->cpu_ns += cpu_used_ns(&result);
	c->due_ns = 0;
	r = read_fitting(w, &after, &bad);
	if (r == 0) {
		after_bytes = after.bytes[c->begun_for.order];
		order_learn(&c->history, &c->begun_for, now_ns, c->before_bytes, after_bytes);
	}
	record_outcome(w, &result, after_bytes, now_ns);
	order_rest(&c->history, now_ns,
		   scale_up(cpu_used_ns(&result), 10000, w->config->protect.cpu_permyriad));
	if (result.error < 0 && result.error != -EINTR && result.error != -ETIMEDOUT)
		worker_complain(w, now_ns, "nodeN/compact", result.error, NULL);
}

/* Of what was asked for once: too little is free, so it is taken; enough, or too late: the end. */
static void go_on_once(struct worker *w, const struct order_plan *plan, uint64_t now_ns)
{
	struct worker_compaction *c = &w->compaction;

	if (plan->reason == ORDER_LITTLE_FREE && !c->once_reclaimed) {
		c->once_reclaimed = true;
		worker_order(w, plan->missing_bytes);
	}
	if (plan->reason == ORDER_ENOUGH || now_ns >= c->once_until_ns)
		c->once = (struct order_want){0};
}

static struct order_plan decide(struct worker *w, const struct order_want *want,
				const struct fitting *fitting, uint64_t now_ns)
{
	const struct worker_compaction *c = &w->compaction;
	const struct node_view *view = &w->here.fresh;
	struct order_record record = {
		.node = w->node->id,
		.once = c->once.order > 0,
		.want = *want,
		.history = c->history,
		.sample = {.now_ns = now_ns,
			   .page_size = w->page_size,
			   .free_bytes = view->counters.free_pages * w->page_size,
			   .low_bytes = view->sums.low_bytes,
			   .fitting_bytes = fitting->bytes[want->order],
			   .can_compact = c->compact_fd >= 0},
	};

	memcpy(record.fitting_bytes, fitting->bytes, sizeof(record.fitting_bytes));
	record.plan = order_decide(want, &record.history, &record.sample);
	(void)record_put(w->record, RECORD_ORDER, &record);
	return record.plan;
}

static void look(struct worker *w, const struct order_want *want, uint64_t now_ns)
{
	struct worker_compaction *c = &w->compaction;
	const char *bad = NULL;
	struct order_plan plan;
	struct fitting fitting = {0};
	int r = worker_view_node(w, now_ns, &bad);

	c->due_ns = now_ns + (c->once.order > 0 ? LOOK_SOON_NS : LOOK_NS);
	if (w->here.gone)
		return;
	if (r == 0)
		r = read_fitting(w, &fitting, &bad);
	if (r < 0) {
		worker_complain(w, now_ns, "buddyinfo", r, bad);
		return;
	}
	c->fitting_bytes = fitting.bytes[want->order];
	plan = decide(w, want, &fitting, now_ns);
	c->reason = plan.reason;
	if (plan.reason == ORDER_COMPACT)
		begin(w, want, now_ns);
	if (c->once.order > 0)
		go_on_once(w, &plan, now_ns);
}

void worker_compact(struct worker *w, uint64_t now_ns)
{
	struct order_want want;

	take_wish(w, now_ns);
	finish(w, now_ns);
	if (now_ns < worker_compact_due_ns(w))
		return;
	want = worker_order_want(w);
	look(w, &want, now_ns);
}
