/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/policy/thrash.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define MIB    (UINT64_C(1) << 20)
#define NOW    (1000 * NSEC_PER_SEC)
#define SECOND NSEC_PER_SEC

/* A second in which so much was taken and so much came back. */
static void pass(struct thrash *t, uint64_t *now_ns, uint64_t taken, uint64_t back)
{
	*now_ns += SECOND;
	thrash_learn(t, *now_ns, SECOND, taken, back);
}

static void test_a_quarter_is_much(void **state)
{
	static const struct {
		const char *name;
		uint64_t taken, back;
		bool many;
	} rows[] = {
		{"nothing", 0, 0, false},
		{"none came back", 16 * MIB, 0, false},
		{"hardly any", 16 * MIB, 4 * MIB - 4096, false},
		{"a quarter", 16 * MIB, 4 * MIB, true},
		{"all", 16 * MIB, 16 * MIB, true},
		{"more than was taken", 16 * MIB, UINT64_MAX, true},
		{"a few pages, which tell nothing", 65536, 65536, false},
		{"only what had been taken before", 0, 16 * MIB, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct thrash t = {0};
		uint64_t now_ns = NOW;

		pass(&t, &now_ns, 0, 0);
		pass(&t, &now_ns, rows[i].taken, rows[i].back);
		if (thrash_lasts(&t, now_ns) != rows[i].many)
			fail_msg("%s", rows[i].name);
		assert_true(t.many_permyriad <= 10000);
	}
}

/* A new try that finds the same waits twice as long, up to an hour; what comes back late is no try.
 */
static void test_waits_longer_each_time(void **state)
{
	struct thrash t = {0};
	uint64_t now_ns = NOW, wait_ns = 0;

	(void)state;
	for (int i = 0; i < 10; i++) {
		uint64_t begun_ns;

		pass(&t, &now_ns, 8 * MIB, 4 * MIB);
		assert_true(thrash_lasts(&t, now_ns));
		wait_ns = wait_ns ? MIN(2 * wait_ns, 3600 * SECOND) : 60 * SECOND;
		begun_ns = now_ns;
		for (int late = 0; late < 8; late++)
			pass(&t, &now_ns, 0, MIB / 2);
		assert_int_equal(t.until_ns, begun_ns + wait_ns);
		now_ns = begun_ns + wait_ns - SECOND;
		pass(&t, &now_ns, 0, 0);
		assert_false(thrash_lasts(&t, now_ns));
	}
}

/* And is forgotten when a try has gone well for as long. */
static void test_a_good_try_ends_it(void **state)
{
	struct thrash t = {0};
	uint64_t now_ns = NOW;

	(void)state;
	pass(&t, &now_ns, 8 * MIB, 8 * MIB);
	now_ns = t.until_ns;
	pass(&t, &now_ns, 8 * MIB, 8 * MIB);
	assert_int_equal(t.until_ns - now_ns, 120 * SECOND);
	now_ns = t.until_ns;
	for (int i = 0; i < 119; i++)
		pass(&t, &now_ns, MIB, 0);
	assert_int_equal(t.wait_ns, 120 * SECOND);
	pass(&t, &now_ns, MIB, 0);
	assert_int_equal(t.wait_ns, 0);
	pass(&t, &now_ns, 64 * MIB, 64 * MIB);
	assert_int_equal(t.until_ns - now_ns, 60 * SECOND);
}

static void test_clock_that_goes_back(void **state)
{
	struct thrash t = {0};
	uint64_t now_ns = NOW;

	(void)state;
	pass(&t, &now_ns, 8 * MIB, 8 * MIB);
	thrash_learn(&t, 1, 0, 8 * MIB, 8 * MIB);
	assert_true(thrash_lasts(&t, 1));
	thrash_learn(&t, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX);
	assert_int_equal(t.until_ns, UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_quarter_is_much),
		cmocka_unit_test(test_waits_longer_each_time),
		cmocka_unit_test(test_a_good_try_ends_it),
		cmocka_unit_test(test_clock_that_goes_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
