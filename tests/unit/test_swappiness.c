/* SPDX-License-Identifier: Apache-2.0 */
/* How readily anonymous memory is taken, from what reading costs. */
#include "agent/policy/swappiness.h"

#include "base/clock.h"
#include "cgroup/reclaim.h"
#include "tests/unit/fixture.h"

#include <errno.h>

#define MIB (UINT64_C(1) << 20)
#define NOW (1000 * NSEC_PER_SEC)

static void test_prices(void **state)
{
	static const struct {
		const char *name;
		struct disk_reads swap, file;
		uint64_t gained;
		int swappiness;
	} rows[] = {
		{"alike", {100 * MIB, 900}, {200 * MIB, 1800}, 10000, 100},
		/* vm.rst's own example. */
		{"swap twice as fast", {100 * MIB, 100}, {100 * MIB, 200}, 10000, 133},
		{"and half of it stays", {100 * MIB, 1000}, {100 * MIB, 2000}, 5000, 100},
		{"and nothing is gained",
		 {100 * MIB, 1000},
		 {100 * MIB, 2000},
		 0,
		 SWAPPINESS_LEAST},
		{"swap far slower",
		 {100 * MIB, 1000000},
		 {100 * MIB, 100},
		 10000,
		 SWAPPINESS_LEAST},
		{"swap for nothing", {100 * MIB, 0}, {100 * MIB, 100}, 10000, SWAPPINESS_MOST},
		{"files for nothing", {100 * MIB, 500}, {100 * MIB, 0}, 10000, SWAPPINESS_LEAST},
		{"both for nothing", {100 * MIB, 0}, {100 * MIB, 0}, 10000, GROUP_RECLAIM_DEFAULT},
		{"just enough read",
		 {SWAPPINESS_READ_BYTES, 16000},
		 {SWAPPINESS_READ_BYTES, 16000},
		 10000,
		 100},
		{"too little from swap",
		 {SWAPPINESS_READ_BYTES - 1, 1000},
		 {100 * MIB, 1000},
		 10000,
		 GROUP_RECLAIM_DEFAULT},
		{"too little of files",
		 {100 * MIB, 1000},
		 {SWAPPINESS_READ_BYTES - 1, 1000},
		 10000,
		 GROUP_RECLAIM_DEFAULT},
		{"nothing known", {0, 0}, {0, 0}, 10000, GROUP_RECLAIM_DEFAULT},
		{"as much as there can be",
		 {UINT64_MAX, UINT64_MAX},
		 {UINT64_MAX, UINT64_MAX},
		 10000,
		 100},
		{"as slow as can be",
		 {SWAPPINESS_READ_BYTES, UINT64_MAX},
		 {SWAPPINESS_READ_BYTES, UINT64_MAX},
		 1,
		 SWAPPINESS_LEAST},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct read_prices prices = {
			.lately = {.swap = rows[i].swap, .file = rows[i].file}};
		int swappiness = swappiness_by_price(&prices, rows[i].gained);

		if (swappiness != rows[i].swappiness)
			fail_msg("%s: %d", rows[i].name, swappiness);
	}
}

static struct machine_reads reads(uint64_t swap_mib, uint64_t file_mib)
{
	return (struct machine_reads){
		.swap = {swap_mib * MIB, swap_mib * NSEC_PER_USEC},
		.file = {file_mib * MIB, 2 * file_mib * NSEC_PER_USEC},
	};
}

/* What was read before the first look is not of these minutes; it is forgotten evenly. */
static void test_what_was_read_lately(void **state)
{
	struct read_prices p = {0};
	struct machine_reads now = reads(5000, 5000);

	(void)state;
	read_prices_learn(&p, NOW, &now);
	assert_int_equal(p.lately.swap.bytes, 0);
	assert_int_equal(swappiness_by_price(&p, 10000), GROUP_RECLAIM_DEFAULT);
	now = reads(5100, 5200);
	read_prices_learn(&p, NOW + NSEC_PER_SEC, &now);
	assert_int_equal(p.lately.swap.bytes, 100 * MIB);
	assert_int_equal(p.lately.file.ns, 400 * NSEC_PER_USEC);
	assert_int_equal(swappiness_by_price(&p, 10000), 133);
	read_prices_learn(&p, NOW + NSEC_PER_SEC + SWAPPINESS_MEMORY_NS / 2, &now);
	assert_int_equal(p.lately.swap.bytes, 50 * MIB);
	assert_int_equal(swappiness_by_price(&p, 10000), 133);
	read_prices_learn(&p, NOW + NSEC_PER_SEC + 2 * SWAPPINESS_MEMORY_NS, &now);
	assert_int_equal(swappiness_by_price(&p, 10000), GROUP_RECLAIM_DEFAULT);
}

