/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/balance.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)

/* A node of 1 GiB, 4 MiB above its watermarks, filled at 100 MiB/s: it wants a margin of 15 MiB. */
struct scene {
	struct config config;
	struct demand demand;
	struct balance_history history;
	struct node_sample sample;
};

static struct scene low_node(void)
{
	struct scene s = {
		.demand = {.rate_bytes_per_s = 100 * MIB, .peak_bytes_per_s = 100 * MIB},
		.sample =
			{
				.now_ns = 100 * NSEC_PER_SEC,
				.managed_bytes = 1024 * MIB,
				.room_bytes = 4 * MIB,
				.clean_file_bytes = 300 * MIB,
				.anon_bytes = 600 * MIB,
				.swap = {.total_bytes = 1024 * MIB, .free_bytes = 1024 * MIB},
				.anon_can_be_spared = true,
				.stalls_are_told = true,
			},
	};

	s.config.balance.margin = (struct margin_settings){
		.enabled = true,
		.reaction_ns = 150 * NSEC_PER_MSEC,
		.margin_min_bytes = 4 * MIB,
		.margin_max_permyriad = 500,
	};
	s.config.balance.hopeless_rounds = 16;
	s.config.balance.hopeless_retry_ns = 30 * NSEC_PER_SEC;
	s.config.protect.swap_free_permyriad = 2000;
	s.config.agent.tick_min_ns = 5 * NSEC_PER_MSEC;
	s.config.agent.tick_max_ns = NSEC_PER_SEC;
	return s;
}

static struct node_plan decide(const struct scene *s)
{
	return balance_decide(&s->config, &s->demand, &s->history, &s->sample);
}

/* Taking what lists of CPUs hold back already would only make them longer; unless it is urgent. */
static void test_what_lists_hold_is_room_to_come(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.sample.room_bytes = 10 * MIB;
	s.sample.percpu_bytes = 2 * MIB;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	assert_int_equal(decide(&s).verdict.bytes, (15 * 3 / 2 - 12) * MIB + MIB / 2);
	s.sample.percpu_bytes = 5 * MIB;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_ROOM_ENOUGH);
	/* Watermarks don't see it. */
	s.sample.room_bytes = 7 * MIB;
	s.sample.percpu_bytes = 100 * MIB;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	assert_int_equal(decide(&s).verdict.bytes, (15 * 3 / 2 - 7) * MIB + MIB / 2);
}

/* A round is never less than an eighth of the most, however small the margin. */
static void test_a_small_margin_has_a_whole_round(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.demand.rate_bytes_per_s = s.demand.peak_bytes_per_s = 10 * MIB;
	s.sample.room_bytes = MIB;
	assert_int_equal(decide(&s).verdict.margin_bytes, 4 * MIB);
	assert_int_equal(decide(&s).verdict.bytes, 3 * MIB + 1024 * MIB / 20 / 8);
}

/* What the kernel's watermarks are apart is part of the margin, once they are steered. */
static void test_kswapd_that_begins_early(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.sample.low_bytes = 20 * MIB;
	s.sample.high_bytes = 30 * MIB;
	assert_int_equal(decide(&s).verdict.margin_bytes, 15 * MIB);
	s.config.tuning.watermark_most = 200;
	assert_int_equal(decide(&s).burst_bytes, 15 * MIB);
	assert_int_equal(decide(&s).verdict.margin_bytes, 5 * MIB);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	/* All of it but for what is lost in rounding: it has time, but looks for bursts. */
	s.sample.high_bytes = 34 * MIB;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_KSWAPD_EARLY);
	assert_int_equal(decide(&s).verdict.bytes, 0);
	assert_in_range(decide(&s).verdict.look_again_ns, 50 * NSEC_PER_MSEC, NSEC_PER_SEC);
	s.sample.room_bytes = 0;
	s.sample.bound_demand = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_KSWAPD_EARLY);
	/* Tasks had to help it: so do we. */
	s.demand.gain = 2 * DEMAND_GAIN_ONE;
	assert_int_equal(decide(&s).verdict.margin_bytes, 30 * MIB);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	/* Watermarks that contradict each other keep nothing. */
	s.demand.gain = DEMAND_GAIN_ONE;
	s.sample.high_bytes = 0;
	assert_int_equal(decide(&s).verdict.margin_bytes, 15 * MIB);
}

