/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/group.h"

#include "agent/record/recorder.h"
#include "base/clock.h"
#include "base/saturate.h"
#include "cgroup/psi.h"

#include <errno.h>
#include <unistd.h>

/* While a group grows, the least and the most time between two looks are the configuration's. A
 * group at rest is looked at this many times less often. */
#define QUIET_FACTOR 4

struct group *group_new(struct cgroup *cgroup, struct shared_group *shared,
			const struct config *config)
{
	struct group *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->cgroup = cgroup;
	g->shared = shared;
	g->settings = config_of_group(config, cgroup->path);
	g->watch = GROUP_WATCH_CLOSED;
	g->clean.slot = -1;
	g->weight = GROUP_WEIGHT_DEFAULT;
	g->trim.trigger_fd = -1;
	for (size_t i = 0; i < LIMIT_FILES; i++)
		g->limit_watches.wd[i] = -1;
	return g;
}

struct group *group_free(struct group *g)
{
	if (!g)
		return NULL;
	group_watch_close(&g->watch);
	free(g);
	return NULL;
}

uint64_t group_limit_bytes(const struct group *g)
{
	return g->has_limits ? MIN(g->limits.high, g->limits.max) : UINT64_MAX;
}

bool group_holds_memory(const struct group *g)
{
	if (!g->has_limits)
		return false;
	for (const struct cgroup *c = g->cgroup->first_child; c; c = c->next_sibling) {
		const struct group *child = c->data;

		if (!child || child->has_limits || child->limits_unknown)
			return false;
	}
	return true;
}

bool group_is_within(const struct group *g, const struct group *above)
{
	for (const struct cgroup *c = g->cgroup; c; c = c->parent)
		if (c == above->cgroup)
			return true;
	return false;
}

struct group *group_payer(struct group *g)
{
	while (g && !g->has_limits)
		g = g->cgroup->parent ? g->cgroup->parent->data : NULL;
	return g;
}

static void read_past(struct group *g)
{
	struct memory_events events;
	struct psi_totals stalled = {0};

	if (g->past.known || memory_events_read(g->watch.events_fd, &events, NULL) < 0)
		return;
	if (g->watch.pressure_fd >= 0)
		(void)psi_read(g->watch.pressure_fd, &stalled, NULL);
	g->past = (struct past){
		.known = true,
		.events_max = events.max,
		.events_high = events.high,
		.stalled_us = stalled.some_us,
	};
}

int group_set_watched(struct group *g, bool watched)
{
	int r;

	if (watched == g->watched)
		return 0;
	if (!watched) {
		group_watch_close(&g->watch);
		g->watched = false;
		return 0;
	}
	r = group_watch_open(g->cgroup->dir_fd, &g->watch);
	if (r < 0)
		return r;
	g->watched = true;
	/* What was learned here before is not of this moment. */
	g->target = (struct target){.ledger = g->target.ledger, .wish = g->target.wish};
	g->events_known = false;
	g->stalls.known = false;
	read_past(g);
	return 0;
}

static uint64_t files_of(const struct memory_stat *stat)
{
	return minus(stat->file, stat->shmem);
}

/* In swap alone: what was read back may have kept its place there. */
static uint64_t swapped_of(const struct group_sample *s)
{
	return minus(s->swap_current_bytes, s->stat.swapcached);
}

/*
 * Of which kind it was, no counter of a group tells on every kernel. What came back from swap had
 * gone there, and frees its place; what was taken and did not go there was file memory, if there
 * was so much: what is freed in swap was not seen there either.
 */
static void learn_kinds(struct group *g, const struct group_sample *s, uint64_t anon_back_bytes,
			uint64_t file_back_bytes)
{
	uint64_t swapped = minus(plus(swapped_of(s), anon_back_bytes), g->swap_seen);
	uint64_t files_taken =
		MIN(minus(s->taken_bytes, swapped), plus(g->files_seen, files_of(&s->stat)));
	uint64_t elapsed_ns = minus(s->now_ns, g->events_ns);

	thrash_learn(&g->anon_thrash, s->now_ns, elapsed_ns, swapped, anon_back_bytes);
	thrash_learn(&g->file_thrash, s->now_ns, elapsed_ns, files_taken, file_back_bytes);
	g->files_gone_bytes = minus(plus(g->files_gone_bytes, files_taken), file_back_bytes);
}

