/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/measure.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "base/ktext.h"

#include <errno.h>
#include <fcntl.h>

#define VMSTAT_BYTES 16384

/* Zones are summed up; no kernel has them all. */
struct vmstat_text {
	uint64_t allocstall[5];
	struct vmstat vmstat;
};

#define KEY(field)                                                        \
	{                                                                 \
#field, offsetof(struct vmstat_text, vmstat.field), false \
	}
#define OPTIONAL_KEY(field)                                              \
	{                                                                \
#field, offsetof(struct vmstat_text, vmstat.field), true \
	}

static const struct ktext_key vmstat_keys[] = {
	{"allocstall_dma", offsetof(struct vmstat_text, allocstall[0]), true},
	{"allocstall_dma32", offsetof(struct vmstat_text, allocstall[1]), true},
	{"allocstall_normal", offsetof(struct vmstat_text, allocstall[2]), true},
	{"allocstall_movable", offsetof(struct vmstat_text, allocstall[3]), true},
	{"allocstall_device", offsetof(struct vmstat_text, allocstall[4]), true},
	KEY(pgscan_direct),
	KEY(pgsteal_direct),
	KEY(pgscan_kswapd),
	KEY(pgsteal_kswapd),
	OPTIONAL_KEY(pgscan_proactive),
	OPTIONAL_KEY(pgsteal_proactive),
	OPTIONAL_KEY(pswpin),
	OPTIONAL_KEY(pswpout),
	KEY(pgfault),
	KEY(pgmajfault),
	KEY(workingset_refault_anon),
	KEY(workingset_refault_file),
	OPTIONAL_KEY(oom_kill),
};

int vmstat_parse(const char *text, struct vmstat *ret, const char **ret_bad)
{
	struct vmstat_text read = {0};
	int r = ktext_read_keys(text, vmstat_keys, ARRAY_SIZE(vmstat_keys), &read, ret_bad);

	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(read.allocstall); i++)
		read.vmstat.allocstall += read.allocstall[i];
	*ret = read.vmstat;
	return 0;
}

/* Open files of a group; -1 where the kernel has none. */
struct group_files {
	int dir_fd; /* not owned */
	int pressure, events, events_local, stat, current, swap;
};

struct measure {
	struct measures results;
	int vmstat_fd, pressure_fd;
	struct group_files *files;
	struct node_reader **readers;
	struct group_measures *groups;
	struct node_measures *nodes;
	struct sample *samples;
	uint64_t *sample_bytes; /* behind the samples' pointers */
	struct node_reading *sample_nodes;
	size_t max_samples;
};

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

static int alloc_arrays(struct measure *measure, const struct measure_sources *sources)
{
	size_t n = sources->max_samples, n_groups = sources->n_groups, n_nodes = sources->n_nodes;

	/* One more than needed: calloc(0) may be NULL. */
	measure->files = calloc(n_groups + 1, sizeof(*measure->files));
	measure->groups = calloc(n_groups + 1, sizeof(*measure->groups));
	measure->readers = calloc(n_nodes + 1, sizeof(struct node_reader *));
	measure->nodes = calloc(n_nodes + 1, sizeof(*measure->nodes));
	measure->samples = calloc(n + 1, sizeof(*measure->samples));
	measure->sample_bytes = calloc(n * n_groups * 2 + 1, sizeof(*measure->sample_bytes));
	measure->sample_nodes = calloc(n * n_nodes + 1, sizeof(*measure->sample_nodes));
	if (!measure->files || !measure->groups || !measure->readers || !measure->nodes ||
	    !measure->samples || !measure->sample_bytes || !measure->sample_nodes)
		return -ENOMEM;
	measure->max_samples = n;
	for (size_t i = 0; i < n; i++) {
		measure->samples[i] = (struct sample){
			.group_bytes = measure->sample_bytes + i * 2 * n_groups,
			.group_stall_us = measure->sample_bytes + (i * 2 + 1) * n_groups,
			.nodes = measure->sample_nodes + i * n_nodes,
		};
	}
	return 0;
}