/* A device that went away takes its counters along; a clock may jump. */
static void test_what_goes_back(void **state)
{
	struct read_prices p = {0};
	struct machine_reads now = reads(5000, 5000);

	(void)state;
	read_prices_learn(&p, NOW, &now);
	now = reads(5100, 5200);
	read_prices_learn(&p, NOW - NSEC_PER_SEC, &now);
	assert_int_equal(p.lately.swap.bytes, 100 * MIB);
	now = reads(10, 5300);
	read_prices_learn(&p, NOW - NSEC_PER_SEC, &now);
	assert_int_equal(p.lately.swap.bytes, 100 * MIB);
	assert_int_equal(p.lately.file.bytes, 300 * MIB);
	read_prices_learn(&p, UINT64_MAX, &now);
	assert_int_equal(p.lately.swap.bytes, 0);
}

#define LINE(name, sectors, ms) " 254 0 " name " 10 2 " sectors " " ms " 3 4 5 6 0 7 8\n"
#define SWAPS			"Filename\tType\tSize\tUsed\tPriority\n"

static void test_parse(void **state)
{
	static const char disks[] = LINE("vda", "2048", "10") LINE("vdab", "4096", "20")
		LINE("zram0", "8192", "30") LINE("zram10", "2", "40");
	static const struct {
		const char *name, *swaps;
		uint64_t swap_kib, swap_ms, file_kib, file_ms;
	} rows[] = {
		{"no swap", SWAPS, 0, 0, 1024 + 2048 + 4096 + 1, 100},
		{"zram", SWAPS "/dev/zram0    partition 1 0 5\n", 4096, 30, 1024 + 2048 + 1, 70},
		{"two areas", SWAPS "/dev/zram10 partition 1 0 5\n/dev/vda partition 1 0 5\n", 1025,
		 50, 2048 + 4096, 50},
		{"a file", SWAPS "/swapfile file 1 0 5\n", 0, 0, 1024 + 2048 + 4096 + 1, 100},
		{"a longer name", SWAPS "/dev/vdabc partition 1 0 5\n", 0, 0,
		 1024 + 2048 + 4096 + 1, 100},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine_reads got;

		assert_int_equal(machine_reads_parse(disks, rows[i].swaps, &got), 0);
		if (got.swap.bytes != rows[i].swap_kib << 10 ||
		    got.file.bytes != rows[i].file_kib << 10 ||
		    got.swap.ns != rows[i].swap_ms * NSEC_PER_MSEC ||
		    got.file.ns != rows[i].file_ms * NSEC_PER_MSEC)
			fail_msg("%s: %ju and %ju bytes", rows[i].name, (uintmax_t)got.swap.bytes,
				 (uintmax_t)got.file.bytes);
	}
}

static void test_malformed(void **state)
{
	static const char *const rows[] = {
		"254 0 vda 1 2 3\n",	       "254 0 vda 1 2 3 x\n",
		"vda 1 2 3 4 5 6 7\n",	       " 254 0 vda 1 2 -3 4\n",
		LINE("vda", "1", "2") "254\n", LINE("vda", "18446744073709551616", "2"),
	};
	struct machine_reads got = {.swap.bytes = 42};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(machine_reads_parse(rows[i], SWAPS, &got), -EBADMSG);
	assert_int_equal(got.swap.bytes, 42);
	assert_int_equal(machine_reads_parse(LINE("a", "18446744073709551615", "1"), SWAPS, &got),
			 0);
	assert_int_equal(got.file.bytes, UINT64_MAX);
	assert_int_equal(machine_reads_parse("", "", &got), 0);
	assert_int_equal(got.file.bytes, 0);
}

static void test_read(void **state)
{
	static const struct fixture_file files[] = {
		{"diskstats", LINE("zram0", "8", "1")},
		{"swaps", SWAPS "/dev/zram0 partition 1 0 5\n"},
	};
	struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct machine_reads got;

	(void)state;
	assert_int_equal(machine_reads_read(fx->fd, &got), 0);
	assert_int_equal(got.swap.bytes, 4096);
	fixture_remove(fx, "diskstats");
	assert_int_equal(machine_reads_read(fx->fd, &got), -ENOENT);
	fixture_free(fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prices),	       cmocka_unit_test(test_what_was_read_lately),
		cmocka_unit_test(test_what_goes_back), cmocka_unit_test(test_parse),
		cmocka_unit_test(test_malformed),      cmocka_unit_test(test_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
