/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers against files of real kernels (data/kernel/README says how they came about). */
#include "cgroup/memory.h"
#include "cgroup/mountinfo.h"
#include "cgroup/psi.h"
#include "cgroup/state.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <fcntl.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

static const char *const series[] = {"6.1", "6.12", "6.18", "7"};

static char *kernel_file(size_t kernel, const char *name)
{
	char path[100];

	(void)snprintf(path, sizeof(path), "kernel/%s/%s", series[kernel], name);
	return fixture_data(path);
}

static int kernel_dir(size_t kernel)
{
	char path[600];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/kernel/%s", fixture_data_path(), series[kernel]);
	fd = kfile_open_dir(AT_FDCWD, path);
	assert_true(fd >= 0);
	return fd;
}

static void test_stat(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(series); i++) {
		_cleanup_free_ char *text = kernel_file(i, "memory.stat");
		_cleanup_free_ char *root = kernel_file(i, "root-memory.stat");
		struct memory_stat stat;
		const char *bad = "";

		if (memory_stat_parse(root, &stat, &bad) < 0 ||
		    memory_stat_parse(text, &stat, &bad) < 0)
			fail_msg("%s: %s", series[i], bad);
		/* 36 MiB anonymous and 20 MiB of file on each of two nodes, under 96 MiB. */
		assert_in_range(stat.anon, 30 * MIB, 96 * MIB);
		assert_in_range(stat.file, 4 * MIB, 96 * MIB);
		assert_in_range(stat.anon + stat.file + stat.kernel, 60 * MIB, 97 * MIB);
		assert_in_range(stat.inactive_anon + stat.active_anon, 30 * MIB, 96 * MIB);
		assert_true(stat.kernel > 0);
		assert_true(stat.pgfault > stat.pgmajfault);
		/* It ran over its limit and 4 MiB were asked of it: the sums must agree. */
		assert_true(stat.pgsteal >= 1024);
		assert_true(stat.pgsteal >=
			    stat.pgsteal_direct + stat.pgsteal_kswapd + stat.pgsteal_proactive);
		assert_true(stat.pgscan >= stat.pgsteal);
		/* Only from 6.18 on is proactive reclaim counted apart. */
		assert_int_equal(stat.pgsteal_proactive > 0, i >= 2);
	}
}

static void test_numa_stat_is_memory_stat_by_node(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(series); i++) {
		_cleanup_close_ int dir = kernel_dir(i);
		_cleanup_close_ int fd = kfile_open(dir, "memory.numa_stat", O_RDONLY);
		_cleanup_free_ char *text = kernel_file(i, "memory.stat");
		_cleanup_free_ char *numa = kernel_file(i, "memory.numa_stat");
		_cleanup_free_ char *root = kernel_file(i, "root-memory.numa_stat");
		struct memory_node_share nodes[3], parsed[3];
		struct memory_stat stat;
		const char *bad = "";

		assert_int_equal(memory_stat_parse(text, &stat, NULL), 0);
		if (memory_numa_stat_parse(root, nodes, 3, &bad) < 0 ||
		    memory_numa_stat_parse(numa, parsed, 3, &bad) < 0 ||
		    memory_numa_stat_read(fd, nodes, 3, &bad) < 0)
			fail_msg("%s: %s", series[i], bad);
		assert_memory_equal(nodes, parsed, sizeof(nodes));
		/* The two files were read one after the other: 64 pages for each of 2 CPUs. */
		assert_in_range(nodes[0].anon + nodes[1].anon + 512 * 1024 - stat.anon, 0,
				1024 * 1024);
		assert_in_range(nodes[0].file + nodes[1].file + 512 * 1024 - stat.file, 0,
				1024 * 1024);
		assert_true(nodes[0].anon > 4 * MIB && nodes[1].anon > 4 * MIB);
		assert_true(nodes[0].slab_reclaimable + nodes[1].slab_reclaimable > 0);
		assert_int_equal(nodes[2].anon, 0);
	}
}

static void test_small_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(series); i++) {
		_cleanup_close_ int dir = kernel_dir(i);
		_cleanup_close_ int events_fd = kfile_open(dir, "memory.events", O_RDONLY);
		_cleanup_close_ int local_fd = kfile_open(dir, "memory.events.local", O_RDONLY);
		_cleanup_close_ int psi_fd = kfile_open(dir, "memory.pressure", O_RDONLY);
		_cleanup_free_ char *psi = kernel_file(i, "pressure-memory");
		_cleanup_free_ char *events_text = kernel_file(i, "cgroup.events");
		struct memory_events events, local;
		struct memory_limits limits;
		struct group_state group;
		struct psi_totals totals;
		uint64_t bytes;

		assert_int_equal(memory_events_read(events_fd, &events, NULL), 0);
		assert_int_equal(memory_events_read(local_fd, &local, NULL), 0);
		assert_true(events.high > 0);
		assert_int_equal(events.high, local.high);
		assert_int_equal(psi_read(psi_fd, &totals, NULL), 0);
		assert_true(totals.some_us >= totals.full_us);
		assert_int_equal(psi_parse(psi, &totals, NULL), 0);
		assert_int_equal(memory_bytes_read_at(dir, "memory.current", &bytes), 0);
		assert_in_range(bytes, 60 * MIB, 96 * MIB);
		assert_int_equal(memory_bytes_read_at(dir, "memory.swap.current", &bytes), 0);
		assert_int_equal(memory_limits_read(dir, &limits, NULL), 0);
		assert_int_equal(limits.max, 96 * MIB);
		assert_int_equal(limits.high, 90 * MIB);
		assert_int_equal(limits.low, 8 * MIB);
		assert_int_equal(limits.min, 4 * MIB);
		assert_true(limits.swap_max == UINT64_MAX);
		assert_int_equal(group_state_parse("domain\n", events_text, &group, NULL), 0);
		assert_true(group.populated);
		assert_false(group.frozen);
	}
}

static void test_mountinfo(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(series); i++) {
		_cleanup_free_ char *text = kernel_file(i, "mountinfo");
		struct mountinfo_cgroup2 mount = {.path = ""};
		char *rest = NULL;
		size_t found = 0;

		for (char *line = strtok_r(text, "\n", &rest); line;
		     line = strtok_r(NULL, "\n", &rest)) {
			int r = mountinfo_parse_line(line, &mount);

			assert_true(r >= 0);
			found += (size_t)r;
		}
		assert_int_equal(found, 1);
		assert_string_equal(mount.path, "/sys/fs/cgroup");
		assert_true(mount.nsdelegate && mount.recursive_protection);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_numa_stat_is_memory_stat_by_node),
		cmocka_unit_test(test_small_files),
		cmocka_unit_test(test_mountinfo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
