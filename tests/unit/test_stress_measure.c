/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/columns.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const char *const kernels[] = {"6.1", "6.12", "6.18", "7"};

static char *kernel_file(const char *kernel, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "kernel/%s/%s", kernel, name);
	return fixture_data(path);
}

static void test_vmstat(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		_cleanup_free_ char *text = kernel_file(kernels[i], "vmstat");
		struct vmstat vmstat;

		assert_int_equal(vmstat_parse(text, &vmstat, NULL), 0);
		assert_true(vmstat.pgfault > vmstat.pgmajfault);
		assert_true(vmstat.pswpout > 0);
	}
}

#define REST                                                                             \
	"pgscan_direct 1\npgsteal_direct 2\npgscan_kswapd 3\npgsteal_kswapd 4\npgfault " \
	"5\npgmajfault 6\nworkingset_refault_anon 7\nworkingset_refault_file 8\n"

static void test_vmstat_sum(void **state)
{
	struct vmstat vmstat;
	const char *bad = "";

	(void)state;
	assert_int_equal(vmstat_parse("allocstall_dma 1\nallocstall_dma32 20\n"
				      "allocstall_normal 300\nallocstall_movable 4000\n" REST,
				      &vmstat, NULL),
			 0);
	assert_int_equal(vmstat.allocstall, 4321);
	assert_int_equal(vmstat.pgsteal_kswapd, 4);
	assert_int_equal(vmstat.pgscan_proactive, 0);
	assert_int_equal(vmstat_parse("pgscan_direct 1\n" REST, &vmstat, &bad), -EBADMSG);
	assert_string_equal(bad, "pgscan_direct");
	assert_int_equal(vmstat_parse("pgscan_direct 1\n", &vmstat, &bad), -EBADMSG);
}

static const char *const group_files[] = {
	"memory.pressure", "memory.events",  "memory.events.local",
	"memory.stat",	   "memory.current", "memory.swap.current",
};

/* A fake /proc, /sys and group of the kernel. */
static struct fixture *fake_tree(const char *kernel)
{
	static const char *const others[][2] = {
		{"proc/vmstat", "vmstat"},
		{"proc/pressure/memory", "pressure-memory"},
		{"proc/meminfo", "meminfo"},
		{"sys/devices/system/node/node1/vmstat", "node1-vmstat"},
	};
	struct fixture *fx = fixture_new(NULL, 0);
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		_cleanup_free_ char *text = kernel_file(kernel, others[i][1]);

		fixture_write(fx, others[i][0], text);
	}
	for (size_t i = 0; i < ARRAY_SIZE(group_files); i++) {
		_cleanup_free_ char *text = kernel_file(kernel, group_files[i]);

		(void)snprintf(path, sizeof(path), "group/%s", group_files[i]);
		fixture_write(fx, path, text);
	}
	return fx;
}

static int open_dir(const struct fixture *fx, const char *path)
{
	int fd = openat(fx->fd, path, O_RDONLY | O_DIRECTORY);

	assert_true(fd >= 0);
	return fd;
}

static void test_readings(void **state)
{
	const unsigned int node = 1;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		_cleanup_(fixture_freep) struct fixture *fx = fake_tree(kernels[i]);
		_cleanup_close_ int proc_fd = open_dir(fx, "proc"), sys_fd = open_dir(fx, "sys"),
				    group_fd = open_dir(fx, "group");
		const struct measure_sources sources = {
			.proc_fd = proc_fd,
			.sys_fd = sys_fd,
			.n_groups = 1,
			.group_fds = &group_fd,
			.n_nodes = 1,
			.node_ids = &node,
			.max_samples = 2,
		};
		_cleanup_(measure_freep) struct measure *measure = NULL;
		const struct measures *results;
		const char *bad = "";

		if (measure_open(&sources, &measure, &bad) < 0 || measure_begin(measure, &bad) < 0)
			fail_msg("%s: %s", kernels[i], bad);
		results = measure_results(measure);
		assert_true(results->has_psi && results->has_group_psi);
		/* Peak and minimum come from samples; only as many as there is room for are kept.
		 */
		fixture_write(fx, "group/memory.current", "900000000\n");
		assert_int_equal(measure_sample(measure, &bad), 0);
		fixture_write(fx, "group/memory.current", "1000\n");
		for (int n = 0; n < 3; n++)
			assert_int_equal(measure_sample(measure, &bad), 0);
		assert_int_equal(results->n_samples, 2);
		assert_int_equal(results->samples[0].groups[0].current_bytes, 900000000);
		assert_int_equal(results->samples[1].groups[0].current_bytes, 1000);
		fixture_write(fx, "group/memory.pressure",
			      "some avg10=0.00 avg60=0.00 avg300=0.00 total=777\n"
			      "full avg10=0.00 avg60=0.00 avg300=0.00 total=555\n");
		assert_int_equal(measure_end(measure, &bad), 0);
		assert_int_equal(results->groups[0].peak_bytes, 900000000);
		assert_int_equal(results->groups[0].end.psi.some_us, 777);
		assert_int_equal(results->groups[0].end.current_bytes, 1000);
		assert_int_equal(results->nodes[0].id, 1);
		assert_int_equal(results->nodes[0].min.free_bytes,
				 results->nodes[0].begin.free_bytes);
		assert_true(results->nodes[0].min.free_bytes > 0);
		/* The kernel's own peak is better. */
		fixture_write(fx, "group/memory.peak", "950000000\n");
		assert_int_equal(measure_end(measure, &bad), 0);
		assert_int_equal(results->groups[0].peak_bytes, 950000000);
	}
}