static void test_streams_are_left_to_kswapd(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.demand.growing_since_ns = s.sample.now_ns - BALANCE_STREAM_NS;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_KSWAPD_SUFFICES);
	assert_int_equal(decide(&s).verdict.bytes, 0);
	assert_int_equal(decide(&s).verdict.look_again_ns, s.config.agent.tick_max_ns);
	/* Looked at ever less often. */
	s.demand.growing_since_ns = s.sample.now_ns - 6 * s.config.agent.tick_max_ns;
	assert_int_equal(decide(&s).verdict.look_again_ns, 3 * s.config.agent.tick_max_ns);
	s.demand.growing_since_ns = s.sample.now_ns - 60 * s.config.agent.tick_max_ns;
	assert_int_equal(decide(&s).verdict.look_again_ns,
			 BALANCE_STREAM_REST_TICKS * s.config.agent.tick_max_ns);
	/* Not where nobody would tell of a stall. */
	s.sample.stalls_are_told = false;
	assert_int_equal(decide(&s).verdict.look_again_ns, s.config.agent.tick_max_ns / 4);
	s.sample.stalls_are_told = true;
	/* It has not gone on for long. */
	s.demand.growing_since_ns = s.sample.now_ns - BALANCE_STREAM_NS;
	s.demand.growing_since_ns++;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	s.demand.growing_since_ns--;
	/* Slow enough for a few rounds a second. */
	s.demand.rate_bytes_per_s = 40 * MIB;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	s.demand.rate_bytes_per_s = 100 * MIB;
	/* Kswapd can't know that it is bound here. */
	s.sample.bound_demand = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	s.sample.bound_demand = false;
	s.config.balance.keep_local = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	s.config.balance.keep_local = false;
	/* Tasks had to stall for it. */
	s.demand.gain = 2 * DEMAND_GAIN_ONE;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
}

/* Somebody who grows although there is no room here may be bound: that shows in what comes next. */
static void test_growth_beside_free_neighbours_is_watched(void **state)
{
	struct scene s = low_node();
	uint64_t growing_ns;

	(void)state;
	s.sample.room_bytes = 0;
	s.sample.others_room_bytes = 500 * MIB;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NEIGHBOURS_HAVE_ROOM);
	growing_ns = decide(&s).verdict.look_again_ns;
	s.demand.rate_bytes_per_s = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NEIGHBOURS_HAVE_ROOM);
	assert_true(growing_ns <= NSEC_PER_SEC / 20);
	assert_true(decide(&s).verdict.look_again_ns >= NSEC_PER_SEC / 4);
}

/* What will be done when room is used up is known before: nothing. */
static void test_streams_are_not_watched_closely(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.sample.room_bytes = 20 * MIB;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_ROOM_ENOUGH);
	assert_true(decide(&s).verdict.look_again_ns < NSEC_PER_SEC / 4);
	s.demand.growing_since_ns = s.sample.now_ns - BALANCE_STREAM_NS;
	assert_true(decide(&s).verdict.look_again_ns >= NSEC_PER_SEC / 4);
	s.sample.room_bytes = 0;
	s.sample.others_room_bytes = 500 * MIB;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NEIGHBOURS_HAVE_ROOM);
	assert_true(decide(&s).verdict.look_again_ns >= NSEC_PER_SEC / 4);
	/* Those that stay here are. */
	s.config.balance.keep_local = true;
	s.sample.room_bytes = 20 * MIB;
	assert_true(decide(&s).verdict.look_again_ns < NSEC_PER_SEC / 4);
}

static void test_fills_up_to_one_and_a_half_margins(void **state)
{
	struct scene s = low_node();
	struct node_plan plan = decide(&s);

	(void)state;
	assert_int_equal(plan.verdict.reason, VERDICT_NODE_LOW);
	assert_int_equal(plan.verdict.margin_bytes, 15 * MIB);
	assert_int_equal(plan.verdict.bytes, 15 * MIB * 3 / 2 - 4 * MIB);
	assert_int_equal(plan.effort, EFFORT_LIGHT);
	assert_int_equal(plan.swappiness, 0);
}

static void test_margin_is_capped(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.demand.rate_bytes_per_s = s.demand.peak_bytes_per_s = 10000 * MIB;
	assert_int_equal(decide(&s).verdict.margin_bytes, 1024 * MIB * 5 / 100);
	/* At rest half of that, unless tasks stalled. */
	s.demand.rate_bytes_per_s = 0;
	assert_int_equal(decide(&s).verdict.margin_bytes, 1024 * MIB * 5 / 100 / 2);
	s.demand.gain = 2 * DEMAND_GAIN_ONE;
	assert_int_equal(decide(&s).verdict.margin_bytes, 1024 * MIB * 5 / 100);
}

