/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/report/report.h"

#include "stress/report/json_put.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

static json_t *events_json(const struct memory_events *begin, const struct memory_events *end)
{
	json_t *to = json_object();

	put(to, "low", grown(begin->low, end->low));
	put(to, "high", grown(begin->high, end->high));
	put(to, "max", grown(begin->max, end->max));
	put(to, "oom", grown(begin->oom, end->oom));
	put(to, "oom_kill", grown(begin->oom_kill, end->oom_kill));
	return to;
}

#define PUT_GROWN(field) put(to, #field, grown(begin->field, end->field))

static json_t *stat_json(const struct memory_stat *begin, const struct memory_stat *end)
{
	json_t *to = json_object();

	PUT_GROWN(workingset_refault_anon);
	PUT_GROWN(workingset_refault_file);
	PUT_GROWN(pgscan);
	PUT_GROWN(pgsteal);
	PUT_GROWN(pgscan_direct);
	PUT_GROWN(pgsteal_direct);
	PUT_GROWN(pgscan_kswapd);
	PUT_GROWN(pgsteal_kswapd);
	PUT_GROWN(pgscan_proactive);
	PUT_GROWN(pgsteal_proactive);
	PUT_GROWN(pgfault);
	PUT_GROWN(pgmajfault);
	return to;
}

static json_t *psi_json(const struct psi_totals *begin, const struct psi_totals *end)
{
	json_t *to = json_object();

	PUT_GROWN(some_us);
	PUT_GROWN(full_us);
	return to;
}

static json_t *level_json(const struct group_reading *reading)
{
	json_t *to = json_object();

	put(to, "current_bytes", reading->current_bytes);
	put(to, "swap_bytes", reading->swap_bytes);
	put(to, "anon_bytes", reading->stat.anon);
	put(to, "file_bytes", reading->stat.file);
	put(to, "file_dirty_bytes", reading->stat.file_dirty);
	return to;
}

static json_t *group_json(const struct run *run, size_t i)
{
	const struct measures *results = measure_results(run->measure);
	const struct group_measures *group = &results->groups[i];
	const struct job_group *said = &run->job->groups[i];
	json_t *to = json_object(), *settings = json_object();

	(void)json_object_set_new(to, "name", json_string(said->name));
	(void)json_object_set_new(to, "path", json_string(placement_group_path(run->placement, i)));
	for (size_t k = 0; k < said->n_knobs; k++)
		(void)json_object_set_new(settings, said->knobs[k].file,
					  json_string(run->plan->groups[i].values[k]));
	(void)json_object_set_new(to, "settings", settings);
	if (results->has_group_psi)
		(void)json_object_set_new(to, "stall",
					  psi_json(&group->begin.psi, &group->end.psi));
	(void)json_object_set_new(to, "events",
				  events_json(&group->begin.events, &group->end.events));
	(void)json_object_set_new(
		to, "events_local",
		events_json(&group->begin.events_local, &group->end.events_local));
	(void)json_object_set_new(to, "stat", stat_json(&group->begin.stat, &group->end.stat));
	(void)json_object_set_new(to, "begin", level_json(&group->begin));
	(void)json_object_set_new(to, "end", level_json(&group->end));
	put(to, "peak_bytes", group->peak_bytes);
	return to;
}

static json_t *vmstat_json(const struct vmstat *begin, const struct vmstat *end)
{
	json_t *to = json_object();

	PUT_GROWN(allocstall);
	PUT_GROWN(pgscan_direct);
	PUT_GROWN(pgsteal_direct);
	PUT_GROWN(pgscan_kswapd);
	PUT_GROWN(pgsteal_kswapd);
	PUT_GROWN(pgscan_proactive);
	PUT_GROWN(pgsteal_proactive);
	PUT_GROWN(pswpin);
	PUT_GROWN(pswpout);
	PUT_GROWN(pgfault);
	PUT_GROWN(pgmajfault);
	PUT_GROWN(workingset_refault_anon);
	PUT_GROWN(workingset_refault_file);
	PUT_GROWN(oom_kill);
	return to;
}

