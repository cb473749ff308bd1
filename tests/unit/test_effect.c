/* SPDX-License-Identifier: Apache-2.0 */
/* The lots, and what is found by them: a planted benefit and a planted harm, and nothing in
 * nothing. */
#include "agent/account/effect.h"
#include "agent/policy/holdout.h"

#include "base/clock.h"
#include "base/random.h"
#include "tests/unit/fixture.h"

#include <string.h>

#define GROUPS	5
#define WINDOWS 40  /* a run of 80 minutes, with windows of two */
#define LONG	100 /* all that a log holds */

static const struct holdout_settings half = {
	.share_permyriad = 5000,
	.window_ns = 120 * NSEC_PER_SEC,
	.harm_permyriad = 500,
};

/*
 * Groups of very different size, whose values vary by a fifth from window to window (and slowly by
 * a third, as the hours of a day do), and are changed by planted percent while they are looked
 * after.
 */
static struct effect_log run(uint64_t seed, int planted, uint64_t windows)
{
	struct effect_log log = {0};
	uint64_t random = seed;

	for (uint64_t window = 1; window <= windows; window++) {
		for (uint64_t group = 0; group < GROUPS; group++) {
			struct effect_window w = {.group = group + 100};
			struct holdout lot = {0};
			double noise = 0.65 + 0.7 * random_unit(&random);
			double drift = window < windows / 2 ? 1 : 1.3;
			double value = 1000.0 * (double)(1 << (2 * group)) * noise * drift;

			holdout_begin(&lot, &half, seed, w.group, window);
			w.held = lot.drawn;
			if (!w.held)
				value *= 1 + planted / 100.0;
			for (size_t i = 0; i < EFFECT_SIGNALS; i++)
				w.values[i] = (uint64_t)value;
			effect_add(&log, &w);
		}
	}
	return log;
}

static void test_what_is_planted_is_found(void **state)
{
	static const struct {
		int planted;
		int least; /* of 100 runs, in which it is found, on its side */
	} rows[] = {{-10, 80}, {10, 80}, {-30, 100}, {30, 100}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int found = 0, covered = 0;

		for (uint64_t seed = 1; seed <= 100; seed++) {
			struct effect_log log = run(seed, rows[i].planted, WINDOWS);
			struct effect e = effect_of(&log, EFFECT_STALL, seed);

			assert_int_equal(e.acted + e.held, GROUPS * WINDOWS);
			assert_true(e.low <= e.difference && e.difference <= e.high);
			found += rows[i].planted < 0 ? e.high < 0 : e.low > 0;
			covered += e.low <= 100 * rows[i].planted &&
				   100 * rows[i].planted <= e.high;
		}
		if (found < rows[i].least || covered < 88)
			fail_msg("%d %%: found %d times, within the interval %d times",
				 rows[i].planted, found, covered);
	}
}

/* Chance makes something of nothing once in twenty times, and harm once in a hundred. */
static void test_nothing_is_found_in_nothing(void **state)
{
	int found = 0, harm = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct effect_log log = run(seed, 0, WINDOWS);
		struct effect e = effect_of(&log, EFFECT_CPU, seed + 1);

		found += effect_is_found(&e);
		harm += effect_is_harm(EFFECT_CPU, &e, 0);
	}
	if (found > 20 || harm > 5)
		fail_msg("found %d times, harm %d times of 200", found, harm);
}

static void test_harm(void **state)
{
	int stopped = 0, of_benefit = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 50; seed++) {
		struct effect_log harmful = run(seed, 10, LONG);
		struct effect_log good = run(seed, -10, LONG);
		struct effect e = effect_of(&harmful, EFFECT_EVENTS, seed);

		stopped += effect_is_harm(EFFECT_EVENTS, &e, half.harm_permyriad);
		/* More refaults are what trimming costs; it is their price that counts. */
		assert_false(effect_is_harm(EFFECT_REFAULTS, &e, 0));
		assert_false(effect_is_harm(EFFECT_MEMORY, &e, 0));
		assert_false(effect_is_harm(EFFECT_EVENTS, &e, 10000));
		e = effect_of(&good, EFFECT_EVENTS, seed);
		of_benefit += effect_is_harm(EFFECT_EVENTS, &e, 0);
	}
	if (stopped < 45 || of_benefit > 0)
		fail_msg("harm stopped %d of 50 runs, benefit %d", stopped, of_benefit);
}

