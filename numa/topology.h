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
	/*
	 * Indices into topology.nodes, [0 .. n_nodes-1]: itself at [0], then the order in which the
	 * kernel falls back from this node (topology_set_fallback).
	 */
	unsigned int fallback[NUMA_NODES_MAX];
	/* distance[i]: to topology.nodes[i], 10 = local, as in nodeN/distance. */
	unsigned int distance[NUMA_NODES_MAX];
};

struct topology {
	size_t n_nodes; /* sorted by id; at least 1 */
	struct numa_node nodes[NUMA_NODES_MAX];
};

/*
 * Nodes outside the process's cpuset are there and marked. Distances that hwloc does not know
 * (synthetic, some virtual machines) are 10 and 20. CPUs numbered CPU_SETSIZE and above are left
 * out. Of nodes that share CPUs (memory-only nodes, which hwloc places beside their nearest CPUs)
 * the lowest id owns them.
 *
 * 0; -ENODEV when no node with memory is found; -E2BIG over NUMA_NODES_MAX; -ENOENT, -EACCES and
 * the like for a file that can't be opened; -EINVAL for a description hwloc does not understand.
 *
 * The first call loads hwloc's plugins, which stay resident (1 MiB); a program that sets
 * HWLOC_PLUGINS_PATH to an empty string before does without.
 */
int topology_load(enum topology_source source, const char *description,
		  struct topology **ret_topology);
struct topology *topology_free(struct topology *topology);
DEFINE_CLEANUP(struct topology *, topology_free)

const struct numa_node *topology_find(const struct topology *topology, unsigned int id);

/*
 * Fills in fallback of every node from id, has_cpus and distance, as build_zonelists() in
 * mm/page_alloc.c does: nearest first; among equals a node with a higher number than one's own,
 * then one that was less often the first choice at its distance of the nodes before. Part of
 * topology_load. Pure.
 */
void topology_set_fallback(struct topology *topology);

/*
 * Whether all nodes of the one list are in the other; both as the kernel writes them ("0,2-3").
 * What is no list has no nodes.
 */
bool node_list_holds(const char *list, const char *wanted);

/* Whose memory a thread takes. */
enum topology_policy {
	TOPOLOGY_BIND,	     /* the nodes' only: MPOL_BIND */
	TOPOLOGY_PREFER,     /* the nodes' first; of several MPOL_PREFERRED_MANY, since 5.15 */
	TOPOLOGY_ANYWHERE,   /* wherever the kernel takes it */
	TOPOLOGY_INTERLEAVE, /* the nodes' in turn, page by page */
};

/*
 * Prefers the node's memory for what the calling thread allocates from now on (prefers, never
 * demands: an agent that can't get memory elsewhere would be killed), and binds it to those of the
 * node's CPUs that the process's main thread may use (so that a restriction given at start holds).
 * Both are tried; returns the first error. -EINVAL: the node is not allowed, or none of its CPUs.
 */
int topology_bind_thread(const struct numa_node *node);

/* The same to the CPUs of n nodes, 1 at least, and their memory as policy says. */
int topology_bind_thread_to(const struct numa_node *const *nodes, size_t n,
			    enum topology_policy policy);
