/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/block_device.h"

#include "tests/unit/fixture.h"

#include <stdio.h>
#include <string.h>
#include <sys/sysmacros.h>

/* sda and its partition, a volume on that, an array of both disks, a partition of the array. */
static struct fixture *fake_devices(void)
{
	static const struct fixture_file files[] = {
		{"devices/block/sda/sda2/partition", "2\n"},
		{"devices/block/sda/slaves/", NULL},
		{"devices/block/sdb/slaves/", NULL},
		{"devices/block/dm-0/dm/name", "vg-swap\n"},
		{"devices/block/dm-0/slaves/sda2/", NULL},
		{"devices/block/md0/slaves/sda/", NULL},
		{"devices/block/md0/slaves/sdb/", NULL},
		{"devices/block/md0/md0p1/partition", "1\n"},
		{"devices/block/loop/slaves/loop/", NULL},
		{"class/block/", NULL},
		{"dev/block/", NULL},
	};
	static const struct {
		const char *name, *path;
		unsigned int minor;
	} links[] = {
		{"sda", "../../devices/block/sda", 0},
		{"sda2", "../../devices/block/sda/sda2", 2},
		{"sdb", "../../devices/block/sdb", 16},
		{"dm-0", "../../devices/block/dm-0", 20},
		{"md0", "../../devices/block/md0", 30},
		{"md0p1", "../../devices/block/md0/md0p1", 31},
		{"loop", "../../devices/block/loop", 40},
		{"odd", "no-slash-at-all", 50},
	};
	struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		(void)snprintf(path, sizeof(path), "class/block/%s", links[i].name);
		assert_int_equal(symlinkat(links[i].path, fx->fd, path), 0);
		(void)snprintf(path, sizeof(path), "dev/block/8:%u", links[i].minor);
		assert_int_equal(symlinkat(links[i].path, fx->fd, path), 0);
	}
	return fx;
}

static struct config_patterns one_pattern(const char *pattern)
{
	struct config_patterns patterns = {.n = 1};

	(void)snprintf(patterns.pattern[0], CONFIG_PATTERN_MAX, "%s", pattern);
	return patterns;
}

static void test_names(void **state)
{
	static const struct {
		const char *pattern, *device;
		bool meant;
	} rows[] = {
		{"sda", "sda", true},
		{"sda", "sdb", false},
		{"dev/sda", "sda", true},
		{"sd?", "sda", true},
		{"da", "sda", false},
		/* A partition, and its disk. */
		{"sda", "sda2", true},
		{"sda2", "sda2", true},
		{"sda2", "sda", false},
		{"sdb", "sda2", false},
		/* What it is made of, whatever lies between. */
		{"sda2", "dm-0", true},
		{"sda", "dm-0", true},
		{"dm-0", "dm-0", true},
		{"mapper/vg-*", "dm-0", true},
		{"dev/mapper/vg-swap", "dm-0", true},
		{"mapper/vg-home", "dm-0", false},
		{"sdb", "dm-0", false},
		{"sdb", "md0p1", true},
		{"md0", "md0p1", true},
		{"sda2", "md0p1", false},
		/* What can't be followed to its end is meant. */
		{"sda", "loop", true},
		{"sda", "odd", true},
		{"sda", "missing", true},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fake_devices();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct config_patterns patterns = one_pattern(rows[i].pattern);

		if (block_device_name_is_meant(fx->fd, &patterns, rows[i].device) != rows[i].meant)
			fail_msg("%s, %s", rows[i].pattern, rows[i].device);
	}
}

static void test_numbers(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fake_devices();
	const struct config_patterns sda = one_pattern("sda"), none = {0};

	(void)state;
	assert_true(block_device_is_meant(fx->fd, &sda, makedev(8, 20)));
	assert_false(block_device_is_meant(fx->fd, &sda, makedev(8, 16)));
	/* A file system without a device. */
	assert_true(block_device_is_meant(fx->fd, &sda, makedev(0, 31)));
	/* Nobody said anything. */
	assert_false(block_device_is_meant(fx->fd, &none, makedev(0, 31)));
	assert_false(block_device_is_meant(fx->fd, &none, makedev(8, 0)));
	assert_false(block_device_name_is_meant(fx->fd, &none, "missing"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
