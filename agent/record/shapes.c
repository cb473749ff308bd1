/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of what records are made of. */
#include "agent/record/record.h"

static const struct field demand_fields[] = {
	NUMBER(struct demand, seen_ns),
	NUMBER(struct demand, used_bytes),
	NUMBER(struct demand, window_start_ns),
	NUMBER(struct demand, window_used_bytes),
	/* Signed, of the same size: two's complement passes through. */
	{"window_taken_bytes", FIELD_NUMBER, offsetof(struct demand, window_taken_bytes), 0, NULL},
	FLAG(struct demand, window_others_took),
	NUMBER(struct demand, rate_bytes_per_s),
	NUMBER(struct demand, peak_bytes_per_s),
	NUMBER(struct demand, file.bytes),
	NUMBER(struct demand, file.rate_bytes_per_s),
	NUMBER(struct demand, nonfile.bytes),
	NUMBER(struct demand, nonfile.rate_bytes_per_s),
	NUMBER(struct demand, growing_since_ns),
	NUMBER(struct demand, refaults.now.taken_bytes),
	NUMBER(struct demand, refaults.now.back_bytes),
	NUMBER(struct demand, refaults.last.taken_bytes),
	NUMBER(struct demand, refaults.last.back_bytes),
	NUMBER(struct demand, refaults.span_ns),
	NUMBER(struct demand, refaults.quiet_ns),
	NUMBER(struct demand, refaults.quiet_bytes),
	NUMBER(struct demand, stalls),
	NUMBER(struct demand, gain),
	NUMBER(struct demand, gain_ns),
};
static const struct shape demand_shape = SHAPE(struct demand, demand_fields);

static const struct field swap_fields[] = {
	NUMBER(struct swap_sample, total_bytes), NUMBER(struct swap_sample, free_bytes),
	FLAG(struct swap_sample, is_stuck),	 FLAG(struct swap_sample, is_worn),
	FLAG(struct swap_sample, is_denied),
};
static const struct shape swap_shape = SHAPE(struct swap_sample, swap_fields);

static const struct field stat_fields[] = {
	NUMBER(struct memory_stat, anon),
	NUMBER(struct memory_stat, file),
	NUMBER(struct memory_stat, kernel),
	NUMBER(struct memory_stat, shmem),
	NUMBER(struct memory_stat, file_mapped),
	NUMBER(struct memory_stat, file_dirty),
	NUMBER(struct memory_stat, file_writeback),
	NUMBER(struct memory_stat, swapcached),
	NUMBER(struct memory_stat, inactive_anon),
	NUMBER(struct memory_stat, active_anon),
	NUMBER(struct memory_stat, inactive_file),
	NUMBER(struct memory_stat, active_file),
	NUMBER(struct memory_stat, unevictable),
	NUMBER(struct memory_stat, slab_reclaimable),
	NUMBER(struct memory_stat, workingset_refault_anon),
	NUMBER(struct memory_stat, workingset_refault_file),
	NUMBER(struct memory_stat, pgscan),
	NUMBER(struct memory_stat, pgsteal),
	NUMBER(struct memory_stat, pgscan_direct),
	NUMBER(struct memory_stat, pgsteal_direct),
	NUMBER(struct memory_stat, pgscan_kswapd),
	NUMBER(struct memory_stat, pgsteal_kswapd),
	NUMBER(struct memory_stat, pgscan_proactive),
	NUMBER(struct memory_stat, pgsteal_proactive),
	NUMBER(struct memory_stat, pgdemote_kswapd),
	NUMBER(struct memory_stat, pgdemote_direct),
	NUMBER(struct memory_stat, pgdemote_khugepaged),
	NUMBER(struct memory_stat, pgdemote_proactive),
	NUMBER(struct memory_stat, pgfault),
	NUMBER(struct memory_stat, pgmajfault),
};
static const struct shape stat_shape = SHAPE(struct memory_stat, stat_fields);

static const struct field events_fields[] = {
	NUMBER(struct memory_events, low),	NUMBER(struct memory_events, high),
	NUMBER(struct memory_events, max),	NUMBER(struct memory_events, oom),
	NUMBER(struct memory_events, oom_kill),
};
static const struct shape events_shape = SHAPE(struct memory_events, events_fields);

