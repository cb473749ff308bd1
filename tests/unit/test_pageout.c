/* SPDX-License-Identifier: Apache-2.0 */
/* Whose memory, and which of it, may be paged out. */
#include "agent/policy/pageout.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <string.h>

#define MIB    (UINT64_C(1) << 20)
#define SECOND NSEC_PER_SEC

static void add(struct config_patterns *patterns, const char *pattern)
{
	(void)snprintf(patterns->pattern[patterns->n++], CONFIG_PATTERN_MAX, "%s", pattern);
}

static struct pageout_settings *new_settings(void)
{
	struct pageout_settings *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->enabled = true;
	s->rss_min_bytes = 4 * MIB;
	return s;
}

/* Time goes on so that no rest of an earlier row counts. */
static enum pageout_reason choose(const struct pageout_settings *s, struct pageout_process p)
{
	struct pageout_history history = {0};

	return pageout_choose(s, &history, &p, 1000 * SECOND).reason;
}

static enum pageout_reason choose_at(const struct pageout_settings *s,
				     struct pageout_history *history,
				     const struct pageout_process *p, uint64_t now_ns)
{
	return pageout_choose(s, history, p, now_ns).reason;
}

static void test_reasons(void **state)
{
	_cleanup_free_ struct pageout_settings *s = new_settings();
	struct pageout_process p = {.pid = 7, .name = "db", .uid = 33, .resident_bytes = 8 * MIB};

	(void)state;
	assert_int_equal(choose(s, p), PAGEOUT_RUNS);
	p.stopped = true;
	assert_int_equal(choose(s, p), PAGEOUT_STOPPED);
	p.frozen = true;
	assert_int_equal(choose(s, p), PAGEOUT_FROZEN);
	p.resident_bytes = 4 * MIB - 1;
	assert_int_equal(choose(s, p), PAGEOUT_SMALL);
	p.frozen = p.stopped = false;
	assert_int_equal(choose(s, p), PAGEOUT_RUNS);
	p.resident_bytes = 4 * MIB;
	s->second_chance = true;
	assert_int_equal(choose(s, p), PAGEOUT_SECOND_CHANCE);
	p.cold_only = true;
	assert_int_equal(choose(s, p), PAGEOUT_RUNS);
	p.stopped = true;
	assert_int_equal(choose(s, p), PAGEOUT_STOPPED);
}

static void test_named(void **state)
{
	static const struct {
		const char *name, *uid;
		bool group;
		struct pageout_process process;
		enum pageout_reason reason;
	} rows[] = {
		{"db*", NULL, false, {.name = "dbx", .uid = 1}, PAGEOUT_NAMED},
		{"db*", NULL, false, {.name = "xdb", .uid = 1}, PAGEOUT_RUNS},
		{NULL, "33", false, {.name = "x", .uid = 33}, PAGEOUT_NAMED},
		{NULL, "33", false, {.name = "x", .uid = 333}, PAGEOUT_RUNS},
		{NULL, "10??", false, {.name = "x", .uid = 1000}, PAGEOUT_NAMED},
		{NULL, NULL, true, {.name = "x", .group_named = true}, PAGEOUT_NAMED},
		{NULL, NULL, true, {.name = "x"}, PAGEOUT_RUNS},
		/* All that are set must match. */
		{"db*", "33", true, {.name = "db", .uid = 33, .group_named = true}, PAGEOUT_NAMED},
		{"db*", "33", true, {.name = "db", .uid = 33}, PAGEOUT_RUNS},
		{"db*", "33", true, {.name = "db", .uid = 1, .group_named = true}, PAGEOUT_RUNS},
		{"db*", "33", true, {.name = "x", .uid = 33, .group_named = true}, PAGEOUT_RUNS},
		/* What is not set names nobody. */
		{NULL, NULL, false, {.name = "", .group_named = true}, PAGEOUT_RUNS},
		/* A named one that is frozen too is not made to wait. */
		{"db", NULL, false, {.name = "db", .frozen = true}, PAGEOUT_NAMED},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ struct pageout_settings *s = new_settings();
		struct pageout_process p = rows[i].process;

		s->still_for_ns = 10 * SECOND;
		if (rows[i].name)
			add(&s->name, rows[i].name);
		if (rows[i].uid)
			add(&s->uid, rows[i].uid);
		if (rows[i].group)
			add(&s->group, "svc");
		p.pid = 7;
		p.resident_bytes = 8 * MIB;
		if (choose(s, p) != rows[i].reason)
			fail_msg("row %zu: %s", i, pageout_reason_name(choose(s, p)));
	}
}

/* With an age, what DAMON tells is all that is meant, but of who stands still. */
static void test_cold_age(void **state)
{
	_cleanup_free_ struct pageout_settings *s = new_settings();
	struct pageout_process p = {.pid = 7, .name = "db", .resident_bytes = 8 * MIB};

	(void)state;
	s->cold_age_ns = 10 * SECOND;
	assert_int_equal(choose(s, p), PAGEOUT_RUNS);
	add(&s->name, "db");
	assert_int_equal(choose(s, p), PAGEOUT_COLD);
	p.stopped = true;
	assert_int_equal(choose(s, p), PAGEOUT_STOPPED);
	p.frozen = true;
	assert_int_equal(choose(s, p), PAGEOUT_FROZEN);
	p.frozen = p.stopped = false;
	p.resident_bytes = 4 * MIB - 1;
	assert_int_equal(choose(s, p), PAGEOUT_SMALL);
}

