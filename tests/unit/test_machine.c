/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/machine.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define VMSTAT_LEAST "allocstall_normal 7\npgscan_kswapd 9\n"

static void test_counters(void **state)
{
	struct machine_counters counters;

	(void)state;
	assert_int_equal(machine_counters_parse(
				 "nr_free_pages 3\nallocstall_dma 1\n"
				 "allocstall_dma32 20\nallocstall_normal 300\n"
				 "allocstall_movable 4000\nallocstall_device 50000\n"
				 "pgscan_kswapd 6\npgsteal_proactive 8\npgdemote_proactive 9\n"
				 "pswpin 10\npswpout 13\nswap_ra 11\nswap_ra_hit 12\n",
				 &counters, NULL),
			 0);
	assert_int_equal(counters.allocstall, 54321);
	assert_int_equal(counters.pgscan_kswapd, 6);
	assert_int_equal(counters.pgsteal_proactive, 8);
	assert_int_equal(counters.pgdemote_proactive, 9);
	assert_int_equal(counters.pswpin, 10);
	assert_int_equal(counters.pswpout, 13);
	assert_int_equal(counters.swap_ra, 11);
	assert_int_equal(counters.swap_ra_hit, 12);

	/* Which zones there are depends on the machine, proactive reclaim on the kernel. */
	assert_int_equal(machine_counters_parse(VMSTAT_LEAST, &counters, NULL), 0);
	assert_int_equal(counters.allocstall, 7);
	assert_int_equal(counters.pgsteal_proactive, 0);
	assert_int_equal(counters.swap_ra, 0);
}

