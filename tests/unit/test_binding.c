/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/account/binding.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

/* Kswapd is found at work, and a while later so much was allocated on the node, or elsewhere. */
static bool is_bound(uint64_t hits, uint64_t foreign, bool kswapd_ran, uint64_t later_ns)
{
	const struct node_counters first = {.numa_hit = 1000, .numa_foreign = 1000};
	const struct node_counters last = {.numa_hit = 1000 + hits, .numa_foreign = 1000 + foreign};
	struct binding b = {0};

	assert_false(binding_learn(&b, &first, &first, kswapd_ran, NSEC_PER_SEC));
	return binding_learn(&b, &first, &last, false, NSEC_PER_SEC + later_ns);
}

static void test_demand_that_stays_on_its_node(void **state)
{
	(void)state;
	assert_true(is_bound(2048, 0, true, NSEC_PER_SEC / 4));
	assert_true(is_bound(4096, 255, true, NSEC_PER_SEC / 4));
	assert_false(is_bound(4096, 256, true, NSEC_PER_SEC / 4));
	assert_false(is_bound(2047, 0, true, NSEC_PER_SEC / 4));
	assert_false(is_bound(4096, 0, false, NSEC_PER_SEC));
	assert_false(is_bound(4096, 0, true, NSEC_PER_SEC + 1));
}

/* A stream in huge folios: few allocations, but for a second and longer. */
static void test_few_allocations_that_go_on(void **state)
{
	(void)state;
	assert_true(is_bound(64, 3, true, NSEC_PER_SEC));
	assert_false(is_bound(64, 4, true, NSEC_PER_SEC));
	assert_false(is_bound(63, 0, true, NSEC_PER_SEC));
	assert_false(is_bound(64, 0, true, NSEC_PER_SEC - 1));
}

/* Where the node says what kswapd scanned, that counts where it is more. */
static void test_pages_that_kswapd_scanned(void **state)
{
	const struct node_counters first = {0};
	const struct node_counters last = {
		.numa_hit = 10, .numa_foreign = 100, .pgscan_kswapd = 2048};
	struct binding b = {0};

	(void)state;
	assert_false(binding_learn(&b, &first, &first, true, NSEC_PER_SEC));
	assert_true(binding_learn(&b, &first, &last, true, NSEC_PER_SEC + 1));
}

static void test_counters_that_are_switched_off(void **state)
{
	const struct node_counters first = {.numa_hit = 1000, .numa_foreign = 1000}, zero = {0};
	struct binding b = {0};

	(void)state;
	assert_false(binding_learn(&b, &first, &first, true, NSEC_PER_SEC));
	assert_false(binding_learn(&b, &first, &zero, true, NSEC_PER_SEC));
	assert_false(binding_learn(&b, &zero, &zero, true, NSEC_PER_SEC));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_demand_that_stays_on_its_node),
		cmocka_unit_test(test_few_allocations_that_go_on),
		cmocka_unit_test(test_pages_that_kswapd_scanned),
		cmocka_unit_test(test_counters_that_are_switched_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
