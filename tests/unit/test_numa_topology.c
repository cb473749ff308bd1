/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/topology.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <string.h>
#include <sys/syscall.h>
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

#define DATA_2	     "numa/2-nodes.xml"
#define DATA_4	     "numa/4-nodes-2-distances.xml"
#define DATA_CPULESS "numa/4-nodes-2-without-cpus.xml"

static struct topology *load_synthetic(const char *description)
{
	struct topology *t = NULL;

	assert_int_equal(topology_load(TOPOLOGY_SYNTHETIC, description, &t), 0);
	return t;
}

/* Loads text as an XML file. */
static int load_text(const char *text, struct topology **ret)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	char path[128];

	fixture_write(fx, "topology.xml", text);
	(void)snprintf(path, sizeof(path), "%s/topology.xml", fx->path);
	return topology_load(TOPOLOGY_XML, path, ret);
}

/* The captured file with the first occurrence of each pair's first text replaced by its second. */
static struct topology *load_changed(const char *name, const char *const (*changes)[2], size_t n)
{
	char *text = fixture_data(name);
	struct topology *t = NULL;

	for (size_t i = 0; i < n; i++) {
		const char *from = changes[i][0], *to = changes[i][1];
		char *at = strstr(text, from), *changed = NULL;

		assert_non_null(at);
		assert_true(asprintf(&changed, "%.*s%s%s", (int)(at - text), text, to,
				     at + strlen(from)) > 0);
		free(text);
		text = changed;
	}
	assert_int_equal(load_text(text, &t), 0);
	free(text);
	return t;
}

static struct topology *load_data(const char *name)
{
	return load_changed(name, NULL, 0);
}

static void assert_fallback(const struct topology *t, size_t own, const char *expected)
{
	char order[8 * NUMA_NODES_MAX] = "";

	for (size_t n = 0; n < t->n_nodes; n++)
		(void)snprintf(order + strlen(order), sizeof(order) - strlen(order), "%s%u",
			       n ? " " : "", t->nodes[t->nodes[own].fallback[n]].id);
	assert_string_equal(order, expected);
}

static void test_synthetic_nodes(void **state)
{
	static const struct {
		const char *description;
		size_t n_nodes;
		int cpus_each;
	} rows[] = {
		{"numa:1 pu:3", 1, 3},
		{"numa:2 core:2 pu:1", 2, 2},
		{"package:2 numa:2 core:2 pu:2", 4, 4},
		{"numa:64 pu:1", 64, 1},
	};

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		_cleanup_(topology_freep) struct topology *t = load_synthetic(rows[r].description);

		assert_int_equal(t->n_nodes, rows[r].n_nodes);
		for (unsigned int i = 0; i < t->n_nodes; i++) {
			const struct numa_node *node = &t->nodes[i];

			assert_int_equal(node->id, i);
			assert_ptr_equal(topology_find(t, i), node);
			assert_int_equal(node->memory_bytes, UINT64_C(1) << 30);
			assert_true(node->has_cpus && node->allowed);
			assert_int_equal(CPU_COUNT(&node->cpus), rows[r].cpus_each);
			assert_true(CPU_ISSET(i * (unsigned int)rows[r].cpus_each, &node->cpus));
			for (unsigned int j = 0; j < t->n_nodes; j++)
				assert_int_equal(node->distance[j], i == j ? 10 : 20);
		}
		assert_null(topology_find(t, (unsigned int)t->n_nodes));
	}
}

/* Without distances each node goes on with the next one. */
static void test_fallback_without_distances(void **state)
{
	_cleanup_(topology_freep) struct topology *t = load_synthetic("numa:4 pu:1");

	(void)state;
	assert_fallback(t, 0, "0 1 2 3");
	assert_fallback(t, 1, "1 2 3 0");
	assert_fallback(t, 2, "2 3 0 1");
	assert_fallback(t, 3, "3 0 1 2");
}

/* The orders are what Linux 6.18 logged ("Fallback order for Node 0: ...") when it ran there. */
static void test_fallback_as_the_kernel(void **state)
{
	static const struct {
		const char *data, *orders[4];
	} rows[] = {
		{DATA_4, {"0 1 2 3", "1 0 3 2", "2 3 0 1", "3 2 1 0"}},
		{DATA_CPULESS, {"0 2 1 3", "1 3 0 2", "2 0 3 1", "3 1 0 2"}},
	};

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		_cleanup_(topology_freep) struct topology *t = load_data(rows[r].data);

		for (size_t i = 0; i < 4; i++)
			assert_fallback(t, i, rows[r].orders[i]);
	}
}

