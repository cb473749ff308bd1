/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/percpu.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define PAGE  UINT64_C(4096)
#define START (1000 * NSEC_PER_SEC)

/* 10,000 pages free, 50,000 held. */
static struct node_counters a_node(void)
{
	return (struct node_counters){
		.free_pages = 10000,
		.inactive_anon_pages = 10000,
		.active_anon_pages = 10000,
		.inactive_file_pages = 10000,
		.active_file_pages = 10000,
		.unevictable_pages = 1000,
		.slab_reclaimable_pages = 3000,
		.slab_unreclaimable_pages = 5000,
		.page_table_pages = 500,
		.kernel_stack_kib = 2000,
	};
}

static void test_counts_all_that_has_an_owner(void **state)
{
	struct node_counters counters = a_node();

	(void)state;
	assert_int_equal(percpu_held_pages(&counters), 50000);
}

/* Or swapping to zram would look like memory that is about to come free. */
static void test_what_zram_keeps_is_held(void **state)
{
	struct node_counters counters = a_node();

	(void)state;
	counters.inactive_anon_pages -= 2000;
	counters.zspages += 1000;
	assert_int_equal(percpu_held_pages(&counters), 49000);
}

struct scene {
	struct percpu percpu;
	struct node_counters counters;
};

/* First seen at START. */
static struct scene new_scene(void)
{
	struct scene s = {.counters = a_node()};

	percpu_learn(&s.percpu, START, &s.counters, PAGE, 0);
	return s;
}

static void learn(struct scene *s, uint64_t now_ns, uint64_t taken_pages)
{
	percpu_learn(&s->percpu, now_ns, &s->counters, PAGE, taken_pages * PAGE);
}

/* As seen on 6.18: a request was met in full, and nothing more was free afterwards. */
static void test_freed_pages_that_are_not_free(void **state)
{
	struct scene s = new_scene();

	(void)state;
	s.counters.inactive_file_pages -= 3000;
	learn(&s, START + 1, 3000);
	assert_int_equal(s.percpu.bytes, 3000 * PAGE);
	/* Somebody takes 1,000 of them; 500 are given back to the zone. */
	s.counters.inactive_anon_pages += 1000;
	learn(&s, START + 2, 0);
	assert_in_range(s.percpu.bytes, 1999 * PAGE, 2000 * PAGE);
	s.counters.free_pages += 500;
	learn(&s, START + 3, 0);
	assert_in_range(s.percpu.bytes, 1499 * PAGE, 1500 * PAGE);
}

static void test_a_request_that_shows_leaves_nothing(void **state)
{
	struct scene s = new_scene();

	(void)state;
	s.counters.inactive_file_pages -= 3000;
	s.counters.free_pages += 3000;
	learn(&s, START + 1, 3000);
	assert_int_equal(s.percpu.bytes, 0);
}

/* A driver takes memory that is counted nowhere: not more than what we took can be in lists. */
static void test_never_more_than_was_taken(void **state)
{
	struct scene s = new_scene();

	(void)state;
	s.counters.free_pages -= 5000;
	learn(&s, START + 1, 0);
	assert_int_equal(s.percpu.bytes, 0);
	s.counters.free_pages -= 1000;
	learn(&s, START + 2, 100);
	assert_int_equal(s.percpu.bytes, 100 * PAGE);
}

/* Lists shrink by themselves. */
static void test_is_forgotten(void **state)
{
	struct scene s = new_scene();

	(void)state;
	s.counters.inactive_file_pages -= 3000;
	learn(&s, START + 1, 3000);
	learn(&s, START + 1 + PERCPU_FORGET_NS / 2, 0);
	assert_int_equal(s.percpu.bytes, 1500 * PAGE);
	learn(&s, START + 1 + 2 * PERCPU_FORGET_NS, 0);
	assert_int_equal(s.percpu.bytes, 0);
	assert_int_equal(s.percpu.taken_bytes, 0);
}

static void test_a_clock_that_goes_back(void **state)
{
	struct scene s = new_scene();

	(void)state;
	s.counters.inactive_file_pages -= 3000;
	learn(&s, START - 1, 3000);
	assert_int_equal(s.percpu.bytes, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts_all_that_has_an_owner),
		cmocka_unit_test(test_what_zram_keeps_is_held),
		cmocka_unit_test(test_freed_pages_that_are_not_free),
		cmocka_unit_test(test_a_request_that_shows_leaves_nothing),
		cmocka_unit_test(test_never_more_than_was_taken),
		cmocka_unit_test(test_is_forgotten),
		cmocka_unit_test(test_a_clock_that_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
