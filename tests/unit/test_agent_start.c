/* SPDX-License-Identifier: Apache-2.0 */
/* How the agent starts, and what it leaves, where things are missing that it wants. */
#include "tests/unit/agent_scene.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static void test_leaves_nothing_behind(void **state)
{
	struct scene s = scene_new();
	size_t fds = fixture_entries("/proc/self/fd");
	__attribute__((unused)) size_t threads = fixture_entries("/proc/self/task");
	_cleanup_free_ char *before = NULL, *after = NULL;

	(void)state;
	fake_root_add_group(s.fx, "svc");
	before = fake_root_listing(s.fx);
	assert_int_equal(scene_start(&s), 0);
	assert_int_equal(scene_status(&s).n_nodes, 2);
	assert_true(scene_grow(&s, "svc"));
	assert_int_equal(agent_stop(s.agent), 0);
	s.agent = NULL;
	after = fake_root_listing(s.fx);
	assert_string_equal(before, after);
#ifndef __SANITIZE_THREAD__ /* which starts a thread of its own when it likes */
	assert_int_equal(fixture_entries("/proc/self/task"), threads);
#endif
	assert_int_equal(fixture_entries("/proc/self/fd"), fds);
	assert_int_equal(scene_lines_logged(&s), 0);
	scene_end(&s);
}

