/* SPDX-License-Identifier: Apache-2.0 */
/* Whether what stands in lru_gen is the group, and what of it is taken. */
#include "agent/policy/evict.h"

#include "tests/unit/fixture.h"

#define PAGE UINT64_C(4096)

/* Four generations, with 3000 and 2000 pages of files in the two that may be evicted. */
static const struct lru_generations whole = {
	4, {{7, 9000, 100, 3000}, {8, 8000, 0, 2000}, {9, 7000, 900, 4000}, {10, 100, 0, 1000}}};
static const struct lru_generations three = {
	3, {{7, 9000, 100, 3000}, {8, 8000, 900, 6000}, {9, 7000, 0, 1000}}};
static const struct lru_generations two = {2, {{7, 9000, 1000, 9000}, {8, 8000, 0, 1000}}};
static const struct lru_generations none = {0};
static const struct lru_generations endless = {
	3, {{7, 1, 0, UINT64_MAX}, {UINT64_MAX, 1, 0, UINT64_MAX}, {9, 1, UINT64_MAX, UINT64_MAX}}};

static struct memory_node_share counted(uint64_t anon, uint64_t file)
{
	return (struct memory_node_share){
		.inactive_anon = anon / 2 * PAGE,
		.active_anon = (anon - anon / 2) * PAGE,
		.inactive_file = file / 2 * PAGE,
		.active_file = (file - file / 2) * PAGE,
	};
}

static void test_decide(void **state)
{
	static const struct {
		const char *name;
		const struct lru_generations *generations;
		uint64_t anon, file, wanted;
		enum evict_reason reason;
		uint64_t generation, pages;
	} rows[] = {
		{"a part of it", &whole, 1000, 10000, 1000, EVICT_TAKE, 8, 1000},
		{"all that is old", &whole, 1000, 10000, 5000, EVICT_TAKE, 8, 5000},
		{"half of it is old", &whole, 1000, 10000, 10000, EVICT_TAKE, 8, 5000},
		{"less is", &whole, 1000, 10000, 10001, EVICT_LITTLE_OLD, 0, 0},
		{"the oldest of three", &three, 1000, 10000, 1000, EVICT_TAKE, 7, 1000},
		{"both are too young", &two, 1000, 10000, 1000, EVICT_YOUNG, 0, 0},
		{"nothing is there", &none, 0, 0, 1000, EVICT_YOUNG, 0, 0},
		{"less than a page", &whole, 1000, 10000, 0, EVICT_NOTHING, 0, 0},
		{"as exact as counters are", &whole, 1000 + 512, 10000 + 625, 1000, EVICT_TAKE, 8,
		 1000},
		{"the other way", &whole, 1000 - 512, 10000 - 588, 1000, EVICT_TAKE, 8, 1000},
		{"more anonymous memory", &whole, 1000 + 513, 10000, 1000, EVICT_NOT_THE_GROUP, 0,
		 0},
		{"less", &whole, 1000 - 513, 10000, 1000, EVICT_NOT_THE_GROUP, 0, 0},
		{"more files", &whole, 1000, 10700, 1000, EVICT_NOT_THE_GROUP, 0, 0},
		{"fewer", &whole, 1000, 9400, 1000, EVICT_NOT_THE_GROUP, 0, 0},
		{"a removed one of that name", &whole, 0, 0, 1000, EVICT_NOT_THE_GROUP, 0, 0},
		{"beyond all bounds", &endless, 1000, 10000, 1000, EVICT_NOT_THE_GROUP, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct evict_sample sample = {
			.page_size = PAGE,
			.wanted_bytes = rows[i].wanted * PAGE + 17,
			.generations = *rows[i].generations,
			.here = counted(rows[i].anon, rows[i].file),
		};
		struct evict_plan plan = evict_decide(true, &sample);

		if (plan.reason != rows[i].reason || plan.generation != rows[i].generation ||
		    plan.pages != rows[i].pages)
			fail_msg("%s: %s, up to %ju, %ju pages", rows[i].name,
				 evict_reason_name(plan.reason), (uintmax_t)plan.generation,
				 (uintmax_t)plan.pages);
		assert_int_equal(evict_decide(false, &sample).reason, EVICT_OFF);
		sample.page_size = 0;
		assert_int_equal(evict_decide(true, &sample).reason, EVICT_NOTHING);
	}
}

static void test_names(void **state)
{
	(void)state;
	for (enum evict_reason i = 0; i < EVICT_REASONS; i++)
		assert_non_null(evict_reason_name(i));
	assert_string_equal(evict_reason_name(EVICT_REASONS), "unknown");
}

static void test_rest(void **state)
{
	(void)state;
	assert_int_equal(evict_rest_ns(0), 0);
	assert_int_equal(evict_rest_ns(EVICT_FEW_BLOCKS), 0);
	assert_int_equal(evict_rest_ns(EVICT_FEW_BLOCKS + 1), 1025 * 100 * UINT64_C(50000));
	assert_int_equal(evict_rest_ns(UINT64_MAX), UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decide),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
