/* SPDX-License-Identifier: Apache-2.0 */
/* Who is told to only grow, and how it is told. */
#include "agent/control/growth.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <string.h>

#define MIB    (UINT64_C(1) << 20)
#define MINUTE (60 * NSEC_PER_SEC)

static struct growth_sample sample(uint64_t minute, uint64_t anon, uint64_t swapped)
{
	return (struct growth_sample){
		.now_ns = (100 + minute) * MINUTE,
		.anon_bytes = anon,
		.swapped_bytes = swapped,
		.cold_anon_bytes = GROWTH_UNKNOWN,
		.cold_file_bytes = GROWTH_UNKNOWN,
	};
}

/* What was seen at the beginning, in the middle and at the end of ten looks, in MiB. */
static void test_anonymous_memory(void **state)
{
	static const struct {
		const char *name;
		uint64_t anon[3], swapped[3], cold; /* at the end; 9999: not known */
		enum growth_kind kind;
	} rows[] = {
		{"at rest", {100, 100, 100}, {0}, 9999, GROWTH_NOTHING},
		{"grows, ages not known", {100, 120, 140}, {0}, 9999, GROWTH_GROWS},
		{"grows, in use", {100, 120, 140}, {0}, 10, GROWTH_GROWS},
		{"grows, cold", {100, 120, 140}, {0}, 20, GROWTH_LEAK},
		{"grows, swapped", {100, 100, 100}, {0, 10, 40}, 9999, GROWTH_LEAK},
		{"half is swapped", {100, 105, 110}, {0, 5, 10}, 9999, GROWTH_LEAK},
		{"swapped, not grown", {100, 80, 60}, {0, 20, 40}, 9999, GROWTH_NOTHING},
		{"swapped and read back", {100, 60, 100}, {0, 40, 0}, 9999, GROWTH_NOTHING},
		{"breathes", {100, 180, 140}, {0}, 100, GROWTH_NOTHING},
		{"grew once, fell a little", {100, 142, 140}, {0}, 100, GROWTH_NOTHING},
		{"falls by more", {100, 144, 140}, {0}, 100, GROWTH_NOTHING},
		{"a little", {100, 103, 107}, {0}, 100, GROWTH_NOTHING},
		{"less than a twentieth", {1000, 1020, 1049}, {0}, 1000, GROWTH_NOTHING},
		{"from nothing", {0, 4, 8}, {0}, 8, GROWTH_LEAK},
		{"shrinks", {140, 120, 100}, {0}, 100, GROWTH_NOTHING},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct growth g = {0};

		for (size_t n = 0; n < GROWTH_LOOKS; n++) {
			size_t at = n == 0 ? 0 : n < GROWTH_LOOKS - 1 ? 1 : 2;
			struct growth_sample s =
				sample(n, rows[i].anon[at] * MIB, rows[i].swapped[at] * MIB);

			if (rows[i].cold != 9999)
				s.cold_anon_bytes = rows[i].cold * MIB;
			assert_int_equal(growth_judge(&g), GROWTH_NOTHING);
			growth_learn(&g, &s);
		}
		if (growth_judge(&g) != rows[i].kind)
			fail_msg("%s: %d", rows[i].name, growth_judge(&g));
	}
}

#define HOUR 60
#define DAY  (24 * HOUR)

/* MiB at a minute of its life, which look() sees every ten. */
struct life {
	uint64_t first, rise_begin, rise_end; /* rises by a MiB a minute in between */
	uint64_t fall_at;		      /* back to first, and up again; 0: never */
	uint64_t breath;		      /* up for half of it, and down again; 0: not */
	uint64_t noise;			      /* every other look is so much higher */
};

static uint64_t mib_at(const struct life *l, uint64_t minute)
{
	uint64_t from = l->fall_at > 0 && minute >= l->fall_at ? l->fall_at : l->rise_begin;
	uint64_t end = MAX(l->rise_end, from), phase;

	if (l->breath > 0) {
		phase = minute % l->breath;
		return l->first + MIN(phase, l->breath - phase);
	}
	return l->first + MIN(MAX(minute, from), end) - from + (minute / 10 % 2) * l->noise;
}

