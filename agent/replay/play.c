/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/replay/play.h"

#include "base/saturate.h"

#include <errno.h>
#include <search.h>
#include <string.h>

int play_begin(struct play *p, const char *const *overrides, size_t n_overrides)
{
	*p = (struct play){.overrides = overrides, .n_overrides = n_overrides};
	p->recorded = calloc(2 * PLAY_LANES, sizeof(*p->recorded));
	p->replayed = p->recorded + PLAY_LANES;
	return p->recorded ? 0 : -ENOMEM;
}

static void nothing(void *target)
{
	(void)target;
}

void play_end(struct play *p)
{
	tdestroy(p->index, nothing);
	while (p->targets) {
		struct play_target *next = p->targets->next;

		free(p->targets);
		p->targets = next;
	}
	free(p->recorded);
}

static int compare(const void *a, const void *b)
{
	const struct play_target *left = a, *right = b;

	if (left->kind != right->kind)
		return left->kind < right->kind ? -1 : 1;
	if (left->is_node != right->is_node)
		return left->is_node ? 1 : -1;
	return (left->id > right->id) - (left->id < right->id);
}

static struct play_target *find(const struct play *p, enum record_kind kind, bool is_node,
				uint64_t id)
{
	const struct play_target key = {.kind = kind, .is_node = is_node, .id = id};
	struct play_target **found = tfind(&key, &p->index, compare);

	return found ? *found : NULL;
}

/* Finds or makes it. NULL: out of memory. */
static struct play_target *target_of(struct play *p, enum record_kind kind, bool is_node,
				     uint64_t id)
{
	struct play_target *t = find(p, kind, is_node, id);

	if (t)
		return t;
	t = calloc(1, sizeof(*t));
	if (!t)
		return NULL;
	t->kind = kind;
	t->is_node = is_node;
	t->id = id;
	if (!tsearch(t, &p->index, compare)) {
		free(t);
		return NULL;
	}
	t->next = p->targets;
	p->targets = t;
	return t;
}

const char *play_name(const struct play *p, const struct play_target *target)
{
	const struct play_target *named = find(p, RECORD_NAME, false, target->id);

	return named && !target->is_node ? named->name : NULL;
}

static void note_time(struct play *p, uint64_t now_ns)
{
	if (p->begun_ns == 0 || now_ns < p->begun_ns)
		p->begun_ns = now_ns;
	p->ended_ns = MAX(p->ended_ns, now_ns);
}

static void note(struct play *p, enum record_kind kind, const struct play_difference *d)
{
	struct policy_sum *sum = &p->policies[kind];

	sum->decisions++;
	sum->differences += d->field != NULL;
	sum->recorded_bytes = plus(sum->recorded_bytes, d->recorded_bytes);
	sum->replayed_bytes = plus(sum->replayed_bytes, d->replayed_bytes);
	note_time(p, d->now_ns);
}

static void tell_verdicts(const struct verdict *recorded, const struct verdict *replayed,
			  struct play_difference *ret)
{
	ret->recorded_reason = verdict_name(recorded->reason);
	ret->replayed_reason = verdict_name(replayed->reason);
	ret->recorded_bytes = recorded->bytes;
	ret->replayed_bytes = replayed->bytes;
}

static void play_headroom(const struct config *config, struct play_target *t,
			  const struct headroom_record *r, struct play_difference *ret)
{
	struct group_plan plan = headroom_decide(config, &r->demand, &r->sample, &r->swap);

	ret->field = record_plans_differ(RECORD_HEADROOM, &r->plan, &plan);
	ret->now_ns = r->sample.now_ns;
	tell_verdicts(&r->plan.verdict, &plan.verdict, ret);
	score_alarm(&t->alarm, r->sample.now_ns, plan.verdict.bytes > 0,
		    r->sample.limit_is_high ? r->sample.events.high : r->sample.events.max);
}

