/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/report/report.h"

#include "base/clock.h"
#include "base/parse.h"
#include "stress/report/text.h"

#include <inttypes.h>
#include <string.h>

const char *worker_end_name(enum worker_end end)
{
	static const char *const names[] = {
		[END_OK] = "ok",
		[END_ALIVE] = "not ended",
		[END_OOM_KILLED] = "oom-killed",
		[END_SIGNAL] = "killed",
		[END_FAILED] = "failed",
		[END_WATCHDOG] = "took too long",
		[END_STOPPED] = "stopped",
	};

	return names[end];
}

static void print_latency(FILE *to, const char *what, const struct histogram *histogram,
			  uint64_t slow_ns)
{
	char p50[TEXT_BYTES], p99[TEXT_BYTES], p999[TEXT_BYTES], max[TEXT_BYTES], slow[TEXT_BYTES];

	if (histogram->count == 0)
		return;
	(void)fprintf(to,
		      "    %-8s %10" PRIu64 " touches   p50 %-8s p99 %-8s p99.9 %-8s max %-8s "
		      "%" PRIu64 " over %s\n",
		      what, histogram->count,
		      format_ns(p50, histogram_percentile_ns(histogram, 5000)),
		      format_ns(p99, histogram_percentile_ns(histogram, 9900)),
		      format_ns(p999, histogram_percentile_ns(histogram, 9990)),
		      format_ns(max, histogram->max_ns), histogram_count_above(histogram, slow_ns),
		      format_ns(slow, slow_ns));
}

static void print_rate(FILE *to, const struct load *load)
{
	const struct worker_block *block = load->block;
	char asked[TEXT_BYTES], debt[FORMAT_SIZE_BYTES], worst[FORMAT_SIZE_BYTES],
		lost[FORMAT_SIZE_BYTES];
	bool limited = load->settings->rate_bytes != SCHEDULE_UNLIMITED;

	if (limited || block->debt_max_bytes || block->lost_bytes)
		(void)fprintf(
			to, "    rate     %s%sbehind at the end %s, at worst %s, given up %s\n",
			limited ? format_rate(asked, load->settings->rate_bytes, NSEC_PER_SEC) : "",
			limited ? " asked, " : "",
			format_size(debt, sizeof(debt), block->debt_bytes),
			format_size(worst, sizeof(worst), block->debt_max_bytes),
			format_size(lost, sizeof(lost), block->lost_bytes));
	if (block_get(&block->looks))
		(void)fprintf(to, "    held     within 2 %% in %" PRIu64 " of %" PRIu64 " looks\n",
			      block_get(&block->looks_near), block_get(&block->looks));
	if (block->floor_waits)
		(void)fprintf(to,
			      "    floor    growth was held back %" PRIu64
			      " times: memory was below the floor\n",
			      block->floor_waits);
}

/* Why touches were slow; first touches and reuse together. */
static void print_slow(FILE *to, const struct worker_block *block)
{
	const struct slow_touches *first = &block->first_slow, *reuse = &block->reuse_slow;
	char time[TEXT_BYTES];

	if (slow_count(first) + slow_count(reuse) == 0)
		return;
	(void)fprintf(to, "    slow    ");
	for (int i = 0; i < SLOW_CAUSES; i++)
		if (first->count[i] + reuse->count[i])
			(void)fprintf(to, " %s %" PRIu64 " (%s),",
				      slow_cause_name((enum slow_cause)i),
				      first->count[i] + reuse->count[i],
				      format_ns(time, first->total_ns[i] + reuse->total_ns[i]));
	(void)fprintf(to, " %" PRIu64 " not certain\n", first->mixed + reuse->mixed);
}

static void print_share(FILE *to, const struct run_worker *worker)
{
	uint64_t there = worker->share.on_node_bytes, bytes = there + worker->share.elsewhere_bytes;
	char size[FORMAT_SIZE_BYTES], ids[NODE_LIST_BYTES];

	if (worker->has_share && bytes)
		(void)fprintf(to, "    node     %.2f %% of %s mapped is on node %s\n",
			      100 * (double)there / (double)bytes,
			      format_size(size, sizeof(size), bytes),
			      node_list_format(ids, sizeof(ids), &worker->load.settings->nodes));
}

