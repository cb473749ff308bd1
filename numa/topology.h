/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's NUMA nodes as hwloc sees them: which have memory, their CPUs, how far they are from
 * each other. hwloc is used behind this header only.
 */
#pragma once

#include "base/cleanup.h"

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NUMA_NODES_MAX 64

enum topology_source {
	TOPOLOGY_LIVE,	    /* this machine; description is ignored */
	TOPOLOGY_XML,	    /* description: path of a file written by lstopo */
	TOPOLOGY_SYNTHETIC, /* description: hwloc's synthetic string, "numa:2 core:2 pu:1" */
};

struct numa_node {
	unsigned int id;       /* the kernel's number, the N of nodeN */
	uint64_t memory_bytes; /* local memory; always > 0, nodes without memory are left out */
	cpu_set_t cpus;	       /* own CPUs, or of the nearest node that has some */
	bool has_cpus;	       /* false: cpus are a neighbour's */
	bool allowed;	       /* false: outside this process's cpuset.mems */
	/* Indices into topology.nodes, nearest first, itself at [0]: the kernel's fallback order.
	 */
	unsigned int fallback[NUMA_NODES_MAX];
	/* distance[i]: to topology.nodes[i], 10 = local, as in nodeN/distance. */
	unsigned int distance[NUMA_NODES_MAX];
};

struct topology {
	size_t n_nodes; /* sorted by id; at least 1 */
	struct numa_node nodes[NUMA_NODES_MAX];
};

/* 0; -ENODEV when no node with memory is found; -E2BIG over NUMA_NODES_MAX; -EINVAL, -ENOENT. */
int topology_load(enum topology_source source, const char *description,
		  struct topology **ret_topology);
struct topology *topology_free(struct topology *topology);
DEFINE_CLEANUP(struct topology *, topology_free)

const struct numa_node *topology_find(const struct topology *topology, unsigned int id);

/*
 * Binds the calling thread to the node's CPUs and prefers the node's memory for what it allocates
 * from now on (prefers, never demands: an agent that can't get memory elsewhere would be killed).
 */
int topology_bind_thread(const struct numa_node *node);
