/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/backoff.h"
#include "agent/account/budget.h"
#include "agent/account/ledger.h"
#include "agent/account/pace.h"
#include "agent/account/wish.h"

#include "base/clock.h"
#include "base/saturate.h"
#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)

static void test_backoff_doubles_and_ends(void **state)
{
	struct backoff b = {0};
	uint64_t now_ns = NSEC_PER_SEC;

	(void)state;
	backoff_learn(&b, &backoff_of_groups, now_ns, MIB, 0);
	backoff_learn(&b, &backoff_of_groups, now_ns, MIB, 0);
	assert_false(backoff_waits(&b, now_ns));
	backoff_learn(&b, &backoff_of_groups, now_ns, MIB, 0);
	assert_true(backoff_waits(&b, now_ns + backoff_of_groups.first_ns - 1));
	assert_false(backoff_waits(&b, now_ns + backoff_of_groups.first_ns));
	for (int i = 0; i < 50; i++)
		backoff_learn(&b, &backoff_of_groups, now_ns, MIB, 0);
	assert_int_equal(b.wait_ns, backoff_of_groups.most_ns);
	backoff_learn(&b, &backoff_of_groups, now_ns, MIB, MIB / 16);
	assert_false(backoff_waits(&b, now_ns));
	assert_int_equal(b.fruitless, 0);
}

static void test_nothing_for_little_is_fruitless_too(void **state)
{
	struct backoff b = {0};

	(void)state;
	for (int i = 0; i < 3; i++)
		backoff_learn(&b, &backoff_of_groups, 1, 4096, 0);
	assert_true(backoff_waits(&b, 1));
}