/* Loads are read while they run; zram's cost and what happened since the beginning, by column. */
static void test_series(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fake_tree("6.18");
	_cleanup_close_ int proc_fd = open_dir(fx, "proc"), sys_fd = open_dir(fx, "sys"),
			    group_fd = open_dir(fx, "group");
	_cleanup_free_ struct histogram *first = calloc(1, sizeof(*first)),
					*reuse = calloc(1, sizeof(*reuse));
	struct slow_touches first_slow = {0}, reuse_slow = {.count[SLOW_SWAP_IN] = 3};
	_Atomic uint64_t operations = 0, bytes = 0, pages = 7;
	const struct load_source load = {first,	      reuse,  &first_slow, &reuse_slow,
					 &operations, &bytes, &pages};
	const struct measure_sources sources = {
		.proc_fd = proc_fd,
		.sys_fd = sys_fd,
		.n_groups = 1,
		.group_fds = &group_fd,
		.max_samples = 10,
		.n_loads = 1,
		.loads = &load,
	};
	_cleanup_(measure_freep) struct measure *measure = NULL;
	const struct measures *results;
	const char *bad = "";

	(void)state;
	assert_true(first && reuse);
	fixture_write(fx, "sys/block/zram0/mm_stat", "  8192 100 4096 0 4096 0 0 0 0\n");
	fixture_write(fx, "sys/block/zram1/mm_stat", "1000 100 200 0 4096 0 0 0 0\n");
	fixture_write(fx, "sys/block/sda/stat", "1\n");
	if (measure_open(&sources, &measure, &bad) < 0 || measure_begin(measure, &bad) < 0)
		fail_msg("%s", bad);
	results = measure_results(measure);
	histogram_record(first, 1000);
	histogram_record(reuse, 50);
	operations = 2;
	assert_int_equal(measure_sample(measure, &bad), 0);
	histogram_record(reuse, 63);
	fixture_write(fx, "group/memory.pressure",
		      "some avg10=0.00 avg60=0.00 avg300=0.00 total=900000777\n"
		      "full avg10=0.00 avg60=0.00 avg300=0.00 total=900000555\n");
	assert_int_equal(measure_end(measure, &bad), 0);
	assert_int_equal(results->n_samples, 2);
	assert_int_equal(results->samples[0].loads[0].first.count, 1);
	assert_int_equal(results->samples[0].loads[0].operations, 2);
	assert_int_equal(results->samples[0].loads[0].resident_pages, 7);
	assert_int_equal(results->samples[1].loads[0].first.count, 0);
	assert_int_equal(results->samples[1].loads[0].reuse.count, 1);
	assert_int_equal(results->samples[1].loads[0].reuse.p50_ns, 63);
	assert_int_equal(results->samples[1].loads[0].slow[SLOW_SWAP_IN], 3);
	assert_int_equal(results->end.memory.zram.stored_bytes, 9192);
	assert_int_equal(results->end.memory.zram.used_bytes, 4296);
	for (size_t i = 0; i < group_columns.n; i++) {
		const struct column *column = &group_columns.columns[i];
		uint64_t value = column_value(column, &results->samples[1].groups[0],
					      &results->groups[0].begin);

		if (strcmp(column->name, "stall_some_us") == 0)
			assert_int_equal(value, 900000777 - results->groups[0].begin.psi.some_us);
		else if (column->kind == COLUMN_COUNTER && strcmp(column->name, "stall_full_us"))
			assert_int_equal(value, 0);
	}
	assert_true(results->sampling_ns >= results->sampling_max_ns &&
		    results->sampling_max_ns > 0);
}

/* No PSI, no swap accounting: the rest is measured. */
static void test_without_psi_and_swap(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fake_tree("6.18");
	_cleanup_close_ int proc_fd = open_dir(fx, "proc"), sys_fd = open_dir(fx, "sys"),
			    group_fd = open_dir(fx, "group");
	const struct measure_sources sources = {
		.proc_fd = proc_fd, .sys_fd = sys_fd, .n_groups = 1, .group_fds = &group_fd};
	_cleanup_(measure_freep) struct measure *measure = NULL;
	const char *bad = "";

	(void)state;
	fixture_remove(fx, "proc/pressure/memory");
	fixture_remove(fx, "group/memory.pressure");
	fixture_remove(fx, "group/memory.swap.current");
	assert_int_equal(measure_open(&sources, &measure, &bad), 0);
	assert_int_equal(measure_begin(measure, &bad), 0);
	assert_false(measure_results(measure)->has_psi);
	assert_false(measure_results(measure)->has_group_psi);
	assert_int_equal(measure_results(measure)->groups[0].begin.swap_bytes, 0);
}

static void test_errors(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fake_tree("6.18");
	_cleanup_close_ int proc_fd = open_dir(fx, "proc"), sys_fd = open_dir(fx, "sys"),
			    group_fd = open_dir(fx, "group");
	const struct measure_sources sources = {
		.proc_fd = proc_fd, .sys_fd = sys_fd, .n_groups = 1, .group_fds = &group_fd};
	struct measure *measure = NULL;
	const char *bad = "";

	(void)state;
	assert_int_equal(measure_open(&sources, &measure, &bad), 0);
	fixture_write(fx, "group/memory.events", "low 0\nhigh x\n");
	assert_int_equal(measure_begin(measure, &bad), -EBADMSG);
	assert_string_equal(bad, "high");
	measure_free(measure);
	measure = NULL;
	fixture_remove(fx, "group/memory.stat");
	assert_int_equal(measure_open(&sources, &measure, &bad), -ENOENT);
	assert_string_equal(bad, "memory.stat");
	assert_null(measure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vmstat),	 cmocka_unit_test(test_vmstat_sum),
		cmocka_unit_test(test_readings), cmocka_unit_test(test_without_psi_and_swap),
		cmocka_unit_test(test_errors),	 cmocka_unit_test(test_series),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