static void test_captured_machine(void **state)
{
	_cleanup_(topology_freep) struct topology *t = load_data(DATA_2);
	static const unsigned int far[2][2] = {{10, 20}, {20, 10}};

	(void)state;
	assert_int_equal(t->n_nodes, 2);
	for (unsigned int i = 0; i < 2; i++) {
		const struct numa_node *node = &t->nodes[i];

		assert_true(node->has_cpus && node->allowed);
		assert_int_equal(CPU_COUNT(&node->cpus), 1);
		assert_true(CPU_ISSET(i, &node->cpus));
		assert_memory_equal(node->distance, far[i], sizeof(far[i]));
	}
}

static void test_node_without_cpus_gets_the_nearest(void **state)
{
	_cleanup_(topology_freep) struct topology *t = load_data(DATA_CPULESS);
	static const struct {
		bool own;
		unsigned int cpu;
	} rows[] = {{true, 0}, {true, 1}, {false, 0}, {false, 1}};
	static const unsigned int far_of_2[] = {17, 28, 10, 28};

	(void)state;
	assert_int_equal(t->n_nodes, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(t->nodes[i].has_cpus, rows[i].own);
		assert_int_equal(CPU_COUNT(&t->nodes[i].cpus), 1);
		assert_true(CPU_ISSET(rows[i].cpu, &t->nodes[i].cpus));
	}
	assert_memory_equal(t->nodes[2].distance, far_of_2, sizeof(far_of_2));
}

/* hwloc may also leave such a node's set empty. Node 3 is nearest to node 1. */
static void test_node_with_empty_cpu_set(void **state)
{
	static const char *const changes[][2] = {
		{"<object type=\"NUMANode\" os_index=\"3\" cpuset=\"0x00000002\" "
		 "complete_cpuset=\"0x00000002\"",
		 "<object type=\"NUMANode\" os_index=\"3\" cpuset=\"0x0\" "
		 "complete_cpuset=\"0x0\""},
	};
	_cleanup_(topology_freep) struct topology *t = load_changed(DATA_CPULESS, changes, 1);

	(void)state;
	assert_int_equal(t->n_nodes, 4);
	assert_false(t->nodes[3].has_cpus);
	assert_int_equal(CPU_COUNT(&t->nodes[3].cpus), 1);
	assert_true(CPU_ISSET(1, &t->nodes[3].cpus));
}

static void test_node_without_memory_is_left_out(void **state)
{
	static const char *const changes[][2] = {
		{"local_memory=\"309948416\"", "local_memory=\"0\""},
	};
	_cleanup_(topology_freep) struct topology *t = load_changed(DATA_CPULESS, changes, 1);

	(void)state;
	assert_int_equal(t->n_nodes, 3);
	assert_null(topology_find(t, 1));
	/* Distances follow the nodes, not their places: between 2 and 3, and 0 and 3. */
	assert_int_equal(t->nodes[1].id, 2);
	assert_int_equal(t->nodes[2].id, 3);
	assert_int_equal(t->nodes[1].distance[2], 28);
	assert_int_equal(t->nodes[0].distance[1], 17);
	assert_fallback(t, 0, "0 2 3");
}

static void test_disallowed_node_is_marked(void **state)
{
	static const char *const changes[][2] = {
		{"allowed_nodeset=\"0x00000003\"", "allowed_nodeset=\"0x00000001\""},
		{"allowed_cpuset=\"0x00000003\"", "allowed_cpuset=\"0x00000001\""},
	};
	_cleanup_(topology_freep) struct topology *t = load_changed(DATA_2, changes, 2);

	(void)state;
	assert_int_equal(t->n_nodes, 2);
	assert_true(t->nodes[0].allowed);
	assert_false(t->nodes[1].allowed);
	assert_true(CPU_ISSET(1, &t->nodes[1].cpus));
}