static const struct field group_sample_fields[] = {
	NUMBER(struct group_sample, now_ns),
	NUMBER(struct group_sample, current_bytes),
	NUMBER(struct group_sample, limit_bytes),
	FLAG(struct group_sample, limit_is_high),
	NUMBER(struct group_sample, swap_current_bytes),
	NUMBER(struct group_sample, swap_max_bytes),
	NUMBER(struct group_sample, protected_bytes),
	PART(struct group_sample, stat, &stat_shape),
	PART(struct group_sample, events, &events_shape),
	NUMBER(struct group_sample, taken_bytes),
	NUMBER(struct group_sample, refaulted_bytes),
	FLAG(struct group_sample, excluded),
	FLAG(struct group_sample, filling),
	FLAG(struct group_sample, anon_can_be_spared),
	FLAG(struct group_sample, swap_is_futile),
	FLAG(struct group_sample, anon_thrashes),
	FLAG(struct group_sample, file_thrashes),
};
static const struct shape group_sample_shape = SHAPE(struct group_sample, group_sample_fields);

static const struct field node_sample_fields[] = {
	NUMBER(struct node_sample, now_ns),
	NUMBER(struct node_sample, managed_bytes),
	NUMBER(struct node_sample, free_bytes),
	NUMBER(struct node_sample, low_bytes),
	NUMBER(struct node_sample, high_bytes),
	NUMBER(struct node_sample, room_bytes),
	NUMBER(struct node_sample, percpu_bytes),
	NUMBER(struct node_sample, clean_file_bytes),
	NUMBER(struct node_sample, anon_bytes),
	NUMBER(struct node_sample, stalls),
	FLAG(struct node_sample, stalls_are_told),
	FLAG(struct node_sample, kswapd_ran),
	NUMBER(struct node_sample, others_room_bytes),
	FLAG(struct node_sample, bound_demand),
	FLAG(struct node_sample, filling),
	FLAG(struct node_sample, swap_is_futile),
	PART(struct node_sample, swap, &swap_shape),
	FLAG(struct node_sample, anon_can_be_spared),
};
static const struct shape node_sample_shape = SHAPE(struct node_sample, node_sample_fields);

static const struct field balance_history_fields[] = {
	CHOICE(struct balance_history, effort, EFFORT_FULL + 1),
	NUMBER(struct balance_history, fruitless),
	NUMBER(struct balance_history, hopeless_until_ns),
};
static const struct shape balance_history_shape =
	SHAPE(struct balance_history, balance_history_fields);

static const struct field trim_history_fields[] = {
	NUMBER(struct trim_history, seen_ns),
	NUMBER(struct trim_history, stall_total_us),
	NUMBER(struct trim_history, stall_us),
	NUMBER(struct trim_history, taken_bytes),
	NUMBER(struct trim_history, refaulted_bytes),
	NUMBER(struct trim_history, ratio_permyriad),
	NUMBER(struct trim_history, judged_ns),
	NUMBER(struct trim_history, pause_until_ns),
	FLAG(struct trim_history, due),
};
static const struct shape trim_history_shape = SHAPE(struct trim_history, trim_history_fields);

static const struct field trim_sample_fields[] = {
	NUMBER(struct trim_sample, stall_total_us),    FLAG(struct trim_sample, psi_triggered),
	NUMBER(struct trim_sample, cold_bytes),	       NUMBER(struct trim_sample, cold_file_bytes),
	NUMBER(struct trim_sample, working_set_bytes),
};
static const struct shape trim_sample_shape = SHAPE(struct trim_sample, trim_sample_fields);

static const struct field verdict_fields[] = {
	CHOICE(struct verdict, reason, VERDICT_REASONS),
	NUMBER(struct verdict, bytes),
	NUMBER(struct verdict, room_bytes),
	NUMBER(struct verdict, margin_bytes),
	NUMBER(struct verdict, rate_bytes_per_s),
	NUMBER(struct verdict, refault_permyriad),
	NUMBER(struct verdict, look_again_ns),
};
static const struct shape verdict_shape = SHAPE(struct verdict, verdict_fields);

static const struct field group_plan_fields[] = {
	PART(struct group_plan, verdict, &verdict_shape),
	INT(struct group_plan, swappiness),
};
static const struct shape group_plan_shape = SHAPE(struct group_plan, group_plan_fields);

static const struct field node_plan_fields[] = {
	PART(struct node_plan, verdict, &verdict_shape),
	CHOICE(struct node_plan, effort, EFFORT_FULL + 1),
	INT(struct node_plan, swappiness),
	NUMBER(struct node_plan, burst_bytes),
	FLAG(struct node_plan, here_alone),
};
static const struct shape node_plan_shape = SHAPE(struct node_plan, node_plan_fields);

