/* SPDX-License-Identifier: Apache-2.0 */
/* Names of groups and where they go; that they are made and removed is shown by tests/system. */
#include "stress/run/group_mark.h"

#include "base/kfile.h"
#include "stress/run/controllers.h"
#include "stress/run/parent.h"
#include "tests/unit/fixture.h"

#include <errno.h>
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

		if (group_mark_read(rows[i].name, &pid, &start) != rows[i].ours ||
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

/* Which group is the parent, and whether it can be: a tree that stands for the mount, and for
 * /proc. */
static void test_parent(void **state)
{
	static const struct {
		const char *text; /* of [global], in line 2 */
		int result;
		const char *path;
		const char *words;
		bool moves;
	} rows[] = {
		{"", 0, "own", NULL, true},
		{"parent = /", 0, "", NULL, false},
		{"parent = /new/one", 0, "new/one", NULL, false},
		{"parent = empty/", 0, "empty", NULL, false},
		{"parent = /own", 0, "own", NULL, true},
		{"parent = /full", -EOPNOTSUPP, NULL,
		 "my.job:2: [global] parent: the cgroup /full has other processes", false},
		{"parent = /crowded", -EOPNOTSUPP, NULL, "/crowded has other processes", false},
		{"parent = /strange", -ENOENT, NULL,
		 "my.job:2: [global] parent: look into the cgroup /strange: No such file", false},
	};
	const struct fixture_file files[] = {
		{"self/cgroup", "0::/own\n"},
		{"cgroup.controllers", "memory\n"},
		{"own/cgroup.type", "domain\n"},
		{"empty/cgroup.type", "domain\n"},
		{"empty/cgroup.procs", ""},
		{"full/cgroup.type", "domain\n"},
		{"full/cgroup.procs", "1\n"},
		{"crowded/cgroup.type", "domain\n"},
		{"crowded/cgroup.procs",
		 "11111\n22222\n33333\n44444\n55555\n66666\n77777\n88888\n99999\n11110\n22220\n"},
		{"strange/cgroup.type", "domain\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	char text[64];

	(void)state;
	(void)snprintf(text, sizeof(text), "%d\n", getpid());
	fixture_write(fx, "own/cgroup.procs", text);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(job_freep) struct job *job = NULL;
		struct stress_error error = {""};
		struct parent parent;

		(void)snprintf(text, sizeof(text), "[global]\n%s\n", rows[i].text);
		assert_int_equal(job_new(&job), 0);
		assert_int_equal(job_read_text(job, "my.job", text, &error), 0);
		if (parent_find(&parent, job, fx->fd, fx->fd, ".mark", &error) != rows[i].result)
			fail_msg("\"%s\": %s", rows[i].text, error.text);
		if (rows[i].words && !strstr(error.text, rows[i].words))
			fail_msg("\"%s\" says \"%s\"", rows[i].text, error.text);
		if (rows[i].result < 0)
			continue;
		assert_string_equal(parent.path, rows[i].path);
		assert_string_equal(parent.supervisor, rows[i].moves ? "own/supervisor.mark" : "");
	}
}

/* What must be undone is: controllers given since then, as far as the files of a fake tree can
 * tell. */
static void test_parent_restored(void **state)
{
	const struct fixture_file files[] = {
		{"self/cgroup", "0::/own\n"},
		{"own/cgroup.type", "domain\n"},
		{"own/cgroup.procs", ""},
		{"own/cgroup.subtree_control", "cpu\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(job_freep) struct job *job = NULL;
	struct stress_error error = {""};
	struct parent parent;
	char text[64];

	(void)state;
	assert_int_equal(job_new(&job), 0);
	assert_int_equal(parent_find(&parent, job, fx->fd, fx->fd, ".mark", &error), 0);
	assert_int_equal(parent_prepare(&parent, &error), 0);
	fixture_write(fx, "own/cgroup.subtree_control", "cpu memory\n");
	/* Somebody else came, who may want it. */
	fixture_write(fx, "own/child/cgroup.procs", "");
	parent_restore(&parent);
	assert_true(kfile_read_at(fx->fd, "own/cgroup.subtree_control", text, sizeof(text)) > 0);
	assert_string_equal(text, "cpu memory\n");
	fixture_remove(fx, "own/child");
	parent_restore(&parent);
	assert_true(kfile_read_at(fx->fd, "own/cgroup.subtree_control", text, sizeof(text)) > 0);
	assert_int_equal(strncmp(text, "-memory", 7), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_controllers),
		cmocka_unit_test(test_parent),
		cmocka_unit_test(test_parent_restored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
