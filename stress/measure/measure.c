/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/measure.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "stress/measure/meminfo.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>

/* Open files of a group; -1 where the kernel has none. */
struct group_files {
	int dir_fd; /* not owned */
	int pressure, events, events_local, stat, current, swap;
};

/* Of a load: its figures, and what they were at the last reading. */
struct load_follower {
	struct load_source source;
	struct histogram_reader first, reuse;
};

struct measure {
	struct measures results;
	int vmstat_fd, pressure_fd, meminfo_fd;
	struct zram *zram;
	struct group_files *files;
	struct node_reader **readers;
	struct load_follower *followers;
	struct group_measures *groups;
	struct node_measures *nodes;
	/* One more than are kept: the last is written over again and again. */
	struct sample *samples;
	struct node_reading *sample_nodes; /* behind the samples' pointers */
	struct group_reading *sample_groups;
	struct load_reading *sample_loads;
	size_t max_samples;
};

#define COST_TRIES   5
#define COST_TOUCHES 2000

uint64_t measure_touch_cost_ns(void)
{
	_cleanup_free_ struct histogram *histogram = calloc(1, sizeof(*histogram));
	uint64_t best_ns = UINT64_MAX;

	for (int try = 0; histogram && try < COST_TRIES; try++) {
		uint64_t begin_ns = clock_now_ns(), then_ns = begin_ns;

		for (int i = 0; i < COST_TOUCHES; i++) {
			uint64_t now_ns = clock_now_ns();

			histogram_record(histogram, now_ns - then_ns);
			then_ns = now_ns;
		}
		best_ns = MIN(best_ns, (then_ns - begin_ns) / COST_TOUCHES);
	}
	return histogram ? best_ns : 0;
}

size_t measure_sample_bytes(size_t n_nodes, size_t n_groups, size_t n_loads)
{
	return sizeof(struct sample) + n_nodes * sizeof(struct node_reading) +
	       n_groups * sizeof(struct group_reading) + n_loads * sizeof(struct load_reading);
}

static int open_group(struct group_files *files, int dir_fd, const char **ret_bad)
{
	const struct {
		const char *name;
		int *fd;
		bool optional;
	} table[] = {
		{"memory.pressure", &files->pressure, true},
		{"memory.events", &files->events, false},
		{"memory.events.local", &files->events_local, false},
		{"memory.stat", &files->stat, false},
		{"memory.current", &files->current, false},
		{"memory.swap.current", &files->swap, true},
	};

	files->dir_fd = dir_fd;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		*ret_bad = table[i].name;
		*table[i].fd = kfile_open(dir_fd, table[i].name, O_RDONLY);
		if (*table[i].fd < 0 && !table[i].optional)
			return *table[i].fd;
	}
	return 0;
}

static void close_group(struct group_files *files)
{
	int *const fds[] = {&files->pressure, &files->events,  &files->events_local,
			    &files->stat,     &files->current, &files->swap};

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		*fds[i] = fd_close(*fds[i]);
}

/* One more than needed everywhere: calloc(0) may be NULL. */
static int alloc_arrays(struct measure *measure, const struct measure_sources *sources)
{
	size_t n = sources->max_samples + 1, n_groups = sources->n_groups,
	       n_nodes = sources->n_nodes, n_loads = sources->n_loads;

	measure->files = calloc(n_groups + 1, sizeof(*measure->files));
	measure->groups = calloc(n_groups + 1, sizeof(*measure->groups));
	measure->readers = calloc(n_nodes + 1, sizeof(struct node_reader *));
	measure->nodes = calloc(n_nodes + 1, sizeof(*measure->nodes));
	measure->followers = calloc(n_loads + 1, sizeof(*measure->followers));
	measure->samples = calloc(n, sizeof(*measure->samples));
	measure->sample_nodes = calloc(n * n_nodes + 1, sizeof(*measure->sample_nodes));
	measure->sample_groups = calloc(n * n_groups + 1, sizeof(*measure->sample_groups));
	measure->sample_loads = calloc(n * n_loads + 1, sizeof(*measure->sample_loads));
	if (!measure->files || !measure->groups || !measure->readers || !measure->nodes ||
	    !measure->followers || !measure->samples || !measure->sample_nodes ||
	    !measure->sample_groups || !measure->sample_loads)
		return -ENOMEM;
	measure->max_samples = sources->max_samples;
	for (size_t i = 0; i < n; i++) {
		measure->samples[i].nodes = measure->sample_nodes + i * n_nodes;
		measure->samples[i].groups = measure->sample_groups + i * n_groups;
		measure->samples[i].loads = measure->sample_loads + i * n_loads;
	}
	for (size_t i = 0; i < n_loads; i++)
		measure->followers[i].source = sources->loads[i];
	measure->results.n_loads = n_loads;
	return 0;
}