static json_t *node_json(const struct node_measures *node)
{
	json_t *to = json_object();

	put(to, "id", node->id);
	put(to, "free_begin_bytes", node->begin.free_bytes);
	put(to, "free_min_bytes", node->min.free_bytes);
	put(to, "free_end_bytes", node->end.free_bytes);
	put(to, "file_begin_bytes", node->begin.file_bytes);
	put(to, "file_min_bytes", node->min.file_bytes);
	put(to, "file_end_bytes", node->end.file_bytes);
	return to;
}

static json_t *process_json(const struct watched *process)
{
	const struct proc_cost *begin = &process->begin, *end = &process->end;
	json_t *to = json_object();

	(void)json_object_set_new(to, "name", json_string(process->name));
	put(to, "pid", (uint64_t)process->pid);
	(void)json_object_set_new(to, "gone", json_boolean(process->gone));
	if (process->gone)
		return to;
	PUT_GROWN(cpu_ns);
	PUT_GROWN(runtime_ns);
	PUT_GROWN(voluntary_switches);
	PUT_GROWN(involuntary_switches);
	put(to, "resident_bytes", end->resident_bytes);
	put(to, "threads", end->threads);
	return to;
}

/*
 * What swap took in, and what that really freed: swap in memory (zram, zswap) costs memory itself.
 * Negative where it cost more than it took.
 */
static json_t *memory_json(const struct memory_reading *begin, const struct memory_reading *end)
{
	const struct memory_reading *readings[] = {begin, end};
	json_t *to = json_object();
	int64_t net = 0;

	for (int i = 0; i < 2; i++) {
		const struct memory_reading *reading = readings[i];
		uint64_t used = reading->zram.used_bytes + reading->zswap_used_bytes;
		json_t *one = json_object();

		put(one, "free_bytes", reading->free_bytes);
		put(one, "available_bytes", reading->available_bytes);
		put(one, "swap_used_bytes", reading->swap_used_bytes);
		put(one, "zram_stored_bytes", reading->zram.stored_bytes);
		put(one, "zram_used_bytes", reading->zram.used_bytes);
		put(one, "zswap_stored_bytes", reading->zswap_stored_bytes);
		put(one, "zswap_used_bytes", reading->zswap_used_bytes);
		(void)json_object_set_new(to, i ? "end" : "begin", one);
		net = (int64_t)(reading->swap_used_bytes - used) - (i ? net : 0);
	}
	(void)json_object_set_new(to, "swap_net_freed_bytes", json_integer(net));
	return to;
}

static json_t *machine_json(const struct run *run)
{
	const struct measures *results = measure_results(run->measure);
	json_t *to = json_object(), *nodes = json_array(), *kswapd = json_array(),
	       *watched = json_array(), *measuring = json_object();

	put(to, "total_bytes", run->machine.total);
	if (results->has_psi)
		(void)json_object_set_new(to, "stall",
					  psi_json(&results->begin.psi, &results->end.psi));
	(void)json_object_set_new(to, "vmstat",
				  vmstat_json(&results->begin.vmstat, &results->end.vmstat));
	for (size_t i = 0; i < results->n_nodes; i++)
		(void)json_array_append_new(nodes, node_json(&results->nodes[i]));
	for (size_t i = 0; i < run->watch->n; i++)
		(void)json_array_append_new(run->watch->processes[i].kernel ? kswapd : watched,
					    process_json(&run->watch->processes[i]));
	put(measuring, "cpu_ns", run->own_cpu_ns);
	put(measuring, "sampling_cpu_ns", results->sampling_cpu_ns);
	put(measuring, "samples", results->n_samples);
	put(measuring, "touch_cost_ns", run->touch_cost_ns);
	put(measuring, "samples_missed", run->samples_missed);
	put(measuring, "sampling_ns", results->sampling_ns);
	put(measuring, "sampling_max_ns", results->sampling_max_ns);
	(void)json_object_set_new(to, "memory",
				  memory_json(&results->begin.memory, &results->end.memory));
	(void)json_object_set_new(to, "nodes", nodes);
	(void)json_object_set_new(to, "kswapd", kswapd);
	(void)json_object_set_new(to, "watched", watched);
	(void)json_object_set_new(to, "measuring", measuring);
	return to;
}

