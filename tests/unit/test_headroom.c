/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/headroom.h"

#include "base/clock.h"
#include "cgroup/reclaim.h"
#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)

/* A group of 128 MiB, 126 of them used, that grows by 16 MiB/s: it wants a margin of 4 MiB. */
struct scene {
	struct config config;
	struct demand demand;
	struct group_sample sample;
	struct swap_sample swap;
};

static struct scene near_limit(void)
{
	struct scene s = {
		.demand = {.rate_bytes_per_s = 16 * MIB,
			   .nonfile.rate_bytes_per_s = 16 * MIB,
			   .gain = DEMAND_GAIN_ONE},
		.sample =
			{
				.current_bytes = 126 * MIB,
				.limit_bytes = 128 * MIB,
				.swap_max_bytes = UINT64_MAX,
				.stat = {.inactive_anon = 100 * MIB, .active_file = 20 * MIB},
				.anon_can_be_spared = true,
			},
		.swap = {.total_bytes = 1024 * MIB, .free_bytes = 1024 * MIB},
	};

	s.config.headroom.margin = (struct margin_settings){
		.enabled = true,
		.reaction_ns = 250 * NSEC_PER_MSEC,
		.margin_min_bytes = MIB,
		.margin_max_permyriad = 1250,
	};
	s.config.headroom.swap_allowance_permyriad = 10000;
	s.config.protect.swap_free_permyriad = 2000;
	s.config.agent.tick_min_ns = 5 * NSEC_PER_MSEC;
	s.config.agent.tick_max_ns = NSEC_PER_SEC;
	return s;
}

static struct group_plan decide(const struct scene *s)
{
	return headroom_decide(&s->config, &s->demand, &s->sample, &s->swap);
}

static void test_makes_room_before_the_limit(void **state)
{
	struct scene s = near_limit();
	struct group_plan plan = decide(&s);

	(void)state;
	assert_int_equal(plan.verdict.reason, VERDICT_LIMIT_NEAR);
	assert_int_equal(plan.verdict.room_bytes, 2 * MIB);
	assert_int_equal(plan.verdict.margin_bytes, 4 * MIB);
	/* Up to one and a half margins. */
	assert_int_equal(plan.verdict.bytes, 4 * MIB);
	assert_int_equal(plan.swappiness, GROUP_RECLAIM_DEFAULT);
}

static void test_a_round_goes_on_to_its_high_mark(void **state)
{
	struct scene s = near_limit();

	(void)state;
	s.sample.current_bytes = 123 * MIB;
	assert_int_equal(decide(&s).verdict.bytes, 0);
	s.sample.filling = true;
	assert_int_equal(decide(&s).verdict.bytes, MIB);
	s.sample.current_bytes = 122 * MIB;
	assert_int_equal(decide(&s).verdict.bytes, 0);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_ROOM_ENOUGH);
}

static void test_over_the_limit(void **state)
{
	struct scene s = near_limit();

	(void)state;
	s.sample.current_bytes = 200 * MIB;
	assert_int_equal(decide(&s).verdict.room_bytes, 0);
	assert_int_equal(decide(&s).verdict.bytes, 6 * MIB);
}

static void test_leaves_alone(void **state)
{
	struct scene s;

	(void)state;
	s = near_limit();
	s.sample.current_bytes = 124 * MIB;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_ROOM_ENOUGH);
	assert_int_equal(decide(&s).verdict.bytes, 0);

	/* Full of cache that fits, and at rest. */
	s = near_limit();
	s.sample.current_bytes = 128 * MIB;
	s.demand.rate_bytes_per_s = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NO_DEMAND);

	s = near_limit();
	s.demand.refaults.now = (struct refaults_span){40 * MIB, 10 * MIB};
	assert_int_equal(decide(&s).verdict.reason, VERDICT_REFAULTS);

	s = near_limit();
	s.sample.excluded = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_EXCLUDED);

	s = near_limit();
	s.sample.limit_bytes = UINT64_MAX;
	assert_int_equal(decide(&s).verdict.bytes, 0);
}