/* Frozen for a moment is not cold; time counts from when it was first seen so. */
static void test_still_for(void **state)
{
	_cleanup_free_ struct pageout_settings *s = new_settings();
	struct pageout_history history = {0};
	struct pageout_process p = {
		.pid = 7, .name = "x", .frozen = true, .resident_bytes = MIB * 8};

	(void)state;
	s->still_for_ns = 10 * SECOND;
	assert_int_equal(choose_at(s, &history, &p, 100 * SECOND), PAGEOUT_NOT_YET);
	assert_int_equal(choose_at(s, &history, &p, 110 * SECOND - 1), PAGEOUT_NOT_YET);
	/* It ran in between. */
	p.frozen = false;
	assert_int_equal(choose_at(s, &history, &p, 110 * SECOND), PAGEOUT_RUNS);
	p.frozen = true;
	assert_int_equal(choose_at(s, &history, &p, 111 * SECOND), PAGEOUT_NOT_YET);
	/* From frozen to stopped it stands still all the time. */
	p.frozen = false;
	p.stopped = true;
	assert_int_equal(choose_at(s, &history, &p, 121 * SECOND), PAGEOUT_STOPPED);
}

static void test_rests(void **state)
{
	_cleanup_free_ struct pageout_settings *s = new_settings();
	struct pageout_history history = {0};
	struct pageout_process p = {.pid = 7, .name = "db", .resident_bytes = 100 * MIB};
	uint64_t now_ns = 100 * SECOND, rest_ns = PAGEOUT_REST_NS;

	(void)state;
	add(&s->name, "db");
	assert_int_equal(choose_at(s, &history, &p, now_ns), PAGEOUT_NAMED);
	pageout_learn(&history, 7, 90 * MIB, 10 * MIB, now_ns);
	p.resident_bytes = 10 * MIB;
	/* It was just looked through. */
	assert_int_equal(choose_at(s, &history, &p, now_ns + rest_ns - 1), PAGEOUT_RESTS);
	assert_int_equal(choose_at(s, &history, &p, now_ns += rest_ns), PAGEOUT_NAMED);
	/* What was taken comes back each time: it is left alone twice as long each time. */
	for (int i = 0; i < 10; i++) {
		pageout_learn(&history, 7, 90 * MIB, 10 * MIB, now_ns);
		p.resident_bytes = 56 * MIB;
		now_ns += MAX(rest_ns, PAGEOUT_REST_NS);
		assert_int_equal(choose_at(s, &history, &p, now_ns), PAGEOUT_RESTS);
		rest_ns = i == 0 ? PAGEOUT_REST_NS : MIN(2 * rest_ns, PAGEOUT_REST_MAX_NS);
		assert_int_equal(choose_at(s, &history, &p, now_ns + rest_ns - 1), PAGEOUT_RESTS);
		assert_int_equal(choose_at(s, &history, &p, now_ns += rest_ns), PAGEOUT_NAMED);
	}
	assert_int_equal(rest_ns, PAGEOUT_REST_MAX_NS);
	/* A little less than half is no return, and the rest is as at first. */
	pageout_learn(&history, 7, 90 * MIB, 10 * MIB, now_ns);
	p.resident_bytes = 55 * MIB;
	assert_int_equal(choose_at(s, &history, &p, now_ns += PAGEOUT_REST_MAX_NS), PAGEOUT_NAMED);
	pageout_learn(&history, 7, 90 * MIB, 10 * MIB, now_ns);
	assert_int_equal(choose_at(s, &history, &p, now_ns + PAGEOUT_REST_NS), PAGEOUT_NAMED);
}

/* More processes than are remembered: the one seen longest ago is forgotten first. */
static void test_many(void **state)
{
	_cleanup_free_ struct pageout_settings *s = new_settings();
	struct pageout_history history = {0};
	struct pageout_process p = {.name = "x", .stopped = true, .resident_bytes = 8 * MIB};

	(void)state;
	for (uint64_t pid = 1; pid <= PAGEOUT_HISTORY + 1; pid++)
		pageout_learn(&history, pid, MIB, MIB, SECOND + pid);
	for (uint64_t pid = 2; pid <= PAGEOUT_HISTORY + 1; pid++) {
		p.pid = pid;
		assert_int_equal(choose_at(s, &history, &p, 2 * SECOND), PAGEOUT_RESTS);
	}
	p.pid = 1;
	assert_int_equal(choose_at(s, &history, &p, 2 * SECOND), PAGEOUT_STOPPED);
}