static int open_machine(struct measure *measure, const struct measure_sources *sources,
			const char **ret_bad)
{
	*ret_bad = "vmstat";
	measure->vmstat_fd = kfile_open(sources->proc_fd, "vmstat", O_RDONLY);
	if (measure->vmstat_fd < 0)
		return measure->vmstat_fd;
	*ret_bad = "meminfo";
	measure->meminfo_fd = kfile_open(sources->proc_fd, "meminfo", O_RDONLY);
	if (measure->meminfo_fd < 0)
		return measure->meminfo_fd;
	measure->pressure_fd = kfile_open(sources->proc_fd, "pressure/memory", O_RDONLY);
	*ret_bad = "block";
	return zram_open(sources->sys_fd, &measure->zram);
}

int measure_open(const struct measure_sources *sources, struct measure **ret_measure,
		 const char **ret_bad)
{
	_cleanup_(measure_freep) struct measure *measure = calloc(1, sizeof(*measure));
	int r;

	*ret_bad = "no memory for samples";
	if (!measure)
		return -ENOMEM;
	measure->vmstat_fd = measure->pressure_fd = measure->meminfo_fd = -1;
	r = alloc_arrays(measure, sources);
	if (r == 0)
		r = open_machine(measure, sources, ret_bad);
	for (size_t i = 0; i < sources->n_groups && r == 0; i++) {
		measure->results.n_groups = i + 1;
		r = open_group(&measure->files[i], sources->group_fds[i], ret_bad);
	}
	for (size_t i = 0; i < sources->n_nodes && r == 0; i++) {
		*ret_bad = "devices/system/node/nodeN/vmstat";
		r = node_reader_open(sources->sys_fd, sources->node_ids[i], &measure->readers[i]);
		measure->nodes[i].id = sources->node_ids[i];
		measure->results.n_nodes = i + 1;
	}
	if (r < 0)
		return r;
	measure->results.groups = measure->groups;
	measure->results.nodes = measure->nodes;
	measure->results.samples = measure->samples;
	*ret_measure = TAKE_PTR(measure);
	return 0;
}

struct measure *measure_free(struct measure *measure)
{
	if (!measure)
		return NULL;
	fd_close(measure->vmstat_fd);
	fd_close(measure->pressure_fd);
	fd_close(measure->meminfo_fd);
	zram_free(measure->zram);
	for (size_t i = 0; i < measure->results.n_groups; i++)
		close_group(&measure->files[i]);
	for (size_t i = 0; i < measure->results.n_nodes; i++)
		node_reader_free(measure->readers[i]);
	free(measure->files);
	free(measure->readers);
	free(measure->followers);
	free(measure->groups);
	free(measure->nodes);
	free(measure->samples);
	free(measure->sample_nodes);
	free(measure->sample_groups);
	free(measure->sample_loads);
	free(measure);
	return NULL;
}

static int read_nodes(struct measure *measure, struct node_reading *to, const char **ret_bad)
{
	uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

	for (size_t i = 0; i < measure->results.n_nodes; i++) {
		struct node_reading *min = &measure->nodes[i].min;
		struct node_counters counters;
		int r = node_reader_read(measure->readers[i], &counters, ret_bad);

		if (r < 0)
			return r;
		to[i].free_bytes = counters.free_pages * page_bytes;
		to[i].file_bytes = counters.file_pages * page_bytes;
		min->free_bytes = MIN(min->free_bytes, to[i].free_bytes);
		min->file_bytes = MIN(min->file_bytes, to[i].file_bytes);
	}
	return 0;
}

static int read_memory(const struct measure *measure, struct memory_reading *to,
		       const char **ret_bad)
{
	struct meminfo info;
	int r = meminfo_read_fd(measure->meminfo_fd, &info, ret_bad);

	if (r < 0)
		return r;
	*to = (struct memory_reading){
		.free_bytes = info.free,
		.available_bytes = info.available,
		.swap_used_bytes = info.swap_total - MIN(info.swap_free, info.swap_total),
		.swap_free_bytes = info.swap_free,
		.zswap_stored_bytes = info.zswap_stored,
		.zswap_used_bytes = info.zswap_used,
	};
	*ret_bad = "block/zramN/mm_stat";
	return zram_read(measure->zram, &to->zram);
}

static int read_machine(struct measure *measure, struct machine_reading *to, const char **ret_bad)
{
	int r;

	*ret_bad = "vmstat";
	r = vmstat_read(measure->vmstat_fd, &to->vmstat, ret_bad);
	if (r < 0)
		return r;
	/* The file is there and says EOPNOTSUPP when PSI is switched off. */
	measure->results.has_psi = measure->pressure_fd >= 0 &&
				   psi_read(measure->pressure_fd, &to->psi, ret_bad) == 0;
	return read_memory(measure, &to->memory, ret_bad);
}

