/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/swap_areas.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define HEADING "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"
#define KIB	UINT64_C(1024)

/* Those with an x in their names. */
static bool has_x(void *context, const char *name, bool file)
{
	(void)context;
	(void)file;
	return strchr(name, 'x');
}

static void test_what_comes_before(void **state)
{
	static const struct {
		const char *text;
		bool any_named;
		uint64_t total_kib, free_kib;
	} rows[] = {
		{"", false, 0, 0},
		{HEADING, false, 0, 0},
		{HEADING "/a partition 100 30 -2\n", false, 100, 70},
		{HEADING "/a partition 100 30 -2\n/b file 50 0 5\n", false, 150, 120},
		{HEADING "/x partition 100 30 -2\n", true, 0, 0},
		{HEADING "/x partition 100 100 -2\n/a partition 100 30 100\n", true, 100, 70},
		{HEADING "/x partition 100 30 100\n/a partition 100 30 -2\n", true, 0, 0},
		/* Of the same priority: in turn. */
		{HEADING "/x partition 100 30 5\n/a partition 100 30 5\n", true, 0, 0},
		/* The first of several counts. */
		{HEADING
		 "/x partition 9 0 5\n/a partition 70 0 7\n/xx file 9 0 -3\n/b file 8 8 6\n",
		 true, 78, 70},
		/* More used than there is. */
		{HEADING "/a partition 100 300 -2\n", false, 100, 0},
		{HEADING "/a partition 18014398509481983 0 -2\n/b file 18014398509481983 0 -3\n",
		 false, UINT64_MAX / KIB, UINT64_MAX / KIB},
		{HEADING "/x partition 1 0 -2147483647\n/a partition 1 0 2147483647\n", true, 1, 1},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct swap_before before = {.total_bytes = 42};

		assert_int_equal(swap_areas_parse(rows[i].text, has_x, NULL, &before), 0);
		assert_int_equal(before.any_named, rows[i].any_named);
		assert_int_equal(before.total_bytes / KIB, rows[i].total_kib);
		assert_int_equal(before.free_bytes / KIB, rows[i].free_kib);
	}
}

static void test_malformed(void **state)
{
	static const char *const texts[] = {
		HEADING "\n",
		HEADING "/a\n",
		HEADING "/a partition 100 30\n",
		HEADING "/a partition 100 30 -2 more\n",
		HEADING "/a partition x 30 -2\n",
		HEADING "/a partition 100 -30 -2\n",
		HEADING "/a partition 100 30 --2\n",
		HEADING "/a partition 100 30 -\n",
		HEADING "/a partition 100 30 2147483648\n",
		HEADING "/a partition 18014398509481984 0 -2\n",
	};
	struct swap_before before = {.total_bytes = 42};
	char many[34 * 16] = "heading\n";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_int_equal(swap_areas_parse(texts[i], has_x, NULL, &before), -EBADMSG);
	for (int i = 0; i < 33; i++)
		(void)snprintf(many + strlen(many), sizeof(many) - strlen(many), "/a file 1 0 1\n");
	assert_int_equal(swap_areas_parse(many, has_x, NULL, &before), -E2BIG);
	assert_int_equal(before.total_bytes, 42);
}

/* A swap file is on its file system's device; one that is not found is on any. */
static void test_files(void **state)
{
	static const struct fixture_file files[] = {
		{"proc/swaps", HEADING "/swap/file file 10 0 -2\n/dev/zram0 partition 20 0 100\n"},
		{"proc/1/root/swap/file", ""},
		{"sys/class/block/", NULL},
		{"sys/dev/block/", NULL},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_close_ int proc_fd = kfile_open_dir(fx->fd, "proc");
	_cleanup_close_ int sys_fd = kfile_open_dir(fx->fd, "sys");
	struct config_patterns devices = {.n = 1, .pattern = {"sda"}};
	struct swap_before before;
	char link[64];
	struct stat st;

	(void)state;
	assert_int_equal(fstat(fx->fd, &st), 0);
	(void)snprintf(link, sizeof(link), "sys/dev/block/%u:%u", major(st.st_dev),
		       minor(st.st_dev));
	assert_int_equal(symlinkat("../../devices/block/sda", fx->fd, link), 0);
	assert_int_equal(symlinkat("../../devices/block/zram0", fx->fd, "sys/class/block/zram0"),
			 0);
	assert_int_equal(swap_areas_read(proc_fd, sys_fd, &devices, &before), 0);
	assert_true(before.any_named);
	assert_int_equal(before.free_bytes, 20 * KIB);
	(void)snprintf(devices.pattern[0], CONFIG_PATTERN_MAX, "sdb");
	assert_int_equal(swap_areas_read(proc_fd, sys_fd, &devices, &before), 0);
	assert_false(before.any_named);
	fixture_remove(fx, "proc/1");
	assert_int_equal(swap_areas_read(proc_fd, sys_fd, &devices, &before), 0);
	assert_true(before.any_named);
	fixture_remove(fx, "proc/swaps");
	assert_int_equal(swap_areas_read(proc_fd, sys_fd, &devices, &before), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_comes_before),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