static void play_balance(const struct config *config, struct play_target *t,
			 const struct balance_record *r, struct play_difference *ret)
{
	struct node_plan plan = balance_decide(config, &r->demand, &r->history, &r->sample);

	ret->field = record_plans_differ(RECORD_BALANCE, &r->plan, &plan);
	ret->now_ns = r->sample.now_ns;
	tell_verdicts(&r->plan.verdict, &plan.verdict, ret);
	t->kswapd_runs += r->sample.kswapd_ran;
	score_alarm(&t->alarm, r->sample.now_ns, plan.verdict.bytes > 0,
		    plus(r->sample.stalls, t->kswapd_runs));
}

static void add_step(struct law_sum *sum, const struct trim_record *r, uint64_t bytes,
		     bool returning)
{
	sum->steps += bytes > 0;
	sum->bytes = plus(sum->bytes, bytes);
	sum->most_bytes = MAX(sum->most_bytes, bytes);
	sum->returning_bytes = plus(sum->returning_bytes, returning ? bytes : 0);
	if (r->trim.cold_bytes != TRIM_AGE_UNKNOWN)
		sum->beyond_bytes = plus(sum->beyond_bytes, minus(bytes, r->trim.cold_bytes));
}

static void play_laws(struct play *p, struct play_target *t, const struct trim_record *r,
		      const struct trim_plan *ours)
{
	bool returning = ours->terms.refault == 0 || ours->terms.promotion == 0;

	add_step(&p->laws[LAW_OURS], r, ours->bytes, returning);
	add_step(&p->laws[LAW_TMO], r, law_tmo(&t->laws[LAW_TMO], &r->sample, &r->trim), returning);
	add_step(&p->laws[LAW_SENPAI], r, law_senpai(&t->laws[LAW_SENPAI], &r->sample, &r->trim),
		 returning);
}

static void play_trim(struct play *p, const struct config *config, struct play_target *t,
		      const struct trim_record *r, struct play_difference *ret)
{
	struct trim_plan plan;

	/* It began anew, or this is the first that is known of it. */
	if (p->n_overrides == 0 || r->history.seen_ns == 0 || t->history.seen_ns == 0)
		t->history = r->history;
	trim_learn(&t->history, &config->trim, &r->sample, &r->trim);
	plan = trim_decide(&config->trim, &config->protect, &t->history, &r->sample, &r->trim,
			   &r->swap);
	*ret = (struct play_difference){
		.field = record_plans_differ(RECORD_TRIM, &r->plan, &plan),
		.now_ns = r->sample.now_ns,
		.recorded_reason = trim_reason_name(r->plan.reason),
		.replayed_reason = trim_reason_name(plan.reason),
		.recorded_bytes = r->plan.bytes,
		.replayed_bytes = plan.bytes,
	};
	p->taken_bytes = plus(p->taken_bytes, r->sample.taken_bytes);
	p->refaulted_bytes = plus(p->refaulted_bytes, r->sample.refaulted_bytes);
	score_cold(&t->cold, r->sample.now_ns, plan.bytes, r->trim.cold_bytes);
	play_laws(p, t, r, &plan);
}

/* Only what is said ahead of it is an announcement. */
static void play_clean(const struct config *config, struct play_target *t,
		       const struct clean_record *r, struct play_difference *ret)
{
	struct clean_need need = clean_decide(config->clean.enabled, &r->sample);
	bool is_short = r->sample.came_short && r->sample.wanted_bytes > 0;

	*ret = (struct play_difference){
		.field = record_plans_differ(RECORD_CLEAN, &r->need, &need),
		.now_ns = r->now_ns,
		.recorded_reason = clean_reason_name(r->need.reason),
		.replayed_reason = clean_reason_name(need.reason),
		.recorded_bytes = r->need.bytes,
		.replayed_bytes = need.bytes,
	};
	t->short_times += is_short && !t->is_short;
	t->is_short = is_short;
	score_alarm(&t->alarm, r->now_ns, need.reason == CLEAN_AHEAD, t->short_times);
}

/* What uswapctl asked for once is wanted as it was. */
static struct order_want want_of(const struct config *config, const struct order_record *r)
{
	return r->once ? r->want
		       : (struct order_want){
				 .order = (unsigned int)config->balance.order,
				 .bytes = config->balance.order_free_bytes,
			 };
}