/*
 * What was taken from the group since the last full look, by us or the kernel, and read back. What
 * was demoted is still there: counted as taken, it would look as if the group had grown by it.
 */
static void take_events(struct group *g, struct group_sample *s)
{
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	const struct memory_stat *stat = &s->stat;
	uint64_t anon = minus(stat->workingset_refault_anon, g->anon_refaults_seen) * page_size;
	uint64_t file = minus(stat->workingset_refault_file, g->file_refaults_seen) * page_size;

	s->refaulted_bytes = s->taken_bytes = 0;
	if (g->events_known) {
		s->refaulted_bytes = anon + file;
		s->taken_bytes = minus(memory_stat_freed(stat), g->steals_seen) * page_size;
		learn_kinds(g, s, anon, file);
	}
	s->anon_thrashes = thrash_lasts(&g->anon_thrash, s->now_ns);
	s->file_thrashes = thrash_lasts(&g->file_thrash, s->now_ns);
	g->swap_seen = swapped_of(s);
	g->events_ns = s->now_ns;
	g->anon_refaults_seen = stat->workingset_refault_anon;
	g->file_refaults_seen = stat->workingset_refault_file;
	g->files_seen = files_of(stat);
	g->steals_seen = memory_stat_freed(stat);
	g->events_known = true;
}

/* kinds_known: memory.stat is of this moment. */
static void learn(struct group *g, const struct group_sample *s, bool kinds_known)
{
	const struct memory_stat *stat = &s->stat;
	const struct demand_sample sample = {
		.now_ns = s->now_ns,
		.used_bytes = s->current_bytes,
		.file_bytes = kinds_known ? files_of(stat) + g->files_gone_bytes : DEMAND_UNKNOWN,
		.nonfile_bytes = kinds_known
					 ? stat->anon + stat->shmem + stat->kernel + swapped_of(s)
					 : DEMAND_UNKNOWN,
		/* The kernel's part counts: a group that stands at its limit does not grow. */
		.taken_bytes = MAX(g->target.unlearned_taken_bytes, s->taken_bytes),
		.refaulted_bytes = s->refaulted_bytes,
		.stalls = s->limit_is_high ? s->events.high : s->events.max,
	};

	g->target.unlearned_taken_bytes = 0;
	demand_learn(&g->target.demand, &sample);
}

/* Far from the limit nothing but memory.current is worth reading. */
static bool is_far(const struct group *g, const struct group_context *context, uint64_t current)
{
	const struct margin_settings *margin = &context->config->headroom.margin;
	uint64_t limit = group_limit_bytes(g);
	uint64_t most = share(limit, margin->margin_max_permyriad);

	return limit > current && limit - current > 2 * most;
}

static void judge_far(struct group *g, const struct group_context *context)
{
	const struct agent_settings *agent = &context->config->agent;
	const struct demand *demand = &g->target.demand;
	uint64_t room = group_limit_bytes(g) - g->sample.current_bytes;
	struct verdict v = {
		.reason = demand->rate_bytes_per_s ? VERDICT_ROOM_ENOUGH : VERDICT_NO_DEMAND,
		.room_bytes = room,
		.rate_bytes_per_s = demand->rate_bytes_per_s,
		.refault_permyriad = refaults_permyriad(&demand->refaults),
	};

	v.margin_bytes = demand_margin(demand, &context->config->headroom.margin,
				       group_limit_bytes(g), demand->rate_bytes_per_s);
	v.look_again_ns = demand_look_again(demand, room, v.margin_bytes, agent->tick_min_ns,
					    agent->tick_max_ns, QUIET_FACTOR * agent->tick_max_ns);
	target_judge(&g->target, &v, context->now_ns);
}

static void begin_sample(struct group *g, const struct group_context *context)
{
	struct group_sample *s = &g->sample;

	s->now_ns = context->now_ns;
	s->limit_bytes = group_limit_bytes(g);
	s->limit_is_high = g->limits.high < g->limits.max;
	s->swap_max_bytes = g->limits.swap_max;
	s->protected_bytes = g->protected_bytes;
	s->excluded = g->excluded || g->excluded_below || g->limits_unknown;
	s->anon_can_be_spared = context->anon_can_be_spared;
}

