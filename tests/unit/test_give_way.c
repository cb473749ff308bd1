/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/give_way.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)

/*
 * A disk that somebody reads from, reads_per_s a second, each of which takes alone_ns, and 20 ms
 * more where more than disk_bytes_per_s are written.
 */
struct disk {
	uint64_t reads_per_s, alone_ns, disk_bytes_per_s;
	uint64_t reads, wait_ns, now_ns, written_bytes, late_reads;
};

static void run(struct give_way *way, struct disk *d, uint64_t for_ns)
{
	const uint64_t step_ns = 25 * NSEC_PER_MSEC;

	for (uint64_t end_ns = d->now_ns + for_ns; d->now_ns < end_ns; d->now_ns += step_ns) {
		uint64_t rate = give_way_rate(way) ?: UINT64_MAX, reads;
		bool late = rate > d->disk_bytes_per_s;

		d->written_bytes += MIN(rate, d->disk_bytes_per_s) / (NSEC_PER_SEC / step_ns);
		reads = (d->now_ns + step_ns) * d->reads_per_s / NSEC_PER_SEC -
			d->now_ns * d->reads_per_s / NSEC_PER_SEC;
		d->reads += reads;
		d->late_reads += late ? reads : 0;
		d->wait_ns += reads * (d->alone_ns + (late ? 20 * NSEC_PER_MSEC : 0));
		give_way_look(way, d->reads, d->wait_ns, d->now_ns + step_ns);
	}
}

static void test_nobody_reads(void **state)
{
	struct give_way way = {0};
	struct disk disk = {.disk_bytes_per_s = 40 * MIB};

	(void)state;
	/* Until that is known, slowly. */
	run(&way, &disk, 75 * NSEC_PER_MSEC);
	assert_int_equal(give_way_rate(&way), GIVE_WAY_LEAST_BYTES);
	run(&way, &disk, 50 * NSEC_PER_MSEC);
	assert_int_equal(give_way_rate(&way), 0);
	run(&way, &disk, 60 * NSEC_PER_SEC);
	assert_int_equal(give_way_rate(&way), 0);
}

static void test_reads_hardly_wait(void **state)
{
	static const struct disk disks[] = {
		/* As in tests/bench: dirty-reader. */
		{.reads_per_s = 256, .alone_ns = 30000, .disk_bytes_per_s = 40 * MIB},
		/* Heads that move. */
		{.reads_per_s = 100, .alone_ns = 8000000, .disk_bytes_per_s = 120 * MIB},
		{.reads_per_s = 20000, .alone_ns = 90000, .disk_bytes_per_s = 2000 * MIB},
		/* Few: a round of theirs takes a second. */
		{.reads_per_s = 7, .alone_ns = 8000000, .disk_bytes_per_s = 120 * MIB},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(disks); i++) {
		struct give_way way = {0};
		struct disk d = disks[i];
		uint64_t reads, late, written;

		/* The way up and the first time that they waited. */
		run(&way, &d, 60 * NSEC_PER_SEC);
		reads = d.reads, late = d.late_reads, written = d.written_bytes;
		run(&way, &d, 60 * NSEC_PER_SEC);
		assert_true((d.late_reads - late) * 50 <= d.reads - reads);
		/* Nor is the disk left idle. */
		assert_true(d.written_bytes - written >= disks[i].disk_bytes_per_s * 60 / 3);
	}
}

static void test_a_reader_comes_and_goes(void **state)
{
	struct give_way way = {0};
	struct disk disk = {.alone_ns = 30000, .disk_bytes_per_s = 40 * MIB};

	(void)state;
	run(&way, &disk, NSEC_PER_SEC);
	assert_int_equal(give_way_rate(&way), 0);
	disk.reads_per_s = 256;
	run(&way, &disk, 200 * NSEC_PER_MSEC);
	assert_in_range(give_way_rate(&way), 1, 40 * MIB);
	disk.reads_per_s = 0;
	run(&way, &disk, 2 * NSEC_PER_SEC);
	assert_int_equal(give_way_rate(&way), 0);
	/* The next one finds what was learned. */
	disk.reads_per_s = 256;
	run(&way, &disk, 20 * NSEC_PER_SEC);
	disk.reads_per_s = 0;
	run(&way, &disk, 2 * NSEC_PER_SEC);
	disk.reads_per_s = 256;
	run(&way, &disk, 200 * NSEC_PER_MSEC);
	assert_in_range(give_way_rate(&way), 10 * MIB, 40 * MIB);
}

/* Reads that wait for others than us: it does not come to a stop. */
static void test_never_without_end(void **state)
{
	struct give_way way = {0};
	struct disk disk = {.reads_per_s = 256, .alone_ns = 30000, .disk_bytes_per_s = 40 * MIB};

	(void)state;
	run(&way, &disk, 5 * NSEC_PER_SEC);
	disk.disk_bytes_per_s = 1;
	run(&way, &disk, 60 * NSEC_PER_SEC);
	assert_int_equal(give_way_rate(&way), GIVE_WAY_LEAST_BYTES);
}

static void test_extremes(void **state)
{
	static const uint64_t values[] = {0, 1, UINT64_MAX / 2, UINT64_MAX};

	(void)state;
	/* Counters and clocks that jump, to and fro. */
	for (size_t i = 0; i < 4 * 4 * 4; i++) {
		struct give_way way = {0};

		give_way_look(&way, 0, 0, 0);
		for (size_t turn = 0; turn < 8; turn++) {
			give_way_look(&way, values[(i + turn) % 4], values[(i / 4 + turn) % 4],
				      values[(i / 16 + turn) % 4]);
			give_way_look(&way, values[i % 4], values[i / 4 % 4], values[i / 16]);
		}
		assert_true(give_way_rate(&way) == 0 ||
			    (give_way_rate(&way) >= GIVE_WAY_LEAST_BYTES &&
			     give_way_rate(&way) <= GIVE_WAY_MOST_BYTES));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_reads),
		cmocka_unit_test(test_reads_hardly_wait),
		cmocka_unit_test(test_a_reader_comes_and_goes),
		cmocka_unit_test(test_never_without_end),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