static void test_never_takes_what_is_protected(void **state)
{
	struct scene s = near_limit();

	(void)state;
	/* A huge page stays between what is asked for and what is protected. */
	s.sample.protected_bytes = 123 * MIB;
	assert_int_equal(decide(&s).verdict.bytes, MIB);
	s.sample.protected_bytes = 124 * MIB;
	assert_int_equal(decide(&s).verdict.bytes, 0);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NOTHING_SPARE);
	s.sample.protected_bytes = UINT64_MAX;
	assert_int_equal(decide(&s).verdict.bytes, 0);
}

static void test_without_swap_only_file_memory(void **state)
{
	struct scene s = near_limit();

	(void)state;
	s.swap = (struct swap_sample){0};
	assert_int_equal(decide(&s).verdict.bytes, 4 * MIB);
	assert_int_equal(decide(&s).swappiness, GROUP_RECLAIM_NO_ANON);
	s.sample.stat.active_file = MIB;
	assert_int_equal(decide(&s).verdict.bytes, MIB);
	s.sample.stat.active_file = 0;
	assert_int_equal(decide(&s).verdict.bytes, 0);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_ALLOWANCE);
}

static void test_swap_bounds(void **state)
{
	static const struct {
		uint64_t swap_free, swap_current, swap_max;
		bool anon_allowed;
	} rows[] = {
		{1024 * MIB, 0, UINT64_MAX, true},
		{204 * MIB, 0, UINT64_MAX, false},	    /* a fifth of swap stays free */
		{1024 * MIB, 128 * MIB, UINT64_MAX, false}, /* the allowance is the limit's size */
		{1024 * MIB, 64 * MIB, 64 * MIB, false},    /* memory.swap.max */
		{1024 * MIB, 0, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = near_limit();

		s.swap.free_bytes = rows[i].swap_free;
		s.sample.swap_current_bytes = rows[i].swap_current;
		s.sample.swap_max_bytes = rows[i].swap_max;
		assert_int_equal(decide(&s).swappiness, rows[i].anon_allowed
								? GROUP_RECLAIM_DEFAULT
								: GROUP_RECLAIM_NO_ANON);
	}
}

/* The kernel chooses: what could be all anonymous must fit into what is left of the allowance. */
static void test_a_little_swap_is_left(void **state)
{
	static const struct {
		uint64_t left, file;
		bool spared;
		int swappiness;
		uint64_t bytes;
	} rows[] = {
		/* of 4 MiB that are wanted */
		{5 * MIB, 20 * MIB, true, GROUP_RECLAIM_DEFAULT, 4 * MIB},
		{3 * MIB, 20 * MIB, true, GROUP_RECLAIM_NO_ANON, 4 * MIB},
		{MIB / 8, 20 * MIB, true, GROUP_RECLAIM_NO_ANON, 4 * MIB},
		{MIB, 2 * MIB, true, GROUP_RECLAIM_NO_ANON, 2 * MIB},
		{2 * MIB, MIB, true, GROUP_RECLAIM_DEFAULT, 2 * MIB},
		{3 * MIB, 20 * MIB, false, GROUP_RECLAIM_DEFAULT, 3 * MIB},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = near_limit();

		s.sample.swap_current_bytes = s.sample.limit_bytes - rows[i].left;
		s.sample.stat.active_file = rows[i].file;
		s.sample.anon_can_be_spared = rows[i].spared;
		assert_int_equal(decide(&s).verdict.reason, VERDICT_LIMIT_NEAR);
		assert_int_equal(decide(&s).swappiness, rows[i].swappiness);
		assert_int_equal(decide(&s).verdict.bytes, rows[i].bytes);
	}
}

/* Less than the kernel takes at a time is as good as none. */
static void test_too_little_swap_is_left_to_be_asked_for(void **state)
{
	struct scene s = near_limit();

	(void)state;
	s.sample.anon_can_be_spared = false;
	s.sample.swap_current_bytes = s.sample.limit_bytes - 4096;
	assert_int_equal(decide(&s).verdict.bytes, 0);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_ALLOWANCE);
	s.sample.swap_current_bytes = s.sample.limit_bytes - MIB / 8;
	assert_int_equal(decide(&s).verdict.bytes, MIB / 8);
}

