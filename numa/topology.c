/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/topology.h"

#include <errno.h>
#include <hwloc.h>
#include <linux/mempolicy.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DISTANCE_LOCAL	10
#define DISTANCE_REMOTE 20

/* One more than the highest node number of any kernel build (CONFIG_NODES_SHIFT is at most 10). */
#define NODE_NUMBERS 1024

static void hwloc_destroyp(hwloc_topology_t *hw)
{
	if (*hw)
		hwloc_topology_destroy(*hw);
}

static void bitmap_freep(hwloc_bitmap_t *set)
{
	hwloc_bitmap_free(*set);
}

/* hwloc returns -1 and mostly sets errno. */
static int hwloc_error(void)
{
	return errno > 0 ? -errno : -EINVAL;
}

/* As hwloc does: -1 and errno. */
static int set_source(hwloc_topology_t hw, enum topology_source source, const char *description)
{
	switch (source) {
	case TOPOLOGY_LIVE:
		return 0;
	case TOPOLOGY_XML:
		return hwloc_topology_set_xml(hw, description);
	case TOPOLOGY_SYNTHETIC:
		return hwloc_topology_set_synthetic(hw, description);
	}
	errno = EINVAL;
	return -1;
}

/*
 * No devices, and of the rest what is needed for structure: a node has the CPUs of the object it
 * hangs on (package, die, cache, group), and without those objects that would be the whole machine.
 */
static int load_hwloc(enum topology_source source, const char *description,
		      hwloc_topology_t *ret_hw)
{
	_cleanup_(hwloc_destroyp) hwloc_topology_t hw = NULL;

	errno = 0;
	if (hwloc_topology_init(&hw) < 0 || set_source(hw, source, description) < 0)
		return hwloc_error();
	/* It only adds details of CPUs, and moves the calling thread over all of them for that. */
	(void)hwloc_topology_set_components(hw, HWLOC_TOPOLOGY_COMPONENTS_FLAG_BLACKLIST, "x86");
	if (hwloc_topology_set_all_types_filter(hw, HWLOC_TYPE_FILTER_KEEP_STRUCTURE) < 0 ||
	    hwloc_topology_set_flags(hw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED) < 0 ||
	    hwloc_topology_load(hw) < 0)
		return hwloc_error();
	*ret_hw = TAKE_PTR(hw);
	return 0;
}

/* hwloc's sets may be infinite and may hold CPUs that a cpu_set_t does not. */
static void copy_cpus(hwloc_const_bitmap_t from, cpu_set_t *to)
{
	CPU_ZERO(to);
	for (int cpu = from ? hwloc_bitmap_first(from) : -1; cpu >= 0 && cpu < CPU_SETSIZE;
	     cpu = hwloc_bitmap_next(from, cpu))
		CPU_SET((size_t)cpu, to);
}

static int compare_ids(const void *a, const void *b)
{
	const struct numa_node *x = a, *y = b;

	return (x->id > y->id) - (x->id < y->id);
}

static int copy_nodes(hwloc_topology_t hw, struct topology *t)
{
	hwloc_const_nodeset_t allowed = hwloc_topology_get_allowed_nodeset(hw);
	hwloc_obj_t obj = NULL;

	while ((obj = hwloc_get_next_obj_by_type(hw, HWLOC_OBJ_NUMANODE, obj))) {
		struct numa_node *node = &t->nodes[t->n_nodes];

		if (obj->attr->numanode.local_memory == 0)
			continue;
		if (obj->os_index >= NODE_NUMBERS)
			return -EINVAL;
		if (t->n_nodes == NUMA_NODES_MAX)
			return -E2BIG;
		node->id = obj->os_index;
		node->memory_bytes = obj->attr->numanode.local_memory;
		node->allowed = hwloc_bitmap_isset(allowed, obj->os_index);
		copy_cpus(obj->cpuset, &node->cpus);
		t->n_nodes++;
	}
	if (t->n_nodes == 0)
		return -ENODEV;
	qsort(t->nodes, t->n_nodes, sizeof(t->nodes[0]), compare_ids);
	return 0;
}

/* Index of the node hwloc object obj was copied to; n_nodes when it was left out. */
static size_t node_index(const struct topology *t, hwloc_obj_t obj)
{
	size_t i = 0;

	while (i < t->n_nodes && (!obj || t->nodes[i].id != obj->os_index))
		i++;
	return i;
}

static void copy_matrix(struct topology *t, const struct hwloc_distances_s *matrix)
{
	for (unsigned int from = 0; from < matrix->nbobjs; from++) {
		size_t i = node_index(t, matrix->objs[from]);

		for (unsigned int to = 0; to < matrix->nbobjs && i < t->n_nodes; to++) {
			size_t j = node_index(t, matrix->objs[to]);
			uint64_t distance = matrix->values[from * matrix->nbobjs + to];

			/* The kernel's are one byte each. */
			if (j < t->n_nodes && distance <= UINT8_MAX)
				t->nodes[i].distance[j] = (unsigned int)distance;
		}
	}
}

static void set_distances(hwloc_topology_t hw, struct topology *t)
{
	struct hwloc_distances_s *matrix = NULL;
	unsigned int n = 1;

	for (size_t i = 0; i < t->n_nodes; i++)
		for (size_t j = 0; j < t->n_nodes; j++)
			t->nodes[i].distance[j] = i == j ? DISTANCE_LOCAL : DISTANCE_REMOTE;
	if (hwloc_distances_get_by_type(
		    hw, HWLOC_OBJ_NUMANODE, &n, &matrix,
		    HWLOC_DISTANCES_KIND_FROM_OS | HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) < 0 ||
	    n == 0)
		return;
	copy_matrix(t, matrix);
	hwloc_distances_release(hw, matrix);
}