int measure_open(const struct measure_sources *sources, struct measure **ret_measure,
		 const char **ret_bad)
{
	_cleanup_(measure_freep) struct measure *measure = calloc(1, sizeof(*measure));
	int r;

	*ret_bad = "no memory for samples";
	if (!measure)
		return -ENOMEM;
	measure->vmstat_fd = measure->pressure_fd = -1;
	r = alloc_arrays(measure, sources);
	*ret_bad = "vmstat";
	measure->vmstat_fd = r < 0 ? -1 : kfile_open(sources->proc_fd, "vmstat", O_RDONLY);
	if (r == 0 && measure->vmstat_fd < 0)
		r = measure->vmstat_fd;
	if (r == 0)
		measure->pressure_fd = kfile_open(sources->proc_fd, "pressure/memory", O_RDONLY);
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
	for (size_t i = 0; i < measure->results.n_groups; i++)
		close_group(&measure->files[i]);
	for (size_t i = 0; i < measure->results.n_nodes; i++)
		node_reader_free(measure->readers[i]);
	free(measure->files);
	free(measure->readers);
	free(measure->groups);
	free(measure->nodes);
	free(measure->samples);
	free(measure->sample_bytes);
	free(measure->sample_nodes);
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

static int read_machine(struct measure *measure, struct machine_reading *to, const char **ret_bad)
{
	char text[VMSTAT_BYTES];
	ssize_t n;
	int r;

	to->now_ns = clock_now_ns();
	*ret_bad = "vmstat";
	n = kfile_read(measure->vmstat_fd, text, sizeof(text));
	r = n < 0 ? (int)n : vmstat_parse(text, &to->vmstat, ret_bad);
	if (r < 0)
		return r;
	/* The file is there and says EOPNOTSUPP when PSI is switched off. */
	measure->results.has_psi = measure->pressure_fd >= 0 &&
				   psi_read(measure->pressure_fd, &to->psi, ret_bad) == 0;
	return read_nodes(measure, to->nodes, ret_bad);
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
	if (r == 0)
		r = memory_bytes_read(files->current, &to->current_bytes);
	if (r == 0 && files->swap >= 0)
		r = memory_bytes_read(files->swap, &to->swap_bytes);
	measure->results.has_group_psi = files->pressure >= 0 &&
					 psi_read(files->pressure, &to->psi, ret_bad) == 0;
	return r;
}

int measure_begin(struct measure *measure, const char **ret_bad)
{
	int r = 0;

	for (size_t i = 0; i < measure->results.n_nodes; i++)
		measure->nodes[i].min = (struct node_reading){UINT64_MAX, UINT64_MAX};
	for (size_t i = 0; i < measure->results.n_groups && r == 0; i++)
		r = read_group(measure, i, &measure->groups[i].begin, ret_bad);
	if (r == 0)
		r = read_machine(measure, &measure->results.begin, ret_bad);
	for (size_t i = 0; i < measure->results.n_nodes && r == 0; i++)
		measure->nodes[i].begin = measure->results.begin.nodes[i];
	return r;
}

int measure_end(struct measure *measure, const char **ret_bad)
{
	int r = read_machine(measure, &measure->results.end, ret_bad);

	for (size_t i = 0; i < measure->results.n_groups && r == 0; i++) {
		struct group_measures *group = &measure->groups[i];
		uint64_t peak;

		r = read_group(measure, i, &group->end, ret_bad);
		/* Not before 5.19. */
		if (memory_bytes_read_at(measure->files[i].dir_fd, "memory.peak", &peak) == 0)
			group->peak_bytes = peak;
	}
	for (size_t i = 0; i < measure->results.n_nodes && r == 0; i++)
		measure->nodes[i].end = measure->results.end.nodes[i];
	return r;
}

int measure_sample(struct measure *measure, const char **ret_bad)
{
	struct measures *results = &measure->results;
	uint64_t cpu_ns = clock_thread_cpu_ns();
	struct node_reading nodes[MACHINE_NODES_MAX];
	struct sample *sample = results->n_samples < measure->max_samples
					? &measure->samples[results->n_samples]
					: NULL;
	struct psi_totals psi;
	uint64_t current;
	int r;

	r = read_nodes(measure, sample ? sample->nodes : nodes, ret_bad);
	for (size_t i = 0; i < results->n_groups && r == 0; i++) {
		*ret_bad = "memory.current";
		r = memory_bytes_read(measure->files[i].current, &current);
		if (r < 0)
			break;
		measure->groups[i].peak_bytes = MAX(measure->groups[i].peak_bytes, current);
		if (!sample)
			continue;
		sample->group_bytes[i] = current;
		if (measure->files[i].pressure >= 0 &&
		    psi_read(measure->files[i].pressure, &psi, ret_bad) == 0)
			sample->group_stall_us[i] = psi.some_us;
	}
	if (r == 0 && sample) {
		sample->now_ns = clock_now_ns();
		results->n_samples++;
	}
	results->sampling_cpu_ns += clock_thread_cpu_ns() - cpu_ns;
	return r;
}

const struct measures *measure_results(const struct measure *measure)
{
	return &measure->results;
}