static const struct field trim_terms_fields[] = {
	NUMBER(struct trim_terms, pressure),
	NUMBER(struct trim_terms, refault),
	NUMBER(struct trim_terms, promotion),
};
static const struct shape trim_terms_shape = SHAPE(struct trim_terms, trim_terms_fields);

static const struct field trim_plan_fields[] = {
	CHOICE(struct trim_plan, reason, TRIM_REASONS),
	NUMBER(struct trim_plan, bytes),
	INT(struct trim_plan, swappiness),
	PART(struct trim_plan, terms, &trim_terms_shape),
	NUMBER(struct trim_plan, ratio_permyriad),
	NUMBER(struct trim_plan, look_again_ns),
};
static const struct shape trim_plan_shape = SHAPE(struct trim_plan, trim_plan_fields);

static const struct field clean_sample_fields[] = {
	NUMBER(struct clean_sample, dirty_bytes),
	NUMBER(struct clean_sample, writeback_bytes),
	NUMBER(struct clean_sample, clean_bytes),
	NUMBER(struct clean_sample, room_bytes),
	NUMBER(struct clean_sample, wanted_bytes),
	NUMBER(struct clean_sample, rate_bytes_per_s),
	NUMBER(struct clean_sample, write_bytes_per_s),
	FLAG(struct clean_sample, came_short),
};
static const struct shape clean_sample_shape = SHAPE(struct clean_sample, clean_sample_fields);

static const struct field clean_need_fields[] = {
	CHOICE(struct clean_need, reason, CLEAN_REASONS),
	NUMBER(struct clean_need, bytes),
};
static const struct shape clean_need_shape = SHAPE(struct clean_need, clean_need_fields);

static const struct field order_want_fields[] = {
	CHOICE(struct order_want, order, BUDDY_ORDERS_MAX),
	NUMBER(struct order_want, bytes),
};
static const struct shape order_want_shape = SHAPE(struct order_want, order_want_fields);

static const struct field order_history_fields[] = {
	NUMBER(struct order_history, wait_ns),
	NUMBER(struct order_history, until_ns),
};
static const struct shape order_history_shape = SHAPE(struct order_history, order_history_fields);

static const struct field order_sample_fields[] = {
	NUMBER(struct order_sample, now_ns),	    NUMBER(struct order_sample, page_size),
	NUMBER(struct order_sample, free_bytes),    NUMBER(struct order_sample, low_bytes),
	NUMBER(struct order_sample, fitting_bytes), FLAG(struct order_sample, can_compact),
};
static const struct shape order_sample_shape = SHAPE(struct order_sample, order_sample_fields);

static const struct field order_plan_fields[] = {
	CHOICE(struct order_plan, reason, ORDER_REASONS),
	NUMBER(struct order_plan, missing_bytes),
};
static const struct shape order_plan_shape = SHAPE(struct order_plan, order_plan_fields);

static const struct field pageout_past_fields[] = {
	NUMBER(struct pageout_past, pid),	  NUMBER(struct pageout_past, still_ns),
	NUMBER(struct pageout_past, taken_bytes), NUMBER(struct pageout_past, left_bytes),
	NUMBER(struct pageout_past, rest_ns),	  NUMBER(struct pageout_past, rest_until_ns),
	NUMBER(struct pageout_past, used_ns),
};
static const struct shape pageout_past_shape = SHAPE(struct pageout_past, pageout_past_fields);

static const struct field pageout_sample_fields[] = {
	NUMBER(struct pageout_sample, now_ns), NUMBER(struct pageout_sample, resident_bytes),
	FLAG(struct pageout_sample, frozen),   FLAG(struct pageout_sample, stopped),
	FLAG(struct pageout_sample, named),    FLAG(struct pageout_sample, cold_only),
};
static const struct shape pageout_sample_shape =
	SHAPE(struct pageout_sample, pageout_sample_fields);

static const struct field pageout_decision_fields[] = {
	PART(struct pageout_decision, past, &pageout_past_shape),
	PART(struct pageout_decision, sample, &pageout_sample_shape),
	CHOICE(struct pageout_decision, reason, PAGEOUT_REASONS),
};
static const struct shape pageout_decision_shape =
	SHAPE(struct pageout_decision, pageout_decision_fields);

