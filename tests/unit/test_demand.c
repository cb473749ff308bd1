/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/demand.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)

static const struct margin_settings settings = {
	.enabled = true,
	.reaction_ns = 250 * NSEC_PER_MSEC,
	.margin_min_bytes = MIB,
	.margin_max_permyriad = 1250,
};

/* A target seen every step_ns that grows by rate, of which we take and it reads back a share. */
struct life {
	struct demand demand;
	uint64_t now_ns, used_bytes, stalls;
	uint64_t file_bytes, file_rate, nonfile_bytes, nonfile_rate;
	bool others_took, kinds_are_untold;
};

static void live(struct life *life, uint64_t for_ns, uint64_t step_ns, uint64_t rate,
		 uint64_t taken_rate, uint64_t refault_rate)
{
	for (uint64_t t = 0; t < for_ns; t += step_ns) {
		uint64_t grown = rate * step_ns / NSEC_PER_SEC;
		uint64_t taken = taken_rate * step_ns / NSEC_PER_SEC;
		uint64_t refaulted = refault_rate * step_ns / NSEC_PER_SEC;
		struct demand_sample sample;

		life->now_ns += step_ns;
		life->used_bytes += grown + refaulted;
		life->used_bytes -= taken;
		life->file_bytes += life->file_rate * step_ns / NSEC_PER_SEC;
		life->nonfile_bytes += life->nonfile_rate * step_ns / NSEC_PER_SEC;
		sample = (struct demand_sample){
			.now_ns = life->now_ns,
			.used_bytes = life->used_bytes,
			.file_bytes = life->kinds_are_untold ? DEMAND_UNKNOWN : life->file_bytes,
			.nonfile_bytes = life->kinds_are_untold ? DEMAND_UNKNOWN
								: life->nonfile_bytes,
			.taken_bytes = taken,
			.refaulted_bytes = refaulted,
			.stalls = life->stalls,
			.others_took = life->others_took,
		};
		demand_learn(&life->demand, &sample);
	}
}

static struct life newborn(void)
{
	return (struct life){.now_ns = NSEC_PER_SEC, .used_bytes = 100 * MIB};
}

static void test_rate_is_the_growth(void **state)
{
	struct life life = newborn();

	(void)state;
	live(&life, 2 * NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 16 * MIB, 0, 0);
	assert_in_range(life.demand.rate_bytes_per_s, 15 * MIB, 17 * MIB);
}

static void test_what_we_take_does_not_hide_growth(void **state)
{
	struct life life = newborn();

	(void)state;
	live(&life, 2 * NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 16 * MIB, 16 * MIB, 0);
	assert_in_range(life.demand.rate_bytes_per_s, 15 * MIB, 17 * MIB);
}

/* Kswapd keeps the usage where it is, and does not say what it took: that is not the end of growth.
 */
static void test_what_others_take_does_not_end_growth(void **state)
{
	struct life life = newborn();
	uint64_t rate;

	(void)state;
	live(&life, NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 64 * MIB, 0, 0);
	rate = life.demand.rate_bytes_per_s;
	life.others_took = true;
	live(&life, 10 * NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 0, 0, 0);
	assert_int_equal(life.demand.rate_bytes_per_s, rate);
	/* Growth that shows all the same counts. */
	live(&life, NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 128 * MIB, 0, 0);
	assert_in_range(life.demand.rate_bytes_per_s, 120 * MIB, 132 * MIB);
	/* Once they rest, rest is rest. */
	life.others_took = false;
	live(&life, 20 * NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 0, 0, 0);
	assert_int_equal(life.demand.rate_bytes_per_s, 0);
}

/* A window is judged whole: they may have taken at any look within it. */
static void test_others_taking_once_stands_for_the_window(void **state)
{
	struct life life = newborn();
	uint64_t rate;

	(void)state;
	live(&life, NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 64 * MIB, 0, 0);
	rate = life.demand.rate_bytes_per_s;
	for (int window = 0; window < 50; window++) {
		life.others_took = true;
		live(&life, 20 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC, 0, 0, 0);
		life.others_took = false;
		live(&life, 80 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC, 0, 0, 0);
	}
	assert_in_range(life.demand.rate_bytes_per_s, rate - rate / 20, rate);
}

static void test_refaults_are_not_growth(void **state)
{
	struct life life = newborn();

	(void)state;
	live(&life, 2 * NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 0, 16 * MIB, 16 * MIB);
	assert_int_equal(life.demand.rate_bytes_per_s, 0);
}