static void test_reasons_to_wait(void **state)
{
	struct scene s;

	(void)state;
	s = low_node();
	s.sample.room_bytes = 15 * MIB;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_ROOM_ENOUGH);

	s = low_node();
	s.demand.peak_bytes_per_s = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NO_DEMAND);

	s = low_node();
	s.demand.refaults.now = (struct refaults_span){40 * MIB, 20 * MIB};
	assert_int_equal(decide(&s).verdict.reason, VERDICT_REFAULTS);

	s = low_node();
	s.sample.kswapd_ran = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_KSWAPD_ACTIVE);
	/* Tasks stalled although it ran. */
	s.demand.gain = 2 * DEMAND_GAIN_ONE;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);

	s = low_node();
	s.history.hopeless_until_ns = s.sample.now_ns + 1;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_HOPELESS);
	s.history.hopeless_until_ns = s.sample.now_ns;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);

	s = low_node();
	s.config.balance.margin.enabled = false;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_EXCLUDED);

	s = low_node();
	s.sample.clean_file_bytes = s.sample.anon_bytes = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NOTHING_SPARE);
	assert_int_equal(decide(&s).verdict.bytes, 0);
}

/* The kernel fills the whole fallback list before it reclaims: so do we, unless demand is bound. */
static void test_neighbours_come_first(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.sample.others_room_bytes = 15 * MIB * 3 / 2 - 1;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	s.sample.others_room_bytes++;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NEIGHBOURS_HAVE_ROOM);
	assert_int_equal(decide(&s).verdict.bytes, 0);
	s.sample.bound_demand = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	assert_true(decide(&s).here_alone);
	/* Room there would be no use, whether or not there is any. */
	s.sample.others_room_bytes = 0;
	assert_true(decide(&s).here_alone);
	s.sample.bound_demand = false;
	assert_false(decide(&s).here_alone);
	s.sample.others_room_bytes = 15 * MIB * 3 / 2;
	s.config.balance.keep_local = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	assert_true(decide(&s).here_alone);
	s.sample.others_room_bytes--;
	assert_false(decide(&s).here_alone);
}

static void test_effort_rises_with_failure_and_falls_with_success(void **state)
{
	struct scene s = low_node();

	(void)state;
	balance_learn(&s.config.balance, &s.history, 0, 10 * MIB, 2 * MIB);
	assert_int_equal(s.history.effort, EFFORT_FULL);
	assert_int_equal(decide(&s).swappiness, -1);
	balance_learn(&s.config.balance, &s.history, 0, 10 * MIB, 10 * MIB);
	assert_int_equal(s.history.effort, EFFORT_LIGHT);
}

/* The last of it is what programs run from: anonymous memory goes before. */
static void test_little_file_memory_is_not_stripped(void **state)
{
	struct scene s = low_node();
	uint64_t wanted = decide(&s).verdict.bytes;

	(void)state;
	s.sample.clean_file_bytes = 2 * wanted;
	assert_int_equal(decide(&s).effort, EFFORT_LIGHT);
	s.sample.clean_file_bytes = 2 * wanted - 2;
	assert_int_equal(decide(&s).effort, EFFORT_FULL);
	assert_int_equal(decide(&s).swappiness, -1);
	s.sample.clean_file_bytes = 0;
	assert_int_equal(decide(&s).verdict.bytes, wanted);
}

/* As on 6.1, where memory.reclaim knows no swappiness=. */
static void test_anon_that_cannot_be_spared(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.sample.anon_can_be_spared = false;
	assert_int_equal(decide(&s).effort, EFFORT_FULL);
	assert_int_equal(decide(&s).swappiness, -1);
	assert_true(decide(&s).verdict.bytes > 0);
	s.history.effort = EFFORT_FULL;
	assert_int_equal(decide(&s).effort, EFFORT_FULL);
	/* Not into a swap that is nearly full. */
	s.sample.swap.free_bytes = s.sample.swap.total_bytes / 5;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_ALLOWANCE);
	assert_int_equal(decide(&s).verdict.bytes, 0);
	/* Where there is none left, or none at all, anonymous memory can't go anywhere. */
	s.sample.swap.free_bytes = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	assert_int_equal(decide(&s).effort, EFFORT_LIGHT);
	assert_true(decide(&s).verdict.bytes > 0);
	s.sample.swap.total_bytes = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
}