static void print_load(FILE *to, const struct run_worker *worker)
{
	const struct load *load = &worker->load;
	const struct worker_block *block = load->block;
	uint64_t ns = block->ended_ns - MIN(block->started_ns, block->ended_ns);
	uint64_t bytes = block_get(&block->bytes);
	char size[FORMAT_SIZE_BYTES], rate[TEXT_BYTES], cpu[TEXT_BYTES], time[TEXT_BYTES];

	(void)fprintf(to, "  [load %s] %s: %s\n", load->name, load->ops->name,
		      worker_end_name(worker->end));
	(void)fprintf(to,
		      "    work     %" PRIu64 " operations in %s, %s, %s; %" PRIu64
		      " passes, CPU %s, %" PRIu64 " major faults\n",
		      block_get(&block->operations), format_ns(time, ns),
		      format_size(size, sizeof(size), bytes), format_rate(rate, bytes, ns),
		      block_get(&block->passes), format_ns(cpu, block->cpu_ns),
		      block->major_faults);
	print_latency(to, "first", &block->first, load->settings->slow_ns);
	print_latency(to, "reuse", &block->reuse, load->settings->slow_ns);
	print_slow(to, block);
	print_rate(to, load);
	print_share(to, worker);
	(void)fprintf(to,
		      "    contents %" PRIu64 " pages verified, %" PRIu64 " wrong, %" PRIu64
		      " not looked at; compress %.2f:1 (asked %.2f:1)\n",
		      block_get(&block->verified_pages), block->bad_pages, block->skipped_pages,
		      (double)worker->ratio_percent / 100,
		      (double)load->settings->ratio_percent / 100);
	if (block_get(&block->checks))
		(void)fprintf(to,
			      "    checked  %" PRIu64 " pages, in %" PRIu64 " looks before that\n",
			      block_get(&block->checked_pages), block_get(&block->checks));
}

static void print_group(FILE *to, const struct run *run, size_t i)
{
	const struct measures *results = measure_results(run->measure);
	const struct group_measures *group = &results->groups[i];
	const struct memory_stat *begin = &group->begin.stat, *end = &group->end.stat;
	char peak[FORMAT_SIZE_BYTES], now[FORMAT_SIZE_BYTES], swap[FORMAT_SIZE_BYTES];

	(void)fprintf(to, "  [group %s] /%s\n", run->job->groups[i].name,
		      placement_group_path(run->placement, i));
	(void)fprintf(to, "    memory   %s at the end, %s at most, %s swapped\n",
		      format_size(now, sizeof(now), group->end.current_bytes),
		      format_size(peak, sizeof(peak), group->peak_bytes),
		      format_size(swap, sizeof(swap), group->end.swap_bytes));
	if (results->has_group_psi)
		(void)fprintf(to, "    stalled  some %.3f s, full %.3f s\n",
			      (double)(group->end.psi.some_us - group->begin.psi.some_us) / 1e6,
			      (double)(group->end.psi.full_us - group->begin.psi.full_us) / 1e6);
	(void)fprintf(to,
		      "    events   max %" PRIu64 ", high %" PRIu64 ", low %" PRIu64
		      ", oom %" PRIu64 ", oom_kill %" PRIu64 "\n",
		      group->end.events_local.max - group->begin.events_local.max,
		      group->end.events_local.high - group->begin.events_local.high,
		      group->end.events_local.low - group->begin.events_local.low,
		      group->end.events_local.oom - group->begin.events_local.oom,
		      group->end.events_local.oom_kill - group->begin.events_local.oom_kill);
	(void)fprintf(to,
		      "    reclaim  %" PRIu64 " pages (direct %" PRIu64 ", kswapd %" PRIu64
		      ", proactive %" PRIu64 "); refaults anon %" PRIu64 ", file %" PRIu64 "\n",
		      end->pgsteal - begin->pgsteal, end->pgsteal_direct - begin->pgsteal_direct,
		      end->pgsteal_kswapd - begin->pgsteal_kswapd,
		      end->pgsteal_proactive - begin->pgsteal_proactive,
		      end->workingset_refault_anon - begin->workingset_refault_anon,
		      end->workingset_refault_file - begin->workingset_refault_file);
}