static void test_mappings(void **state)
{
	static const struct pageout_bounds free = {.reason = PAGEOUT_FROZEN, .may_swap = true},
					   no_swap = {.reason = PAGEOUT_FROZEN},
					   on_node = {PAGEOUT_FROZEN, true, true},
					   named = {.reason = PAGEOUT_NAMED, .may_swap = true};
	static const struct {
		const struct pageout_bounds *bounds;
		struct mapping mapping;
		uint64_t here, elsewhere;
		enum pageout_mapping choice;
	} rows[] = {
		{&free, {.resident_bytes = 1}, 0, 0, PAGEOUT_MAPPING_TAKEN},
		{&free, {.resident_bytes = 1, .anon_bytes = 1}, 0, 0, PAGEOUT_MAPPING_TAKEN},
		{&free, {0}, 0, 0, PAGEOUT_MAPPING_EMPTY},
		{&free,
		 {.resident_bytes = 1, .executable = true},
		 0,
		 0,
		 PAGEOUT_MAPPING_EXECUTABLE},
		{&free, {.resident_bytes = 1, .shared = true}, 0, 0, PAGEOUT_MAPPING_SHARED},
		{&free, {.resident_bytes = 1, .locked = true}, 0, 0, PAGEOUT_MAPPING_LOCKED},
		{&free, {.resident_bytes = 1, .huge = true}, 0, 0, PAGEOUT_MAPPING_HUGE},
		{&free, {.resident_bytes = 1, .device = true}, 0, 0, PAGEOUT_MAPPING_DEVICE},
		{&free, {.resident_bytes = 1, .name = "/keep/me"}, 0, 0, PAGEOUT_MAPPING_EXCLUDED},
		{&free, {.resident_bytes = 1, .name_cut = true}, 0, 0, PAGEOUT_MAPPING_EXCLUDED},
		/* The list of mappings is for processes that are named. */
		{&free, {.resident_bytes = 1, .name = "/other"}, 0, 0, PAGEOUT_MAPPING_TAKEN},
		{&named, {.resident_bytes = 1, .name = "/other"}, 0, 0, PAGEOUT_MAPPING_EXCLUDED},
		{&named, {.resident_bytes = 1}, 0, 0, PAGEOUT_MAPPING_EXCLUDED},
		{&named, {.resident_bytes = 1, .name = "[heap]"}, 0, 0, PAGEOUT_MAPPING_TAKEN},
		{&no_swap, {.resident_bytes = 9, .anon_bytes = 1}, 0, 0, PAGEOUT_MAPPING_NO_SWAP},
		{&no_swap, {.resident_bytes = 9}, 0, 0, PAGEOUT_MAPPING_TAKEN},
		{&on_node, {.resident_bytes = 9}, 5, 4, PAGEOUT_MAPPING_TAKEN},
		{&on_node, {.resident_bytes = 8}, 4, 4, PAGEOUT_MAPPING_ELSEWHERE},
		{&on_node, {.resident_bytes = 8}, 0, 0, PAGEOUT_MAPPING_ELSEWHERE},
	};
	_cleanup_free_ struct pageout_settings *s = new_settings();

	(void)state;
	add(&s->mapping, "[[]heap]");
	add(&s->exclude_mapping, "keep");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		enum pageout_mapping choice = pageout_choose_mapping(
			s, rows[i].bounds, &rows[i].mapping, rows[i].here, rows[i].elsewhere);

		if (choice != rows[i].choice)
			fail_msg("row %zu: %s", i, pageout_mapping_name(choice));
	}
}

static void test_parts(void **state)
{
	static const struct {
		uint64_t length, resident, piece, part;
	} rows[] = {
		{MIB, MIB, 4 * MIB, MIB},
		{64 * MIB, 64 * MIB, 4 * MIB, 4 * MIB},
		{64 * MIB, 32 * MIB, 4 * MIB, 8 * MIB},
		{64 * MIB, 33 * MIB, 4 * MIB, 1820 * 4096},
		/* Nearly empty: where the little stands is not known. */
		{1 << 30, 64 * MIB, MIB, 16 * MIB},
		{UINT64_C(1) << 40, MIB, 4 * MIB, 64 * MIB},
		{UINT64_C(1) << 46, MIB, 4 * MIB, UINT64_C(1) << 30},
		{4096, 4096, 1, 4096},
		{12288, 12288, 0, 4096},
		{8192, 0, 4096, 8192},
		{UINT64_C(1) << 47, UINT64_MAX, UINT64_MAX, UINT64_C(1) << 47},
		{UINT64_C(1) << 47, UINT64_MAX, 1, UINT64_C(1) << 31},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct mapping m = {.start = 4096,
				    .end = 4096 + rows[i].length,
				    .resident_bytes = rows[i].resident};
		uint64_t part = pageout_part_bytes(&m, rows[i].piece, 4096);

		if (part != rows[i].part)
			fail_msg("row %zu: %ju", i, (uintmax_t)part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),	 cmocka_unit_test(test_named),
		cmocka_unit_test(test_cold_age), cmocka_unit_test(test_still_for),
		cmocka_unit_test(test_rests),	 cmocka_unit_test(test_many),
		cmocka_unit_test(test_mappings), cmocka_unit_test(test_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