static void test_cpus_beyond_the_set_are_left_out(void **state)
{
	_cleanup_(topology_freep) struct topology *t = load_synthetic("numa:3 pu:600");

	(void)state;
	assert_int_equal(CPU_COUNT(&t->nodes[0].cpus), 600);
	assert_int_equal(CPU_COUNT(&t->nodes[1].cpus), CPU_SETSIZE - 600);
	/* All of its own are beyond: it runs on those of the next in its fallback order. */
	assert_false(t->nodes[2].has_cpus);
	assert_true(CPU_EQUAL(&t->nodes[2].cpus, &t->nodes[0].cpus));
}

static void test_bad_descriptions(void **state)
{
	struct topology *t = NULL;

	(void)state;
	assert_int_equal(topology_load(TOPOLOGY_SYNTHETIC, "numa:65 pu:1", &t), -E2BIG);
	assert_int_equal(topology_load(TOPOLOGY_SYNTHETIC, "", &t), -EINVAL);
	assert_int_equal(topology_load(TOPOLOGY_SYNTHETIC, "nodes of iron", &t), -EINVAL);
	assert_int_equal(topology_load(TOPOLOGY_XML, "/nonexistent/a.xml", &t), -ENOENT);
	assert_int_equal(load_text("", &t), -EINVAL);
	assert_int_equal(load_text("Node 0, zone DMA\n", &t), -EINVAL);
	assert_int_equal(load_text("<?xml version=\"1.0\"?>\n<topology version=\"2.0\">\n"
				   "</topology>\n",
				   &t),
			 -EINVAL);
	assert_null(t);
}

/*
 * hwloc 2.9's own XML parser, which is used where its libxml plugin is not installed, loses the
 * objects of a file that ends early. Not ours to report.
 */
static void hwloc_leaks(bool does)
{
#ifdef __SANITIZE_ADDRESS__
	if (does)
		__lsan_disable();
	else
		__lsan_enable();
#else
	(void)does;
#endif
}

static void test_file_cut_anywhere(void **state)
{
	_cleanup_(topology_freep) struct topology *whole = load_data(DATA_2);
	_cleanup_free_ char *text = fixture_data(DATA_2);
	const size_t step = 37;
	size_t n_loaded = 0;

	(void)state;
	for (size_t length = strlen(text) - 1; length > 0; length -= MIN(length, step)) {
		_cleanup_(topology_freep) struct topology *t = NULL;
		int r;

		text[length] = '\0';
		hwloc_leaks(true);
		r = load_text(text, &t);
		hwloc_leaks(false);
		assert_true(r == 0 || r == -EINVAL || r == -ENODEV);
		if (r == 0) {
			n_loaded++;
			assert_memory_equal(t, whole, sizeof(*t));
		}
	}
	/* At most the final newline. */
	assert_true(n_loaded <= 1);
}

static void test_live_machine(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;

	(void)state;
	assert_int_equal(topology_load(TOPOLOGY_LIVE, NULL, &t), 0);
	assert_true(t->n_nodes >= 1);
	for (size_t i = 0; i < t->n_nodes; i++) {
		assert_true(t->nodes[i].memory_bytes > 0);
		assert_true(CPU_COUNT(&t->nodes[i].cpus) > 0);
		assert_int_equal(t->nodes[i].fallback[0], i);
		assert_int_equal(t->nodes[i].distance[i], 10);
	}
}

struct bind_result {
	const struct numa_node *node;
	const enum topology_policy *how; /* NULL: topology_bind_thread */
	int returned;
	cpu_set_t before, after;
	int policy;
	unsigned long mask[16];
};

static void *bind_and_look(void *arg)
{
	struct bind_result *b = arg;

	sched_getaffinity(0, sizeof(b->before), &b->before);
	b->returned = b->how ? topology_bind_thread_to(&b->node, 1, *b->how)
			     : topology_bind_thread(b->node);
	sched_getaffinity(0, sizeof(b->after), &b->after);
	if (syscall(SYS_get_mempolicy, &b->policy, b->mask, 1025UL, NULL, 0UL) < 0)
		b->policy = -errno;
	return NULL;
}

static struct bind_result bind_in_thread(const struct numa_node *node,
					 const enum topology_policy *how)
{
	struct bind_result b = {.node = node, .how = how};
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, bind_and_look, &b), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	if (b.returned == -EPERM || b.returned == -ENOSYS)
		skip(); /* containers may forbid set_mempolicy */
	return b;
}