int group_read(struct group *g, const struct group_context *context, const char **ret_bad)
{
	begin_sample(g, context);
	g->sample.swap_is_futile = yield_is_poor_for_node(&g->yield, context->now_ns);
	return group_watch_read(&g->watch, &g->sample, ret_bad);
}

static struct group_plan decide(struct group *g, const struct group_context *context)
{
	struct headroom_record record = {
		.group = g->shared->id,
		.demand = g->target.demand,
		.sample = g->sample,
		.swap = *context->swap,
	};

	record.plan =
		headroom_decide(context->config, &record.demand, &record.sample, &record.swap);
	record_name(context->record, record.group, g->cgroup->path, &g->named);
	(void)record_put(context->record, RECORD_HEADROOM, &record);
	return record.plan;
}

/* What a lot says holds until the limit is hit. */
static void leave_alone(struct group *g, const struct group_context *context, struct verdict *v)
{
	struct holdout *lot = &g->held.lot;

	g->held.wished = true;
	holdout_look(lot, g->sample.events.max + g->sample.events.high, lot->stall_us, false);
	if (context->harmful)
		v->reason = VERDICT_HARMFUL;
	else if (holdout_holds(lot))
		v->reason = VERDICT_HELD_OUT;
}

int group_look(struct group *g, const struct group_context *context, const char **ret_bad)
{
	struct group_sample *s = &g->sample;
	struct group_plan plan;
	int r;

	begin_sample(g, context);
	s->excluded |= !g->settings.headroom;
	s->swap_is_futile = yield_is_poor_for_limit(&g->yield, context->now_ns);
	s->filling = verdict_acts(g->target.verdict.reason);
	r = memory_bytes_read(g->watch.current_fd, &s->current_bytes);
	if (r < 0)
		return r;
	if (is_far(g, context, s->current_bytes)) {
		/* Not read here: what it reads back until the next full look is not of one moment.
		 */
		s->refaulted_bytes = s->taken_bytes = 0;
		g->events_known = false;
		learn(g, s, false);
		judge_far(g, context);
		return 0;
	}
	r = group_watch_read(&g->watch, s, ret_bad);
	if (r < 0)
		return r;
	take_events(g, s);
	ledger_read_back(&g->target.ledger, s->refaulted_bytes);
	learn(g, s, true);
	plan = decide(g, context);
	if (verdict_acts(plan.verdict.reason) && backoff_waits(&g->backoff, s->now_ns)) {
		plan.verdict.reason = VERDICT_BACK_OFF;
		plan.verdict.look_again_ns = backoff_rest(&g->backoff, s->now_ns).left_ns;
	}
	if (verdict_acts(plan.verdict.reason))
		leave_alone(g, context, &plan.verdict);
	if (verdict_acts(plan.verdict.reason) && g->watch.reclaim_fd < 0) {
		plan.verdict.reason = VERDICT_NO_BACKEND;
		plan.verdict.look_again_ns = context->config->agent.tick_max_ns;
	}
	g->swappiness = plan.swappiness;
	target_judge(&g->target, &plan.verdict, context->now_ns);
	return 0;
}

int group_measure_taken(const struct group *g, uint64_t page_size, uint64_t bytes,
			uint64_t *ret_bytes, uint64_t *ret_demoted_bytes)
{
	const struct memory_stat *before = &g->sample.stat;
	struct group_sample now = {0};
	uint64_t proactive, demoted, fall;
	int r = group_watch_read(&g->watch, &now, NULL);

	if (r < 0)
		return r;
	proactive = minus(minus(now.stat.pgsteal_proactive, before->pgsteal_proactive),
			  minus(now.stat.pgdemote_proactive, before->pgdemote_proactive));
	demoted = minus(memory_stat_demoted_by_tasks(&now.stat),
			memory_stat_demoted_by_tasks(before));
	fall = MIN(minus(g->sample.current_bytes, now.current_bytes), 2 * bytes);
	*ret_bytes = MAX(proactive * page_size, fall);
	*ret_demoted_bytes = MIN(demoted * page_size, 2 * bytes);
	return 0;
}
