/* SPDX-License-Identifier: Apache-2.0 */
/* The laws of others, against what their papers and sources say; and the scores. */
#include "agent/replay/laws.h"
#include "agent/replay/score.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)

/* Samples every 2 s, stalling by share (permyriad of the time); the bytes asked for in seconds. */
static uint64_t run(law_decide *law, struct law_history *h, uint64_t current, uint64_t floor,
		    uint64_t stalled, uint64_t seconds)
{
	uint64_t asked = 0, total_us = h->stall_total_us;
	uint64_t now_ns = h->seen_ns ? h->seen_ns : NSEC_PER_SEC;

	for (uint64_t i = 0; i < seconds; i += 2) {
		struct group_sample group = {.current_bytes = current, .protected_bytes = floor};
		struct trim_sample trim = {0};

		now_ns += 2 * NSEC_PER_SEC;
		total_us += 2 * USEC_PER_SEC / 10000 * stalled;
		group.now_ns = now_ns;
		trim.stall_total_us = total_us;
		asked += law(h, &group, &trim);
	}
	return asked;
}

static void test_tmo(void **state)
{
	static const struct {
		uint64_t stalled; /* permyriad of the time */
		uint64_t asked;	  /* in 60 s of 20000 MiB: nine periods of 6 s */
	} rows[] = {
		{0, 9 * 10 * MIB},
		{5, 9 * 5 * MIB},
		{10, 0},
		{10000, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct law_history h = {0};

		assert_int_equal(run(law_tmo, &h, 20000 * MIB, 0, rows[i].stalled, 60),
				 rows[i].asked);
	}
}

static void test_senpai(void **state)
{
	struct law_history h = {0};

	(void)state;
	/* 1 % above its floor of 100 MiB, each of nine periods. */
	assert_int_equal(run(law_senpai, &h, 1100 * MIB, 0, 0, 60), 9 * 10 * MIB);
	/* Stalling half of the time stops it, and for long afterwards: avg60 has to fall. */
	assert_int_equal(run(law_senpai, &h, 1100 * MIB, 0, 5000, 60), 0);
	assert_int_equal(run(law_senpai, &h, 1100 * MIB, 0, 0, 60), 0);
	assert_int_equal(run(law_senpai, &h, 1100 * MIB, 0, 0, 1200) > 0, 1);
	/* Its floor, and a protected group's. */
	h = (struct law_history){0};
	assert_int_equal(run(law_senpai, &h, 100 * MIB, 0, 0, 60), 0);
	h = (struct law_history){0};
	assert_int_equal(run(law_senpai, &h, 1100 * MIB, 600 * MIB, 0, 60), 9 * 5 * MIB);
}

/* Clocks and counters that go back, and the extremes, ask for nothing absurd. */
static void test_extremes(void **state)
{
	static law_decide *const laws[] = {law_tmo, law_senpai};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(laws); i++) {
		struct law_history h = {0};
		struct group_sample group = {.now_ns = 100 * NSEC_PER_SEC,
					     .current_bytes = UINT64_MAX};
		struct trim_sample trim = {.stall_total_us = UINT64_MAX};

		assert_int_equal(laws[i](&h, &group, &trim), 0);
		group.now_ns = NSEC_PER_SEC;
		assert_int_equal(laws[i](&h, &group, &trim), 0);
		group.now_ns = UINT64_MAX;
		trim.stall_total_us = 0;
		assert_true(laws[i](&h, &group, &trim) <= UINT64_MAX / 100);
	}
}

/* One decision a second: 'a' acts, 'h' finds harm, 'x' both, '.' neither; 't' lets 11 s pass. */
static void test_alarms(void **state)
{
	static const struct {
		const char *play;
		uint64_t announcements, came_true, false_alarms, not_announced;
	} rows[] = {
		{"", 0, 0, 0, 0},
		{"...", 0, 0, 0, 0},
		/* One announcement however often it is repeated and comes true. */
		{".aah.", 1, 1, 0, 0},
		{".aahahh.", 1, 1, 0, 0},
		{".h", 0, 0, 0, 1},
		/* Harm that was there when it was announced was not announced. */
		{".x.", 1, 0, 0, 1},
		{".at", 1, 0, 1, 0},
		{".aht", 1, 1, 0, 0},
		{".atah", 2, 1, 1, 0},
		{".ath", 1, 0, 1, 1},
		/* What the first look finds is of before. */
		{"h.", 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct alarm_score s = {0};
		uint64_t now_ns = NSEC_PER_SEC, harm = 7;

		for (const char *c = rows[i].play; *c; c++) {
			now_ns += (*c == 't' ? 11 : 1) * NSEC_PER_SEC;
			harm += *c == 'h' || *c == 'x';
			score_alarm(&s, now_ns, *c == 'a' || *c == 'x', harm);
		}
		if (s.announcements != rows[i].announcements || s.came_true != rows[i].came_true ||
		    s.false_alarms != rows[i].false_alarms ||
		    s.not_announced != rows[i].not_announced)
			fail_msg("%s: %ju %ju %ju %ju", rows[i].play, (uintmax_t)s.announcements,
				 (uintmax_t)s.came_true, (uintmax_t)s.false_alarms,
				 (uintmax_t)s.not_announced);
	}
}

static void test_cold(void **state)
{
	struct cold_score s = {0};

	(void)state;
	score_cold(&s, 1 * NSEC_PER_SEC, 8 * MIB, 100 * MIB);
	/* Of the 8 MiB at least 5 were used again, whatever became cold later. */
	score_cold(&s, 30 * NSEC_PER_SEC, 50 * MIB, 3 * MIB);
	score_cold(&s, 60 * NSEC_PER_SEC, 0, 90 * MIB);
	assert_int_equal(s.judged_bytes, 0);
	score_cold(&s, 61 * NSEC_PER_SEC, 4 * MIB, 90 * MIB);
	assert_int_equal(s.judged_bytes, 8 * MIB);
	assert_int_equal(s.right_bytes, 3 * MIB);
	score_cold(&s, 121 * NSEC_PER_SEC, 0, 90 * MIB);
	assert_int_equal(s.judged_bytes, 12 * MIB);
	assert_int_equal(s.right_bytes, 7 * MIB);
	score_cold(&s, 122 * NSEC_PER_SEC, 4 * MIB, TRIM_AGE_UNKNOWN);
	score_cold(&s, 123 * NSEC_PER_SEC, 0, TRIM_AGE_UNKNOWN);
	assert_int_equal(s.unknown_steps, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tmo),	 cmocka_unit_test(test_senpai),
		cmocka_unit_test(test_extremes), cmocka_unit_test(test_alarms),
		cmocka_unit_test(test_cold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