static uint64_t lacking(const struct order_want *want, const struct order_sample *s,
			const struct order_plan *plan)
{
	return plan->reason == ORDER_COMPACT ? minus(want->bytes, s->fitting_bytes) : 0;
}

static void play_order(const struct config *config, struct play_target *t,
		       const struct order_record *r, struct play_difference *ret)
{
	struct order_want want = want_of(config, r);
	struct order_sample sample = r->sample;
	struct order_plan plan;

	if (want.order != r->want.order)
		sample.fitting_bytes = r->fitting_bytes[want.order];
	plan = order_decide(&want, &r->history, &sample);
	*ret = (struct play_difference){
		.field = record_plans_differ(RECORD_ORDER, &r->plan, &plan),
		.now_ns = r->sample.now_ns,
		.recorded_reason = order_reason_name(r->plan.reason),
		.replayed_reason = order_reason_name(plan.reason),
		.recorded_bytes = lacking(&r->want, &r->sample, &r->plan),
		.replayed_bytes = lacking(&want, &sample, &plan),
	};
	score_need(&t->pieces, plan.reason == ORDER_COMPACT);
}

static uint64_t meant(const struct pageout_decision *d)
{
	return pageout_acts(d->reason) ? d->sample.resident_bytes : 0;
}

static void play_pageout(const struct config *config, const struct pageout_record *r,
			 struct play_difference *ret)
{
	struct pageout_decision d = r->decision;
	struct pageout_past past = d.past;

	d.reason = pageout_decide(&config->pageout, &d.sample, &past);
	*ret = (struct play_difference){
		.field = record_plans_differ(RECORD_PAGEOUT, &r->decision, &d),
		.now_ns = d.sample.now_ns,
		.recorded_reason = pageout_reason_name(r->decision.reason),
		.replayed_reason = pageout_reason_name(d.reason),
		.recorded_bytes = meant(&r->decision),
		.replayed_bytes = meant(&d),
	};
}

static void play_evict(const struct config *config, const struct evict_record *r,
		       struct play_difference *ret)
{
	struct evict_plan plan = evict_decide(config->balance.lru_gen, &r->sample);

	*ret = (struct play_difference){
		.field = record_plans_differ(RECORD_EVICT, &r->plan, &plan),
		.now_ns = r->now_ns,
		.recorded_reason = evict_reason_name(r->plan.reason),
		.replayed_reason = evict_reason_name(plan.reason),
		.recorded_bytes = scale(r->plan.pages, r->sample.page_size, 1),
		.replayed_bytes = scale(plan.pages, r->sample.page_size, 1),
	};
}

static uint64_t dropped(const struct slab_record *r)
{
	return r->drops ? r->sample.slab_bytes : 0;
}

static void play_slab(const struct config *config, const struct slab_record *r,
		      struct play_difference *ret)
{
	static const char *const names[] = {"leave", "drop"};
	struct slab_record replayed = *r;

	replayed.drops = slab_decide(config->balance.drop_slab, &r->sample);
	*ret = (struct play_difference){
		.field = record_plans_differ(RECORD_SLAB, r, &replayed),
		.now_ns = r->now_ns,
		.recorded_reason = names[r->drops],
		.replayed_reason = names[replayed.drops],
		.recorded_bytes = dropped(r),
		.replayed_bytes = dropped(&replayed),
	};
}

static void take_outcome(struct play *p, const struct outcome_record *o)
{
	struct outcome_sum *sum = &p->outcomes[o->decision];
	struct play_target *t = find(p, o->decision, o->of_node, o->target);

	note_time(p, o->now_ns);
	/* Of what was done about it the next look does not tell whether it was needed. */
	if (t && !o->dry)
		t->pieces.open = false;
	if (o->dry) {
		sum->wished++;
		sum->wished_bytes = plus(sum->wished_bytes, o->asked_bytes);
		return;
	}
	sum->requests++;
	sum->failed += o->error < 0;
	sum->asked_bytes = plus(sum->asked_bytes, o->asked_bytes);
	sum->applied_bytes = plus(sum->applied_bytes, o->applied_bytes);
	sum->net_bytes = plus(sum->net_bytes, o->net_bytes);
	sum->swapped_bytes = plus(sum->swapped_bytes, o->swapped_bytes);
	sum->cpu_ns = plus(sum->cpu_ns, o->cpu_ns);
}