static void test_swap_floor_keeps_effort_light(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.history.effort = EFFORT_FULL;
	s.sample.swap.free_bytes = s.sample.swap.total_bytes / 5;
	assert_int_equal(decide(&s).effort, EFFORT_LIGHT);
	assert_int_equal(decide(&s).swappiness, 0);
	s.sample.swap = (struct swap_sample){0};
	assert_int_equal(decide(&s).swappiness, 0);
}

static void test_swap_that_gains_too_little(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.history.effort = EFFORT_FULL;
	s.sample.swap_is_futile = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	assert_int_equal(decide(&s).swappiness, 0);
	s.sample.clean_file_bytes = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_YIELD);
	s.sample.anon_bytes = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NOTHING_SPARE);
}

/* A kernel that can't be told to leave it alone is not asked at all. */
static void test_swap_that_does_not_answer(void **state)
{
	struct scene s = low_node();

	(void)state;
	s.history.effort = EFFORT_FULL;
	s.sample.swap.is_stuck = true;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	assert_int_equal(decide(&s).effort, EFFORT_LIGHT);
	assert_int_equal(decide(&s).swappiness, 0);
	s.sample.anon_can_be_spared = false;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_STUCK);
	assert_int_equal(decide(&s).verdict.bytes, 0);
	s.sample.anon_can_be_spared = true;
	s.sample.clean_file_bytes = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_SWAP_STUCK);
	s.sample.anon_bytes = 0;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NOTHING_SPARE);
}

static void test_hopeless_after_fruitless_rounds(void **state)
{
	struct scene s = low_node();

	(void)state;
	for (int i = 0; i < 15; i++)
		balance_learn(&s.config.balance, &s.history, s.sample.now_ns, 10 * MIB, 0);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	/* A little is not nothing: counting begins again. */
	balance_learn(&s.config.balance, &s.history, s.sample.now_ns, 10 * MIB, MIB);
	for (int i = 0; i < 15; i++)
		balance_learn(&s.config.balance, &s.history, s.sample.now_ns, 10 * MIB, 0);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	balance_learn(&s.config.balance, &s.history, s.sample.now_ns, 10 * MIB, 0);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_HOPELESS);
	s.sample.now_ns += s.config.balance.hopeless_retry_ns;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	assert_int_equal(decide(&s).effort, EFFORT_LIGHT);
}

static void test_hopeless_ends_when_other_memory_may_be_taken(void **state)
{
	struct scene s = low_node();
	uint64_t now_ns = s.sample.now_ns;

	(void)state;
	s.history.hopeless_until_ns = now_ns + UINT64_C(86400) * NSEC_PER_SEC;
	balance_try_again(&s.history, now_ns);
	assert_int_equal(decide(&s).verdict.reason, VERDICT_HOPELESS);
	s.sample.now_ns = now_ns + BALANCE_TRY_AGAIN_NS;
	assert_int_equal(decide(&s).verdict.reason, VERDICT_NODE_LOW);
	/* What would have been sooner stays so; nothing was given up: nor is it now. */
	s.history.hopeless_until_ns = now_ns + 1;
	balance_try_again(&s.history, now_ns);
	assert_int_equal(s.history.hopeless_until_ns, now_ns + 1);
	s.history.hopeless_until_ns = 0;
	balance_try_again(&s.history, now_ns);
	assert_int_equal(s.history.hopeless_until_ns, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_lists_hold_is_room_to_come),
		cmocka_unit_test(test_a_small_margin_has_a_whole_round),
		cmocka_unit_test(test_kswapd_that_begins_early),
		cmocka_unit_test(test_streams_are_left_to_kswapd),
		cmocka_unit_test(test_growth_beside_free_neighbours_is_watched),
		cmocka_unit_test(test_streams_are_not_watched_closely),
		cmocka_unit_test(test_fills_up_to_one_and_a_half_margins),
		cmocka_unit_test(test_margin_is_capped),
		cmocka_unit_test(test_reasons_to_wait),
		cmocka_unit_test(test_neighbours_come_first),
		cmocka_unit_test(test_effort_rises_with_failure_and_falls_with_success),
		cmocka_unit_test(test_little_file_memory_is_not_stripped),
		cmocka_unit_test(test_anon_that_cannot_be_spared),
		cmocka_unit_test(test_swap_floor_keeps_effort_light),
		cmocka_unit_test(test_swap_that_gains_too_little),
		cmocka_unit_test(test_swap_that_does_not_answer),
		cmocka_unit_test(test_hopeless_after_fruitless_rounds),
		cmocka_unit_test(test_hopeless_ends_when_other_memory_may_be_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