static void test_swap_that_gains_too_little(void **state)
{
	struct scene s = near_limit();

	(void)state;
	s.sample.swap_is_futile = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_LIMIT_NEAR);
	assert_int_equal(decide(&s).swappiness, GROUP_RECLAIM_NO_ANON);
	s.sample.stat.active_file = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_YIELD);
	assert_int_equal(decide(&s).verdict.bytes, 0);
}

/* Plenty of inactive files are taken first; half of what is wanted is plenty, and any of them where
 * they are what grows. */
static void test_files_first(void **state)
{
	enum { BOTH = 0, ANON_THRASHES = 1, FILE_THRASHES = 2, FILES_GROW = 4 };
	static const struct {
		const char *name;
		uint64_t inactive, active, dirty;
		int what;
		bool files_alone;
		uint64_t bytes;
	} rows[] = {
		{"plenty", 20 * MIB, 0, 0, BOTH, true, 4 * MIB},
		{"half of what is wanted", 2 * MIB, 0, 0, BOTH, true, 2 * MIB},
		{"less", 2 * MIB - 4096, 0, 0, BOTH, false, 4 * MIB},
		{"the rest is in use", MIB, 20 * MIB, 0, BOTH, false, 4 * MIB},
		{"the rest is dirty", 20 * MIB, 0, 19 * MIB, BOTH, false, 4 * MIB},
		{"more is dirty than inactive", MIB, 20 * MIB, 2 * MIB, BOTH, false, 4 * MIB},
		{"plenty, but they thrash", 20 * MIB, 0, 0, FILE_THRASHES, false, 4 * MIB},
		{"in use, but the others thrash", MIB, 20 * MIB, 0, ANON_THRASHES, true, 4 * MIB},
		{"few, and the others thrash", MIB, MIB - 4096, 0, ANON_THRASHES, false, 4 * MIB},
		{"all thrash", 20 * MIB, 20 * MIB, 0, ANON_THRASHES | FILE_THRASHES, false,
		 4 * MIB},
		{"few, but they grow", MIB, MIB, 0, FILES_GROW, true, 2 * MIB},
		{"they grow, and are all active", 0, 20 * MIB, 0, FILES_GROW, true, 4 * MIB},
		{"they grow, and are dirty", MIB, 20 * MIB, 21 * MIB, FILES_GROW, true, 0},
		{"they grow, hardly one is clean", MIB, MIB, 2 * MIB - 65536, FILES_GROW, true, 0},
		{"they grow, and thrash", MIB, 20 * MIB, 0, FILES_GROW | FILE_THRASHES, false,
		 4 * MIB},
		{"they grow, and none is left", 0, 0, 0, FILES_GROW, true, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = near_limit();
		struct group_plan plan;

		s.sample.stat.inactive_file = rows[i].inactive;
		s.sample.stat.active_file = rows[i].active;
		s.sample.stat.file_dirty = rows[i].dirty;
		s.sample.anon_thrashes = rows[i].what & ANON_THRASHES;
		s.sample.file_thrashes = rows[i].what & FILE_THRASHES;
		if (rows[i].what & FILES_GROW)
			s.demand.file.rate_bytes_per_s = 17 * MIB;
		plan = decide(&s);
		if ((plan.swappiness == GROUP_RECLAIM_NO_ANON) != rows[i].files_alone ||
		    plan.verdict.bytes != rows[i].bytes)
			fail_msg("%s: %ju of swappiness %d", rows[i].name,
				 (uintmax_t)plan.verdict.bytes, plan.swappiness);
		assert_int_equal(plan.verdict.reason,
				 rows[i].bytes ? VERDICT_LIMIT_NEAR : VERDICT_NOTHING_SPARE);
		/* What is dirty may be clean long before the next look of one at rest: 9/16 of 2
		 * MiB fill up within 70 ms. */
		assert_int_equal(plan.verdict.look_again_ns,
				 rows[i].bytes ? NSEC_PER_SEC / 32 : 9 * NSEC_PER_SEC / 128);
		/* Where it can't be said, there is no choice. */
		s.sample.anon_can_be_spared = false;
		assert_int_equal(decide(&s).swappiness, GROUP_RECLAIM_DEFAULT);
	}
}

static void test_swap_that_does_not_answer(void **state)
{
	struct scene s = near_limit();

	(void)state;
	s.swap.is_stuck = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_LIMIT_NEAR);
	assert_int_equal(decide(&s).swappiness, GROUP_RECLAIM_NO_ANON);
	s.sample.anon_can_be_spared = false;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_STUCK);
	assert_int_equal(decide(&s).verdict.bytes, 0);
	s.sample.anon_can_be_spared = true;
	s.sample.swap_is_futile = true;
	s.sample.stat.active_file = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_STUCK);
}

