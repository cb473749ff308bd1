/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/report/json_put.h"
#include "stress/report/report.h"

static json_t *slow_json(const struct slow_touches *slow)
{
	json_t *to = json_object();

	for (int i = 0; i < SLOW_CAUSES; i++) {
		json_t *cause = json_object();

		put(cause, "count", slow->count[i]);
		put(cause, "total_ns", slow->total_ns[i]);
		(void)json_object_set_new(to, slow_cause_name((enum slow_cause)i), cause);
	}
	put(to, "mixed", slow->mixed);
	return to;
}

static json_t *histogram_json(const struct load *load, const struct histogram *histogram)
{
	json_t *to = json_object(), *buckets = json_array();

	put(to, "count", histogram->count);
	put(to, "total_ns", histogram->total_ns);
	put(to, "mean_ns", histogram_mean_ns(histogram));
	put(to, "p50_ns", histogram_percentile_ns(histogram, 5000));
	put(to, "p90_ns", histogram_percentile_ns(histogram, 9000));
	put(to, "p99_ns", histogram_percentile_ns(histogram, 9900));
	put(to, "p99_9_ns", histogram_percentile_ns(histogram, 9990));
	put(to, "max_ns", histogram->max_ns);
	put(to, "slow",
	    histogram->slow ? slow_count(histogram->slow)
			    : histogram_count_above(histogram, load->settings->slow_ns));
	if (histogram->slow)
		(void)json_object_set_new(to, "slow_by_cause", slow_json(histogram->slow));
	/* [largest value in ns, count] of the buckets that are not empty: enough to merge runs. */
	for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
		if (histogram->buckets[i])
			(void)json_array_append_new(
				buckets, json_pack("[o, o]", number(histogram_bucket_end(i)),
						   number(histogram->buckets[i])));
	(void)json_object_set_new(to, "buckets", buckets);
	return to;
}

static json_t *rate_json(const struct load *load)
{
	const struct worker_block *block = load->block;
	json_t *to = json_object();

	if (load->settings->rate_bytes != SCHEDULE_UNLIMITED)
		put(to, "asked_bytes_per_s", load->settings->rate_bytes);
	put(to, "debt_bytes", block->debt_bytes);
	put(to, "debt_max_bytes", block->debt_max_bytes);
	put(to, "lost_bytes", block->lost_bytes);
	put(to, "floor_waits", block->floor_waits);
	if (load->settings->set_point.signal != SETPOINT_NONE) {
		put(to, "set_point", load->plan->set_point);
		put(to, "looks", block_get(&block->looks));
		put(to, "looks_within_2_percent", block_get(&block->looks_near));
	}
	return to;
}

static json_t *verify_json(const struct load *load)
{
	static const char *const names[] = {"end", "sample", "none"};
	const struct worker_block *block = load->block;
	json_t *to = json_object();

	(void)json_object_set_new(to, "verify", json_string(names[load->settings->verify]));
	put(to, "pages", block_get(&block->verified_pages));
	put(to, "bad_pages", block->bad_pages);
	put(to, "skipped_pages", block->skipped_pages);
	put(to, "duration_ns", block->verify_ns);
	put(to, "checks", block_get(&block->checks));
	put(to, "checked_pages", block_get(&block->checked_pages));
	if (block->bad_pages) {
		put(to, "first_bad_page", block->first_bad.page);
		put(to, "first_bad_offset", block->first_bad.error.offset);
		put(to, "first_bad_after_ns", block->first_bad.found_ns - block->started_ns);
	}
	return to;
}

static json_t *nodes_json(const struct node_list *nodes)
{
	json_t *to = json_array();

	for (size_t i = 0; i < nodes->n; i++)
		(void)json_array_append_new(to, number(nodes->ids[i]));
	return to;
}

json_t *load_json(const struct run_worker *worker)
{
	const struct load *load = &worker->load;
	const struct load_settings *settings = load->settings;
	const struct worker_block *block = load->block;
	uint64_t ns = MAX(grown(block->started_ns, block->ended_ns), UINT64_C(1));
	uint64_t operations = block_get(&block->operations), bytes = block_get(&block->bytes);
	json_t *to = json_object();

	(void)json_object_set_new(to, "name", json_string(load->name));
	(void)json_object_set_new(to, "type", json_string(load->ops->name));
	if (settings->group[0])
		(void)json_object_set_new(to, "group", json_string(settings->group));
	if (settings->nodes.n == 1)
		put(to, "node", settings->nodes.ids[0]);
	else if (settings->nodes.n)
		(void)json_object_set_new(to, "nodes", nodes_json(&settings->nodes));
	(void)json_object_set_new(to, "end", json_string(worker_end_name(worker->end)));
	put(to, "pid", (uint64_t)worker->pid);
	put(to, "seed", load->seed);
	put(to, "size_bytes", load->plan->size_bytes);
	put(to, "duration_ns", ns);
	put(to, "operations", operations);
	put(to, "bytes", bytes);
	(void)json_object_set_new(to, "operations_per_s",
				  json_real((double)operations * 1e9 / (double)ns));
	(void)json_object_set_new(to, "bytes_per_s", json_real((double)bytes * 1e9 / (double)ns));
	put(to, "passes", block_get(&block->passes));
	put(to, "rounds", block_get(&block->rounds));
	put(to, "cached_at_start_pages", block->cached_at_start_pages);
	put(to, "resident_pages", block_get(&block->resident_pages));
	(void)json_object_set_new(to, "first", histogram_json(load, &block->first));
	(void)json_object_set_new(to, "reuse", histogram_json(load, &block->reuse));
	(void)json_object_set_new(to, "rate", rate_json(load));
	(void)json_object_set_new(to, "contents", verify_json(load));
	if (worker->has_share) {
		put(to, "on_node_bytes", worker->share.on_node_bytes);
		put(to, "elsewhere_bytes", worker->share.elsewhere_bytes);
	}
	put(to, "ratio_asked_percent", settings->ratio_percent);
	put(to, "ratio_lz4_percent", worker->ratio_percent);
	put(to, "cpu_ns", block->cpu_ns);
	put(to, "minor_faults", block->minor_faults);
	put(to, "major_faults", block->major_faults);
	put(to, "voluntary_switches", block->voluntary_switches);
	put(to, "involuntary_switches", block->involuntary_switches);
	return to;
}