/* Each row takes something away that the agent can't do without. */
static void start_without(uint64_t swap_writes_bytes)
{
	static const struct {
		const char *gone;
		int error;
		const char *named;
	} rows[] = {
		{"proc", -ENOENT, "/proc: can't open"},
		{"sys", -ENOENT, "/sys: can't open"},
		{FAKE_CGROUP, -ENOENT, "/sys/fs/cgroup: can't open"},
		{"proc/vmstat", -ENOENT, "/proc/vmstat"},
		{"proc/meminfo", -ENOENT, "/proc/meminfo"},
		{"proc/zoneinfo", -ENOENT, "node 0: can't read its counters and zones"},
		{"sys/devices/system/node/node1", -ENOENT, "node 1: can't read its counters"},
		{FAKE_CGROUP "/memory.reclaim", -EOPNOTSUPP, "nothing to reclaim through"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = scene_new();
		size_t fds = fixture_entries("/proc/self/fd");
		__attribute__((unused)) size_t threads = fixture_entries("/proc/self/task");

		s.config.protect.swap_writes_bytes = swap_writes_bytes;
		fixture_remove(s.fx, rows[i].gone);
		assert_int_equal(scene_start(&s), rows[i].error);
		assert_null(s.agent);
		assert_true(scene_logged(&s, rows[i].named) > 0);
		assert_int_equal(fixture_entries("/proc/self/task"), threads);
		assert_int_equal(fixture_entries("/proc/self/fd"), fds);
		scene_end(&s);
	}
}

static void test_what_is_missing_is_named(void **state)
{
	(void)state;
	start_without(0);
}

/* An end keeps what was written of it: of a start that failed nothing is known yet. */
static void test_what_is_missing_with_a_budget_of_swap_writes(void **state)
{
	(void)state;
	start_without(1000 * MIB);
}

static void test_no_such_root(void **state)
{
	struct scene s = scene_new();

	(void)state;
	s.options.root = "/nonexistent/root";
	assert_int_equal(agent_start(&s.options, &s.config, s.log, &s.agent), -ENOENT);
	assert_int_equal(scene_logged(&s, "/nonexistent/root/proc: can't open /proc"), 1);
	scene_end(&s);
}

/* Each row takes something away that the agent can do without, and says. */
static void test_what_it_can_do_without_is_said(void **state)
{
	static const struct {
		const char *path, *text; /* NULL: removed */
		const char *said;
	} rows[] = {
		{"proc/pressure", NULL, "no PSI (No such file or directory; boot with psi=1)"},
		{"proc/swaps", "Filename Type Size Used Priority\n", "no swap"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = scene_new();

		if (rows[i].text)
			fixture_write(s.fx, rows[i].path, rows[i].text);
		else
			fixture_remove(s.fx, rows[i].path);
		assert_int_equal(scene_start(&s), 0);
		assert_int_equal(scene_logged(&s, rows[i].said), 1);
		assert_int_equal(scene_lines_logged(&s), 1);
		assert_true(scene_is_degraded(&s, rows[i].said));
		scene_end(&s);
	}
}

static void test_no_memory_reclaim_but_a_nodes(void **state)
{
	struct scene s = scene_new();

	(void)state;
	fixture_remove(s.fx, FAKE_CGROUP "/memory.reclaim");
	fixture_write(s.fx, "sys/devices/system/node/node1/reclaim", "");
	assert_int_equal(scene_start(&s), 0);
	assert_true(scene_is_degraded(&s, "no memory.reclaim (it needs Linux 5.19"));
	assert_string_equal(scene_status(&s).nodes[0].backend, "none");
	assert_string_equal(scene_status(&s).nodes[1].backend, "node/reclaim");
	scene_end(&s);
}

static void test_nothing_to_reclaim_through_but_dry_run(void **state)
{
	struct scene s = scene_new();

	(void)state;
	fixture_remove(s.fx, FAKE_CGROUP "/memory.reclaim");
	s.options.dry_run = true;
	assert_int_equal(scene_start(&s), 0);
	assert_true(scene_status(&s).dry_run);
	assert_true(scene_is_degraded(&s, "no memory.reclaim"));
	scene_end(&s);
}

/* Without the program that makes requests there is nothing an agent could do. */
static void test_no_program_for_requests(void **state)
{
	struct scene s = scene_new();

	(void)state;
	s.options.hand_program = "/nonexistent/uswapd-hand";
	assert_int_equal(scene_start(&s), -ENOENT);
	assert_int_equal(scene_logged(&s, "/nonexistent/uswapd-hand: can't be started"), 1);
	s.options.dry_run = true;
	assert_int_equal(scene_start(&s), 0);
	scene_end(&s);
}

/* Write-back that could never find anything must not look as if it worked. */
static void test_mapped_files_cannot_be_opened(void **state)
{
	struct scene s = scene_new();

	(void)state;
	if (geteuid() == 0) {
		scene_end(&s);
		skip(); /* nothing is forbidden */
	}
	fixture_write(s.fx, "proc/1/map_files/1000-2000", "");
	assert_int_equal(fchmodat(s.fx->fd, "proc/1/map_files/1000-2000", 0, 0), 0);
	s.options.writer_program = "/bin/true";
	assert_int_equal(scene_start(&s), 0);
	assert_true(scene_is_degraded(&s, "files that others have mapped can't be opened"));
	scene_end(&s);
}

static void test_missing_permission(void **state)
{
	struct scene s = scene_new();
	char path[256];

	(void)state;
	if (geteuid() == 0) {
		scene_end(&s);
		skip();
	}
	(void)snprintf(path, sizeof(path), "%s/" FAKE_CGROUP "/memory.reclaim", s.fx->path);
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(scene_start(&s), -EOPNOTSUPP);
	assert_int_equal(
		scene_logged(&s, "memory.reclaim can't be written (Permission denied; it needs "
				 "root or CAP_DAC_OVERRIDE)"),
		1);
	scene_end(&s);
}

static void test_malformed_text_at_the_start(void **state)
{
	static const struct {
		const char *path, *text;
		int error;
		const char *named;
	} rows[] = {
		{"proc/zoneinfo", "", -ENOENT, "zones: No such file or directory: zoneinfo"},
		{"proc/zoneinfo", "Node 0, zone   Normal\n  pages free x\n", -EBADMSG,
		 "zoneinfo: node 0 zone Normal: "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = scene_new();

		fixture_write(s.fx, rows[i].path, rows[i].text);
		assert_int_equal(scene_start(&s), rows[i].error);
		assert_int_equal(scene_logged(&s, rows[i].named), 1);
		scene_end(&s);
	}
}

/* In a process of its own: a filter stays for good. */
static int refuse_io_uring(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	const struct sock_fprog program = {.len = ARRAY_SIZE(code), .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return -errno;
	/* It is refused indeed. */
	return syscall(SYS_io_uring_setup, 1, NULL) < 0 && errno == EPERM ? 0 : -ENOTSUP;
}

/* What the child saw, as its exit status. */
enum { SAW_ALL, SAW_NO_FILTER, SAW_NO_START, SAW_URING, SAW_NO_WORD, SAW_NO_ACTION };

static int work_without_io_uring(struct scene *s)
{
	struct agent_status status;
	bool uring;

	if (refuse_io_uring() < 0)
		return SAW_NO_FILTER;
	if (scene_start(s) < 0)
		return SAW_NO_START;
	if (!scene_grow(s, "svc"))
		return SAW_NO_ACTION;
	(void)agent_status(s->agent, &status);
	uring = status.nodes[0].io_uring || status.nodes[1].io_uring;
	if (uring)
		return SAW_URING;
	if (!scene_is_degraded(s, "io_uring is refused") ||
	    scene_logged(s, "io_uring is refused") != 1)
		return SAW_NO_WORD;
	return agent_stop(s->agent) == 0 ? SAW_ALL : SAW_NO_START;
}

static void test_io_uring_refused(void **state)
{
	struct scene s = scene_new();
	int status;
	pid_t pid;

	(void)state;
	fake_root_add_group(s.fx, "svc");
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0)
		_exit(work_without_io_uring(&s));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), SAW_ALL);
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaves_nothing_behind),
		cmocka_unit_test(test_what_is_missing_is_named),
		cmocka_unit_test(test_what_is_missing_with_a_budget_of_swap_writes),
		cmocka_unit_test(test_no_such_root),
		cmocka_unit_test(test_what_it_can_do_without_is_said),
		cmocka_unit_test(test_no_memory_reclaim_but_a_nodes),
		cmocka_unit_test(test_nothing_to_reclaim_through_but_dry_run),
		cmocka_unit_test(test_no_program_for_requests),
		cmocka_unit_test(test_mapped_files_cannot_be_opened),
		cmocka_unit_test(test_missing_permission),
		cmocka_unit_test(test_malformed_text_at_the_start),
		cmocka_unit_test(test_io_uring_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