static void test_a_kernel_that_cannot_spare_anon_is_not_asked(void **state)
{
	struct scene s = near_limit();

	(void)state;
	s.sample.anon_can_be_spared = false;
	s.swap.free_bytes = 0;
	assert_int_equal(decide(&s).verdict.bytes, 0);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_ALLOWANCE);
}

/* Where nothing can be swapped every kernel leaves anonymous memory alone by itself. */
static void test_without_swap_files_are_asked_of_every_kernel(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scene s = near_limit();

		s.sample.anon_can_be_spared = false;
		if (i == 0)
			s.swap = (struct swap_sample){0};
		else
			s.sample.swap_max_bytes = 0;
		assert_int_equal(decide(&s).verdict.reason, VERDICT_LIMIT_NEAR);
		assert_int_equal(decide(&s).swappiness, GROUP_RECLAIM_DEFAULT);
		assert_in_range(decide(&s).verdict.bytes, 1,
				s.sample.stat.active_file + s.sample.stat.active_file);
		s.sample.stat.active_file = 0;
		assert_int_equal(decide(&s).verdict.bytes, 0);
		assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_ALLOWANCE);
	}
}

static void test_dirty_and_unevictable_are_not_spare(void **state)
{
	struct scene s = near_limit();

	(void)state;
	s.sample.stat = (struct memory_stat){
		.active_file = 20 * MIB,
		.file_dirty = 15 * MIB,
		.file_writeback = 4 * MIB,
		.unevictable = 106 * MIB,
	};
	assert_int_equal(decide(&s).verdict.bytes, MIB);
	/* Counters of different moments. */
	s.sample.stat.file_writeback = 40 * MIB;
	assert_int_equal(decide(&s).verdict.bytes, 0);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NOTHING_SPARE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_makes_room_before_the_limit),
		cmocka_unit_test(test_a_round_goes_on_to_its_high_mark),
		cmocka_unit_test(test_over_the_limit),
		cmocka_unit_test(test_leaves_alone),
		cmocka_unit_test(test_never_takes_what_is_protected),
		cmocka_unit_test(test_without_swap_only_file_memory),
		cmocka_unit_test(test_swap_bounds),
		cmocka_unit_test(test_a_little_swap_is_left),
		cmocka_unit_test(test_too_little_swap_is_left_to_be_asked_for),
		cmocka_unit_test(test_swap_that_gains_too_little),
		cmocka_unit_test(test_files_first),
		cmocka_unit_test(test_swap_that_does_not_answer),
		cmocka_unit_test(test_a_kernel_that_cannot_spare_anon_is_not_asked),
		cmocka_unit_test(test_without_swap_files_are_asked_of_every_kernel),
		cmocka_unit_test(test_dirty_and_unevictable_are_not_spare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