static void test_counters_malformed(void **state)
{
	static const struct {
		const char *text, *bad;
	} rows[] = {
		{"", "allocstall_normal"},
		{"allocstall_normal 7\n", "pgscan_kswapd"},
		{VMSTAT_LEAST "pgscan_kswapd 9\n", "pgscan_kswapd"},
		{"allocstall_normal x\npgscan_kswapd 9\n", "allocstall_normal"},
		{"allocstall_normal -1\npgscan_kswapd 9\n", "allocstall_normal"},
		{"allocstall_normal\npgscan_kswapd 9\n", "allocstall_normal"},
		{VMSTAT_LEAST "allocstall_dma 18446744073709551616\n", "allocstall_dma"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine_counters counters = {.allocstall = 42};
		const char *bad = NULL;

		assert_int_equal(machine_counters_parse(rows[i].text, &counters, &bad), -EBADMSG);
		assert_string_equal(bad, rows[i].bad);
		assert_int_equal(counters.allocstall, 42);
	}
}

static void test_swap(void **state)
{
	struct swap_sample swap;
	struct swap_store store;

	(void)state;
	assert_int_equal(swap_parse("MemTotal: 5 kB\nSwapCached: 9 kB\nSwapTotal:    1024 kB\n"
				    "SwapFree:  512 kB\nHugePages_Total:       0\n",
				    &swap, &store, NULL),
			 0);
	assert_int_equal(swap.total_bytes, 1024 * 1024);
	assert_int_equal(swap.free_bytes, 512 * 1024);
	assert_int_equal(swap_parse("SwapTotal: 0 kB\nSwapFree: 0 kB\n", &swap, &store, NULL), 0);
	assert_int_equal(swap.total_bytes, 0);
	assert_int_equal(store.stored_bytes, 0);
	/* Where the kernel has zswap. */
	assert_int_equal(
		swap_parse("SwapTotal: 9 kB\nSwapFree: 8 kB\nZswap: 3 kB\nZswapped: 7 kB\n", &swap,
			   &store, NULL),
		0);
	assert_int_equal(store.stored_bytes, 7 * 1024);
	assert_int_equal(store.used_bytes, 3 * 1024);
	assert_int_equal(store.charged_bytes, 3 * 1024);
}

static void test_swap_malformed(void **state)
{
	static const struct {
		const char *text, *bad;
	} rows[] = {
		{"", "SwapTotal:"},
		{"SwapTotal: 1 kB\n", "SwapFree:"},
		{"SwapTotal: 1 kB\nSwapFree: 1 kB\nSwapTotal: 1 kB\n", "SwapTotal:"},
		{"SwapTotal: 1 kB\nSwapFree: 1\n", "SwapFree:"},
		{"SwapTotal: 1 kB\nSwapFree: 1 MB\n", "SwapFree:"},
		{"SwapTotal: 1 kB\nSwapFree: 1 kB 2\n", "SwapFree:"},
		{"SwapTotal: 1 kB\nSwapFree: -1 kB\n", "SwapFree:"},
		{"SwapTotal: 1 kB\nSwapFree: 1 kB\nZswap: x kB\n", "Zswap:"},
		{"SwapTotal: 1 kB\nSwapFree: 1 kB\nZswapped: 1 kB\nZswapped: 1 kB\n", "Zswapped:"},
		{"SwapTotal: 18446744073709551615 kB\nSwapFree: 1 kB\n", "SwapTotal:"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct swap_sample swap = {.total_bytes = 42};
		struct swap_store store = {.used_bytes = 42};
		const char *bad = NULL;

		assert_int_equal(swap_parse(rows[i].text, &swap, &store, &bad), -EBADMSG);
		assert_string_equal(bad, rows[i].bad);
		assert_int_equal(swap.total_bytes, 42);
		assert_int_equal(store.used_bytes, 42);
	}
}

/* What four kernels print; the expected values stand in the captured files. */
static void test_captured(void **state)
{
	static const struct {
		const char *kernel;
		uint64_t proactive, swap_free_kib;
	} rows[] = {
		{"6.1", 0, 258044}, {"6.12", 0, 261884}, {"6.18", 0, 251880}, {"7", 1024, 249828}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct machine_counters counters;
		struct swap_sample swap;
		struct swap_store store;
		char name[64];
		_cleanup_free_ char *vmstat = NULL, *meminfo = NULL;

		(void)snprintf(name, sizeof(name), "kernel/%s/vmstat", rows[i].kernel);
		vmstat = fixture_data(name);
		(void)snprintf(name, sizeof(name), "kernel/%s/meminfo", rows[i].kernel);
		meminfo = fixture_data(name);
		assert_int_equal(machine_counters_parse(vmstat, &counters, NULL), 0);
		assert_int_equal(counters.pgsteal_proactive, rows[i].proactive);
		assert_int_equal(swap_parse(meminfo, &swap, &store, NULL), 0);
		assert_int_equal(swap.total_bytes, 262140 * 1024);
		assert_int_equal(swap.free_bytes, rows[i].swap_free_kib * 1024);
	}
}

static void test_watch(void **state)
{
	static const struct fixture_file files[] = {
		{"vmstat", VMSTAT_LEAST},
		{"meminfo", "SwapTotal: 4 kB\nSwapFree: 3 kB\n"},
	};
	struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct machine_watch watch = {-1, -1, NULL};
	struct machine_counters counters;
	struct swap_sample swap;
	struct swap_store store;
	const char *bad = NULL;

	(void)state;
	assert_int_equal(machine_watch_open(fx->fd, &watch), 0);
	assert_int_equal(machine_read_counters(&watch, &counters, NULL), 0);
	assert_int_equal(counters.allocstall, 7);
	assert_int_equal(machine_read_swap(&watch, &swap, &store, NULL), 0);
	assert_int_equal(swap.free_bytes, 3072);
	/* Each reading is a new one, and a bad one names its field. */
	fixture_write(fx, "meminfo", "SwapTotal: 4 kB\nSwapFree: 2 kB\n");
	assert_int_equal(machine_read_swap(&watch, &swap, &store, NULL), 0);
	assert_int_equal(swap.free_bytes, 2048);
	fixture_write(fx, "vmstat", "allocstall_normal 7\n");
	assert_int_equal(machine_read_counters(&watch, &counters, &bad), -EBADMSG);
	assert_string_equal(bad, "pgscan_kswapd");
	machine_watch_close(&watch);
	assert_int_equal(watch.vmstat_fd, -1);
	machine_watch_close(&watch);
	fixture_free(fx);
}

/* What zram and zswap hold is summed; devices that come later are looked for again. */
static void test_store(void **state)
{
	static const struct fixture_file files[] = {
		{"vmstat", VMSTAT_LEAST},
		{"meminfo", "SwapTotal: 9 kB\nSwapFree: 9 kB\nZswap: 1 kB\nZswapped: 2 kB\n"},
		{"block/zram0/mm_stat", "40960 100 20480 0 4096 0 0 0 0\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct machine_watch watch = {-1, -1, NULL};
	struct swap_sample swap;
	struct swap_store store;
	const char *bad = NULL;

	(void)state;
	assert_int_equal(machine_watch_open(fx->fd, &watch), 0);
	assert_int_equal(machine_find_zram(&watch, fx->fd), 0);
	assert_int_equal(machine_read_swap(&watch, &swap, &store, NULL), 0);
	assert_int_equal(store.stored_bytes, 40960 + 2048);
	assert_int_equal(store.used_bytes, 20480 + 1024);
	assert_int_equal(store.charged_bytes, 1024);
	fixture_write(fx, "block/zram1/mm_stat", "4096 100 4096 0 4096 0 0 0 0\n");
	assert_int_equal(machine_find_zram(&watch, fx->fd), 0);
	assert_int_equal(machine_read_swap(&watch, &swap, &store, NULL), 0);
	assert_int_equal(store.stored_bytes, 45056 + 2048);
	fixture_write(fx, "block/zram1/mm_stat", "?\n");
	assert_int_equal(machine_read_swap(&watch, &swap, &store, &bad), -EBADMSG);
	assert_string_equal(bad, "block/zramN/mm_stat");
	assert_int_equal(store.stored_bytes, 45056 + 2048);
	machine_watch_close(&watch);
	assert_null(watch.zram);
}

/* Swapped out, but not to zram. */
static void test_swap_writes(void **state)
{
	static const struct fixture_file files[] = {
		{"vmstat", VMSTAT_LEAST "pswpout 10\n"},
		{"meminfo", ""},
		{"block/zram0/mm_stat", "0 0 0\n"},
		{"block/zram0/stat", "0 0 0 0 3 0 24 0\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct machine_watch watch = {-1, -1, NULL};
	int64_t bytes;

	(void)state;
	assert_int_equal(machine_watch_open(fx->fd, &watch), 0);
	assert_int_equal(machine_read_swap_writes(&watch, 4096, &bytes), 0);
	assert_int_equal(bytes, 10 * 4096);
	assert_int_equal(machine_find_zram(&watch, fx->fd), 0);
	assert_int_equal(machine_read_swap_writes(&watch, 4096, &bytes), 0);
	assert_int_equal(bytes, 7 * 4096);
	/* It holds a file system too. */
	fixture_write(fx, "block/zram0/stat", "0 0 0 0 3 0 800 0\n");
	assert_int_equal(machine_read_swap_writes(&watch, 4096, &bytes), 0);
	assert_true(bytes == -90 * 4096);
	fixture_write(fx, "vmstat", "");
	assert_int_equal(machine_read_swap_writes(&watch, 4096, &bytes), -EBADMSG);
	machine_watch_close(&watch);
}

static void test_watch_needs_both(void **state)
{
	static const char *const names[] = {"vmstat", "meminfo"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct fixture_file file = {names[i], ""};
		struct fixture *fx = fixture_new(&file, 1);
		struct machine_watch watch = {-1, -1, NULL};

		assert_int_equal(machine_watch_open(fx->fd, &watch), -ENOENT);
		assert_int_equal(watch.vmstat_fd, -1);
		assert_int_equal(watch.meminfo_fd, -1);
		fixture_free(fx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_counters_malformed),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_swap_malformed),
		cmocka_unit_test(test_captured),
		cmocka_unit_test(test_watch),
		cmocka_unit_test(test_store),
		cmocka_unit_test(test_swap_writes),
		cmocka_unit_test(test_watch_needs_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
