/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/topology.h"

/*
 * The kernel's weighing of node as the next choice of node own (find_next_best_node()): its
 * distance, then numbers below one's own after those above, then the load: how often the node was
 * already the first choice of a distance, so that not everybody overflows into the same one.
 *
 * The kernel also adds 1 for a node with CPUs. That happens only when the lists are built again
 * after memory was added, since at boot no CPU is assigned yet; it is left out here. So are nodes
 * without memory, which the kernel also builds lists for: beside them equals may be taken in
 * another order.
 */
static unsigned int weigh(const struct topology *t, size_t own, size_t node,
			  const unsigned int *load)
{
	unsigned int distance = t->nodes[own].distance[node] + (node < own ? 1 : 0);

	return distance * NUMA_NODES_MAX + load[node];
}

static size_t next_best(const struct topology *t, size_t own, const bool *used,
			const unsigned int *load)
{
	size_t best = t->n_nodes;

	for (size_t i = 0; i < t->n_nodes; i++)
		if (!used[i] &&
		    (best == t->n_nodes || weigh(t, own, i, load) < weigh(t, own, best, load)))
			best = i;
	return best;
}

void topology_set_fallback(struct topology *t)
{
	unsigned int load[NUMA_NODES_MAX] = {0};

	for (size_t own = 0; own < t->n_nodes; own++) {
		struct numa_node *node = &t->nodes[own];
		bool used[NUMA_NODES_MAX] = {false};
		size_t previous = own;

		used[own] = true;
		node->fallback[0] = (unsigned int)own;
		for (size_t n = 1; n < t->n_nodes; n++) {
			size_t best = next_best(t, own, used, load);

			if (node->distance[best] != node->distance[previous])
				load[best]++;
			node->fallback[n] = (unsigned int)best;
			used[best] = true;
			previous = best;
		}
	}
}
