/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/zram.h"

#include "tests/unit/fixture.h"

#include <errno.h>

static void test_parse(void **state)
{
	static const char *const bad[] = {"", "1 2\n", "1 x 3\n", "-1 2 3\n", "\n1 2 3\n"};
	struct zram_usage usage = {.stored_bytes = 4711};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(zram_parse(bad[i], &usage), -EBADMSG);
	assert_int_equal(usage.stored_bytes, 4711);
	assert_int_equal(zram_parse(" 65536    1234    8192        0\n", &usage), 0);
	assert_int_equal(usage.stored_bytes, 65536);
	assert_int_equal(usage.used_bytes, 8192);
}

static void test_parse_writes(void **state)
{
	static const char *const bad[] = {"", "1 2 3 4 5 6\n", "1 2 3 4 5 6 x\n",
					  "1 2 3 4 5 6 36028797018963968\n"};
	uint64_t bytes = 4711;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(zram_parse_writes(bad[i], &bytes), -EBADMSG);
	assert_int_equal(bytes, 4711);
	assert_int_equal(zram_parse_writes("  1   0   8  0  2  0  16  0  0  0  0\n", &bytes), 0);
	assert_int_equal(bytes, 8192);
}

static struct zram_usage read_all(const struct zram *zram)
{
	struct zram_usage usage;

	assert_int_equal(zram_read(zram, &usage), 0);
	return usage;
}

/* All devices are summed; what else there is in /sys/block does not matter. */
static void test_sum(void **state)
{
	static const struct fixture_file files[] = {
		{"block/zram0/mm_stat", "  8192 100 4096 0 4096 0 0 0 0\n"},
		{"block/zram0/stat", "1 0 8 0 2 0 16 0 0 0 0\n"},
		{"block/zram1/mm_stat", "1000 100 200 0 4096 0 0 0 0\n"},
		{"block/zram2/size", "0\n"},
		{"block/sda/mm_stat", "7 7 7\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(zram_freep) struct zram *zram = NULL;
	struct zram_usage usage;

	(void)state;
	assert_int_equal(zram_open(fx->fd, &zram), 0);
	assert_int_equal(read_all(zram).stored_bytes, 9192);
	assert_int_equal(read_all(zram).used_bytes, 4296);
	fixture_write(fx, "block/zram1/mm_stat", "2000 100 300\n");
	assert_int_equal(read_all(zram).stored_bytes, 10192);
	/* What there is of it: a device's may be missing. */
	assert_int_equal(zram_read_writes(zram), 8192);
	fixture_write(fx, "block/zram0/stat", "1 0 8 0 2 0 24 0 0 0 0\n");
	assert_int_equal(zram_read_writes(zram), 12288);
	usage.stored_bytes = 4711;
	fixture_write(fx, "block/zram0/mm_stat", "no numbers\n");
	assert_int_equal(zram_read(zram, &usage), -EBADMSG);
	assert_int_equal(usage.stored_bytes, 4711);
}

static void test_none(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	_cleanup_(zram_freep) struct zram *zram = NULL;

	(void)state;
	assert_int_equal(zram_open(fx->fd, &zram), 0);
	assert_int_equal(read_all(zram).stored_bytes, 0);
	assert_int_equal(zram_read_writes(zram), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_parse_writes),
		cmocka_unit_test(test_sum),
		cmocka_unit_test(test_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