static bool cpus_overlap(const cpu_set_t *a, const cpu_set_t *b)
{
	cpu_set_t both;

	CPU_AND(&both, a, b);
	return CPU_COUNT(&both) > 0;
}

/* A CPU belongs to one node: who shares the CPUs of a node before it has none of its own. */
static void find_owners(struct topology *t)
{
	for (size_t i = 0; i < t->n_nodes; i++) {
		struct numa_node *node = &t->nodes[i];

		node->has_cpus = CPU_COUNT(&node->cpus) > 0;
		for (size_t j = 0; j < i && node->has_cpus; j++)
			if (t->nodes[j].has_cpus && cpus_overlap(&node->cpus, &t->nodes[j].cpus))
				node->has_cpus = false;
	}
}

static void lend_cpus(struct topology *t)
{
	for (size_t i = 0; i < t->n_nodes; i++) {
		struct numa_node *node = &t->nodes[i];

		for (size_t n = 1; n < t->n_nodes && CPU_COUNT(&node->cpus) == 0; n++) {
			const struct numa_node *near = &t->nodes[node->fallback[n]];

			if (near->has_cpus)
				node->cpus = near->cpus;
		}
	}
}

int topology_load(enum topology_source source, const char *description,
		  struct topology **ret_topology)
{
	_cleanup_(hwloc_destroyp) hwloc_topology_t hw = NULL;
	_cleanup_(topology_freep) struct topology *t = NULL;
	int r;

	r = load_hwloc(source, description, &hw);
	if (r < 0)
		return r;
	t = calloc(1, sizeof(*t));
	if (!t)
		return -ENOMEM;
	r = copy_nodes(hw, t);
	if (r < 0)
		return r;
	set_distances(hw, t);
	find_owners(t);
	topology_set_fallback(t);
	lend_cpus(t);
	*ret_topology = TAKE_PTR(t);
	return 0;
}

struct topology *topology_free(struct topology *topology)
{
	free(topology);
	return NULL;
}

const struct numa_node *topology_find(const struct topology *topology, unsigned int id)
{
	for (size_t i = 0; i < topology->n_nodes; i++)
		if (topology->nodes[i].id == id)
			return &topology->nodes[i];
	return NULL;
}

static int mempolicy_mode(size_t n, enum topology_policy policy)
{
	switch (policy) {
	case TOPOLOGY_BIND:
		return MPOL_BIND;
	case TOPOLOGY_PREFER:
		return n == 1 ? MPOL_PREFERRED : MPOL_PREFERRED_MANY;
	case TOPOLOGY_INTERLEAVE:
		return MPOL_INTERLEAVE;
	case TOPOLOGY_ANYWHERE:
		break;
	}
	return MPOL_DEFAULT;
}

static int bind_memory(const struct numa_node *const *nodes, size_t n, enum topology_policy policy)
{
	unsigned long mask[NODE_NUMBERS / (8 * sizeof(unsigned long))] = {0};
	const size_t bits = 8 * sizeof(mask[0]);

	for (size_t i = 0; i < n; i++) {
		if (nodes[i]->id >= NODE_NUMBERS)
			return -EINVAL;
		mask[nodes[i]->id / bits] |= 1UL << (nodes[i]->id % bits);
	}
	/* The kernel reads one bit less than it is told, and of the default none. */
	if (syscall(SYS_set_mempolicy, mempolicy_mode(n, policy),
		    policy == TOPOLOGY_ANYWHERE ? NULL : mask, NODE_NUMBERS + 1UL) < 0)
		return -errno;
	return 0;
}

static int bind_cpus(const cpu_set_t *cpus)
{
	cpu_set_t allowed, wanted;

	if (sched_getaffinity(getpid(), sizeof(allowed), &allowed) < 0)
		return -errno;
	CPU_AND(&wanted, cpus, &allowed);
	/* With no CPU left the kernel says -EINVAL and changes nothing. */
	return sched_setaffinity(0, sizeof(wanted), &wanted) < 0 ? -errno : 0;
}

int topology_bind_thread_to(const struct numa_node *const *nodes, size_t n,
			    enum topology_policy policy)
{
	int memory = bind_memory(nodes, n, policy), cpus;
	cpu_set_t all = nodes[0]->cpus;

	for (size_t i = 1; i < n; i++)
		CPU_OR(&all, &all, &nodes[i]->cpus);
	cpus = bind_cpus(&all);
	return memory < 0 ? memory : cpus;
}

int topology_bind_thread(const struct numa_node *node)
{
	return topology_bind_thread_to(&node, 1, TOPOLOGY_PREFER);
}

/* NULL: out of memory. */
static hwloc_bitmap_t parse_list(const char *list)
{
	hwloc_bitmap_t set = hwloc_bitmap_alloc();

	if (set && hwloc_bitmap_list_sscanf(set, list) < 0)
		hwloc_bitmap_zero(set);
	return set;
}

bool node_list_holds(const char *list, const char *wanted)
{
	_cleanup_(bitmap_freep) hwloc_bitmap_t all = parse_list(list);
	_cleanup_(bitmap_freep) hwloc_bitmap_t some = parse_list(wanted);

	return all && some && hwloc_bitmap_isincluded(some, all);
}