static const struct field generations_fields[] = {
	LENGTH(struct lru_generations, n, LRU_GENERATIONS_MAX),
	NUMBER(struct lru_generations, generation[0].number),
	NUMBER(struct lru_generations, generation[0].age_ms),
	NUMBER(struct lru_generations, generation[0].anon_pages),
	NUMBER(struct lru_generations, generation[0].file_pages),
	NUMBER(struct lru_generations, generation[1].number),
	NUMBER(struct lru_generations, generation[1].age_ms),
	NUMBER(struct lru_generations, generation[1].anon_pages),
	NUMBER(struct lru_generations, generation[1].file_pages),
	NUMBER(struct lru_generations, generation[2].number),
	NUMBER(struct lru_generations, generation[2].age_ms),
	NUMBER(struct lru_generations, generation[2].anon_pages),
	NUMBER(struct lru_generations, generation[2].file_pages),
	NUMBER(struct lru_generations, generation[3].number),
	NUMBER(struct lru_generations, generation[3].age_ms),
	NUMBER(struct lru_generations, generation[3].anon_pages),
	NUMBER(struct lru_generations, generation[3].file_pages),
};
static const struct shape generations_shape = SHAPE(struct lru_generations, generations_fields);

static const struct field share_fields[] = {
	NUMBER(struct memory_node_share, anon),
	NUMBER(struct memory_node_share, file),
	NUMBER(struct memory_node_share, shmem),
	NUMBER(struct memory_node_share, file_dirty),
	NUMBER(struct memory_node_share, file_writeback),
	NUMBER(struct memory_node_share, inactive_anon),
	NUMBER(struct memory_node_share, active_anon),
	NUMBER(struct memory_node_share, inactive_file),
	NUMBER(struct memory_node_share, active_file),
	NUMBER(struct memory_node_share, unevictable),
	NUMBER(struct memory_node_share, slab_reclaimable),
};
static const struct shape share_shape = SHAPE(struct memory_node_share, share_fields);

static const struct field evict_sample_fields[] = {
	NUMBER(struct evict_sample, page_size),
	NUMBER(struct evict_sample, wanted_bytes),
	PART(struct evict_sample, generations, &generations_shape),
	PART(struct evict_sample, here, &share_shape),
};
static const struct shape evict_sample_shape = SHAPE(struct evict_sample, evict_sample_fields);

static const struct field evict_plan_fields[] = {
	CHOICE(struct evict_plan, reason, EVICT_REASONS),
	NUMBER(struct evict_plan, generation),
	NUMBER(struct evict_plan, pages),
};
static const struct shape evict_plan_shape = SHAPE(struct evict_plan, evict_plan_fields);

static const struct field slab_sample_fields[] = {
	CHOICE(struct slab_sample, reason, VERDICT_REASONS),
	NUMBER(struct slab_sample, wanted_bytes),
	NUMBER(struct slab_sample, slab_bytes),
	NUMBER(struct slab_sample, since_ns),
	FLAG(struct slab_sample, anyone_is_spared),
};
static const struct shape slab_sample_shape = SHAPE(struct slab_sample, slab_sample_fields);

static const struct field headroom_fields[] = {
	NUMBER(struct headroom_record, group),
	PART(struct headroom_record, demand, &demand_shape),
	PART(struct headroom_record, sample, &group_sample_shape),
	PART(struct headroom_record, swap, &swap_shape),
	PART(struct headroom_record, plan, &group_plan_shape),
};

static const struct field balance_fields[] = {
	NUMBER(struct balance_record, node),
	PART(struct balance_record, demand, &demand_shape),
	PART(struct balance_record, history, &balance_history_shape),
	PART(struct balance_record, sample, &node_sample_shape),
	PART(struct balance_record, plan, &node_plan_shape),
};

static const struct field trim_fields[] = {
	NUMBER(struct trim_record, group),
	PART(struct trim_record, history, &trim_history_shape),
	PART(struct trim_record, sample, &group_sample_shape),
	PART(struct trim_record, trim, &trim_sample_shape),
	PART(struct trim_record, swap, &swap_shape),
	PART(struct trim_record, plan, &trim_plan_shape),
};

static const struct field clean_fields[] = {
	NUMBER(struct clean_record, target),
	FLAG(struct clean_record, of_node),
	NUMBER(struct clean_record, now_ns),
	PART(struct clean_record, sample, &clean_sample_shape),
	PART(struct clean_record, need, &clean_need_shape),
};

