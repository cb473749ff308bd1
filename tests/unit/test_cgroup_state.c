/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/state.h"

#include "tests/unit/fixture.h"

#include <errno.h>

static void test_types_and_events(void **state)
{
	static const struct {
		const char *type, *events;
		struct group_state expected;
	} rows[] = {
		{"domain\n", "populated 1\nfrozen 0\n", {.populated = true}},
		{"domain\n", "populated 0\n", {.populated = false}},
		{"domain\n", "frozen 1\npopulated 1\n", {.populated = true, .frozen = true}},
		{"domain threaded\n", "populated 1\nfrozen 0\n", {.populated = true}},
		{"threaded\n", "populated 1\nfrozen 0\n", {.threaded = true, .populated = true}},
		{"domain invalid\n", "populated 0\nfrozen 0\n", {.threaded = true}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct group_state got;

		assert_int_equal(group_state_parse(rows[i].type, rows[i].events, &got, NULL), 0);
		assert_int_equal(got.threaded, rows[i].expected.threaded);
		assert_int_equal(got.populated, rows[i].expected.populated);
		assert_int_equal(got.frozen, rows[i].expected.frozen);
	}
}

static void test_malformed(void **state)
{
	static const struct {
		const char *type, *events, *bad;
	} rows[] = {
		{"", "populated 1\n", "cgroup.type"},
		{"domains\n", "populated 1\n", "cgroup.type"},
		{"domain\nthreaded\n", "populated 1\n", "cgroup.type"},
		{"domain\n", "", "populated"},
		{"domain\n", "populated\n", "populated"},
		{"domain\n", "populated 1\nfrozen x\n", "frozen"},
	};
	struct group_state got;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *bad = NULL;

		assert_int_equal(group_state_parse(rows[i].type, rows[i].events, &got, &bad),
				 -EBADMSG);
		assert_string_equal(bad, rows[i].bad);
	}
}

static void test_reading(void **state)
{
	static const struct fixture_file files[] = {
		{"cgroup.type", "threaded\n"},
		{"cgroup.events", "populated 1\nfrozen 1\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(fixture_freep) struct fixture *root = fixture_new(NULL, 0);
	struct group_state got;

	(void)state;
	assert_int_equal(group_state_read(fx->fd, &got, NULL), 0);
	assert_true(got.threaded && got.frozen && got.populated);
	assert_int_equal(group_state_read(root->fd, &got, NULL), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types_and_events),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_reading),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