static void print_processes(FILE *to, const struct run *run)
{
	char cpu[TEXT_BYTES], size[FORMAT_SIZE_BYTES];

	for (size_t i = 0; i < run->watch->n; i++) {
		const struct watched *process = &run->watch->processes[i];
		uint64_t cpu_ns = process->end.cpu_ns - process->begin.cpu_ns;

		if (process->gone) {
			(void)fprintf(to, "    %-8s (pid %d) ended before the run did\n",
				      process->name, process->pid);
			continue;
		}
		if (process->begin.runtime_ns && process->end.runtime_ns)
			cpu_ns = process->end.runtime_ns - process->begin.runtime_ns;
		(void)fprintf(to, "    %-8s CPU %s, %" PRIu64 " wake-ups", process->name,
			      format_ns(cpu, cpu_ns),
			      process->end.voluntary_switches - process->begin.voluntary_switches);
		if (!process->kernel)
			(void)fprintf(to, ", RSS %s",
				      format_size(size, sizeof(size), process->end.resident_bytes));
		(void)fputc('\n', to);
	}
}

/* Swap in memory costs memory itself. */
static void print_swap(FILE *to, const struct memory_reading *begin,
		       const struct memory_reading *end)
{
	uint64_t began = begin->zram.used_bytes + begin->zswap_used_bytes,
		 ended = end->zram.used_bytes + end->zswap_used_bytes;
	char swapped[FORMAT_SIZE_BYTES], cost[FORMAT_SIZE_BYTES];

	if (end->swap_used_bytes <= begin->swap_used_bytes)
		return;
	(void)fprintf(to, "    swap     %s more in it",
		      format_size(swapped, sizeof(swapped),
				  end->swap_used_bytes - begin->swap_used_bytes));
	if (ended > began)
		(void)fprintf(to, ", which take %s of memory there",
			      format_size(cost, sizeof(cost), ended - began));
	(void)fputc('\n', to);
}

static void print_machine(FILE *to, const struct run *run)
{
	const struct measures *results = measure_results(run->measure);
	const struct vmstat *begin = &results->begin.vmstat, *end = &results->end.vmstat;
	char free_begin[FORMAT_SIZE_BYTES], free_min[FORMAT_SIZE_BYTES],
		free_end[FORMAT_SIZE_BYTES], file[FORMAT_SIZE_BYTES], cpu[TEXT_BYTES],
		longest[TEXT_BYTES], touch[TEXT_BYTES];

	(void)fprintf(to, "  machine\n");
	(void)fprintf(to,
		      "    vmstat   allocstall %" PRIu64 ", pgscan_direct %" PRIu64
		      ", pgscan_kswapd %" PRIu64 ", pswpin %" PRIu64 ", pswpout %" PRIu64 "\n",
		      end->allocstall - begin->allocstall,
		      end->pgscan_direct - begin->pgscan_direct,
		      end->pgscan_kswapd - begin->pgscan_kswapd, end->pswpin - begin->pswpin,
		      end->pswpout - begin->pswpout);
	if (results->has_psi)
		(void)fprintf(to, "    stalled  some %.3f s, full %.3f s\n",
			      (double)(results->end.psi.some_us - results->begin.psi.some_us) / 1e6,
			      (double)(results->end.psi.full_us - results->begin.psi.full_us) /
				      1e6);
	for (size_t i = 0; i < results->n_nodes; i++) {
		const struct node_measures *node = &results->nodes[i];

		(void)fprintf(to, "    node %-3u free %s -> %s (min %s), file memory %s\n",
			      node->id,
			      format_size(free_begin, sizeof(free_begin), node->begin.free_bytes),
			      format_size(free_end, sizeof(free_end), node->end.free_bytes),
			      format_size(free_min, sizeof(free_min), node->min.free_bytes),
			      format_size(file, sizeof(file), node->end.file_bytes));
	}
	print_processes(to, run);
	print_swap(to, &results->begin.memory, &results->end.memory);
	(void)fprintf(to,
		      "    measuring CPU %s for %zu samples (%s at most for one), %" PRIu64
		      " missed; timing a touch %s\n",
		      format_ns(cpu, run->own_cpu_ns), results->n_samples,
		      format_ns(longest, results->sampling_max_ns), run->samples_missed,
		      format_ns(touch, run->touch_cost_ns));
}

void report_table(const struct run *run, FILE *to)
{
	char time[TEXT_BYTES];

	(void)fprintf(to, "uswap-stress: %s, measured for %s\n",
		      run->n_failures ? "FAILED" : run_result(run),
		      format_ns(time, run_measured_ns(run)));
	for (size_t i = 0; i < run->n_workers; i++)
		print_load(to, &run->workers[i]);
	for (size_t i = 0; i < run->job->n_groups; i++)
		print_group(to, run, i);
	print_machine(to, run);
	for (size_t i = 0; i < run->n_failures; i++)
		(void)fprintf(to, "  failure: %s\n", run->failures[i]);
}