static void test_rate_rises_at_once_and_falls_slowly(void **state)
{
	struct life life = newborn();
	uint64_t began_ns;

	(void)state;
	live(&life, NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 0, 0, 0);
	assert_int_equal(life.demand.rate_bytes_per_s, 0);
	assert_int_equal(life.demand.growing_since_ns, 0);
	began_ns = life.demand.seen_ns;
	live(&life, 200 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC, 64 * MIB, 0, 0);
	assert_in_range(life.demand.rate_bytes_per_s, 60 * MIB, 68 * MIB);
	live(&life, NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 0, 0, 0);
	assert_in_range(life.demand.rate_bytes_per_s, 20 * MIB, 50 * MIB);
	assert_in_range(life.demand.growing_since_ns, began_ns, began_ns + 20 * NSEC_PER_MSEC);
	live(&life, 20 * NSEC_PER_SEC, 100 * NSEC_PER_MSEC, 0, 0, 0);
	assert_int_equal(life.demand.rate_bytes_per_s, 0);
	assert_int_equal(life.demand.growing_since_ns, 0);
	/* What it has shown it can do is remembered for longer. */
	assert_in_range(life.demand.peak_bytes_per_s, 30 * MIB, 60 * MIB);
}

static void test_one_batch_of_charges_is_not_a_rate(void **state)
{
	struct life life = newborn();

	(void)state;
	live(&life, NSEC_PER_SEC, 5 * NSEC_PER_MSEC, 0, 0, 0);
	/* 256 KiB in 5 ms would be 50 MiB/s. */
	life.used_bytes += MIB / 4;
	live(&life, 5 * NSEC_PER_MSEC, 5 * NSEC_PER_MSEC, 0, 0, 0);
	assert_in_range(life.demand.rate_bytes_per_s, 0, 5 * MIB / 2);
}

static void test_margin_follows_rate(void **state)
{
	struct life life = newborn();

	(void)state;
	assert_int_equal(demand_margin(&life.demand, &settings, 128 * MIB, 0), 0);
	assert_int_equal(demand_margin(&life.demand, &settings, 128 * MIB, 16 * MIB), 4 * MIB);
	assert_int_equal(demand_margin(&life.demand, &settings, 128 * MIB, MIB), MIB);
	assert_int_equal(demand_margin(&life.demand, &settings, 128 * MIB, 1024 * MIB), 16 * MIB);
	/* The cap wins over the least: a tiny group must not be emptied. */
	assert_int_equal(demand_margin(&life.demand, &settings, 4 * MIB, 16 * MIB), MIB / 2);
	assert_int_equal(demand_margin(&life.demand, &settings, 0, UINT64_MAX), 0);
	assert_true(demand_margin(&life.demand, &settings, UINT64_MAX, UINT64_MAX) > 0);
}

static void test_refaults_narrow_margin_to_nothing(void **state)
{
	struct life life = newborn();
	uint64_t margin, full = 4 * MIB;

	(void)state;
	live(&life, 3 * NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 16 * MIB, 16 * MIB, 2 * MIB);
	margin = demand_margin(&life.demand, &settings, 128 * MIB, 16 * MIB);
	assert_in_range(margin, full / 4, full * 3 / 4);
	live(&life, 10 * NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 16 * MIB, 16 * MIB, 8 * MIB);
	assert_int_equal(demand_margin(&life.demand, &settings, 128 * MIB, 16 * MIB), 0);
	/* Tried anew when nothing was taken for half a minute. */
	live(&life, 2 * REFAULTS_SPAN_NS, 100 * NSEC_PER_MSEC, 0, 0, 0);
	assert_int_equal(demand_margin(&life.demand, &settings, 128 * MIB, 16 * MIB), full);
}

/* It neither narrows the margin nor hides growth. */
static void test_what_others_took_and_reads_back_changes_nothing(void **state)
{
	struct life life = newborn();

	(void)state;
	for (int i = 0; i < 300; i++) {
		/* Taken and read back within the step: usage tells nothing of it. */
		life.used_bytes -= MIB;
		live(&life, 10 * NSEC_PER_MSEC, 10 * NSEC_PER_MSEC, 16 * MIB, 0, 100 * MIB);
	}
	assert_int_equal(refaults_permyriad(&life.demand.refaults), 0);
	assert_in_range(life.demand.rate_bytes_per_s, 15 * MIB, 17 * MIB);
	assert_int_equal(demand_margin(&life.demand, &settings, 128 * MIB, 16 * MIB), 4 * MIB);
}

