/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the kernel's own reclaimer of cold memory takes any. */
#include "agent/damon/reclaim.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#define PARAMETERS "module/damon_reclaim/parameters/"

static void test_one_look_after_the_other(void **state)
{
	/* enabled, bytes_reclaimed_regions: NULL: as before, "-": gone. */
	static const struct {
		const char *enabled, *bytes;
		uint64_t now_s;
		bool takes;
	} rows[] = {
		{NULL, NULL, 10, false},
		{"N\n", "0\n", 11, false},
		{NULL, "4096\n", 12, false},
		{"Y\n", NULL, 13, false}, /* what was before is not now */
		{NULL, NULL, 14, false},
		{NULL, "8192\n", 15, true},
		{NULL, NULL, 74, true},
		{NULL, NULL, 75, false},
		{NULL, "12288\n", 76, true},
		{"N\n", NULL, 77, false},
		{"Y\n", "0\n", 78, false},
		{NULL, "1\n", 79, true},
		{NULL, "0\n", 80, true}, /* began anew */
		{NULL, "what\n", 81, false},
		{NULL, "18446744073709551615\n", 82, false},
		{NULL, "18446744073709551616\n", 83, false},
		{NULL, "0\n", 84, false},
		{NULL, "18446744073709551615\n", 85, true},
		{"-", NULL, 86, false},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	struct damon_reclaim reclaim = {0};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		print_message("row %zu\n", i);
		if (rows[i].enabled && *rows[i].enabled == '-')
			fixture_remove(fx, PARAMETERS "enabled");
		else if (rows[i].enabled)
			fixture_write(fx, PARAMETERS "enabled", rows[i].enabled);
		if (rows[i].bytes)
			fixture_write(fx, PARAMETERS "bytes_reclaimed_regions", rows[i].bytes);
		assert_int_equal(
			damon_reclaim_takes(&reclaim, fx->fd, rows[i].now_s * NSEC_PER_SEC),
			rows[i].takes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_look_after_the_other),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
