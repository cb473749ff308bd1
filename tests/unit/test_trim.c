/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/trim_scene.h"

static void test_a_step_is_a_share_of_usage(void **state)
{
	struct scene s = well();
	struct trim_plan plan = decide(&s);

	(void)state;
	assert_int_equal(plan.reason, TRIM_STEP);
	assert_int_equal(plan.bytes, 4 * MIB);
	assert_int_equal(plan.swappiness, GROUP_RECLAIM_DEFAULT);
	assert_int_equal(plan.look_again_ns, INTERVAL);
}

#define NOISE TRIM_NOISE_BYTES

/* What was measured over the last minute, and what the law makes of it. */
static void test_terms(void **state)
{
	static const struct {
		const char *name;
		uint64_t stall_us, taken, refaulted, working_set;
		uint64_t pressure, refault, promotion, bytes;
		enum trim_reason reason;
	} rows[] = {
		/* 0.1 % of a minute is 60 ms. */
		{"half the pressure", 30000, 32 * MIB, 0, 0, 5000, 10000, 10000, 2 * MIB,
		 TRIM_STEP},
		{"all of the pressure", 60000, 32 * MIB, 0, 0, 0, 10000, 10000, 0, TRIM_PRESSURE},
		{"far more", UINT64_MAX, 32 * MIB, 0, 0, 0, 10000, 10000, 0, TRIM_PRESSURE},
		/* A quarter of the taken; of so large a working set 2000 MiB may come back. */
		{"half the refaults", 0, 2000 * MIB, 250 * MIB + NOISE, 1000000 * MIB, 10000, 5000,
		 8750, 2 * MIB, TRIM_STEP},
		{"all of the refaults", 0, 2000 * MIB, 500 * MIB + NOISE, 1000000 * MIB, 10000, 0,
		 7500, 0, TRIM_REFAULTS},
		/* 0.2 % of 1000 MiB are 2 MiB, of which 1 is half; of the taken it is little. */
		{"half the promotions", 0, 1000 * MIB, 1 * MIB + NOISE, 1000 * MIB, 10000, 9960,
		 5000, 2 * MIB, TRIM_STEP},
		{"all of the promotions", 0, 1000 * MIB, 2 * MIB + NOISE, 1000 * MIB, 10000, 9920,
		 0, 0, TRIM_PROMOTIONS},
		/* Of a small group as much again as is noise is all. */
		{"noise", 0, 0, NOISE, 10 * MIB, 10000, 10000, 10000, 4 * MIB, TRIM_STEP},
		{"half of a small one", 0, 8 * MIB, NOISE + NOISE / 2, 10 * MIB, 10000, 8750, 5000,
		 2 * MIB, TRIM_STEP},
		{"all of a small one", 0, 8 * MIB, 2 * NOISE, 10 * MIB, 10000, 7500, 0, 0,
		 TRIM_PROMOTIONS},
		{"more than was taken", 0, 1, UINT64_MAX, 10 * MIB, 10000, 0, 0, 0, TRIM_REFAULTS},
		{"pressure is named first", 60000, 1, UINT64_MAX, 10 * MIB, 0, 0, 0, 0,
		 TRIM_PRESSURE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = well();
		struct trim_plan plan;

		s.history.stall_us = rows[i].stall_us;
		s.history.taken_bytes = rows[i].taken;
		s.history.refaulted_bytes = rows[i].refaulted;
		if (rows[i].working_set > 0)
			s.trim.working_set_bytes = rows[i].working_set;
		plan = decide(&s);
		if (plan.terms.pressure != rows[i].pressure ||
		    plan.terms.refault != rows[i].refault ||
		    plan.terms.promotion != rows[i].promotion || plan.bytes != rows[i].bytes ||
		    plan.reason != rows[i].reason)
			fail_msg("%s: terms %ju %ju %ju, %ju bytes, %s", rows[i].name,
				 (uintmax_t)plan.terms.pressure, (uintmax_t)plan.terms.refault,
				 (uintmax_t)plan.terms.promotion, (uintmax_t)plan.bytes,
				 trim_reason_name(plan.reason));
	}
}

static void test_the_ratio_grows_while_all_is_well(void **state)
{
	struct scene s = well();

	(void)state;
	learn_after(&s, INTERVAL);
	assert_int_equal(s.history.ratio_permyriad, 133);
	/* Once an interval, however often one looks. */
	learn_after(&s, INTERVAL / 2);
	assert_int_equal(s.history.ratio_permyriad, 133);
	assert_int_equal(decide(&s).reason, TRIM_WAITING);
	assert_int_equal(decide(&s).look_again_ns, INTERVAL / 2);
	learn_after(&s, INTERVAL / 2);
	assert_int_equal(s.history.ratio_permyriad, 177);
	for (int i = 0; i < 20; i++) {
		s.group.taken_bytes = MIB;
		learn_after(&s, INTERVAL);
	}
	assert_int_equal(s.history.ratio_permyriad, 500);
}

static void test_the_smallest_ratio_grows_too(void **state)
{
	struct scene s = well();

	(void)state;
	s.settings.ratio_min_permyriad = s.history.ratio_permyriad = 1;
	learn_after(&s, INTERVAL);
	assert_int_equal(s.history.ratio_permyriad, 2);
}

static void test_the_ratio_halves_when_one_term_is_not_good(void **state)
{
	struct scene s = well();

	(void)state;
	/* 0.1 % allowed of a minute: 40 ms leave a third. */
	s.trim.stall_total_us = 40000;
	learn_after(&s, INTERVAL);
	assert_int_equal(s.history.ratio_permyriad, 50);
	s = well();
	s.group.refaulted_bytes = 6 * MIB;
	learn_after(&s, INTERVAL);
	assert_int_equal(s.history.ratio_permyriad, 50);
	learn_after(&s, INTERVAL);
	learn_after(&s, INTERVAL);
	assert_int_equal(s.history.ratio_permyriad, 25);
}

/* That nothing comes back of nothing is no reason to take more at once later. */
static void test_the_ratio_rests_where_nothing_can_be_taken(void **state)
{
	struct scene s = well();

	(void)state;
	s.history.taken_bytes = 0;
	for (int i = 0; i < 50; i++)
		learn_after(&s, INTERVAL);
	assert_int_equal(s.history.ratio_permyriad, 100);
	/* But one that makes no step at all must grow, or it never would. */
	s.group.current_bytes = 20 * MIB;
	s.history.ratio_permyriad = 25;
	assert_int_equal(decide(&s).reason, TRIM_SMALL);
	for (int i = 0; i < 50; i++)
		learn_after(&s, INTERVAL);
	assert_int_equal(decide(&s).reason, TRIM_STEP);
	assert_in_range(decide(&s).bytes, TRIM_STEP_MIN_BYTES, 4 * TRIM_STEP_MIN_BYTES);
}

static void test_a_trigger_stops_at_once(void **state)
{
	struct scene s = well();

	(void)state;
	s.trim.psi_triggered = true;
	learn_after(&s, NSEC_PER_MSEC);
	assert_int_equal(s.history.ratio_permyriad, 50);
	assert_int_equal(decide(&s).reason, TRIM_TRIGGERED);
	assert_int_equal(decide(&s).bytes, 0);
	assert_int_equal(decide(&s).look_again_ns, 30 * NSEC_PER_SEC);
	/* Not even when a step would be due; another one lengthens the pause. */
	s.trim.psi_triggered = false;
	learn_after(&s, 20 * NSEC_PER_SEC);
	assert_int_equal(decide(&s).reason, TRIM_TRIGGERED);
	s.trim.psi_triggered = true;
	learn_after(&s, NSEC_PER_SEC);
	s.trim.psi_triggered = false;
	learn_after(&s, 29 * NSEC_PER_SEC);
	assert_int_equal(decide(&s).reason, TRIM_TRIGGERED);
	learn_after(&s, 3 * NSEC_PER_SEC);
	assert_int_equal(decide(&s).reason, TRIM_STEP);
}

static void test_nothing_before_one_interval_was_seen(void **state)
{
	struct scene s = well();

	(void)state;
	memset(&s.history, 0, sizeof(s.history));
	s.trim.stall_total_us = 1000000; /* from before our time */
	learn(&s);
	assert_int_equal(decide(&s).reason, TRIM_WAITING);
	assert_int_equal(decide(&s).look_again_ns, INTERVAL);
	learn_after(&s, INTERVAL);
	assert_int_equal(decide(&s).reason, TRIM_STEP);
	assert_int_equal(decide(&s).terms.pressure, 10000);
}

static void test_bounds(void **state)
{
	static const struct {
		const char *name;
		uint64_t current, protected, floor, cold, dirty;
		bool excluded;
		uint64_t bytes;
		enum trim_reason reason;
	} rows[] = {
		{.name = "plain",
		 .current = 400 * MIB,
		 .cold = TRIM_AGE_UNKNOWN,
		 .bytes = 4 * MIB,
		 .reason = TRIM_STEP},
		{.name = "excluded",
		 .current = 400 * MIB,
		 .cold = TRIM_AGE_UNKNOWN,
		 .excluded = true,
		 .reason = TRIM_EXCLUDED},
		/* A folio stays between a request and what is protected. */
		{.name = "protection near",
		 .current = 400 * MIB,
		 .protected = 397 * MIB,
		 .cold = TRIM_AGE_UNKNOWN,
		 .bytes = MIB,
		 .reason = TRIM_STEP},
		{.name = "protection reached",
		 .current = 400 * MIB,
		 .protected = 398 * MIB,
		 .cold = TRIM_AGE_UNKNOWN,
		 .reason = TRIM_NOTHING_SPARE},
		{.name = "protection above",
		 .current = 400 * MIB,
		 .protected = UINT64_MAX,
		 .cold = TRIM_AGE_UNKNOWN,
		 .reason = TRIM_NOTHING_SPARE},
		{.name = "floor near",
		 .current = 400 * MIB,
		 .floor = 399 * MIB,
		 .cold = TRIM_AGE_UNKNOWN,
		 .bytes = MIB,
		 .reason = TRIM_STEP},
		{.name = "floor above",
		 .current = 400 * MIB,
		 .floor = UINT64_MAX,
		 .cold = TRIM_AGE_UNKNOWN,
		 .reason = TRIM_NOTHING_SPARE},
		{.name = "little is cold",
		 .current = 400 * MIB,
		 .cold = MIB,
		 .bytes = MIB,
		 .reason = TRIM_STEP},
		{.name = "nothing is cold",
		 .current = 400 * MIB,
		 .cold = 0,
		 .reason = TRIM_NO_COLD},
		{.name = "much is cold",
		 .current = 400 * MIB,
		 .cold = 300 * MIB,
		 .bytes = 4 * MIB,
		 .reason = TRIM_STEP},
		{.name = "empty", .current = 0, .cold = TRIM_AGE_UNKNOWN, .reason = TRIM_SMALL},
		{.name = "huge",
		 .current = UINT64_MAX,
		 .cold = TRIM_AGE_UNKNOWN,
		 .bytes = 400 * MIB,
		 .reason = TRIM_STEP},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = well();
		struct trim_plan plan;

		s.settings.floor_bytes = rows[i].floor;
		s.group.excluded = rows[i].excluded;
		s.group.current_bytes = rows[i].current;
		s.group.protected_bytes = rows[i].protected;
		s.trim.cold_bytes = rows[i].cold;
		plan = decide(&s);
		if (plan.bytes != rows[i].bytes || plan.reason != rows[i].reason)
			fail_msg("%s: %ju bytes, %s", rows[i].name, (uintmax_t)plan.bytes,
				 trim_reason_name(plan.reason));
	}
}

static void test_swap(void **state)
{
	static const struct {
		const char *name;
		uint64_t swapped, permyriad, total, free, anon, file;
		bool cannot_spare;
		uint64_t bytes;
		int swappiness;
		enum trim_reason reason;
	} rows[] = {
		{"plenty", 0, 10000, 1024, 1024, 300, 100, false, 4 * MIB, GROUP_RECLAIM_DEFAULT,
		 TRIM_STEP},
		/* A tenth of 400 + 100 MiB is 50, and 100 are there. */
		{"allowance used up", 100, 1000, 1024, 1024, 300, 100, false, 4 * MIB,
		 GROUP_RECLAIM_NO_ANON, TRIM_STEP},
		{"and no way to spare anon", 100, 1000, 1024, 1024, 300, 100, true, 0,
		 GROUP_RECLAIM_DEFAULT, TRIM_SWAP_ALLOWANCE},
		{"and no file", 100, 1000, 1024, 1024, 300, 0, false, 0, GROUP_RECLAIM_DEFAULT,
		 TRIM_SWAP_ALLOWANCE},
		/* A fifth of 400 + 98, with 98 there: 2.5 MiB are left, and a step may be all
		 * anonymous.
		 */
		{"allowance nearly used up", 98, 2018, 1024, 1024, 300, 100, true,
		 MIB * 498 * 2018 / 10000 - 98 * MIB, GROUP_RECLAIM_DEFAULT, TRIM_STEP},
		{"the same, file instead", 98, 2018, 1024, 1024, 300, 100, false, 4 * MIB,
		 GROUP_RECLAIM_NO_ANON, TRIM_STEP},
		{"at the machine's floor", 0, 10000, 1000, 200, 300, 0, false, 0,
		 GROUP_RECLAIM_DEFAULT, TRIM_SWAP_ALLOWANCE},
		/* Without swap the kernel can't take anon, told or not. */
		{"none", 0, 10000, 0, 0, 300, 100, true, 4 * MIB, GROUP_RECLAIM_DEFAULT, TRIM_STEP},
		{"none, no file", 0, 10000, 0, 0, 300, 0, true, 0, GROUP_RECLAIM_DEFAULT,
		 TRIM_NOTHING_SPARE},
		{"no anon", 100, 0, 1024, 1024, 0, 100, true, 4 * MIB, GROUP_RECLAIM_DEFAULT,
		 TRIM_STEP},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = well();
		struct trim_plan plan;

		s.settings.swap_permyriad = rows[i].permyriad;
		s.swap.total_bytes = rows[i].total * MIB;
		s.swap.free_bytes = rows[i].free * MIB;
		s.group.swap_current_bytes = rows[i].swapped * MIB;
		s.group.stat.inactive_anon = rows[i].anon * MIB;
		s.group.stat.inactive_file = rows[i].file * MIB;
		s.group.anon_can_be_spared = !rows[i].cannot_spare;
		plan = decide(&s);
		if (plan.bytes != rows[i].bytes || plan.reason != rows[i].reason ||
		    plan.swappiness != rows[i].swappiness)
			fail_msg("%s: %ju bytes, swappiness %d, %s", rows[i].name,
				 (uintmax_t)plan.bytes, plan.swappiness,
				 trim_reason_name(plan.reason));
	}
}

/* Where the group may not swap at all every kernel leaves anonymous memory alone by itself. */
static void test_without_swap_files_are_asked_of_every_kernel(void **state)
{
	struct scene s = well();

	(void)state;
	s.group.anon_can_be_spared = false;
	s.group.swap_max_bytes = 0;
	assert_int_equal(decide(&s).reason, TRIM_STEP);
	assert_int_equal(decide(&s).bytes, 4 * MIB);
	assert_int_equal(decide(&s).swappiness, GROUP_RECLAIM_DEFAULT);
	s.group.stat.inactive_file = 0;
	assert_int_equal(decide(&s).reason, TRIM_NOTHING_SPARE);
}

static void test_swap_that_does_not_answer(void **state)
{
	struct scene s = well();

	(void)state;
	s.swap.is_stuck = s.group.swap_is_futile = true;
	assert_int_equal(decide(&s).reason, TRIM_STEP);
	assert_int_equal(decide(&s).swappiness, GROUP_RECLAIM_NO_ANON);
	s.group.stat.inactive_file = 0;
	assert_int_equal(decide(&s).reason, TRIM_SWAP_STUCK);
}

/* Anonymous memory stays, and file memory is trimmed as before. */
static void test_swap_that_gains_too_little(void **state)
{
	struct scene s = well();

	(void)state;
	s.group.swap_is_futile = true;
	assert_int_equal(decide(&s).reason, TRIM_STEP);
	assert_int_equal(decide(&s).bytes, 4 * MIB);
	assert_int_equal(decide(&s).swappiness, GROUP_RECLAIM_NO_ANON);
	/* A kernel that can't be told is not asked at all. */
	s.group.anon_can_be_spared = false;
	assert_int_equal(decide(&s).reason, TRIM_SWAP_YIELD);
	assert_int_equal(decide(&s).bytes, 0);
	s = well();
	s.group.swap_is_futile = true;
	s.group.stat.inactive_file = 0;
	assert_int_equal(decide(&s).reason, TRIM_SWAP_YIELD);
}

/* Of file memory alone no more is taken than of it is cold, however much anonymous memory is. */
static void test_cold_files(void **state)
{
	static const struct {
		bool futile, no_swap;
		uint64_t cold_file, bytes;
		enum trim_reason reason;
	} rows[] = {
		{false, false, MIB, 4 * MIB, TRIM_STEP},
		{true, false, MIB, MIB, TRIM_STEP},
		{true, false, TRIM_STEP_MIN_BYTES, TRIM_STEP_MIN_BYTES, TRIM_STEP},
		{true, false, TRIM_STEP_MIN_BYTES - 1, 0, TRIM_SWAP_YIELD},
		{true, false, 0, 0, TRIM_SWAP_YIELD},
		{true, false, TRIM_AGE_UNKNOWN, 4 * MIB, TRIM_STEP},
		{false, true, MIB, MIB, TRIM_STEP},
		{false, true, 0, 0, TRIM_NOTHING_SPARE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = well();
		struct trim_plan plan;

		s.group.swap_is_futile = rows[i].futile;
		if (rows[i].no_swap)
			s.swap = (struct swap_sample){0};
		s.trim.cold_bytes = 300 * MIB;
		s.trim.cold_file_bytes = rows[i].cold_file;
		plan = decide(&s);
		if (plan.bytes != rows[i].bytes || plan.reason != rows[i].reason)
			fail_msg("%zu: %ju bytes, %s", i, (uintmax_t)plan.bytes,
				 trim_reason_name(plan.reason));
	}
}

static void test_clocks_and_counters_that_go_back(void **state)
{
	struct scene s = well();

	(void)state;
	s.history.stall_total_us = 5000000;
	s.trim.stall_total_us = 10;
	learn_after(&s, INTERVAL);
	assert_int_equal(s.history.stall_us, 0);
	assert_int_equal(decide(&s).reason, TRIM_STEP);
	s.group.now_ns -= 500 * NSEC_PER_SEC;
	learn(&s);
	assert_int_equal(decide(&s).reason, TRIM_WAITING);
	learn_after(&s, INTERVAL);
	assert_int_equal(decide(&s).reason, TRIM_STEP);
	/* Asleep for a day: what came meanwhile was not all of the last minute. */
	s.trim.stall_total_us += 1000000;
	learn_after(&s, 86400 * NSEC_PER_SEC);
	assert_int_equal(s.history.stall_us, 694);
	/* Extremes saturate. */
	s.group.taken_bytes = s.group.refaulted_bytes = s.trim.stall_total_us = UINT64_MAX;
	learn_after(&s, INTERVAL);
	learn_after(&s, INTERVAL);
	assert_int_equal(s.history.taken_bytes, UINT64_MAX);
	assert_int_equal(decide(&s).bytes, 0);
}

/* Of what came back, what swap readahead brought along unasked was not wanted. */
static void test_readahead_is_not_wanted(void **state)
{
	static const struct {
		uint64_t anon, file;
		struct swap_reads reads;
		uint64_t wanted;
	} rows[] = {
		{0, 0, {0, 0, 0}, 0},
		{100, 10, {0, 0, 0}, 110},	 /* counters of another moment */
		{100, 10, {400, 0, 0}, 110},	 /* zram: no readahead */
		{100, 10, {400, 300, 0}, 35},	 /* a quarter was asked for */
		{100, 10, {400, 300, 200}, 85},	 /* and half of the machine's was wanted later */
		{100, 10, {400, 100, 300}, 110}, /* hits of what was read before */
		{100, 10, {400, 9000, 0}, 10},	 /* more than was read */
		{UINT64_MAX, 0, {UINT64_MAX, 0, 0}, UINT64_MAX},
		{UINT64_MAX, 0, {UINT64_MAX, UINT64_MAX, 0}, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(trim_wanted_pages(rows[i].anon, rows[i].file, &rows[i].reads),
				 rows[i].wanted);
}

static void test_reasons_have_names_and_words(void **state)
{
	(void)state;
	for (enum trim_reason a = 0; a < TRIM_REASONS; a++) {
		assert_non_null(trim_reason_words(a));
		for (enum trim_reason b = 0; b < a; b++)
			assert_string_not_equal(trim_reason_name(a), trim_reason_name(b));
	}
	assert_string_equal(trim_reason_name(TRIM_REASONS), "unknown");
	assert_string_equal(trim_reason_words(TRIM_REASONS), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_step_is_a_share_of_usage),
		cmocka_unit_test(test_terms),
		cmocka_unit_test(test_the_ratio_grows_while_all_is_well),
		cmocka_unit_test(test_the_smallest_ratio_grows_too),
		cmocka_unit_test(test_the_ratio_halves_when_one_term_is_not_good),
		cmocka_unit_test(test_the_ratio_rests_where_nothing_can_be_taken),
		cmocka_unit_test(test_a_trigger_stops_at_once),
		cmocka_unit_test(test_nothing_before_one_interval_was_seen),
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_swap),
		cmocka_unit_test(test_without_swap_files_are_asked_of_every_kernel),
		cmocka_unit_test(test_swap_that_does_not_answer),
		cmocka_unit_test(test_swap_that_gains_too_little),
		cmocka_unit_test(test_cold_files),
		cmocka_unit_test(test_clocks_and_counters_that_go_back),
		cmocka_unit_test(test_readahead_is_not_wanted),
		cmocka_unit_test(test_reasons_have_names_and_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
