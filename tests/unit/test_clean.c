/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/clean.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)
#define SEC NSEC_PER_SEC

/* In MiB, and MiB/s. */
static const struct {
	const char *what;
	uint64_t dirty, writeback, clean, room, wanted, rate, write;
	bool came_short;
	enum clean_reason reason;
	uint64_t bytes;
} needs[] = {
	{"nothing grows", 200, 0, 0, 10, 0, 0, 0, false, CLEAN_NOT_WANTED, 0},
	{"short, but nothing is wanted now", 200, 0, 0, 10, 0, 0, 0, true, CLEAN_NOT_WANTED, 0},
	{"clean memory enough", 50, 0, 1000, 10, 8, 10, 50, false, CLEAN_NOT_WANTED, 0},
	{"room enough", 50, 0, 0, 1000, 0, 10, 50, false, CLEAN_NOT_WANTED, 0},
	/* (4 + 20) / 16 = 1.5 s < 2 x 200 / 40 + 2 s; 8 + 4 x 16 - 20 */
	{"ahead", 200, 0, 20, 4, 8, 16, 40, false, CLEAN_AHEAD, 52},
	{"ahead, at an unknown disk", 200, 0, 20, 4, 8, 16, 0, false, CLEAN_AHEAD, 52},
	/* (4 + 60) / 16 = 4 s > 2 x 50 / 1000 + 2 s: it can wait */
	{"a fast disk", 50, 0, 60, 4, 8, 16, 1000, false, CLEAN_NOT_WANTED, 0},
	{"came short: what is clean does not count", 200, 0, 20, 4, 8, 16, 40, true, CLEAN_SHORT,
	 72},
	{"no more than there is", 10, 0, 0, 4, 8, 16, 40, true, CLEAN_SHORT, 10},
	{"little dirty", 3, 0, 0, 4, 8, 16, 40, true, CLEAN_LITTLE, 0},
	{"part of it is under way", 200, 30, 0, 4, 8, 16, 40, true, CLEAN_SHORT, 42},
	{"all of it is under way", 200, 72, 0, 4, 8, 16, 40, true, CLEAN_UNDER_WAY, 0},
};

static void test_need(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(needs); i++) {
		struct clean_sample sample = {
			.dirty_bytes = needs[i].dirty * MIB,
			.writeback_bytes = needs[i].writeback * MIB,
			.clean_bytes = needs[i].clean * MIB,
			.room_bytes = needs[i].room * MIB,
			.wanted_bytes = needs[i].wanted * MIB,
			.rate_bytes_per_s = needs[i].rate * MIB,
			.write_bytes_per_s = needs[i].write * MIB,
			.came_short = needs[i].came_short,
		};
		struct clean_need need = clean_decide(true, &sample);

		if (need.reason != needs[i].reason || need.bytes != needs[i].bytes * MIB)
			fail_msg("%s: %s, %ju MiB", needs[i].what, clean_reason_name(need.reason),
				 (uintmax_t)(need.bytes / MIB));
		need = clean_decide(false, &sample);
		assert_int_equal(need.reason, CLEAN_OFF);
		assert_int_equal(need.bytes, 0);
	}
}

static void test_need_at_the_extremes(void **state)
{
	struct clean_sample most = {UINT64_MAX, 0,	    UINT64_MAX, UINT64_MAX,
				    UINT64_MAX, UINT64_MAX, UINT64_MAX, true};
	struct clean_need need = clean_decide(true, &most);

	(void)state;
	assert_int_equal(need.reason, CLEAN_SHORT);
	assert_true(need.bytes == UINT64_MAX);
	most.came_short = false;
	most.write_bytes_per_s = 1;
	need = clean_decide(true, &most);
	assert_true(need.bytes <= UINT64_MAX);
}

/* Of the first 100 MiB of the file, that much in MiB is dirty, evenly. */
static uint64_t again_bytes;

static bool rests(struct clean_history *h, uint64_t device, uint64_t inode, uint64_t dirty,
		  uint64_t now_ns)
{
	const struct clean_candidate range = {.length = 100 * MIB, .dirty_bytes = dirty * MIB};

	return clean_history_rests(h, device, inode, &range, 1, now_ns, &again_bytes);
}

static void cleaned(struct clean_history *h, uint64_t device, uint64_t inode, uint64_t now_ns)
{
	clean_history_cleaned(h, device, inode, 0, 50 * MIB, 20 * MIB, now_ns);
	clean_history_cleaned(h, device, inode, 50 * MIB, 50 * MIB, 20 * MIB, now_ns);
}

