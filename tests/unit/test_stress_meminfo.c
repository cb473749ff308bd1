/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/meminfo.h"

#include "tests/unit/fixture.h"

#include <errno.h>

static const char *const kernels[] = {"6.1", "6.12", "6.18", "7"};

static char *kernel_file(const char *kernel, const char *name)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "kernel/%s/%s", kernel, name);
	return fixture_data(path);
}

static void test_real_files(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kernels); i++) {
		_cleanup_free_ char *text = kernel_file(kernels[i], "meminfo");
		_cleanup_free_ char *node_text = kernel_file(kernels[i], "node1-meminfo");
		struct node_meminfo node;
		struct meminfo info;

		assert_int_equal(meminfo_parse(text, &info, NULL), 0);
		assert_true(info.total > info.available && info.total > info.free);
		assert_true(info.swap_total > info.swap_free && info.swap_free > 0);
		assert_int_equal(node_meminfo_parse(node_text, &node, NULL), 0);
		assert_true(node.total < info.total && node.total > info.total / 4);
		assert_true(node.available > node.free && node.available < node.total);
	}
}

static void test_numbers(void **state)
{
	_cleanup_free_ char *text = kernel_file("6.18", "meminfo");
	struct node_meminfo node;
	struct meminfo info;

	(void)state;
	assert_int_equal(meminfo_parse(text, &info, NULL), 0);
	assert_int_equal(info.total, UINT64_C(2021612) * 1024);
	assert_int_equal(info.free, UINT64_C(1746688) * 1024);
	assert_int_equal(info.available, UINT64_C(1617868) * 1024);
	assert_int_equal(info.swap_total, UINT64_C(262140) * 1024);
	assert_int_equal(info.swap_free, UINT64_C(251880) * 1024);
	assert_int_equal(node_meminfo_parse("Node 3 MemTotal: 1000 kB\nNode 3 MemFree: 100 kB\n"
					    "Node 3 Active(file): 20 kB\n"
					    "Node 3 Inactive(file): 3 kB\n"
					    "Node 3 SReclaimable: 4 kB\n",
					    &node, NULL),
			 0);
	assert_int_equal(node.total, 1000 * 1024);
	assert_int_equal(node.free, 100 * 1024);
	assert_int_equal(node.available, 127 * 1024);
}

#define REST "MemFree: 1 kB\nMemAvailable: 1 kB\nSwapTotal: 1 kB\nSwapFree: 1 kB\n"

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *bad;
	} rows[] = {
		{"", "MemTotal:"},
		{REST, "MemTotal:"},
		{"MemTotal: 1 kB\nMemTotal: 1 kB\n" REST, "MemTotal:"},
		{"MemTotal: x kB\n" REST, "MemTotal:"},
		{"MemTotal: -1 kB\n" REST, "MemTotal:"},
		{"MemTotal: 1 MB\n" REST, "MemTotal:"},
		{"MemTotal: 1\n" REST, "MemTotal:"},
		{"MemTotal:\n" REST, "MemTotal:"},
		{"MemTotal: 18446744073709551615 kB\n" REST, "MemTotal:"},
		{"MemTotal: 1 kB\nMemFree: 1 kB\nMemAvailable: 1 kB\nSwapTotal: 1 kB\n",
		 "SwapFree:"},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct meminfo info = {.total = 4711};
		const char *bad = "";

		assert_int_equal(meminfo_parse(rows[i].text, &info, &bad), -EBADMSG);
		assert_string_equal(bad, rows[i].bad);
		assert_int_equal(info.total, 4711);
	}
}

static void test_trees(void **state)
{
	_cleanup_free_ char *text = kernel_file("6.12", "meminfo");
	_cleanup_free_ char *node_text = kernel_file("6.12", "node0-meminfo");
	const struct fixture_file files[] = {
		{"meminfo", text},
		{"devices/system/node/node0/meminfo", node_text},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct node_meminfo node;
	struct meminfo info;

	(void)state;
	assert_int_equal(meminfo_read(fx->fd, &info, NULL), 0);
	assert_int_equal(node_meminfo_read(fx->fd, 0, &node, NULL), 0);
	assert_int_equal(node_meminfo_read(fx->fd, 1, &node, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_real_files),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_trees),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
