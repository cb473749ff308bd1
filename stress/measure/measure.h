/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel counts about groups, nodes and the machine, and how the loads' touches went: read
 * at the beginning and the end of the measured phase and at every sample in between, all in one go.
 * Verification comes after the last reading, since it reads everything back.
 */
#pragma once

#include "base/cleanup.h"
#include "cgroup/memory.h"
#include "cgroup/psi.h"
#include "numa/counters.h"
#include "numa/zram.h"
#include "stress/job/plan.h"
#include "stress/measure/histogram.h"
#include "stress/measure/vmstat.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct group_reading {
	struct psi_totals psi;
	struct memory_events events, events_local;
	struct memory_stat stat;
	uint64_t current_bytes, swap_bytes; /* swap 0 without swap accounting */
};

struct node_reading {
	uint64_t free_bytes, file_bytes;
};

struct memory_reading {
	uint64_t free_bytes, available_bytes, swap_used_bytes, swap_free_bytes;
	struct zram_usage zram;
	uint64_t zswap_stored_bytes, zswap_used_bytes;
};

struct machine_reading {
	uint64_t now_ns;
	struct psi_totals psi; /* 0 where PSI is off */
	struct vmstat vmstat;
	struct memory_reading memory;
};

/* slow: first touches and reuse together. */
struct load_reading {
	uint64_t operations, bytes, resident_pages;
	struct latency first, reuse; /* since the reading before */
	uint64_t slow[SLOW_CAUSES];
};

/* Everything at one moment; groups, nodes and loads in their order. */
struct sample {
	struct machine_reading machine;
	struct node_reading *nodes;
	struct group_reading *groups;
	struct load_reading *loads;
};

struct measure;

/* Where a load's own figures are; its process goes on writing them. */
struct load_source {
	const struct histogram *first, *reuse;
	const struct slow_touches *first_slow, *reuse_slow;
	const _Atomic uint64_t *operations, *bytes, *resident_pages;
};

/* Descriptors stay open. group_fds: the groups' directories; node_ids: n_nodes of them. */
struct measure_sources {
	int proc_fd, sys_fd;
	size_t n_groups;
	const int *group_fds;
	size_t n_nodes;
	const unsigned int *node_ids;
	size_t max_samples;
	size_t n_loads;
	const struct load_source *loads;
};

/*
 * What it costs to time a touch and count it: one read of the clock, chained, and one record; the
 * best of a few tries on the spot. 0: no memory to try it with.
 */
uint64_t measure_touch_cost_ns(void);

/* Memory that one sample takes. */
size_t measure_sample_bytes(size_t n_nodes, size_t n_groups, size_t n_loads);

/* -errno; *ret_bad says which file. */
int measure_open(const struct measure_sources *sources, struct measure **ret_measure,
		 const char **ret_bad);
struct measure *measure_free(struct measure *measure);
DEFINE_CLEANUP(struct measure *, measure_free)

/* At the beginning and the end, which is the last sample too. *ret_bad: file or field. */
int measure_begin(struct measure *measure, const char **ret_bad);
int measure_end(struct measure *measure, const char **ret_bad);

/* A sample in between. Beyond max_samples only the last one, minima and peaks are kept. */
int measure_sample(struct measure *measure, const char **ret_bad);

/* Results. Valid after measure_end. */
struct group_measures {
	struct group_reading begin, end;
	uint64_t peak_bytes; /* memory.peak, or the largest sample where the kernel has none */
};
struct node_measures {
	unsigned int id;
	struct node_reading begin, end, min;
};
struct measures {
	struct machine_reading begin, end;
	bool has_psi; /* of the machine */
	bool has_group_psi;
	size_t n_groups, n_nodes, n_loads, n_samples;
	const struct group_measures *groups;
	const struct node_measures *nodes;
	const struct sample *samples;
	const struct sample *last;	       /* kept or not; NULL before the first */
	uint64_t sampling_cpu_ns;	       /* CPU time the samples took */
	uint64_t sampling_ns, sampling_max_ns; /* time from the first to the last figure of them */
};
const struct measures *measure_results(const struct measure *measure);