static void test_dirtied_again(void **state)
{
	static struct clean_history h;
	uint64_t now = 100 * SEC, rest = CLEAN_REST_NS;

	(void)state;
	assert_false(rests(&h, 1, 2, 100, now));
	for (int i = 0; i < 8; i++) {
		cleaned(&h, 1, 2, now);
		/* A little is normal. */
		assert_false(rests(&h, 1, 2, 19, now + 2 * SEC));
		assert_true(rests(&h, 1, 2, 20, now + 3 * SEC));
		/* Another file, and the same number on another device. */
		assert_false(rests(&h, 1, 3, 20, now + 3 * SEC));
		assert_false(rests(&h, 2, 2, 20, now + 3 * SEC));
		assert_true(rests(&h, 1, 2, 20, now + 3 * SEC + rest - 1));
		assert_false(rests(&h, 1, 2, 20, now + 3 * SEC + rest));
		now += 3 * SEC + rest;
		rest = MIN(2 * rest, CLEAN_REST_MAX_NS);
	}
	/* It behaved: the next rest is short. */
	cleaned(&h, 1, 2, now);
	assert_false(rests(&h, 1, 2, 40, now + CLEAN_AGAIN_NS));
	now += 60 * SEC;
	cleaned(&h, 1, 2, now);
	assert_true(rests(&h, 1, 2, 40, now + SEC));
	assert_false(rests(&h, 1, 2, 40, now + SEC + CLEAN_REST_NS));
}

/* What is dirty again is counted once, and anew when it was cleaned anew. */
static void test_counts_what_is_dirtied_again(void **state)
{
	static struct clean_history h;

	(void)state;
	again_bytes = 0;
	(void)rests(&h, 1, 2, 19, SEC);
	assert_int_equal(again_bytes, 0);
	cleaned(&h, 1, 2, SEC);
	(void)rests(&h, 1, 2, 10, 2 * SEC);
	assert_int_equal(again_bytes, 10 * MIB);
	(void)rests(&h, 1, 2, 15, 3 * SEC);
	(void)rests(&h, 1, 2, 12, 3 * SEC);
	assert_int_equal(again_bytes, 15 * MIB);
	cleaned(&h, 1, 2, 4 * SEC);
	(void)rests(&h, 1, 2, 3, 5 * SEC);
	assert_int_equal(again_bytes, 18 * MIB);
	/* Long after, it would have been written and dirtied again without us. */
	(void)rests(&h, 1, 2, 19, 4 * SEC + CLEAN_AGAIN_NS);
	assert_int_equal(again_bytes, 18 * MIB);
}

/* Dirty elsewhere is not dirty again: a file cleaned in parts, or one that grows. */
static void test_dirty_elsewhere(void **state)
{
	static struct clean_history h;
	const struct clean_candidate elsewhere[] = {
		{.offset = 0, .length = 10 * MIB, .dirty_bytes = 4 * MIB},
		{.offset = 100 * MIB, .length = 900 * MIB, .dirty_bytes = 900 * MIB},
	};
	const struct clean_candidate around = {.length = 200 * MIB, .dirty_bytes = 38 * MIB};

	(void)state;
	cleaned(&h, 1, 2, SEC);
	assert_false(clean_history_rests(&h, 1, 2, elsewhere, 2, 2 * SEC, &again_bytes));
	assert_false(clean_history_rests(&h, 1, 2, &around, 1, 2 * SEC, &again_bytes));
	assert_false(clean_history_rests(&h, 1, 2, NULL, 0, 2 * SEC, &again_bytes));
}

/* Half of the file is half of what was written, however often that was. */
static void test_written_twice(void **state)
{
	static struct clean_history h;
	const struct clean_candidate half = {.length = 10 * MIB, .dirty_bytes = 5 * MIB};
	uint64_t again = 0;

	(void)state;
	for (uint64_t i = 1; i <= 3; i++)
		clean_history_cleaned(&h, 1, 2, 0, 10 * MIB, 10 * MIB, i * SEC);
	assert_true(clean_history_rests(&h, 1, 2, &half, 1, 4 * SEC, &again));
}

static void test_history_forgets_the_oldest(void **state)
{
	static struct clean_history h;

	(void)state;
	for (uint64_t i = 1; i <= CLEAN_HISTORY_FILES; i++)
		cleaned(&h, 1, i, i);
	cleaned(&h, 1, 1, 1000);
	cleaned(&h, 1, 9999, 1001);
	assert_true(rests(&h, 1, 1, 50, 1002));
	assert_true(rests(&h, 1, 9999, 50, 1002));
	assert_false(rests(&h, 1, 2, 50, 1002));
	assert_true(rests(&h, 1, 3, 50, 1002));
}