static int read_group(struct measure *measure, size_t i, struct group_reading *to,
		      const char **ret_bad)
{
	const struct group_files *files = &measure->files[i];
	int r = memory_events_read(files->events, &to->events, ret_bad);

	if (r == 0)
		r = memory_events_read(files->events_local, &to->events_local, ret_bad);
	if (r == 0)
		r = memory_stat_read(files->stat, &to->stat, ret_bad);
	if (r < 0)
		return r;
	*ret_bad = "memory.current";
	r = memory_bytes_read(files->current, &to->current_bytes);
	if (r == 0 && files->swap >= 0)
		r = memory_bytes_read(files->swap, &to->swap_bytes);
	measure->results.has_group_psi = files->pressure >= 0 &&
					 psi_read(files->pressure, &to->psi, ret_bad) == 0;
	return r;
}

static void read_load(struct load_follower *follower, struct load_reading *to)
{
	const struct load_source *source = &follower->source;

	to->operations = atomic_load_explicit(source->operations, memory_order_relaxed);
	to->bytes = atomic_load_explicit(source->bytes, memory_order_relaxed);
	to->resident_pages = atomic_load_explicit(source->resident_pages, memory_order_relaxed);
	histogram_read_interval(&follower->first, source->first, &to->first);
	histogram_read_interval(&follower->reuse, source->reuse, &to->reuse);
	for (size_t i = 0; i < SLOW_CAUSES; i++)
		to->slow[i] = __atomic_load_n(&source->first_slow->count[i], __ATOMIC_RELAXED) +
			      __atomic_load_n(&source->reuse_slow->count[i], __ATOMIC_RELAXED);
}

/* Reads everything, what changes fastest first. */
static int read_all(struct measure *measure, struct sample *to, const char **ret_bad)
{
	struct measures *results = &measure->results;
	uint64_t cpu_ns = clock_thread_cpu_ns(), ns;
	int r;

	to->machine.now_ns = clock_now_ns();
	for (size_t i = 0; i < results->n_loads; i++)
		read_load(&measure->followers[i], &to->loads[i]);
	r = read_nodes(measure, to->nodes, ret_bad);
	if (r == 0)
		r = read_machine(measure, &to->machine, ret_bad);
	for (size_t i = 0; i < results->n_groups && r == 0; i++) {
		struct group_measures *group = &measure->groups[i];

		r = read_group(measure, i, &to->groups[i], ret_bad);
		if (r == 0)
			group->peak_bytes = MAX(group->peak_bytes, to->groups[i].current_bytes);
	}
	if (r < 0)
		return r;
	results->last = to;
	ns = clock_now_ns() - to->machine.now_ns;
	results->sampling_ns += ns;
	results->sampling_max_ns = MAX(results->sampling_max_ns, ns);
	results->sampling_cpu_ns += clock_thread_cpu_ns() - cpu_ns;
	return 0;
}

int measure_begin(struct measure *measure, const char **ret_bad)
{
	struct sample *sample = &measure->samples[measure->max_samples];
	int r;

	for (size_t i = 0; i < measure->results.n_nodes; i++)
		measure->nodes[i].min = (struct node_reading){UINT64_MAX, UINT64_MAX};
	r = read_all(measure, sample, ret_bad);
	if (r < 0)
		return r;
	measure->results.begin = sample->machine;
	for (size_t i = 0; i < measure->results.n_groups; i++)
		measure->groups[i].begin = sample->groups[i];
	for (size_t i = 0; i < measure->results.n_nodes; i++)
		measure->nodes[i].begin = sample->nodes[i];
	return 0;
}

int measure_sample(struct measure *measure, const char **ret_bad)
{
	size_t at = measure->results.n_samples;
	int r = read_all(measure, &measure->samples[at], ret_bad);

	if (r == 0 && at < measure->max_samples)
		measure->results.n_samples++;
	return r;
}

int measure_end(struct measure *measure, const char **ret_bad)
{
	int r = measure_sample(measure, ret_bad);
	const struct sample *sample = measure->results.last;

	if (r < 0)
		return r;
	measure->results.end = sample->machine;
	for (size_t i = 0; i < measure->results.n_groups; i++) {
		struct group_measures *group = &measure->groups[i];
		uint64_t peak;

		group->end = sample->groups[i];
		/* Not before 5.19. */
		if (memory_bytes_read_at(measure->files[i].dir_fd, "memory.peak", &peak) == 0)
			group->peak_bytes = peak;
	}
	for (size_t i = 0; i < measure->results.n_nodes; i++)
		measure->nodes[i].end = sample->nodes[i];
	return 0;
}

const struct measures *measure_results(const struct measure *measure)
{
	return &measure->results;
}