static void test_the_same_seed_finds_the_same(void **state)
{
	struct effect_log log = run(3, 10, WINDOWS);
	struct effect a = effect_of(&log, EFFECT_CPU, 7), b = effect_of(&log, EFFECT_CPU, 7);

	(void)state;
	assert_int_equal(a.low, b.low);
	assert_int_equal(a.high, b.high);
	assert_int_equal(a.chance, b.chance);
}

/* A little at a time finds what is found at once, whatever the pieces are. */
static void test_a_little_at_a_time(void **state)
{
	static const size_t pieces[] = {1, GROUPS * WINDOWS, 5000, SIZE_MAX};
	struct effect_log log = run(3, 10, WINDOWS), none = {0};
	struct effect_search search;
	struct effect e, all = effect_of(&log, EFFECT_CPU, 7);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		size_t turns = 1, items = pieces[i];
		size_t draws = (MIN(items, SIZE_MAX / 2) + GROUPS * WINDOWS - 1) /
			       (GROUPS * WINDOWS);

		effect_search_begin(&search, &log, EFFECT_CPU, 7);
		while (!effect_search_go_on(&search, items, &e))
			turns++;
		assert_memory_equal(&e, &all, sizeof(e));
		assert_int_equal(turns, (EFFECT_DRAWS + draws - 1) / draws);
	}
	effect_search_begin(&search, &none, EFFECT_CPU, 7);
	assert_true(effect_search_go_on(&search, 1, &e));
	assert_int_equal(e.acted + e.held, 0);
}

/* Too little, all on one side, all zero, and numbers as large as they get. */
static void test_extremes(void **state)
{
	struct effect_log log = {0};
	struct effect_window w = {.group = 1};
	struct effect e = effect_of(&log, EFFECT_CPU, 1);

	(void)state;
	assert_int_equal(e.acted, 0);
	for (int i = 0; i < 100; i++)
		effect_add(&log, &w);
	e = effect_of(&log, EFFECT_CPU, 1);
	assert_int_equal(e.acted, 0);
	w.held = true;
	for (int i = 0; i < 100; i++)
		effect_add(&log, &w);
	assert_int_equal(effect_of(&log, EFFECT_CPU, 1).acted, 0);
	for (int i = 0; i < 1000; i++) {
		w.held = i % 2;
		w.values[EFFECT_CPU] = UINT64_MAX;
		effect_add(&log, &w);
	}
	assert_int_equal(log.n, EFFECT_WINDOWS);
	e = effect_of(&log, EFFECT_CPU, 1);
	assert_int_equal(e.acted, EFFECT_WINDOWS / 2);
	assert_int_equal(e.difference, 0);
	assert_false(effect_is_found(&e));
}