static void test_stalls_widen_margin(void **state)
{
	struct life life = newborn();

	(void)state;
	live(&life, NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 8 * MIB, 0, 0);
	for (int i = 0; i < 6; i++) {
		life.stalls++;
		live(&life, 20 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC, 8 * MIB, 0, 0);
	}
	assert_int_equal(life.demand.gain, DEMAND_GAIN_MAX);
	assert_int_equal(demand_margin(&life.demand, &settings, 1024 * MIB, 8 * MIB), 16 * MIB);
	live(&life, 600 * NSEC_PER_SEC, NSEC_PER_SEC, 8 * MIB, 0, 0);
	assert_int_equal(life.demand.gain, DEMAND_GAIN_ONE);
}

static void test_stalls_without_growth_change_nothing(void **state)
{
	struct life life = newborn();

	(void)state;
	live(&life, NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 0, 0, 0);
	life.stalls += 100;
	live(&life, NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 0, 0, 0);
	assert_int_equal(life.demand.gain, DEMAND_GAIN_ONE);
}

static void test_clock_and_counters_that_go_back(void **state)
{
	struct life life = newborn();

	(void)state;
	life.stalls = 1000;
	live(&life, NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 8 * MIB, 0, 0);
	life.now_ns = 1;
	life.stalls = 0;
	life.used_bytes = 0;
	live(&life, 20 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC, 0, 0, 0);
	assert_in_range(life.demand.rate_bytes_per_s, 0, 9 * MIB);
	assert_int_equal(life.demand.gain, DEMAND_GAIN_ONE);
	/* All there is, at once. */
	life.used_bytes = UINT64_MAX;
	life.stalls = UINT64_MAX;
	live(&life, 20 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC, 0, 0, 0);
	assert_true(life.demand.rate_bytes_per_s > 0);
}

static void test_a_target_at_rest_is_forgotten(void **state)
{
	struct life life = newborn();

	(void)state;
	live(&life, 2 * NSEC_PER_SEC, 20 * NSEC_PER_MSEC, 64 * MIB, 0, 0);
	live(&life, 30 * NSEC_PER_SEC, 5 * NSEC_PER_MSEC, 0, 0, 0);
	assert_true(life.demand.peak_bytes_per_s > 0);
	/* However little room there is: it does not move, and its events would tell. */
	assert_int_equal(demand_look_again(&life.demand, 0, 0, 1, NSEC_PER_SEC, NSEC_PER_SEC),
			 NSEC_PER_SEC);
	/* Small steps must not keep it alive by rounding. */
	live(&life, 600 * NSEC_PER_SEC, 5 * NSEC_PER_MSEC, 0, 0, 0);
	assert_int_equal(life.demand.peak_bytes_per_s, 0);
}

static void test_looks_before_the_mark(void **state)
{
	struct demand demand = {.rate_bytes_per_s = 16 * MIB, .peak_bytes_per_s = 32 * MIB};
	const uint64_t min_ns = 5 * NSEC_PER_MSEC, rest_ns = NSEC_PER_SEC,
		       max_ns = 4 * NSEC_PER_SEC;

	(void)state;
	/* 16 MiB above the margin, and an eighth of it, at 32 MiB/s. */
	assert_int_equal(demand_look_again(&demand, 20 * MIB, 4 * MIB, min_ns, rest_ns, max_ns),
			 NSEC_PER_SEC * 33 / 64);
	assert_int_equal(demand_look_again(&demand, 4 * MIB, 4 * MIB, min_ns, rest_ns, max_ns),
			 NSEC_PER_SEC / 64);
	assert_int_equal(demand_look_again(&demand, 0, 8, min_ns, rest_ns, max_ns), min_ns);
	assert_int_equal(demand_look_again(&demand, UINT64_MAX, 0, min_ns, rest_ns, max_ns),
			 max_ns);
	demand = (struct demand){0};
	assert_int_equal(demand_look_again(&demand, 0, 0, min_ns, rest_ns, max_ns), rest_ns);
	assert_int_equal(demand_look_again(&demand, 128 * MIB, 0, min_ns, rest_ns, max_ns), max_ns);
	assert_int_equal(demand_look_again(&demand, UINT64_MAX, 0, min_ns, rest_ns, max_ns),
			 max_ns);
}

static bool grows_by_files(struct life *life, uint64_t for_ns, uint64_t step_ns, uint64_t file_rate,
			   uint64_t nonfile_rate)
{
	life->file_rate = file_rate;
	life->nonfile_rate = nonfile_rate;
	live(life, for_ns, step_ns, file_rate + nonfile_rate, file_rate + nonfile_rate, 0);
	return demand_is_for_files(&life->demand);
}

