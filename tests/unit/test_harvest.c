/* SPDX-License-Identifier: Apache-2.0 */
/* When file memory alone is asked for after a write-back, and what is credited to it. */
#include "agent/policy/harvest.h"

#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)

static void test_nothing_cleaned(void **state)
{
	struct harvest h = {0};

	(void)state;
	assert_false(harvest_goes_on(&h, 100 * MIB, MIB, 0));
	assert_int_equal(harvest_take(&h, MIB), 0);
}

static void test_goes_on(void **state)
{
	static const struct {
		uint64_t clean_mib, wanted_mib, refault_permyriad;
		bool goes_on;
	} cases[] = {
		{100, 1, 0, true},
		{100, 50, HARVEST_REFAULTS - 1, true},
		{100, 51, 0, false}, /* runs low */
		{0, 0, 0, true},     /* nothing wanted either */
		{0, 1, 0, false},
		{100, 1, HARVEST_REFAULTS, false}, /* read back */
		{100, 1, UINT64_MAX, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct harvest h = {0};

		harvest_begin(&h, 10 * MIB);
		if (harvest_goes_on(&h, cases[i].clean_mib * MIB, cases[i].wanted_mib * MIB,
				    cases[i].refault_permyriad) != cases[i].goes_on)
			fail_msg("case %zu", i);
		/* What has ended stays so, whatever is there later. */
		if (harvest_goes_on(&h, UINT64_MAX, 1, 0) != cases[i].goes_on)
			fail_msg("case %zu, afterwards", i);
	}
}

static void test_slow(void **state)
{
	(void)state;
	assert_false(harvest_is_slow(0, MIB));
	assert_false(harvest_is_slow(2 * MIB, MIB));
	assert_true(harvest_is_slow(2 * MIB - 1, MIB));
	assert_true(harvest_is_slow(UINT64_MAX, UINT64_MAX));
	assert_false(harvest_is_slow(1, 0));
}

static void test_ends_when_it_brings_little(void **state)
{
	struct harvest h = {0};

	(void)state;
	harvest_begin(&h, 10 * MIB);
	harvest_learn(&h, 8 * MIB, 4 * MIB);
	assert_true(h.active);
	harvest_learn(&h, 8 * MIB, 4 * MIB - 1);
	assert_false(h.active);
}

/* Whether or not file memory alone is asked for. */
static void test_credit(void **state)
{
	struct harvest h = {0};

	(void)state;
	harvest_begin(&h, 10 * MIB);
	assert_int_equal(harvest_take(&h, 5 * MIB), 5 * MIB);
	harvest_begin(&h, MIB);
	assert_false(harvest_goes_on(&h, 100 * MIB, 51 * MIB, 0));
	/* No more than was cleaned. */
	assert_int_equal(harvest_take(&h, 8 * MIB), 6 * MIB);
	assert_int_equal(harvest_take(&h, 8 * MIB), 0);
	harvest_begin(&h, UINT64_MAX);
	harvest_begin(&h, UINT64_MAX);
	assert_int_equal(h.left_bytes, UINT64_MAX);
	/* What is clean no longer was taken by others, or dirtied again. */
	(void)harvest_goes_on(&h, 3 * MIB, MIB, 0);
	assert_int_equal(harvest_take(&h, 8 * MIB), 3 * MIB);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_cleaned),
		cmocka_unit_test(test_goes_on),
		cmocka_unit_test(test_slow),
		cmocka_unit_test(test_ends_when_it_brings_little),
		cmocka_unit_test(test_credit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