/* Windows that are 0 where left alone, and mostly where looked after. */
static void test_harm_beside_nothing(void **state)
{
	static const struct {
		const char *name;
		size_t acted, held, n; /* windows, and those of the acted ones that stalled */
		uint64_t first_us, others_us;
		bool harm;
	} rows[] = {
		{"nothing on either side", 100, 100, 0, 0, 0, false},
		{"a single blip", 100, 100, 1, 1, 0, false},
		{"a single long stall", 460, 52, 1, 5000000, 0, false},
		{"a few of 200", 100, 100, 4, 50000, 50000, false},
		{"one in five, few left alone", 80, 10, 16, 50000, 50000, false},
		{"all stall", 100, 100, 100, 50000, 50000, true},
		{"all stall, for next to nothing", 100, 100, 100, 999, 999, false},
		{"all stall, for a ms", 100, 100, 100, 1000, 1000, true},
		{"all stall, few left alone", 80, 10, 80, 50000, 50000, true},
		{"one in five, many left alone", 100, 100, 20, 50000, 50000, true},
		{"a long one drowns the rest", 100, 100, 5, 5000000, 50000, false},
		{"too few left alone", 505, 7, 505, 50000, 50000, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct effect_log log = {0};
		struct effect e;

		for (size_t n = 0; n < rows[i].acted + rows[i].held; n++) {
			struct effect_window w = {.group = 1, .held = n >= rows[i].acted};

			if (n < rows[i].n)
				w.values[EFFECT_STALL] = n ? rows[i].others_us : rows[i].first_us;
			effect_add(&log, &w);
		}
		e = effect_of(&log, EFFECT_STALL, 1);
		/* From nothing to something is more than any share. */
		if (effect_is_harm(EFFECT_STALL, &e, 10000) != rows[i].harm ||
		    (rows[i].harm && !effect_is_found(&e)))
			fail_msg("%s: %jd, by chance %ju", rows[i].name, (intmax_t)e.difference,
				 (uintmax_t)e.chance);
		assert_int_equal(e.without_base, e.held > 0);
	}
}

/* One whose few windows left alone are 0, beside many groups that are 0 all the time. */
static void test_windows_of_nothing_are_not_enough(void **state)
{
	struct effect_log log = {0};
	struct effect_window w = {0};

	(void)state;
	for (size_t n = 0; n < EFFECT_WINDOWS; n++) {
		w.group = n % 4;
		w.held = n / 4 % 20 == 0;
		w.values[EFFECT_STALL] = w.group == 0 && !w.held ? 50000 : 0;
		effect_add(&log, &w);
	}
	assert_int_equal(effect_of(&log, EFFECT_STALL, 1).acted, 0);
}

static void test_harm_is_looked_for_seldom(void **state)
{
	struct effect_log log = {0};
	int times = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		effect_add(&log, &(struct effect_window){.group = 1});
		times += effect_harm_is_due(&log);
	}
	/* At 32, 64, ... 8192. */
	assert_int_equal(times, 9);
}

/* The lot is what was asked for, of each group and of each window. */
static void test_lots(void **state)
{
	uint64_t drawn = 0, same = 0, n = 20000;
	struct holdout a, b;

	(void)state;
	for (uint64_t window = 1; window <= n; window++) {
		holdout_begin(&a, &half, 42, 7, window);
		holdout_begin(&b, &half, 42, 8, window);
		drawn += a.drawn;
		same += a.drawn == b.drawn;
	}
	assert_true(drawn > n * 48 / 100 && drawn < n * 52 / 100);
	assert_true(same > n * 48 / 100 && same < n * 52 / 100);
	for (uint64_t window = 1; window < 1000; window++) {
		holdout_begin(&a, &(struct holdout_settings){.window_ns = 1}, 1, 1, window);
		assert_false(a.drawn);
		holdout_begin(&a, &(struct holdout_settings){.share_permyriad = 10000}, 1, 1,
			      window);
		assert_true(a.drawn);
	}
	assert_int_equal(holdout_window(&half, 0), 1);
	assert_int_equal(holdout_window(&half, 120 * NSEC_PER_SEC), 2);
}

static void test_pressure_ends_it(void **state)
{
	static const struct {
		uint64_t events, stall_us;
		bool triggered, holds;
	} rows[] = {
		{5, 100, false, true},
		{5, 100 + HOLDOUT_STALL_US, false, true},
		{5, 101 + HOLDOUT_STALL_US, false, false},
		{6, 100, false, false},
		{5, 100, true, false},
		{0, 0, false, true}, /* counters that go back */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct holdout h = {.window = 1, .drawn = true, .events = 5, .stall_us = 100};

		holdout_look(&h, rows[i].events, rows[i].stall_us, rows[i].triggered);
		assert_int_equal(holdout_holds(&h), rows[i].holds);
		/* For the rest of the window, and counted as drawn. */
		holdout_look(&h, 5, 100, false);
		assert_int_equal(holdout_holds(&h), rows[i].holds);
		assert_true(h.drawn);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_planted_is_found),
		cmocka_unit_test(test_nothing_is_found_in_nothing),
		cmocka_unit_test(test_harm),
		cmocka_unit_test(test_the_same_seed_finds_the_same),
		cmocka_unit_test(test_a_little_at_a_time),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_harm_beside_nothing),
		cmocka_unit_test(test_windows_of_nothing_are_not_enough),
		cmocka_unit_test(test_harm_is_looked_for_seldom),
		cmocka_unit_test(test_lots),
		cmocka_unit_test(test_pressure_ends_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