static bool is_of_node(const struct record *record)
{
	switch (record->kind) {
	case RECORD_BALANCE:
	case RECORD_ORDER:
	case RECORD_SLAB:
		return true;
	case RECORD_CLEAN:
		return record->clean.of_node;
	default:
		return false;
	}
}

static int play_decision(struct play *p, const struct record *record, struct play_difference *ret)
{
	const struct config *config = &p->replayed[record->worker];
	struct play_difference d = {0};
	/* All begin with it. */
	struct play_target *t =
		target_of(p, record->kind, is_of_node(record), record->headroom.group);

	if (!t)
		return -ENOMEM;
	switch (record->kind) {
	case RECORD_HEADROOM:
		play_headroom(config, t, &record->headroom, &d);
		break;
	case RECORD_BALANCE:
		play_balance(config, t, &record->balance, &d);
		break;
	case RECORD_CLEAN:
		play_clean(config, t, &record->clean, &d);
		break;
	case RECORD_ORDER:
		play_order(config, t, &record->order, &d);
		break;
	case RECORD_PAGEOUT:
		play_pageout(config, &record->pageout, &d);
		break;
	case RECORD_EVICT:
		play_evict(config, &record->evict, &d);
		break;
	case RECORD_SLAB:
		play_slab(config, &record->slab, &d);
		break;
	default:
		play_trim(p, config, t, &record->trim, &d);
	}
	d.target = t;
	note(p, record->kind, &d);
	*ret = d;
	return 0;
}

static int take_name(struct play *p, const struct name_record *name)
{
	struct play_target *t = target_of(p, RECORD_NAME, false, name->group);

	if (!t)
		return -ENOMEM;
	memcpy(t->name, name->name, sizeof(t->name));
	return 0;
}

static int take_settings(struct play *p, const struct record *record,
			 struct config_error *ret_error)
{
	uint64_t worker = record->worker;

	p->recorded[worker] = record->settings;
	p->has_settings[worker] = true;
	return config_override(&p->recorded[worker], p->overrides, p->n_overrides,
			       &p->replayed[worker], ret_error);
}

int play_record(struct play *p, const struct record *record, struct play_difference *ret_difference,
		struct config_error *ret_error)
{
	*ret_difference = (struct play_difference){0};
	if (record->worker >= PLAY_LANES) {
		p->unplayed++;
		return 0;
	}
	switch (record->kind) {
	case RECORD_SETTINGS:
		return take_settings(p, record, ret_error);
	case RECORD_NAME:
		return take_name(p, &record->name);
	case RECORD_LOST:
		p->lost = plus(p->lost, record->lost);
		return 0;
	case RECORD_OUTCOME:
		take_outcome(p, &record->outcome);
		return 0;
	default:
		if (p->has_settings[record->worker])
			return play_decision(p, record, ret_difference);
		p->unplayed++;
		return 0;
	}
}

static void add_alarms(struct alarm_score *sum, const struct alarm_score *part)
{
	sum->announcements += part->announcements;
	sum->came_true += part->came_true;
	sum->false_alarms += part->false_alarms;
	sum->not_announced += part->not_announced;
}

void play_sum(struct play *p)
{
	for (const struct play_target *t = p->targets; t; t = t->next) {
		if (t->kind == RECORD_BALANCE)
			add_alarms(&p->nodes, &t->alarm);
		else if (t->kind == RECORD_HEADROOM)
			add_alarms(&p->groups, &t->alarm);
		else if (t->kind == RECORD_CLEAN)
			add_alarms(&p->dirty, &t->alarm);
		p->cold.judged_bytes = plus(p->cold.judged_bytes, t->cold.judged_bytes);
		p->cold.right_bytes = plus(p->cold.right_bytes, t->cold.right_bytes);
		p->pieces.still += t->pieces.still;
		p->pieces.by_itself += t->pieces.by_itself;
		p->cold.unknown_steps += t->cold.unknown_steps;
	}
}
