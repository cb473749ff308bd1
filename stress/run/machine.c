/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/machine.h"

#include "stress/measure/meminfo.h"
#include "stress/pattern/content.h"

#include <errno.h>
#include <string.h>

static int read_nodes(int sys_fd, uint64_t available, const struct topology *topology,
		      struct machine *machine, struct stress_error *ret_error)
{
	machine->n_nodes = MIN(topology->n_nodes, (size_t)MACHINE_NODES_MAX);
	for (size_t i = 0; i < machine->n_nodes; i++) {
		const struct numa_node *node = &topology->nodes[i];
		struct node_meminfo memory = {.total = node->memory_bytes, .available = available};
		const char *bad = "";
		int r = node_meminfo_read(sys_fd, node->id, &memory, &bad);

		/* Without NUMA in the kernel there is one node and no file about it. */
		if (r < 0 && r != -ENOENT)
			return stress_fail(ret_error, r, "read %s of node %u: %s", bad, node->id,
					   strerror(-r));
		machine->nodes[i] = (struct machine_node){node->id, memory.total, memory.available,
							  node->allowed};
	}
	return 0;
}

int machine_read(int proc_fd, int sys_fd, struct machine *ret, struct topology **ret_topology,
		 struct stress_error *ret_error)
{
	_cleanup_(topology_freep) struct topology *topology = NULL;
	struct machine machine = {0};
	const char *bad = "";
	struct meminfo info;
	int r;

	if (sysconf(_SC_PAGESIZE) != CONTENT_PAGE_BYTES)
		return stress_fail(ret_error, -EOPNOTSUPP,
				   "pages here have %ld bytes; only %d are known",
				   sysconf(_SC_PAGESIZE), CONTENT_PAGE_BYTES);
	r = meminfo_read(proc_fd, &info, &bad);
	if (r < 0)
		return stress_fail(ret_error, r, "read %s: %s", bad, strerror(-r));
	r = topology_load(TOPOLOGY_LIVE, NULL, &topology);
	if (r < 0)
		return stress_fail(ret_error, r, "find the NUMA nodes: %s", strerror(-r));
	machine.total = info.total;
	machine.available = info.available;
	machine.swap_free = info.swap_free;
	r = read_nodes(sys_fd, info.available, topology, &machine, ret_error);
	if (r < 0)
		return r;
	*ret = machine;
	*ret_topology = TAKE_PTR(topology);
	return 0;
}

int machine_place(const struct job *job, int proc_fd, struct machine *machine,
		  struct placement **ret_placement, struct stress_error *ret_error)
{
	struct group_room room = placement_own_room(proc_fd);
	int r;

	machine->own_limit = room.limit;
	machine->own_headroom = room.headroom;
	machine->parent_limit = machine->parent_headroom = UINT64_MAX;
	if (job->n_groups == 0)
		return 0;
	r = placement_open(proc_fd, job, ret_placement, ret_error);
	if (r < 0)
		return r;
	room = placement_parent_room(*ret_placement);
	machine->parent_limit = room.limit;
	machine->parent_headroom = room.headroom;
	return 0;
}
