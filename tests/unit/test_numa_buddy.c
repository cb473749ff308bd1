/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/buddy.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#define DMA                                                                                        \
	"Node 0, zone      DMA      0      0      0      0      0      0      0      0      1    " \
	"  1      3 \n"
#define DMA32                                                                                      \
	"Node 0, zone    DMA32      2      2      4      2      5      4      3      3      4    " \
	"  3    751 \n"
#define NORMAL                                                                                     \
	"Node 0, zone   Normal   4367   2787   2623   1400    537    895    632    903   1043    " \
	"465   3217 \n"
#define OTHER                                                                                      \
	"Node 1, zone   Normal      5      0      0      0      0      0      0      0      0    " \
	"  1      0 \n"

static void test_zones_are_summed(void **state)
{
	struct buddy buddy;

	(void)state;
	assert_int_equal(buddy_parse(DMA DMA32 NORMAL OTHER, 0, &buddy, NULL), 0);
	assert_int_equal(buddy.n_orders, 11);
	assert_int_equal(buddy.blocks[0], 4369);
	assert_int_equal(buddy.blocks[10], 3968);
	assert_int_equal(buddy_pages(&buddy, 10), 3968 * 1024);
	assert_int_equal(buddy_pages(&buddy, 9), 3968 * 1024 + 468 * 512);
	assert_int_equal(buddy_pages(&buddy, 11), 0);
	assert_int_equal(buddy_parse(DMA DMA32 NORMAL OTHER, 1, &buddy, NULL), 0);
	assert_int_equal(buddy_pages(&buddy, 1), 512);
	assert_int_equal(buddy_pages(&buddy, 0), 517);
}

static void test_refused(void **state)
{
	static const struct {
		const char *text;
		int result;
	} rows[] = {
		{"", -ENODEV},
		{OTHER, -ENODEV},
		{DMA, -ENODEV},
		{"Node 0 zone Normal 1\n", -EBADMSG},
		{"Node x, zone Normal 1\n", -EBADMSG},
		{"Node , zone Normal 1\n", -EBADMSG},
		{"node 0, zone Normal 1\n", -EBADMSG},
		{"Node 0, zone\n", -EBADMSG},
		{"Node 0, zone Normal\n", -EBADMSG},
		{"Node 0, zone Normal 1 x\n", -EBADMSG},
		{"Node 0, zone Normal -1\n", -EBADMSG},
		{"Node 0, zone Normal 99999999999999999999\n", -EBADMSG},
		{"Node 0, zone DMA32 1 2\nNode 0, zone Normal 1\n", -EBADMSG},
		{"Node 0, zone Normal 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1\n", -EBADMSG},
		{"\n", -EBADMSG},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct buddy buddy = {.n_orders = 99};
		const char *bad = NULL;

		if (buddy_parse(rows[i].text, 0, &buddy, &bad) != rows[i].result)
			fail_msg("\"%s\"", rows[i].text);
		assert_int_equal(buddy.n_orders, 99);
		assert_true(rows[i].result != -EBADMSG || bad);
	}
}

static void test_huge_counts(void **state)
{
	struct buddy buddy;

	(void)state;
	assert_int_equal(buddy_parse("Node 0, zone Normal 18446744073709551615 "
				     "18446744073709551615\nNode 0, zone Movable 1 1\n",
				     0, &buddy, NULL),
			 0);
	assert_int_equal(buddy.blocks[0], UINT64_MAX);
	assert_int_equal(buddy_pages(&buddy, 0), UINT64_MAX);
}

static void test_files(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_close_ int fd = -1, compact_fd = -1;
	_cleanup_free_ char *written = NULL;
	struct buddy buddy;

	(void)state;
	assert_int_equal(node_compact_open(fx->fd, 1), -ENOENT);
	fixture_write(fx, "devices/system/node/node1/compact", "");
	fixture_write(fx, "buddyinfo", DMA DMA32 NORMAL OTHER);
	fd = kfile_open(fx->fd, "buddyinfo", O_RDONLY);
	assert_int_equal(buddy_read(fd, 1, &buddy, NULL), 0);
	assert_int_equal(buddy_pages(&buddy, 0), 517);
	compact_fd = node_compact_open(fx->fd, 1);
	assert_true(compact_fd >= 0);
	assert_int_equal(node_compact(compact_fd), 0);
	written = fixture_read(fx, "devices/system/node/node1/compact");
	assert_string_equal(written, "1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_zones_are_summed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_huge_counts),
		cmocka_unit_test(test_files),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