static void test_bound_thread(void **state)
{
	static const struct {
		enum topology_policy how;
		int mode;
	} rows[] = {
		{TOPOLOGY_BIND, MPOL_BIND},
		{TOPOLOGY_PREFER, MPOL_PREFERRED},
		{TOPOLOGY_INTERLEAVE, MPOL_INTERLEAVE},
		{TOPOLOGY_ANYWHERE, MPOL_DEFAULT},
	};
	_cleanup_(topology_freep) struct topology *t = NULL;
	struct bind_result b;
	struct numa_node node;

	(void)state;
	assert_int_equal(topology_load(TOPOLOGY_LIVE, NULL, &t), 0);
	node = t->nodes[0];
	CPU_ZERO(&node.cpus);
	for (size_t cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&node.cpus) == 0; cpu++)
		if (CPU_ISSET(cpu, &t->nodes[0].cpus))
			CPU_SET(cpu, &node.cpus);
	b = bind_in_thread(&node, NULL);
	if (b.returned == -EINVAL)
		skip(); /* this process may not use node 0, or its first CPU */
	assert_int_equal(b.returned, 0);
	assert_true(CPU_EQUAL(&b.after, &node.cpus));
	assert_int_equal(b.policy, MPOL_PREFERRED);
	assert_int_equal(b.mask[0], 1UL << node.id);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		b = bind_in_thread(&node, &rows[i].how);
		assert_int_equal(b.returned, 0);
		assert_true(CPU_EQUAL(&b.after, &node.cpus));
		assert_int_equal(b.policy, rows[i].mode);
		assert_int_equal(b.mask[0], rows[i].mode == MPOL_DEFAULT ? 0 : 1UL << node.id);
	}
}

static void test_bind_to_what_is_not_there(void **state)
{
	_cleanup_(topology_freep) struct topology *t = NULL;
	struct numa_node node = {.id = 1023};
	struct bind_result b;

	(void)state;
	/* The last CPU of a set is hardly there: the thread stays where it was. */
	CPU_SET(CPU_SETSIZE - 1, &node.cpus);
	b = bind_in_thread(&node, NULL);
	assert_int_equal(b.returned, -EINVAL);
	assert_true(CPU_EQUAL(&b.before, &b.after));
	assert_int_equal(b.policy, MPOL_DEFAULT);

	/* Good CPUs do not hide that there is no such memory. */
	assert_int_equal(topology_load(TOPOLOGY_LIVE, NULL, &t), 0);
	node.cpus = t->nodes[0].cpus;
	assert_int_equal(bind_in_thread(&node, NULL).returned, -EINVAL);
	node.id = 1024;
	assert_int_equal(bind_in_thread(&node, NULL).returned, -EINVAL);
}

static void test_lists_of_nodes(void **state)
{
	static const struct {
		const char *list, *wanted;
		bool holds;
	} rows[] = {
		{"0", "0", true},     {"0-1", "0", true},      {"0", "0-1", false},
		{"0-3", "1-2", true}, {"0,2-3", "1", false},   {"0,2-3", "3,0", true},
		{"0-63", "63", true}, {"0-63", "1023", false}, {"0", "", true},
		{"", "0", false},     {"none", "0", false},    {"0", "none", true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(node_list_holds(rows[i].list, rows[i].wanted), rows[i].holds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists_of_nodes),
		cmocka_unit_test(test_synthetic_nodes),
		cmocka_unit_test(test_fallback_without_distances),
		cmocka_unit_test(test_fallback_as_the_kernel),
		cmocka_unit_test(test_captured_machine),
		cmocka_unit_test(test_node_without_cpus_gets_the_nearest),
		cmocka_unit_test(test_node_with_empty_cpu_set),
		cmocka_unit_test(test_node_without_memory_is_left_out),
		cmocka_unit_test(test_disallowed_node_is_marked),
		cmocka_unit_test(test_cpus_beyond_the_set_are_left_out),
		cmocka_unit_test(test_bad_descriptions),
		cmocka_unit_test(test_file_cut_anywhere),
		cmocka_unit_test(test_live_machine),
		cmocka_unit_test(test_bound_thread),
		cmocka_unit_test(test_bind_to_what_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