/* A few figures of each sample; series_json has them all. */
static json_t *samples_json(const struct run *run)
{
	const struct measures *results = measure_results(run->measure);
	json_t *to = json_array();

	for (size_t i = 0; i < results->n_samples; i++) {
		const struct sample *sample = &results->samples[i];
		json_t *row = json_object(), *free_bytes = json_array(), *file = json_array(),
		       *current = json_array(), *stall = json_array();

		put(row, "t_ns", grown(run->control->start_ns, sample->machine.now_ns));
		for (size_t n = 0; n < results->n_nodes; n++) {
			(void)json_array_append_new(free_bytes,
						    number(sample->nodes[n].free_bytes));
			(void)json_array_append_new(file, number(sample->nodes[n].file_bytes));
		}
		for (size_t g = 0; g < results->n_groups; g++) {
			const struct group_reading *group = &sample->groups[g];

			(void)json_array_append_new(current, number(group->current_bytes));
			(void)json_array_append_new(stall, number(group->psi.some_us));
		}
		(void)json_object_set_new(row, "node_free_bytes", free_bytes);
		(void)json_object_set_new(row, "node_file_bytes", file);
		(void)json_object_set_new(row, "group_bytes", current);
		(void)json_object_set_new(row, "group_stall_some_us", stall);
		(void)json_array_append_new(to, row);
	}
	return to;
}

/* The job as it was said: [section, key, value] each. */
static json_t *job_json(const struct job *job)
{
	json_t *to = json_array();

	for (size_t i = 0; i < job->n_sayings; i++) {
		const struct job_saying *saying = &job->sayings[i];

		(void)json_array_append_new(
			to, json_pack("[s, s, s]", saying->section, saying->key, saying->value));
	}
	return to;
}

static void put_header(const struct run *run, json_t *to)
{
	const time_t now = time(NULL);
	struct utsname uts;
	struct tm utc;
	char text[32];

	(void)json_object_set_new(to, "schema", json_string(REPORT_SCHEMA));
	(void)json_object_set_new(to, "version", json_string(USWAP_VERSION));
	if (uname(&uts) == 0)
		(void)json_object_set_new(to, "kernel", json_string(uts.release));
	if (gmtime_r(&now, &utc) && strftime(text, sizeof(text), "%FT%TZ", &utc))
		(void)json_object_set_new(to, "ended", json_string(text));
	put(to, "seed", run->job->global.seed);
	put(to, "duration_ns", run_measured_ns(run));
	put(to, "interval_ns", run->interval_ns);
	(void)json_object_set_new(to, "result", json_string(run_result(run)));
}

static json_t *run_json(const struct run *run)
{
	json_t *root = json_object(), *failures = json_array(), *loads = json_array(),
	       *groups = json_array();
	uint64_t oom_kills = 0;

	put_header(run, root);
	for (size_t i = 0; i < run->n_failures; i++)
		(void)json_array_append_new(failures, json_string(run->failures[i]));
	for (size_t i = 0; i < run->n_workers; i++) {
		(void)json_array_append_new(loads, load_json(&run->workers[i]));
		oom_kills += run->workers[i].end == END_OOM_KILLED;
	}
	for (size_t i = 0; i < run->job->n_groups; i++)
		(void)json_array_append_new(groups, group_json(run, i));
	(void)json_object_set_new(root, "job", job_json(run->job));
	(void)json_object_set_new(root, "failures", failures);
	put(root, "oom_kills", oom_kills);
	(void)json_object_set_new(root, "loads", loads);
	(void)json_object_set_new(root, "groups", groups);
	(void)json_object_set_new(root, "machine", machine_json(run));
	(void)json_object_set_new(root, "samples", samples_json(run));
	return root;
}

int report_json(const struct run *run, FILE *to)
{
	json_t *root = run_json(run), *series = report_series(run);
	_cleanup_free_ char *text = json_dumps(root, JSON_INDENT(1));
	char *end = text ? strrchr(text, '}') : NULL;
	int r = -ENOMEM;

	/* The series' arrays are long: they come last, and without a line for every number. */
	if (end && series) {
		*end = '\0';
		errno = 0;
		r = fprintf(to, "%s,\n \"series\": ", text) < 0 ||
				    json_dumpf(series, to, JSON_COMPACT) < 0 ||
				    fputs("}\n", to) == EOF || fflush(to) == EOF
			    ? (errno ? -errno : -EIO)
			    : 0;
	}
	json_decref(root);
	json_decref(series);
	return r;
}
