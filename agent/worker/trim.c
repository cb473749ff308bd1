/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/trim.h"

#include "agent/worker/act.h"
#include "agent/worker/ages.h"
#include "agent/worker/groups.h"
#include "agent/worker/holdout.h"
#include "agent/worker/internal.h"
#include "agent/worker/report.h"
#include "base/clock.h"
#include "base/saturate.h"
#include "cgroup/psi.h"

#include <poll.h>
#include <string.h>

/* A trigger is a thread of the kernel (psimon): who has none is judged at each interval alone. */
#define TRIGGERS_MAX	 64
#define TRIGGER_STALL_US 10000

bool group_is_trimmed(const struct group *g)
{
	return g->settings.trim && group_holds_memory(g);
}

uint64_t worker_trim_due_ns(const struct worker *w)
{
	return config_trims(w->config) ? w->trim.due_ns : UINT64_MAX;
}

/* What was read from swap since the last round, by anybody. */
static struct swap_reads read_swap_reads(struct worker *w, uint64_t now_ns)
{
	struct machine_counters before = w->trim.machine, now;
	const char *bad = NULL;
	int r = machine_read_counters(&w->machine_watch, &now, &bad);

	if (r < 0) {
		worker_complain(w, now_ns, "vmstat", r, bad);
		return (struct swap_reads){0};
	}
	w->trim.machine = now;
	return (struct swap_reads){
		.read = minus(now.pswpin, before.pswpin),
		.ahead = minus(now.swap_ra, before.swap_ra),
		.hits = minus(now.swap_ra_hit, before.swap_ra_hit),
	};
}

/* What was taken from the group since the last look, by us or the kernel, and wanted back. */
static void take_events(const struct worker *w, struct group_trim *t, struct group_sample *s,
			const struct swap_reads *reads)
{
	const struct memory_stat *stat = &s->stat;
	uint64_t anon = minus(stat->workingset_refault_anon, t->refaults_anon_seen);
	uint64_t file = minus(stat->workingset_refault_file, t->refaults_file_seen);
	uint64_t steals = t->known ? minus(memory_stat_freed(stat), t->steals_seen) : 0;
	uint64_t back = t->known ? trim_wanted_pages(anon, file, reads) : 0;

	/* What was never taken here can't come back: a page of a file that another group lost. */
	t->away_pages = plus(t->away_pages, steals);
	back = MIN(back, t->away_pages);
	t->away_pages -= back;
	s->refaulted_bytes = back * w->page_size;
	s->taken_bytes = steals * w->page_size;
	t->refaults_anon_seen = stat->workingset_refault_anon;
	t->refaults_file_seen = stat->workingset_refault_file;
	t->steals_seen = memory_stat_freed(stat);
	t->known = true;
}

static void judge(struct group *g, const struct trim_plan *plan, uint64_t now_ns)
{
	const struct verdict verdict = {
		.reason = plan->reason == TRIM_STEP ? VERDICT_COLD : VERDICT_NONE,
		.bytes = plan->bytes,
		.look_again_ns = plan->look_again_ns,
	};

	g->trim.plan = *plan;
	g->trim.plan_ns = now_ns;
	target_judge(&g->trim.target, &verdict, now_ns);
}

/* Most groups of a machine are too small to be worth reading more than their size. */
static bool is_small(struct worker *w, struct group *g, uint64_t now_ns)
{
	const struct trim_plan plan = {
		.reason = TRIM_NOTHING_SPARE,
		.look_again_ns = w->config->trim.interval_ns,
	};
	uint64_t current;

	if (memory_bytes_read(g->watch.current_fd, &current) < 0 ||
	    current > w->config->trim.floor_bytes + TRIM_STEP_MIN_BYTES)
		return false;
	g->trim.known = false;
	judge(g, &plan, now_ns);
	return true;
}

static void disarm(struct worker *w, struct group *g)
{
	if (g->trim.trigger_fd < 0)
		return;
	ring_unwatch(w->ring, (g->shared->id + TOKEN_GROUPS) | TOKEN_STALLED);
	g->trim.trigger_fd = fd_close(g->trim.trigger_fd);
	w->trim.n_triggers--;
}

static void arm(struct worker *w, struct group *g)
{
	uint64_t token = (g->shared->id + TOKEN_GROUPS) | TOKEN_STALLED;
	int fd;

	if (g->trim.trigger_fd >= 0 || w->trim.n_triggers >= TRIGGERS_MAX || !g->cgroup ||
	    !g->watched)
		return;
	fd = worker_open_trigger(g->cgroup->dir_fd, "memory.pressure", TRIGGER_STALL_US);
	if (fd < 0)
		return;
	if (ring_watch(w->ring, fd, POLLPRI, token) < 0) {
		fd_close(fd);
		return;
	}
	g->trim.trigger_fd = fd;
	w->trim.n_triggers++;
}

static struct trim_plan decide(struct worker *w, struct group *g, const struct group_sample *s)
{
	struct group_trim *t = &g->trim;
	struct trim_record record = {
		.group = g->shared->id,
		.history = t->history,
		.sample = *s,
		.trim = t->sample,
		.swap = w->swap,
	};

	trim_learn(&t->history, &w->config->trim, s, &t->sample);
	record.plan = trim_decide(&w->config->trim, &w->config->protect, &t->history, s, &t->sample,
				  &w->swap);
	record_name(w->record, record.group, g->cgroup->path, &g->named);
	(void)record_put(w->record, RECORD_TRIM, &record);
	return record.plan;
}