/* When it is said first and last, in hours; 0: never. */
static void test_lives(void **state)
{
	static const struct {
		const char *name;
		struct life life;
		uint64_t hours, swapped_share; /* percent of it in the end */
		uint64_t said_from, said_until;
	} rows[] = {
		{"leaks on and on", {100, 0, UINT64_MAX, 0, 0, 0}, 6 * 7 * 24, 0, 1, 1008},
		{"leaks with noise", {100, 0, UINT64_MAX, 0, 0, 1}, 500, 0, 1, 500},
		{"started after us, and stays", {10, 0, 3 * HOUR, 0, 0, 0}, 6 * 7 * 24, 50, 1, 6},
		{"leaker of 4 GiB anew", {4000, 0, UINT64_MAX, 17 * HOUR, 0, 0}, 17 + 24, 0, 3, 41},
		{"breathes with the day", {1000, 0, 0, 0, DAY, 0}, 14 * 24, 0, 1, 13},
		{"breathes with the hour", {100, 0, 0, 0, HOUR, 0}, 14 * 24, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t from = 0, until = 0;
		struct growth g = {0};

		for (uint64_t m = 0; m < rows[i].hours * HOUR; m += 10) {
			uint64_t mib = mib_at(&rows[i].life, m);
			uint64_t swapped = mib * MIB * rows[i].swapped_share / 100;
			struct growth_sample s = sample(m, mib * MIB - swapped, swapped);

			growth_learn(&g, &s);
			if (growth_judge(&g) == GROWTH_NOTHING)
				continue;
			if (from == 0)
				from = m / HOUR;
			until = m / HOUR + 1;
		}
		if (from != rows[i].said_from || until != rows[i].said_until)
			fail_msg("%s: from %ju h to %ju h", rows[i].name, (uintmax_t)from,
				 (uintmax_t)until);
	}
}

static void test_caches(void **state)
{
	static const struct {
		const char *name;
		uint64_t file, cold, read; /* MiB; cold 9999: not known */
		enum growth_kind kind;
	} rows[] = {
		{"nobody reads it", 200, 150, 0, GROWTH_UNREAD_CACHE},
		{"hardly", 200, 150, 2, GROWTH_UNREAD_CACHE},
		{"some comes back", 200, 150, 3, GROWTH_NOTHING},
		{"in use", 200, 149, 0, GROWTH_NOTHING},
		{"ages not known", 200, 9999, 0, GROWTH_NOTHING},
		{"small", 31, 31, 0, GROWTH_NOTHING},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct growth g = {0};

		for (size_t n = 0; n < GROWTH_LOOKS; n++) {
			struct growth_sample s = sample(n, 100 * MIB, 0);

			s.file_bytes = rows[i].file * MIB;
			s.cold_file_bytes = rows[i].cold == 9999 ? GROWTH_UNKNOWN
								 : rows[i].cold * MIB;
			s.read_bytes = 500 * MIB + (n > 0 ? rows[i].read * MIB : 0);
			growth_learn(&g, &s);
		}
		if (growth_judge(&g) != rows[i].kind)
			fail_msg("%s: %d", rows[i].name, growth_judge(&g));
	}
}

static void test_extremes(void **state)
{
	struct growth g = {0};
	struct growth_sample s = sample(0, UINT64_MAX, UINT64_MAX);

	(void)state;
	assert_int_equal(growth_judge(&g), GROWTH_NOTHING);
	for (uint64_t n = 0; n < 20; n++) {
		s.now_ns++;
		s.anon_bytes = n % 2 ? 0 : UINT64_MAX;
		s.swapped_bytes = s.file_bytes = s.cold_anon_bytes = UINT64_MAX - n;
		growth_learn(&g, &s);
		(void)growth_judge(&g);
	}
	/* A clock that goes back, as after a checkpoint: what was learned is of another time. */
	s = sample(0, MIB, 0);
	s.now_ns = 1;
	growth_learn(&g, &s);
	assert_int_equal(g.looks, 1);
	assert_int_equal(g.begun_ns, 1);
	assert_int_equal(growth_bytes(&g), 0);
	assert_int_equal(g.fallen_bytes, 0);
}

static void check(const struct agent_status *status, const char *expected)
{
	char text[4096] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_int_equal(growth_write(status, out), 0);
	(void)fclose(out);
	assert_string_equal(text, expected);
}

static struct growth grown(uint64_t cold)
{
	struct growth_sample s = sample(90, 200 * MIB, 100 * MIB);

	s.cold_anon_bytes = cold;
	return (struct growth){.looks = GROWTH_LOOKS,
			       .begun_ns = 100 * MINUTE,
			       .first_bytes = 50 * MIB,
			       .last = s};
}

static void test_words(void **state)
{
	static struct group_status groups[] = {{.path = "a"},
					       {.path = "b\x1b[2J"},
					       {.path = "c"},
					       {.path = "d"},
					       {.path = "rests"}};
	struct node_status nodes[] = {
		{.answered = true, .n_groups = ARRAY_SIZE(groups), .groups = groups}, {.node = 9}};
	struct agent_status status = {.n_nodes = 2, .nodes = nodes};

	(void)state;
	check(&status, "Growth is not watched (growth.enabled)\n");
	status.watches_growth = true;
	check(&status, "Nothing is known to only grow; something is said after 10 looks\n");
	groups[0].growth = grown(GROWTH_UNKNOWN);
	groups[0].growth.last.swapped_bytes = 0;
	groups[1].growth = grown(150 * MIB);
	groups[2].growth = grown(GROWTH_UNKNOWN);
	groups[2].growth.last.anon_bytes = 100 * MIB;
	groups[3].growth = grown(GROWTH_UNKNOWN);
	groups[3].growth.first_bytes = 300 * MIB;
	groups[3].growth.last.file_bytes = 400 * MIB;
	groups[3].growth.last.cold_file_bytes = 300 * MIB;
	check(&status,
	      "Only grow and are hardly used again: leaks, perhaps\n"
	      "  /b\\x1b[2J\n"
	      "    300.0 MiB anonymous, 250.0 MiB more than 1.5 h ago; 250.0 MiB not used again\n"
	      "  /c\n"
	      "    200.0 MiB anonymous, 150.0 MiB more than 1.5 h ago; 100.0 MiB not used again "
	      "(by "
	      "swap alone)\n"
	      "Only grow\n"
	      "  /a\n"
	      "    200.0 MiB anonymous, 150.0 MiB more than 1.5 h ago; 0 B not used again (by swap "
	      "alone)\n"
	      "Caches that nobody reads\n"
	      "  /d\n"
	      "    400.0 MiB of files' memory, 300.0 MiB of it not used for long, none read "
	      "back\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_anonymous_memory),
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_caches),
		cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
