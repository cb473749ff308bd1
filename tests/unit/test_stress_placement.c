/* SPDX-License-Identifier: Apache-2.0 */
/* The names of groups; making and removing them is tested on real kernels by tests/system. */
#include "stress/run/placement.h"

#include "base/kfile.h"
#include "stress/run/controllers.h"
#include "tests/unit/fixture.h"

#include <string.h>

static void test_owner(void **state)
{
	static const struct {
		const char *name;
		bool ours;
		pid_t pid;
		uint64_t start;
	} rows[] = {
		{"svc.uswap-stress-12-34", true, 12, 34},
		{"supervisor.uswap-stress-4194304-99999999999", true, 4194304,
		 UINT64_C(99999999999)},
		{".uswap-stress-12-34", false, 0, 0},
		{"svc", false, 0, 0},
		{"svc.uswap-stress-", false, 0, 0},
		{"svc.uswap-stress-12", false, 0, 0},
		{"svc.uswap-stress-12-", false, 0, 0},
		{"svc.uswap-stress--34", false, 0, 0},
		{"svc.uswap-stress-0-34", false, 0, 0},
		{"svc.uswap-stress-12-34x", false, 0, 0},
		{"svc.uswap-stress-x-34", false, 0, 0},
		{"svc.uswap-stress-99999999999-34", false, 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t start = 0;
		pid_t pid = 0;

		if (placement_name_owner(rows[i].name, &pid, &start) != rows[i].ours ||
		    pid != rows[i].pid || start != rows[i].start)
			fail_msg("%s", rows[i].name);
	}
}

/* A fake group: the last thing written to a file is all it holds. */
static void test_controllers(void **state)
{
	const struct fixture_file files[] = {{"cgroup.subtree_control", "cpu memory pids\n"}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, 1);
	char text[64];

	(void)state;
	controllers_take_back(fx->fd, "memory pids cpu\n");
	assert_true(kfile_read_at(fx->fd, "cgroup.subtree_control", text, sizeof(text)) > 0);
	assert_string_equal(text, "cpu memory pids\n");
	/* "mem" is not "memory". */
	controllers_take_back(fx->fd, "cpu mem pids\n");
	assert_true(kfile_read_at(fx->fd, "cgroup.subtree_control", text, sizeof(text)) > 0);
	assert_int_equal(strncmp(text, "-memory", 7), 0);
	assert_false(controllers_wanted_below(fx->fd));
	fixture_write(fx, "child/cgroup.procs", "");
	assert_true(controllers_wanted_below(fx->fd));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_controllers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