static const struct field order_fields[] = {
	NUMBER(struct order_record, node),
	FLAG(struct order_record, once),
	PART(struct order_record, want, &order_want_shape),
	PART(struct order_record, history, &order_history_shape),
	PART(struct order_record, sample, &order_sample_shape),
	NUMBER(struct order_record, fitting_bytes[0]),
	NUMBER(struct order_record, fitting_bytes[1]),
	NUMBER(struct order_record, fitting_bytes[2]),
	NUMBER(struct order_record, fitting_bytes[3]),
	NUMBER(struct order_record, fitting_bytes[4]),
	NUMBER(struct order_record, fitting_bytes[5]),
	NUMBER(struct order_record, fitting_bytes[6]),
	NUMBER(struct order_record, fitting_bytes[7]),
	NUMBER(struct order_record, fitting_bytes[8]),
	NUMBER(struct order_record, fitting_bytes[9]),
	NUMBER(struct order_record, fitting_bytes[10]),
	NUMBER(struct order_record, fitting_bytes[11]),
	NUMBER(struct order_record, fitting_bytes[12]),
	NUMBER(struct order_record, fitting_bytes[13]),
	NUMBER(struct order_record, fitting_bytes[14]),
	NUMBER(struct order_record, fitting_bytes[15]),
	PART(struct order_record, plan, &order_plan_shape),
};

static const struct field pageout_fields[] = {
	NUMBER(struct pageout_record, group),
	PART(struct pageout_record, decision, &pageout_decision_shape),
};

static const struct field evict_fields[] = {
	NUMBER(struct evict_record, group),
	NUMBER(struct evict_record, now_ns),
	PART(struct evict_record, sample, &evict_sample_shape),
	PART(struct evict_record, plan, &evict_plan_shape),
};

static const struct field slab_fields[] = {
	NUMBER(struct slab_record, node),
	NUMBER(struct slab_record, now_ns),
	PART(struct slab_record, sample, &slab_sample_shape),
	FLAG(struct slab_record, drops),
};

static const struct field outcome_fields[] = {
	NUMBER(struct outcome_record, target),
	FLAG(struct outcome_record, of_node),
	CHOICE(struct outcome_record, decision, RECORD_OUTCOME),
	FLAG(struct outcome_record, dry),
	INT(struct outcome_record, error),
	NUMBER(struct outcome_record, now_ns),
	NUMBER(struct outcome_record, asked_bytes),
	NUMBER(struct outcome_record, applied_bytes),
	NUMBER(struct outcome_record, net_bytes),
	NUMBER(struct outcome_record, swapped_bytes),
	NUMBER(struct outcome_record, wall_ns),
	NUMBER(struct outcome_record, cpu_ns),
};

const struct shape *record_shape(enum record_kind kind)
{
	static const struct shape shapes[] = {
		[RECORD_HEADROOM] = SHAPE(struct headroom_record, headroom_fields),
		[RECORD_BALANCE] = SHAPE(struct balance_record, balance_fields),
		[RECORD_TRIM] = SHAPE(struct trim_record, trim_fields),
		[RECORD_CLEAN] = SHAPE(struct clean_record, clean_fields),
		[RECORD_ORDER] = SHAPE(struct order_record, order_fields),
		[RECORD_PAGEOUT] = SHAPE(struct pageout_record, pageout_fields),
		[RECORD_EVICT] = SHAPE(struct evict_record, evict_fields),
		[RECORD_SLAB] = SHAPE(struct slab_record, slab_fields),
		[RECORD_OUTCOME] = SHAPE(struct outcome_record, outcome_fields),
	};

	return kind >= RECORD_HEADROOM && kind < RECORD_KINDS ? &shapes[kind] : NULL;
}

const char *record_plans_differ(enum record_kind kind, const void *a, const void *b)
{
	static const struct field drops[] = {FLAG(struct slab_record, drops)};
	static const struct shape slab_shape = SHAPE(struct slab_record, drops);

	switch (kind) {
	case RECORD_HEADROOM:
		return shape_difference(&group_plan_shape, a, b);
	case RECORD_BALANCE:
		return shape_difference(&node_plan_shape, a, b);
	case RECORD_TRIM:
		return shape_difference(&trim_plan_shape, a, b);
	case RECORD_CLEAN:
		return shape_difference(&clean_need_shape, a, b);
	case RECORD_ORDER:
		return shape_difference(&order_plan_shape, a, b);
	case RECORD_PAGEOUT:
		return shape_difference(&pageout_decision_shape, a, b);
	case RECORD_EVICT:
		return shape_difference(&evict_plan_shape, a, b);
	case RECORD_SLAB:
		return shape_difference(&slab_shape, a, b);
	default:
		return NULL;
	}
}