/* A request that brought less than half is enough, and the wait is long. */
static void test_backoff_of_a_node(void **state)
{
	static const struct {
		uint64_t tried, applied;
		bool waits;
	} rows[] = {
		{MIB, MIB / 2 - 1, true}, {MIB, MIB / 2, false},
		{MIB, UINT64_MAX, false}, {0, 0, true},
		{UINT64_MAX, 1, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct backoff b = {0};

		backoff_learn(&b, &backoff_of_nodes, NSEC_PER_SEC, rows[i].tried, rows[i].applied);
		assert_int_equal(backoff_waits(&b, 11 * NSEC_PER_SEC - 1), rows[i].waits);
		assert_false(backoff_waits(&b, 11 * NSEC_PER_SEC));
	}
}

static void test_what_is_said_of_a_rest(void **state)
{
	struct backoff b = {0};
	struct rest rest;

	(void)state;
	for (int i = 0; i < 4; i++)
		backoff_learn(&b, &backoff_of_groups, NSEC_PER_SEC, MIB, 0);
	rest = backoff_rest(&b, NSEC_PER_SEC + 1);
	assert_int_equal(rest.fruitless, 4);
	assert_int_equal(rest.left_ns, 2 * backoff_of_groups.first_ns - 1);
	assert_int_equal(backoff_rest(&b, UINT64_MAX).left_ns, 0);
	/* At the end of time it waits until then. */
	backoff_learn(&b, &backoff_of_groups, UINT64_MAX - 1, MIB, 0);
	assert_true(backoff_waits(&b, UINT64_MAX - 1));
}

/* Judged whenever a MiB's price was spent. */
static void test_a_price_is_judged_by_what_was_gained(void **state)
{
	static const struct {
		uint64_t cpu_ns, gained_bytes;
		bool judged, dear;
	} rows[] = {
		{NSEC_PER_SEC - 1, 0, false, false},	 {NSEC_PER_SEC, 0, true, true},
		{NSEC_PER_SEC, MIB - 1, true, true},	 {NSEC_PER_SEC, MIB, true, false},
		{NSEC_PER_SEC, UINT64_MAX, true, false}, {UINT64_MAX, 0, true, true},
		{UINT64_MAX, UINT64_MAX, true, false},	 {0, 0, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct price p = {0};

		price_learn(&p, NSEC_PER_SEC, rows[i].cpu_ns, rows[i].gained_bytes, 5);
		assert_int_equal(p.until_ns, rows[i].dear ? 5 + PRICE_FIRST_NS : 0);
		assert_int_equal(p.judged.cpu_ns, rows[i].judged ? rows[i].cpu_ns : 0);
		assert_int_equal(p.sums.cpu_ns, rows[i].judged ? 0 : rows[i].cpu_ns);
	}
	assert_int_equal(price_of_mib(&(struct price_sums){.cpu_ns = 300, .gained_bytes = 3 * MIB}),
			 100);
	assert_int_equal(price_of_mib(&(struct price_sums){.cpu_ns = 300}), UINT64_MAX);
}

static void test_what_is_dear_waits_longer_each_time(void **state)
{
	struct price p = {0};
	uint64_t wait_ns = PRICE_FIRST_NS;

	(void)state;
	for (int i = 0; i < 20; i++) {
		/* In pieces, of which the last is judged with all before it. */
		price_learn(&p, NSEC_PER_SEC, NSEC_PER_SEC / 2, MIB / 4, NSEC_PER_SEC);
		price_learn(&p, NSEC_PER_SEC, NSEC_PER_SEC / 2, MIB / 4, NSEC_PER_SEC);
		assert_int_equal(p.until_ns, NSEC_PER_SEC + wait_ns);
		wait_ns = MIN(2 * wait_ns, PRICE_MOST_NS);
	}
	price_learn(&p, NSEC_PER_SEC, 2 * NSEC_PER_SEC, 2 * MIB, NSEC_PER_SEC);
	assert_int_equal(p.until_ns, 0);
	price_learn(&p, NSEC_PER_SEC, NSEC_PER_SEC, 0, UINT64_MAX - 1);
	assert_int_equal(p.wait_ns, PRICE_FIRST_NS);
	assert_int_equal(p.until_ns, UINT64_MAX);
	/* Without a bound nothing is too dear. */
	price_learn(&p, 0, UINT64_MAX, 0, UINT64_MAX - 1);
	assert_int_equal(p.until_ns, 0);
}

/* Requests that bring something do not end the wait for the price, and it is said which it is. */
static void test_a_price_is_waited_for_beside_the_rest(void **state)
{
	struct backoff b = {0};
	struct rest rest;

	(void)state;
	price_learn(&b.price, NSEC_PER_SEC, 2 * NSEC_PER_SEC, MIB, 0);
	backoff_learn(&b, &backoff_of_groups, 0, MIB, MIB);
	assert_true(backoff_is_dear(&b, PRICE_FIRST_NS - 1));
	assert_true(backoff_waits(&b, PRICE_FIRST_NS - 1));
	assert_false(backoff_waits(&b, PRICE_FIRST_NS));
	rest = backoff_rest(&b, 1);
	assert_true(rest.dear);
	assert_int_equal(rest.left_ns, PRICE_FIRST_NS - 1);
	assert_int_equal(rest.judged.cpu_ns, 2 * NSEC_PER_SEC);
	assert_int_equal(rest.judged.gained_bytes, MIB);
	for (int i = 0; i < 3; i++)
		backoff_learn(&b, &backoff_of_groups, PRICE_FIRST_NS, MIB, 0);
	rest = backoff_rest(&b, PRICE_FIRST_NS);
	assert_false(rest.dear);
	assert_int_equal(rest.left_ns, backoff_of_groups.first_ns);
}

static void test_budgets_hold_for_a_window(void **state)
{
	const struct protect_settings settings = {.cpu_permyriad = 5000, .rate_bytes = 3 * MIB};
	const struct spending before = {.cpu_ns = 7, .taken_bytes = 11};
	static const struct {
		uint64_t cpu_ns, taken_bytes, now_ns, left_bytes;
		enum verdict_reason used_up;
	} rows[] = {
		{0, 0, 0, 3 * MIB, VERDICT_NONE},
		{BUDGET_WINDOW_NS / 2, MIB, 1, 2 * MIB, VERDICT_NONE},
		{BUDGET_WINDOW_NS / 2 + 1, MIB, 1, 2 * MIB, VERDICT_CPU_BUDGET},
		{0, 3 * MIB - 1, 1, 1, VERDICT_NONE},
		{0, 3 * MIB, 1, 0, VERDICT_BYTE_BUDGET},
		{0, 9 * MIB, BUDGET_WINDOW_NS - 1, 0, VERDICT_BYTE_BUDGET},
		{UINT64_MAX - 7, 9 * MIB, 1, 0, VERDICT_CPU_BUDGET},
		{UINT64_MAX - 7, 9 * MIB, BUDGET_WINDOW_NS, 0, VERDICT_CPU_BUDGET},
		{BUDGET_WINDOW_NS, 4 * MIB, BUDGET_WINDOW_NS, 2 * MIB, VERDICT_NONE},
		{BUDGET_WINDOW_NS + 1, 4 * MIB, BUDGET_WINDOW_NS, 2 * MIB, VERDICT_CPU_BUDGET},
		{BUDGET_WINDOW_NS, 6 * MIB, BUDGET_WINDOW_NS, 0, VERDICT_BYTE_BUDGET},
		{BUDGET_WINDOW_NS, 6 * MIB, 2 * BUDGET_WINDOW_NS, 3 * MIB, VERDICT_NONE},
		{UINT64_MAX - 7, UINT64_MAX - 11, 300 * BUDGET_WINDOW_NS, 0, VERDICT_CPU_BUDGET},
	};
	const uint64_t begun_ns = 100 * NSEC_PER_SEC;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct spending so_far = {
			.cpu_ns = before.cpu_ns + rows[i].cpu_ns,
			.request_cpu_ns = rows[i].cpu_ns,
			.taken_bytes = before.taken_bytes + rows[i].taken_bytes,
		};
		struct budget budget = {0};
		struct spending spent;

		budget_turn(&budget, &settings, &before, begun_ns);
		budget_turn(&budget, &settings, &so_far, begun_ns + rows[i].now_ns);
		spent = budget_spent(&budget, &settings, &so_far, begun_ns + rows[i].now_ns);
		assert_int_equal(budget_used_up(&settings, &spent), rows[i].used_up);
		assert_int_equal(budget_bytes_left(&settings, &spent), rows[i].left_bytes);
	}
}

static void test_budgets_at_their_ends(void **state)
{
	const struct protect_settings free = {.cpu_permyriad = 10000};
	const struct spending much = {.cpu_ns = 5, .taken_bytes = UINT64_MAX};
	struct budget budget = {0};
	struct spending spent;

	(void)state;
	/* Without a bound any number of bytes is allowed. */
	assert_int_equal(budget_used_up(&free, &much), VERDICT_NONE);
	assert_int_equal(budget_bytes_left(&free, &much), UINT64_MAX);
	/* A clock that goes back ends no window; a window that is over has nothing spent. */
	budget_turn(&budget, &free, &much, 10 * NSEC_PER_SEC);
	budget_turn(&budget, &free, &(struct spending){0}, NSEC_PER_SEC);
	assert_int_equal(budget.begun_ns, 10 * NSEC_PER_SEC);
	spent = budget_spent(&budget, &free, &(struct spending){0}, 10 * NSEC_PER_SEC);
	assert_int_equal(spent.taken_bytes, 0);
	spent = budget_spent(&budget, &free, &(struct spending){.cpu_ns = 9}, 11 * NSEC_PER_SEC);
	assert_int_equal(spent.cpu_ns, 0);
}

/* Requests of a second each whenever the budget lets them, and looks, for an hour. */
static void test_what_is_overspent_is_owed(void **state)
{
	static const struct {
		uint64_t permyriad, request_ns, looks_permyriad, least_s, most_s;
	} rows[] = {
		{500, NSEC_PER_SEC, 0, 170, 190},
		{10000, NSEC_PER_SEC, 0, 2880, 2880}, /* as often as it is asked */
		{500, NSEC_PER_SEC, 200, 100, 115},   /* looks are paid of it */
		{500, NSEC_PER_SEC, 1000, 85, 100},   /* and leave half of it */
		{100, 9 * NSEC_PER_SEC, 0, 99, 117},  /* no wait is longer than 300 s */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct protect_settings settings = {.cpu_permyriad = rows[i].permyriad};
		uint64_t step_ns = NSEC_PER_SEC / 4, begin_ns = NSEC_PER_SEC * 1000, now_ns;
		struct spending so_far = {0}, spent;
		struct budget budget = {0};

		for (now_ns = begin_ns; now_ns < begin_ns + 3600 * NSEC_PER_SEC;) {
			budget_turn(&budget, &settings, &so_far, now_ns);
			spent = budget_spent(&budget, &settings, &so_far, now_ns);
			if (budget_used_up(&settings, &spent) == VERDICT_NONE) {
				so_far.request_cpu_ns += rows[i].request_ns;
				so_far.cpu_ns += rows[i].request_ns;
				now_ns += rows[i].request_ns;
			}
			so_far.cpu_ns += share(step_ns, rows[i].looks_permyriad);
			now_ns += step_ns;
		}
		if (so_far.request_cpu_ns < rows[i].least_s * NSEC_PER_SEC ||
		    so_far.request_cpu_ns > rows[i].most_s * NSEC_PER_SEC)
			fail_msg("row %zu: %ju s", i,
				 (uintmax_t)(so_far.request_cpu_ns / NSEC_PER_SEC));
	}
}

/* Requests that wait for a disk, a second each, whenever the budget lets them, for an hour. */
static void test_time_in_requests_is_owed(void **state)
{
	static const struct {
		uint64_t permyriad, least_s, most_s;
	} rows[] = {
		{500, 170, 190},
		{2000, 700, 740},
		{9999, 2600, 3600},
		{10000, 2880, 2880},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct protect_settings settings = {
			.cpu_permyriad = 10000,
			.time_permyriad = rows[i].permyriad,
		};
		uint64_t step_ns = NSEC_PER_SEC / 4, begin_ns = NSEC_PER_SEC * 1000, now_ns;
		struct spending so_far = {0}, spent;
		struct budget budget = {0};
		enum verdict_reason reason;

		for (now_ns = begin_ns; now_ns < begin_ns + 3600 * NSEC_PER_SEC;) {
			budget_turn(&budget, &settings, &so_far, now_ns);
			spent = budget_spent(&budget, &settings, &so_far, now_ns);
			reason = budget_used_up(&settings, &spent);
			assert_true(reason == VERDICT_NONE || reason == VERDICT_TIME_BUDGET);
			if (reason == VERDICT_NONE) {
				so_far.request_ns += NSEC_PER_SEC;
				now_ns += NSEC_PER_SEC;
			}
			now_ns += step_ns;
		}
		if (so_far.request_ns < rows[i].least_s * NSEC_PER_SEC ||
		    so_far.request_ns > rows[i].most_s * NSEC_PER_SEC)
			fail_msg("row %zu: %ju s", i,
				 (uintmax_t)(so_far.request_ns / NSEC_PER_SEC));
	}
}

static void test_a_wish_is_counted_once(void **state)
{
	const struct verdict none = {.reason = VERDICT_ROOM_ENOUGH};
	const struct verdict little = {.reason = VERDICT_LIMIT_NEAR, .bytes = MIB};
	const struct verdict much = {.reason = VERDICT_LIMIT_NEAR, .bytes = 3 * MIB};
	const struct verdict held = {.reason = VERDICT_NOTHING_SPARE, .bytes = 9 * MIB};
	struct wish w = {0};

	(void)state;
	wish_learn(&w, &none, 0, &none, 10);
	assert_int_equal(w.times, 0);
	wish_learn(&w, &none, 10, &little, 20);
	wish_learn(&w, &little, 20, &much, 50);
	wish_learn(&w, &much, 50, &little, 60);
	assert_int_equal(w.times, 1);
	assert_int_equal(w.wanted_ns, 40);
	assert_int_equal(w.most_bytes, 3 * MIB);
	wish_learn(&w, &little, 60, &held, 100);
	wish_learn(&w, &held, 100, &none, 200);
	assert_int_equal(w.wanted_ns, 80);
	assert_int_equal(w.most_bytes, 3 * MIB);
	/* A clock that goes back adds nothing. */
	wish_learn(&w, &none, 300, &little, 300);
	wish_learn(&w, &little, 300, &none, 200);
	assert_int_equal(w.times, 2);
	assert_int_equal(w.wanted_ns, 80);
}

static void test_pieces_take_the_time_wanted(void **state)
{
	const struct reclaim_settings settings = {
		.piece_ns = 30 * NSEC_PER_MSEC,
		.piece_min_bytes = MIB / 4,
		.piece_max_bytes = 64 * MIB,
	};
	struct pace pace = {0};

	(void)state;
	assert_in_range(pace_piece_bytes(&pace, &settings), MIB / 4, 2 * MIB);
	/* 100 MiB/s: 3 MiB in 30 ms. */
	pace_learn(&pace, 100 * MIB, NSEC_PER_SEC);
	assert_int_equal(pace_piece_bytes(&pace, &settings), 3 * MIB);
	/* Nothing taken is no pace. */
	pace_learn(&pace, 0, NSEC_PER_SEC);
	pace_learn(&pace, MIB, 0);
	assert_int_equal(pace_piece_bytes(&pace, &settings), 3 * MIB);
	for (int i = 0; i < 64; i++)
		pace_learn(&pace, 1, NSEC_PER_SEC);
	assert_int_equal(pace_piece_bytes(&pace, &settings), MIB / 4);
	pace_learn(&pace, UINT64_MAX, 1);
	assert_int_equal(pace_piece_bytes(&pace, &settings), 64 * MIB);
}

static void test_refaults_are_ours_as_far_as_we_took(void **state)
{
	struct ledger ledger = {.applied_bytes = 100, .refaulted_bytes = 30};

	(void)state;
	ledger_read_back(&ledger, 50);
	assert_int_equal(ledger.refaulted_bytes, 80);
	ledger_read_back(&ledger, UINT64_MAX);
	assert_int_equal(ledger.refaulted_bytes, 100);
	ledger.applied_bytes = 90; /* of counters that went back */
	ledger_read_back(&ledger, 1);
	assert_int_equal(ledger.refaulted_bytes, 100);
}

static void test_ledger_adds_every_field(void **state)
{
	const struct ledger one = {1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12,
				   13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24};
	struct ledger sum = {0};
	const uint64_t *fields = (const uint64_t *)&sum;

	(void)state;
	ledger_add(&sum, &one);
	ledger_add(&sum, &one);
	for (size_t i = 0; i < sizeof(sum) / sizeof(*fields); i++)
		assert_int_equal(fields[i], 2 * (i + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_backoff_doubles_and_ends),
		cmocka_unit_test(test_backoff_of_a_node),
		cmocka_unit_test(test_what_is_said_of_a_rest),
		cmocka_unit_test(test_nothing_for_little_is_fruitless_too),
		cmocka_unit_test(test_a_price_is_judged_by_what_was_gained),
		cmocka_unit_test(test_what_is_dear_waits_longer_each_time),
		cmocka_unit_test(test_a_price_is_waited_for_beside_the_rest),
		cmocka_unit_test(test_budgets_hold_for_a_window),
		cmocka_unit_test(test_budgets_at_their_ends),
		cmocka_unit_test(test_time_in_requests_is_owed),
		cmocka_unit_test(test_what_is_overspent_is_owed),
		cmocka_unit_test(test_a_wish_is_counted_once),
		cmocka_unit_test(test_pieces_take_the_time_wanted),
		cmocka_unit_test(test_refaults_are_ours_as_far_as_we_took),
		cmocka_unit_test(test_ledger_adds_every_field),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
