/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/refaults.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define MIB  (UINT64_C(1) << 20)
#define STEP (NSEC_PER_SEC / 10)

struct life {
	struct refaults refaults;
	uint64_t now_ns;
};

/* So many steps, in each of which so much was taken and read back. Returns what counted as ours. */
static uint64_t live(struct life *life, int steps, uint64_t taken_bytes, uint64_t came_bytes)
{
	uint64_t ours = 0;

	for (int i = 0; i < steps; i++) {
		life->now_ns += STEP;
		ours += refaults_learn(&life->refaults, life->now_ns, STEP, taken_bytes,
				       came_bytes);
	}
	return ours;
}

static uint64_t permyriad(const struct life *life)
{
	return refaults_permyriad(&life->refaults);
}

static void test_what_was_not_taken_can_not_come_back(void **state)
{
	struct life life = {.now_ns = NSEC_PER_SEC};

	(void)state;
	assert_int_equal(live(&life, 1, 0, 64 * MIB), 0);
	assert_int_equal(permyriad(&life), 0);
	life = (struct life){.now_ns = NSEC_PER_SEC};
	assert_int_equal(live(&life, 1, 16 * MIB, 0), 0);
	assert_int_equal(live(&life, 1, 0, 4 * MIB), 4 * MIB);
	assert_int_equal(permyriad(&life), 2500);
	assert_int_equal(live(&life, 1, 0, 64 * MIB), 12 * MIB);
	assert_int_equal(permyriad(&life), 10000);
}

/* Of little it can't be told. */
static void test_the_first_mib_is_no_proof(void **state)
{
	struct life life = {.now_ns = NSEC_PER_SEC};

	(void)state;
	(void)live(&life, 1, MIB / 8, MIB / 8);
	assert_int_equal(permyriad(&life), 1250);
}

static void test_all_is_forgotten_after_half_a_minute(void **state)
{
	const uint64_t amounts[] = {2 * MIB, UINT64_C(16) << 30};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(amounts); i++) {
		struct life life = {.now_ns = NSEC_PER_SEC};
		int span = (int)(REFAULTS_SPAN_NS / STEP);

		(void)live(&life, 1, amounts[i], amounts[i]);
		(void)live(&life, span - 1, 0, 0);
		assert_int_equal(permyriad(&life), 10000);
		(void)live(&life, span + 1, 0, 0);
		assert_int_equal(permyriad(&life), 0);
	}
}

/* What comes back late counts in the span in which it was taken. */
static void test_spans(void **state)
{
	struct life life = {.now_ns = REFAULTS_SPAN_NS};
	int span = (int)(REFAULTS_SPAN_NS / STEP);

	(void)state;
	(void)live(&life, 1, 8 * MIB, 0);
	(void)live(&life, span, 0, 0);
	(void)live(&life, 1, 8 * MIB, 6 * MIB);
	assert_int_equal(permyriad(&life), 3750);
	/* With the first 8 MiB goes what came back of them. */
	(void)live(&life, span, 0, 0);
	assert_int_equal(permyriad(&life), 0);
	/* A gap longer than both. */
	life.now_ns += 10 * REFAULTS_SPAN_NS;
	(void)live(&life, 1, 0, 0);
	assert_int_equal(permyriad(&life), 0);
}

/* As beside a container that thrashes at its own limit. */
static void test_what_comes_back_in_any_case_is_not_ours(void **state)
{
	struct life life = {.now_ns = NSEC_PER_SEC};

	(void)state;
	(void)live(&life, 20, 0, 10 * MIB);
	(void)live(&life, 10, 8 * MIB, 10 * MIB);
	assert_int_equal(permyriad(&life), 0);
	/* What is beyond that, is. */
	assert_int_equal(live(&life, 1, 0, 30 * MIB), 20 * MIB);
	assert_int_equal(permyriad(&life), 2500);
	/* Not known at first, it is after the first time of quiet. */
	life = (struct life){.now_ns = NSEC_PER_SEC};
	(void)live(&life, 1, 64 * MIB, 0);
	(void)live(&life, 10, 0, 10 * MIB);
	assert_int_equal(permyriad(&life), 10000);
	(void)live(&life, 2 * (int)(REFAULTS_SPAN_NS / STEP) + 20, 0, 10 * MIB);
	(void)live(&life, 10, 8 * MIB, 10 * MIB);
	assert_int_equal(permyriad(&life), 0);
}

static void test_extremes(void **state)
{
	struct refaults r = {0};

	(void)state;
	assert_int_equal(refaults_learn(&r, 1, 1, UINT64_MAX, UINT64_MAX), UINT64_MAX);
	assert_int_equal(refaults_learn(&r, 2, UINT64_MAX, UINT64_MAX, UINT64_MAX), 0);
	assert_int_equal(refaults_permyriad(&r), 10000);
	assert_int_equal(refaults_learn(&r, 1, 0, 0, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_not_taken_can_not_come_back),
		cmocka_unit_test(test_the_first_mib_is_no_proof),
		cmocka_unit_test(test_all_is_forgotten_after_half_a_minute),
		cmocka_unit_test(test_spans),
		cmocka_unit_test(test_what_comes_back_in_any_case_is_not_ours),
		cmocka_unit_test(test_extremes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
