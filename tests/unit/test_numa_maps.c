/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/numa_maps.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static void test_lines(void **state)
{
	static const struct {
		const char *line;
		uint64_t on_node_kib, elsewhere_kib;
	} rows[] = {
		{"7f12a8e00000 default anon=512 dirty=512 N0=300 N1=212 kernelpagesize_kB=4", 848,
		 1200},
		{"7f12a8e00000 bind:1 anon=2 dirty=2 N1=2 kernelpagesize_kB=2048", 4096, 0},
		{"7f12a8e00000 prefer:0 file=/var/tmp/#12\\040(deleted) mapped=3 N10=3 "
		 "kernelpagesize_kB=4",
		 0, 12},
		/* A file's name is a word of its own, whatever it looks like. */
		{"7f12a8e00000 default file=N1=99 mapped=1 N0=1 kernelpagesize_kB=4", 0, 4},
		{"7ffd00000000 default", 0, 0},
		{"7ffd00000000 default heap anon=1 NEW=7 N1=1 kernelpagesize_kB=4", 4, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct numa_share share = {1, 2};
		uint64_t start = 0;

		assert_int_equal(
			numa_maps_add_line(rows[i].line, strlen(rows[i].line), 1, &share, &start),
			0);
		assert_int_equal(start, i < 4 ? 0x7f12a8e00000 : 0x7ffd00000000);
		assert_int_equal(share.on_node_bytes, 1 + rows[i].on_node_kib * 1024);
		assert_int_equal(share.elsewhere_bytes, 2 + rows[i].elsewhere_kib * 1024);
	}
}

static void test_malformed(void **state)
{
	static const char *const lines[] = {
		"",
		"7g default",
		"112233445566778899 default",
		"7f default N0=x kernelpagesize_kB=4",
		"7f default N0= kernelpagesize_kB=4",
		"7f default N0 kernelpagesize_kB=4",
		"7f default N0=-1 kernelpagesize_kB=4",
		"7f default N0=5",
		"7f default N0=5 kernelpagesize_kB=0",
		"7f default N0=5 kernelpagesize_kB=4 kernelpagesize_kB=4",
		"7f default N0=18446744073709551615 kernelpagesize_kB=4",
	};
	struct numa_share share = {7, 8};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(numa_maps_add_line(lines[i], strlen(lines[i]), 0, &share, NULL),
				 -EBADMSG);
	assert_int_equal(share.on_node_bytes, 7);
	assert_int_equal(share.elsewhere_bytes, 8);
}

static void test_process(void **state)
{
	const struct fixture_file files[] = {
		{"12/numa_maps", "7f1 default N0=3 kernelpagesize_kB=4\n7f2 default\n"
				 "7f3 default N1=1 kernelpagesize_kB=4\n"},
		{"13/numa_maps", "7f1 default N0=3\n"},
		{"14/numa_maps", ""},
		/* Libraries are left out, whatever is written to them; files without a name are
		   not. */
		{"16/numa_maps",
		 "7f1 bind:0 file=/lib/libc.so.6 mapped=40 mapmax=9 N0=1 N1=39 "
		 "kernelpagesize_kB=4\n"
		 "7f2 bind:0 file=/var/tmp/#12\\040(deleted) mapped=2 N0=1 N1=1 "
		 "kernelpagesize_kB=4\n"
		 "7f3 bind:0 file=/memfd:a\\040(deleted) mapped=4 N0=4 kernelpagesize_kB=4\n"
		 "7f4 bind:0 heap anon=8 N0=8 kernelpagesize_kB=4\n"},
		{"17/numa_maps", "7f1 bind:0 file=/lib/libc.so.6 N0=x kernelpagesize_kB=4\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct numa_share share;

	(void)state;
	assert_int_equal(numa_maps_read(fx->fd, 12, 0, &share), 0);
	assert_int_equal(share.on_node_bytes, 12288);
	assert_int_equal(share.elsewhere_bytes, 4096);
	assert_int_equal(numa_maps_read(fx->fd, 13, 0, &share), -EBADMSG);
	assert_int_equal(numa_maps_read(fx->fd, 15, 0, &share), -ENOENT);
	assert_int_equal(numa_maps_read(fx->fd, 16, 0, &share), 0);
	assert_int_equal(share.on_node_bytes, 13 * 4096);
	assert_int_equal(share.elsewhere_bytes, 4096);
	assert_int_equal(numa_maps_read(fx->fd, 17, 0, &share), -EBADMSG);
	assert_int_equal(numa_maps_read(fx->fd, 14, 0, &share), 0);
	assert_int_equal(share.on_node_bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