static void look(struct worker *w, struct group *g, const struct swap_reads *reads, uint64_t now_ns)
{
	const struct group_context context = worker_group_context(w, now_ns);
	struct group_trim *t = &g->trim;
	struct group_sample s;
	struct psi_totals stalled = {0};
	struct trim_plan plan;
	const char *bad = NULL;
	int r = group_read(g, &context, &bad);

	if (r == 0 && g->watch.pressure_fd >= 0)
		r = psi_read(g->watch.pressure_fd, &stalled, &bad);
	if (r < 0) {
		t->target.wants = false;
		worker_complain(w, now_ns, g->cgroup->path, r, bad);
		return;
	}
	s = g->sample;
	take_events(w, t, &s, reads);
	ledger_read_back(&t->target.ledger, s.refaulted_bytes);
	t->sample.stall_total_us = stalled.some_us;
	worker_ages_of(w, g, &t->sample);
	plan = decide(w, g, &s);
	holdout_look(&g->held.lot, s.events.max + s.events.high, stalled.some_us,
		     t->sample.psi_triggered);
	t->sample.psi_triggered = false;
	if (plan.reason == TRIM_STEP && w->trim.damon_takes)
		plan.reason = TRIM_DAMON_RECLAIM;
	g->held.wished |= plan.reason == TRIM_STEP;
	if (plan.reason == TRIM_STEP && worker_leaves_alone(w, g))
		plan.reason = context.harmful ? TRIM_HARMFUL : TRIM_HELD_OUT;
	if (plan.reason == TRIM_STEP && g->watch.reclaim_fd < 0)
		plan.reason = TRIM_NO_BACKEND;
	if (plan.reason == TRIM_STEP && backoff_waits(&t->backoff, now_ns))
		plan.reason = TRIM_BACK_OFF;
	if (plan.reason != TRIM_STEP)
		plan.bytes = 0;
	t->taker = worker_pageout_first(w, g, now_ns);
	judge(g, &plan, now_ns);
	if (t->history.taken_bytes < TRIM_STEP_MIN_BYTES)
		disarm(w, g);
	if (plan.bytes > 0)
		worker_consider_home(w, g, now_ns);
}

/* A round is for all groups at once, so that however many there are wake the worker once. */
void worker_trim(struct worker *w, uint64_t now_ns)
{
	struct swap_reads reads;

	if (now_ns < worker_trim_due_ns(w))
		return;
	w->trim.due_ns = now_ns + w->config->trim.interval_ns;
	reads = read_swap_reads(w, now_ns);
	/* It takes from all groups, also where only some are ours. */
	w->trim.damon_takes = damon_reclaim_takes(&w->trim.damon_reclaim, w->world->sys_fd, now_ns);
	worker_read_ages(w, now_ns);
	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (!g->watched || !group_is_trimmed(g) || worker_is_busy_with(w, g) ||
		    worker_pageout_is_at_step(w, g))
			continue;
		if (!is_small(w, g, now_ns))
			look(w, g, &reads, now_ns);
	}
}

struct group *worker_trim_next(struct worker *w, enum asker taker)
{
	struct group *best = NULL;

	for (size_t i = 0; i < w->n_groups; i++) {
		struct group *g = w->groups[i];

		if (g->watched && g->trim.target.wants && g->trim.taker == taker &&
		    group_is_trimmed(g) &&
		    (!best || g->trim.target.verdict.bytes > best->trim.target.verdict.bytes))
			best = g;
	}
	return best;
}

/* It went to swap, and that turned out to gain too little: the rest of the step does not go there.
 */
static bool is_futile(const struct group *g, const struct request *request, uint64_t now_ns)
{
	return request->swappiness != GROUP_RECLAIM_NO_ANON &&
	       yield_is_poor_for_node(&g->yield, now_ns);
}

static void take_off(struct worker *w, struct group *g, uint64_t applied_bytes, uint64_t done_bytes)
{
	struct group_trim *t = &g->trim;
	struct verdict *step = &t->target.verdict;

	/* A group that has a limit too has not shrunk by itself. */
	g->target.unlearned_taken_bytes += applied_bytes;
	step->bytes = minus(step->bytes, done_bytes);
	t->target.wants = step->bytes >= TRIM_STEP_MIN_BYTES && !t->sample.psi_triggered;
	if (applied_bytes > 0)
		arm(w, g);
}

void worker_trim_account(struct worker *w, struct group *g, const struct request *request,
			 int error, const struct taken *taken, uint64_t now_ns)
{
	struct group_trim *t = &g->trim;

	backoff_learn(&t->backoff, &backoff_of_groups, now_ns, request->bytes,
		      taken->applied_bytes);
	take_off(w, g, taken->applied_bytes, MAX(taken->applied_bytes, request->bytes));
	t->target.wants = t->target.wants && error == 0 && !is_futile(g, request, now_ns);
}

void worker_trim_paged_out(struct worker *w, struct group *g, uint64_t applied_bytes)
{
	take_off(w, g, applied_bytes, applied_bytes);
}

void worker_trim_stalled(struct worker *w, struct group *g, uint64_t now_ns)
{
	const struct swap_reads none = {0};

	g->trim.sample.psi_triggered = true;
	g->trim.target.wants = false;
	if (worker_pageout_is_at_step(w, g)) {
		worker_pageout_cancel(w);
		return; /* the next look takes it in */
	}
	if (!worker_is_busy_with(w, g))
		look(w, g, &none, now_ns);
	else if (w->flight.target == &g->trim.target)
		w->flight.interrupt_ns = now_ns;
}

void worker_trim_forget(struct worker *w, struct group *g)
{
	disarm(w, g);
	g->trim.target.wants = g->trim.known = false;
	memset(&g->trim.history, 0, sizeof(g->trim.history));
}
