/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernel counts about groups and the machine: read at the beginning and the end of the
 * measured phase, and some of it in between. Verification comes after the last reading, since it
 * reads everything back.
 */
#pragma once

#include "base/cleanup.h"
#include "cgroup/memory.h"
#include "cgroup/psi.h"
#include "numa/counters.h"
#include "stress/job/plan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* /proc/vmstat; events since boot, in pages where pages are meant. */
struct vmstat {
	uint64_t allocstall; /* sum over the zones: entries into direct reclaim */
	uint64_t pgscan_direct, pgsteal_direct;
	uint64_t pgscan_kswapd, pgsteal_kswapd;
	uint64_t pgscan_proactive, pgsteal_proactive; /* 0 before 6.18 */
	uint64_t pswpin, pswpout;
	uint64_t pgfault, pgmajfault;
	uint64_t workingset_refault_anon, workingset_refault_file;
	uint64_t oom_kill;
};
int vmstat_parse(const char *text, struct vmstat *ret, const char **ret_bad);

struct group_reading {
	struct psi_totals psi;
	struct memory_events events, events_local;
	struct memory_stat stat;
	uint64_t current_bytes, swap_bytes; /* swap 0 without swap accounting */
};

struct node_reading {
	uint64_t free_bytes, file_bytes;
};

struct machine_reading {
	uint64_t now_ns;
	struct psi_totals psi; /* 0 where PSI is off */
	struct vmstat vmstat;
	struct node_reading nodes[MACHINE_NODES_MAX];
};

/* One row of the samples in between. */
struct sample {
	uint64_t now_ns;
	uint64_t *group_bytes;	  /* memory.current by group */
	uint64_t *group_stall_us; /* PSI some total by group */
	struct node_reading *nodes;
};

struct measure;

/* Descriptors stay open. group_fds: the groups' directories; node_ids: n_nodes of them. */
struct measure_sources {
	int proc_fd, sys_fd;
	size_t n_groups;
	const int *group_fds;
	size_t n_nodes;
	const unsigned int *node_ids;
	size_t max_samples;
};

/* -errno; *ret_bad says which file. */
int measure_open(const struct measure_sources *sources, struct measure **ret_measure,
		 const char **ret_bad);
struct measure *measure_free(struct measure *measure);
DEFINE_CLEANUP(struct measure *, measure_free)

/* Full readings at the beginning and the end. *ret_bad: file or field. */
int measure_begin(struct measure *measure, const char **ret_bad);
int measure_end(struct measure *measure, const char **ret_bad);

/* A sample in between. Beyond max_samples only minima and peaks are kept. */
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
	size_t n_groups, n_nodes, n_samples;
	const struct group_measures *groups;
	const struct node_measures *nodes;
	const struct sample *samples;
	uint64_t sampling_cpu_ns; /* CPU time the samples took */
};
const struct measures *measure_results(const struct measure *measure);
