/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Job + machine -> plan: every size in bytes, every limit as it will be written, and the proof that
 * it fits. Pure: the machine is a struct.
 */
#pragma once

#include "base/cleanup.h"
#include "stress/job/job.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MACHINE_NODES_MAX 64

/*
 * A worker's stack, its own copies of pages and their page tables: with 24 KiB it lives (measured
 * on 6.18), with 16 it is OOM-killed at its birth. Page tables of what it touches come to that.
 */
#define WORKER_FLOOR_BYTES (UINT64_C(24) << 10)

struct machine_node {
	unsigned int id;
	uint64_t total_bytes, free_bytes;
	bool allowed; /* this program may use its memory */
};

/* All bytes. */
struct machine {
	uint64_t total, available, swap_free;
	/* Of the group the job's groups are made in, and of this program's own; UINT64_MAX: none.
	 * Headroom is the least that a limit there or above leaves. */
	uint64_t parent_limit, parent_headroom;
	uint64_t own_limit, own_headroom;
	size_t n_nodes;
	struct machine_node nodes[MACHINE_NODES_MAX];
};

/* NULL: there is none. */
const struct machine_node *machine_find_node(const struct machine *machine, unsigned int id);

struct load_plan {
	uint64_t size_bytes;		 /* whole pages, as all of these */
	uint64_t peak_bytes;		 /* the most there is at once, by load_ops.peak_bytes */
	uint64_t burst_bytes, low_bytes; /* at most that */
	uint64_t set_point;		 /* bytes, or permyriad of pressure */
	uint64_t seed;
	int group; /* index in plan.groups, -1: none */
};

struct group_plan {
	const char *name;
	int parent;		   /* index, -1: directly in the job's parent group */
	uint64_t limit_bytes;	   /* min of memory.max and memory.high, its own and those above */
	uint64_t hard_limit_bytes; /* the same of memory.max alone */
	uint64_t headroom_bytes;   /* min of limit_bytes and what limits above leave */
	uint64_t swap_max_bytes;
	struct node_list mems; /* cpuset.mems, its own or of a group above; none: any node */
	/* values[i] is what goes into job.groups[].knobs[i].file: sizes in bytes. */
	char values[JOB_KNOBS_MAX][JOB_VALUE_MAX];
};

struct plan {
	uint64_t floor_bytes;
	size_t n_groups, n_loads;
	struct group_plan *groups;
	struct load_plan *loads; /* same order as in the job */
};

/* Whether files of the group that hold sizes are said as such. -EINVAL with words. */
int plan_check_sizes(const struct job_group *group, struct stress_error *ret_error);

/*
 * Checks the job as a whole (job_check) and resolves it. -EINVAL with words in *ret_error, the sums
 * among them where it does not fit; -ENOMEM.
 */
int plan_make(const struct job *job, const struct machine *machine, struct plan **ret_plan,
	      struct stress_error *ret_error);
/* Part of plan_make, unless the job says otherwise: -EINVAL with the sum that is too much. fit.c */
int plan_check_fit(const struct job *job, const struct machine *machine, const struct plan *plan,
		   struct stress_error *ret_error);
struct plan *plan_free(struct plan *plan);
DEFINE_CLEANUP(struct plan *, plan_free)
