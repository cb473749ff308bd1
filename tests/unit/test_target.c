/* SPDX-License-Identifier: Apache-2.0 */
/* What is learned of a request that is done. */
#include "agent/worker/target.h"

#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)

/* What was taken for a node and is not gone from it would look as if it had been used again. */
static void test_what_a_node_did_not_get_rid_of(void **state)
{
	static const struct {
		uint64_t applied_mib, freed_mib, kept_mib, here_mib, elsewhere_mib;
		uint64_t learned_mib;
	} rows[] = {
		{32, 32, 0, 100, 0, 32}, /* all of it was freed here */
		{32, 0, 0, 100, 0, 32},	 /* and used at once */
		{32, 16, 0, 100, 100, 16}, {32, 0, 0, 100, 300, 8},
		{32, 32, 0, 100, 300, 32}, /* here after all */
		{32, 16, 16, 100, 0, 16},  /* swapped, at 2:1 */
		{32, 8, 16, 100, 100, 8},  {32, 0, 40, 100, 0, 0},
		{0, 0, 0, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct request request = {.bytes = rows[i].applied_mib * MIB};
		struct target target = {0};
		struct taken taken = {
			.applied_bytes = rows[i].applied_mib * MIB,
			.demoted_bytes = rows[i].applied_mib * MIB / 2,
			.net_freed_bytes = rows[i].freed_mib * MIB,
			.swap_kept_bytes = rows[i].kept_mib * MIB,
		};

		print_message("row %zu\n", i);
		taken.collateral_bytes = target_collateral(&taken, rows[i].here_mib * MIB,
							   rows[i].elsewhere_mib * MIB);
		taken.not_gone_bytes = target_not_gone(&taken);
		target_account(&target, &request, 0, 1, 1, &taken);
		assert_int_equal(target.unlearned_taken_bytes, rows[i].learned_mib * MIB);
		assert_int_equal(target.ledger.applied_bytes, taken.applied_bytes);
		assert_int_equal(target.ledger.demoted_bytes, taken.demoted_bytes);
		assert_int_equal(target.ledger.collateral_bytes, taken.collateral_bytes);
	}
}

/* What other nodes lost is no gain while they have room; what swap keeps never is. */
static void test_what_was_gained(void **state)
{
	static const struct {
		uint64_t applied_mib, freed_mib, kept_mib, here_mib, elsewhere_mib;
		uint64_t collateral_mib, gained_mib, gained_alone_mib;
	} rows[] = {
		{32, 0, 0, 100, 0, 0, 32, 32},	  {32, 0, 0, 100, 100, 16, 32, 16},
		{32, 24, 0, 100, 100, 8, 32, 24}, {32, 0, 8, 100, 100, 16, 24, 8},
		{32, 0, 32, 0, 100, 32, 0, 0},	  {32, 0, 0, 0, 0, 0, 32, 32},
		{0, 8, 0, 100, 100, 0, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct taken taken = {
			.applied_bytes = rows[i].applied_mib * MIB,
			.net_freed_bytes = rows[i].freed_mib * MIB,
			.swap_kept_bytes = rows[i].kept_mib * MIB,
		};

		print_message("row %zu\n", i);
		taken.collateral_bytes = target_collateral(&taken, rows[i].here_mib * MIB,
							   rows[i].elsewhere_mib * MIB);
		assert_int_equal(taken.collateral_bytes, rows[i].collateral_mib * MIB);
		assert_int_equal(target_gained(&taken, false), rows[i].gained_mib * MIB);
		assert_int_equal(target_gained(&taken, true), rows[i].gained_alone_mib * MIB);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_gained),
		cmocka_unit_test(test_what_a_node_did_not_get_rid_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