static void test_ages(void **state)
{
	static const struct {
		uint64_t age_s, age;
	} cases[] = {{0, 0}, {1, 1}, {2, 2}, {3, 2}, {4, 3}, {63, 6}, {64, 7}, {UINT64_MAX, 64}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(clean_age(cases[i].age_s), cases[i].age);
}

static void test_choice(void **state)
{
	struct clean_candidate c[] = {
		{.file = 1, .offset = 0, .length = 8, .dirty_bytes = 4},
		{.file = 1, .offset = 8, .length = 8, .dirty_bytes = 2},
		{.file = 2, .offset = 16, .length = 8, .dirty_bytes = 8},
		{.file = 2, .offset = 0, .length = 8, .dirty_bytes = 1},
		{.file = 3, .offset = 0, .length = 99, .dirty_bytes = 99, .rests = true},
		{.file = 4, .offset = 0, .length = 8, .dirty_bytes = 1, .age = 7},
	};

	(void)state;
	/* The cold one; then the file with the largest run, from its beginning; never 3. */
	assert_int_equal(clean_choose(c, ARRAY_SIZE(c), 100), 5);
	assert_int_equal(c[0].file, 4);
	assert_int_equal(c[1].file, 2);
	assert_int_equal(c[1].offset, 0);
	assert_int_equal(c[2].offset, 16);
	assert_int_equal(c[3].file, 1);
	assert_int_equal(c[3].offset, 0);
	assert_int_equal(c[4].offset, 8);
	assert_int_equal(c[5].file, 3);
	/* No more than is wanted. */
	assert_int_equal(clean_choose(c, ARRAY_SIZE(c), 2), 2);
	assert_int_equal(clean_choose(c, ARRAY_SIZE(c), 0), 0);
	assert_int_equal(clean_choose(c, 0, 5), 0);
}

static void test_budget(void **state)
{
	struct clean_budget b = {0};

	(void)state;
	assert_int_equal(clean_budget_take(&b, 0, 5 * MIB, SEC), 5 * MIB);
	/* A burst at once, then as time passes, never more than that saved up. */
	assert_int_equal(clean_budget_take(&b, 1000 * MIB, 25 * MIB, SEC), 16 * MIB);
	assert_int_equal(clean_budget_take(&b, 1000 * MIB, 25 * MIB, SEC), 0);
	assert_int_equal(clean_budget_take(&b, 1000 * MIB, 25 * MIB, SEC + 5 * NSEC_PER_MSEC),
			 5 * MIB);
	assert_int_equal(clean_budget_take(&b, 1000 * MIB, 25 * MIB, 99 * SEC), 16 * MIB);
	/* A clock that goes back. */
	assert_int_equal(clean_budget_take(&b, 1000 * MIB, 25 * MIB, 9 * SEC), 0);
}

/* A device that writes bytes_per_s, first in, first out. Returns how long the last piece took. */
static uint64_t run_device(struct clean_depth *d, uint64_t bytes_per_s, uint64_t target_ns,
			   int rounds)
{
	uint64_t now = d->shrunk_ns + SEC, took = 0;

	for (int i = 0; i < rounds; i++) {
		took = clean_depth_bytes(d) * NSEC_PER_SEC / bytes_per_s;
		clean_depth_learn(d, target_ns, now, now + took);
		now += took;
	}
	return took;
}

static void test_depth(void **state)
{
	struct clean_depth d = {0};
	uint64_t took;

	(void)state;
	/* 200 MB/s and 50 ms: about 10 MB, from below. */
	took = run_device(&d, 200000000, 50 * NSEC_PER_MSEC, 100);
	assert_in_range(took, 25 * NSEC_PER_MSEC, 100 * NSEC_PER_MSEC);
	/* The disk becomes ten times slower: within a few pieces the depth follows. */
	took = run_device(&d, 20000000, 50 * NSEC_PER_MSEC, 8);
	assert_in_range(took, 25 * NSEC_PER_MSEC, 110 * NSEC_PER_MSEC);
	/* Never none, never without bound. */
	(void)run_device(&d, 1000, 50 * NSEC_PER_MSEC, 50);
	assert_int_equal(clean_depth_bytes(&d), CLEAN_DEPTH_MIN_BYTES);
	assert_int_equal(clean_piece_bytes(&d, 0), CLEAN_PIECE_MIN_BYTES);
	(void)run_device(&d, UINT64_MAX / NSEC_PER_SEC, SEC, 500);
	assert_int_equal(clean_depth_bytes(&d), CLEAN_DEPTH_MAX_BYTES);
	assert_int_equal(clean_piece_bytes(&d, 0), CLEAN_PIECE_MAX_BYTES);
	/* Of a rate no more than a burst at once. */
	assert_int_equal(clean_piece_bytes(&d, 100 * MIB), MIB + MIB / 2);
	assert_int_equal(clean_piece_bytes(&d, 1), CLEAN_PIECE_MIN_BYTES);
	assert_int_equal(clean_piece_bytes(&d, UINT64_MAX), CLEAN_PIECE_MAX_BYTES);
}

/* Ten pieces in flight when the disk stumbles shrink the depth once. */
static void test_depth_shrinks_once_a_round(void **state)
{
	struct clean_depth d = {.bytes = 32 * MIB};

	(void)state;
	for (uint64_t i = 0; i < 10; i++)
		clean_depth_learn(&d, 50 * NSEC_PER_MSEC, SEC + i, 3 * SEC + i);
	assert_int_equal(clean_depth_bytes(&d), 16 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_need),
		cmocka_unit_test(test_need_at_the_extremes),
		cmocka_unit_test(test_dirtied_again),
		cmocka_unit_test(test_counts_what_is_dirtied_again),
		cmocka_unit_test(test_dirty_elsewhere),
		cmocka_unit_test(test_written_twice),
		cmocka_unit_test(test_history_forgets_the_oldest),
		cmocka_unit_test(test_ages),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_depth_shrinks_once_a_round),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