/* Of which kind the growth is: it takes two looks in a row that tell it. */
static void test_growth_of_files(void **state)
{
	static const uint64_t steps_ns[] = {10 * NSEC_PER_MSEC, 100 * NSEC_PER_MSEC, NSEC_PER_SEC};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(steps_ns); i++) {
		struct life life = newborn();
		uint64_t step_ns = steps_ns[i];

		assert_false(demand_is_for_files(&life.demand));
		life.kinds_are_untold = true;
		assert_false(grows_by_files(&life, 2 * NSEC_PER_SEC, step_ns, 16 * MIB, 0));
		life.kinds_are_untold = false;
		assert_true(grows_by_files(&life, 2 * NSEC_PER_SEC, step_ns, 9 * MIB, 7 * MIB));
		assert_false(grows_by_files(&life, 2 * NSEC_PER_SEC, step_ns, 7 * MIB, 9 * MIB));
		assert_true(grows_by_files(&life, 2 * NSEC_PER_SEC, step_ns, 16 * MIB, 0));
		assert_false(grows_by_files(&life, 5 * NSEC_PER_SEC, step_ns, 0, 0));
		assert_true(grows_by_files(&life, 2 * NSEC_PER_SEC, step_ns, 16 * MIB, 0));
		life.kinds_are_untold = true;
		/* Far from a limit nobody looks: the first look there again knows what was. */
		assert_true(grows_by_files(&life, 2 * NSEC_PER_SEC, step_ns, 16 * MIB, 0));
		life.kinds_are_untold = false;
		assert_true(grows_by_files(&life, step_ns, step_ns, 16 * MIB, 0));
		life.kinds_are_untold = true;
		assert_false(grows_by_files(&life, 10 * NSEC_PER_SEC, step_ns, 16 * MIB, 0));
	}
}

/* Someone takes 1 MiB of anonymous memory and gives it back 40 ms later, eight times a second. */
static void come_and_go(struct life *life, uint64_t file_rate, bool is_for_files)
{
	life->nonfile_bytes = 100 * MIB;
	(void)grows_by_files(life, NSEC_PER_SEC, 20 * NSEC_PER_MSEC, file_rate, 0);
	for (int i = 0; i < 40; i++) {
		life->used_bytes += MIB;
		life->nonfile_bytes += MIB;
		assert_int_equal(
			grows_by_files(life, 40 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC, file_rate, 0),
			is_for_files);
		life->used_bytes -= MIB;
		life->nonfile_bytes -= MIB;
		assert_int_equal(
			grows_by_files(life, 80 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC, file_rate, 0),
			is_for_files);
	}
	assert_in_range(life->demand.nonfile.rate_bytes_per_s, 0, 3 * MIB);
}

/* As a script does that starts one after the other, each with a buffer of its own. */
static void test_what_short_lived_processes_take_is_no_growth(void **state)
{
	struct life life = newborn();

	(void)state;
	come_and_go(&life, 16 * MIB, true);
	/* What is freed is no growth, and no less than none. */
	life.nonfile_bytes = 0;
	assert_true(grows_by_files(&life, 20 * NSEC_PER_MSEC, 20 * NSEC_PER_MSEC, 16 * MIB, 0));
	assert_int_equal(life.demand.nonfile.rate_bytes_per_s, 0);
}

/* Nor does it make what grows files: room is wanted for these, and there may be no others. */
static void test_what_comes_and_goes_is_no_file(void **state)
{
	struct life life = newborn();

	(void)state;
	come_and_go(&life, 0, false);
	assert_true(life.demand.rate_bytes_per_s > MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate_is_the_growth),
		cmocka_unit_test(test_what_we_take_does_not_hide_growth),
		cmocka_unit_test(test_what_others_take_does_not_end_growth),
		cmocka_unit_test(test_others_taking_once_stands_for_the_window),
		cmocka_unit_test(test_refaults_are_not_growth),
		cmocka_unit_test(test_rate_rises_at_once_and_falls_slowly),
		cmocka_unit_test(test_one_batch_of_charges_is_not_a_rate),
		cmocka_unit_test(test_margin_follows_rate),
		cmocka_unit_test(test_refaults_narrow_margin_to_nothing),
		cmocka_unit_test(test_what_others_took_and_reads_back_changes_nothing),
		cmocka_unit_test(test_stalls_widen_margin),
		cmocka_unit_test(test_stalls_without_growth_change_nothing),
		cmocka_unit_test(test_clock_and_counters_that_go_back),
		cmocka_unit_test(test_a_target_at_rest_is_forgotten),
		cmocka_unit_test(test_growth_of_files),
		cmocka_unit_test(test_what_short_lived_processes_take_is_no_growth),
		cmocka_unit_test(test_what_comes_and_goes_is_no_file),
		cmocka_unit_test(test_looks_before_the_mark),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
