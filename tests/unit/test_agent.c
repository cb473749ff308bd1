/* SPDX-License-Identifier: Apache-2.0 */
/* The whole agent on fake roots: what it says, does and leaves where things are not as they should.
 */
#include "agent/agent.h"

#include "agent/act/hand.h"
#include "agent/policy/protect.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fake_root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define MIB (UINT64_C(1) << 20)

struct scene {
	struct fixture *fx;
	struct config config;
	struct agent_options options;
	struct log log; /* into a file in memory */
	struct agent *agent;
};

static struct scene new_scene(void)
{
	struct scene s = {
		.fx = fake_root_new(),
		.log = {.fd = memfd_create("log", MFD_CLOEXEC), .level = LOG_LEVEL_INFO},
	};

	s.options =
		(struct agent_options){.root = NULL, .topology = FAKE_TOPOLOGY, .try_uring = true};
	config_defaults(&s.config);
	/* Nothing announces that a plain file changed: have it look often. */
	s.config.agent.tick_max_ns = 100 * NSEC_PER_MSEC;
	assert_true(s.log.fd >= 0);
	assert_int_equal(hand_prepare_process(), 0);
	return s;
}

static int start(struct scene *s)
{
	s->options.root = s->fx->path;
	return agent_start(&s->options, &s->config, s->log, &s->agent);
}

static void end_scene(struct scene *s)
{
	if (s->agent)
		assert_int_equal(agent_stop(s->agent), 0);
	fd_close(s->log.fd);
	fixture_free(s->fx);
}

/* How often text stands in the log. */
static size_t logged(const struct scene *s, const char *text)
{
	static char all[65536];
	size_t n = 0;

	assert_true(kfile_read(s->log.fd, all, sizeof(all)) >= 0);
	for (const char *at = all; (at = strstr(at, text)); at++)
		n++;
	return n;
}

static size_t lines_logged(const struct scene *s)
{
	return logged(s, "\n");
}

static bool wait_logged(const struct scene *s, const char *text)
{
	for (int i = 0; i < 1000 && logged(s, text) == 0; i++)
		(void)poll(NULL, 0, 10);
	return logged(s, text) > 0;
}

static struct agent_status status_of(struct scene *s)
{
	struct agent_status status;

	assert_int_equal(agent_status(s->agent, &status), 0);
	for (size_t i = 0; i < status.n_nodes; i++)
		assert_true(status.nodes[i].answered);
	return status;
}

static bool is_degraded(struct scene *s, const char *words)
{
	struct agent_status status = status_of(s);

	for (size_t i = 0; i < ARRAY_SIZE(status.degraded); i++)
		if (strstr(status.degraded[i], words))
			return true;
	return false;
}

static const struct group_status *find_group(const struct agent_status *status, const char *path)
{
	for (size_t i = 0; i < status->n_nodes; i++)
		for (size_t j = 0; j < status->nodes[i].n_groups; j++)
			if (strcmp(status->nodes[i].groups[j].path, path) == 0)
				return &status->nodes[i].groups[j];
	return NULL;
}

static uint64_t actions_on(struct scene *s, const char *name)
{
	struct agent_status status = status_of(s);
	const struct group_status *group = find_group(&status, name);

	return group ? group->ledger.actions : 0;
}

/*
 * Lets the group grow by about 40 MiB/s, up to 126 of its 128 MiB, again and again until it was
 * asked for memory. False: it never was, in as many rounds (of half a second and more).
 */
static bool grow_rounds(struct scene *s, const char *name, int rounds)
{
	for (int i = 0; i < rounds; i++) {
		for (uint64_t bytes = 100 * MIB; bytes < 126 * MIB; bytes += MIB / 4) {
			fake_root_set_current(s->fx, name, bytes);
			(void)poll(NULL, 0, 5);
		}
		fake_root_set_current(s->fx, name, 100 * MIB);
		if (actions_on(s, name) > 0)
			return true;
	}
	return false;
}

static bool grow(struct scene *s, const char *name)
{
	return grow_rounds(s, name, 40);
}

static size_t entries(const char *path)
{
	_cleanup_(closedirp) DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	return n;
}

static void test_leaves_nothing_behind(void **state)
{
	struct scene s = new_scene();
	size_t fds = entries("/proc/self/fd");
	__attribute__((unused)) size_t threads = entries("/proc/self/task");
	_cleanup_free_ char *before = NULL, *after = NULL;

	(void)state;
	fake_root_add_group(s.fx, "svc");
	before = fake_root_listing(s.fx);
	assert_int_equal(start(&s), 0);
	assert_int_equal(status_of(&s).n_nodes, 2);
	assert_true(grow(&s, "svc"));
	assert_int_equal(agent_stop(s.agent), 0);
	s.agent = NULL;
	after = fake_root_listing(s.fx);
	assert_string_equal(before, after);
#ifndef __SANITIZE_THREAD__ /* which starts a thread of its own when it likes */
	assert_int_equal(entries("/proc/self/task"), threads);
#endif
	assert_int_equal(entries("/proc/self/fd"), fds);
	assert_int_equal(lines_logged(&s), 0);
	end_scene(&s);
}

/* Each row takes something away that the agent can't do without. */
static void test_what_is_missing_is_named(void **state)
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

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = new_scene();
		size_t fds = entries("/proc/self/fd");
		__attribute__((unused)) size_t threads = entries("/proc/self/task");

		fixture_remove(s.fx, rows[i].gone);
		assert_int_equal(start(&s), rows[i].error);
		assert_null(s.agent);
		assert_true(logged(&s, rows[i].named) > 0);
		assert_int_equal(entries("/proc/self/task"), threads);
		assert_int_equal(entries("/proc/self/fd"), fds);
		end_scene(&s);
	}
}

static void test_no_such_root(void **state)
{
	struct scene s = new_scene();

	(void)state;
	s.options.root = "/nonexistent/root";
	assert_int_equal(agent_start(&s.options, &s.config, s.log, &s.agent), -ENOENT);
	assert_int_equal(logged(&s, "/nonexistent/root/proc: can't open /proc"), 1);
	end_scene(&s);
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
		struct scene s = new_scene();

		if (rows[i].text)
			fixture_write(s.fx, rows[i].path, rows[i].text);
		else
			fixture_remove(s.fx, rows[i].path);
		assert_int_equal(start(&s), 0);
		assert_int_equal(logged(&s, rows[i].said), 1);
		assert_int_equal(lines_logged(&s), 1);
		assert_true(is_degraded(&s, rows[i].said));
		end_scene(&s);
	}
}

static void test_no_memory_reclaim_but_a_nodes(void **state)
{
	struct scene s = new_scene();

	(void)state;
	fixture_remove(s.fx, FAKE_CGROUP "/memory.reclaim");
	fixture_write(s.fx, "sys/devices/system/node/node1/reclaim", "");
	assert_int_equal(start(&s), 0);
	assert_true(is_degraded(&s, "no memory.reclaim (it needs Linux 5.19"));
	assert_string_equal(status_of(&s).nodes[0].backend, "none");
	assert_string_equal(status_of(&s).nodes[1].backend, "node/reclaim");
	end_scene(&s);
}

static void test_nothing_to_reclaim_through_but_dry_run(void **state)
{
	struct scene s = new_scene();

	(void)state;
	fixture_remove(s.fx, FAKE_CGROUP "/memory.reclaim");
	s.options.dry_run = true;
	assert_int_equal(start(&s), 0);
	assert_true(status_of(&s).dry_run);
	assert_true(is_degraded(&s, "no memory.reclaim"));
	end_scene(&s);
}

/* Write-back that could never find anything must not look as if it worked. */
static void test_mapped_files_cannot_be_opened(void **state)
{
	struct scene s = new_scene();

	(void)state;
	if (geteuid() == 0) {
		end_scene(&s);
		skip(); /* nothing is forbidden */
	}
	fixture_write(s.fx, "proc/1/map_files/1000-2000", "");
	assert_int_equal(fchmodat(s.fx->fd, "proc/1/map_files/1000-2000", 0, 0), 0);
	s.options.writer_program = "/bin/true";
	assert_int_equal(start(&s), 0);
	assert_true(is_degraded(&s, "files that others have mapped can't be opened"));
	end_scene(&s);
}

static void test_missing_permission(void **state)
{
	struct scene s = new_scene();
	char path[256];

	(void)state;
	if (geteuid() == 0) {
		end_scene(&s);
		skip();
	}
	(void)snprintf(path, sizeof(path), "%s/" FAKE_CGROUP "/memory.reclaim", s.fx->path);
	assert_int_equal(chmod(path, 0400), 0);
	assert_int_equal(start(&s), -EOPNOTSUPP);
	assert_int_equal(logged(&s, "memory.reclaim can't be written (Permission denied; it needs "
				    "root or CAP_DAC_OVERRIDE)"),
			 1);
	end_scene(&s);
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
		struct scene s = new_scene();

		fixture_write(s.fx, rows[i].path, rows[i].text);
		assert_int_equal(start(&s), rows[i].error);
		assert_int_equal(logged(&s, rows[i].named), 1);
		end_scene(&s);
	}
}

static void test_text_that_turns_bad_and_good_again(void **state)
{
	static const struct {
		const char *path, *text, *named;
	} rows[] = {
		{FAKE_CGROUP "/svc/memory.stat", "anon 1\nanon 2\n", "svc: anon"},
		{FAKE_CGROUP "/svc/memory.max", "128M\n", "svc: memory.max"},
		{FAKE_CGROUP "/svc/memory.events.local", "", "svc: "},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = new_scene();
		_cleanup_free_ char *good = NULL;

		fake_root_add_group(s.fx, "svc");
		good = fixture_read(s.fx, rows[i].path);
		s.config.agent.log_level = LOG_LEVEL_DEBUG;
		assert_int_equal(start(&s), 0);
		(void)status_of(&s);
		fixture_write(s.fx, rows[i].path, rows[i].text);
		(void)grow_rounds(&s, "svc", 2);
		assert_true(wait_logged(&s, rows[i].named));
		assert_int_equal(status_of(&s).n_nodes, 2);
		fixture_write(s.fx, rows[i].path, good);
		end_scene(&s);
	}
}

/* What a node's file gives when the node is taken away: nothing. */
static void test_a_node_that_vanishes(void **state)
{
	struct scene s = new_scene();

	(void)state;
	fake_root_add_group(s.fx, "svc");
	assert_int_equal(start(&s), 0);
	(void)status_of(&s);
	fixture_write(s.fx, "sys/devices/system/node/node1/vmstat", "");
	fixture_remove(s.fx, "sys/devices/system/node/node1");
	assert_int_equal(agent_wake(s.agent, 1, MIB), 0);
	assert_true(wait_logged(&s, "node 1: "));
	assert_true(grow(&s, "svc"));
	assert_int_equal(logged(&s, "node 0: "), 0);
	end_scene(&s);
}

static void test_groups_that_vanish(void **state)
{
	struct scene s = new_scene();
	struct agent_status status;

	(void)state;
	assert_int_equal(start(&s), 0);
	for (int i = 0; i < 50; i++) {
		fake_root_add_group(s.fx, "gone");
		fake_root_set_current(s.fx, "gone", (100 + (uint64_t)i % 28) * MIB);
		(void)poll(NULL, 0, i % 7);
		fixture_remove(s.fx, FAKE_CGROUP "/gone");
	}
	for (int i = 0; i < 500; i++) {
		status = status_of(&s);
		if (!find_group(&status, "gone"))
			break;
		(void)poll(NULL, 0, 10);
	}
	assert_null(find_group(&status, "gone"));
	assert_int_equal(lines_logged(&s), 0);
	end_scene(&s);
}

/* A kernel lets no newline into a group's name; a copy of a system may have any. */
static void test_hostile_names(void **state)
{
	static const char *const names[] = {
		"new\nline", "\033[31mred\033[2J", "\xff\xfe", "%s%n", "*", "[a-z]?", " ", "-rf",
	};
	struct scene s = new_scene();
	char longest[256];
	static char text[65536];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	s.log.level = LOG_LEVEL_DEBUG;
	assert_int_equal(start(&s), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names) + 1; i++) {
		const char *name = i < ARRAY_SIZE(names) ? names[i] : longest;

		fake_root_add_group(s.fx, name);
		assert_true(grow(&s, name));
	}
	assert_true(kfile_read(s.log.fd, text, sizeof(text)) > 0);
	/* Every line is one of ours, and none of its bytes means anything to a terminal. */
	for (const char *c = text; *c; c++) {
		assert_true(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
		if (c == text || c[-1] == '\n')
			assert_int_equal(strncmp(c, "node ", 5), 0);
	}
	end_scene(&s);
}

static void test_an_excluded_pattern_is_no_name(void **state)
{
	struct scene s = new_scene();
	struct agent_status status;

	(void)state;
	fake_root_add_group(s.fx, "db-1");
	fake_root_add_group(s.fx, "*");
	(void)snprintf(s.config.protect.exclude.pattern[0], CONFIG_PATTERN_MAX, "\\*");
	s.config.protect.exclude.n = 1;
	assert_int_equal(start(&s), 0);
	assert_true(grow(&s, "db-1"));
	assert_false(grow_rounds(&s, "*", 3));
	status = status_of(&s);
	assert_int_equal(find_group(&status, "*")->verdict.reason, VERDICT_EXCLUDED);
	end_scene(&s);
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
	if (start(s) < 0)
		return SAW_NO_START;
	if (!grow(s, "svc"))
		return SAW_NO_ACTION;
	(void)agent_status(s->agent, &status);
	uring = status.nodes[0].io_uring || status.nodes[1].io_uring;
	if (uring)
		return SAW_URING;
	if (!is_degraded(s, "io_uring is refused") || logged(s, "io_uring is refused") != 1)
		return SAW_NO_WORD;
	return agent_stop(s->agent) == 0 ? SAW_ALL : SAW_NO_START;
}

static void test_io_uring_refused(void **state)
{
	struct scene s = new_scene();
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
	end_scene(&s);
}

static void test_a_wrong_file_keeps_the_old_configuration(void **state)
{
	struct scene s = new_scene();
	struct config_error error;
	char path[128], expected[256];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/uswapd.conf", s.fx->path);
	fixture_write(s.fx, "uswapd.conf", "[headroom]\nmargin_min = 2M\n");
	s.options.config_file = path;
	assert_int_equal(config_load(path, NULL, 0, &s.config, &error), 0);
	assert_int_equal(start(&s), 0);
	fixture_write(s.fx, "uswapd.conf", "[headroom]\n\nmargin_mim = 3M\n");
	assert_int_equal(agent_reload(s.agent, &error), -EINVAL);
	(void)snprintf(expected, sizeof(expected), "%s:3: headroom.margin_mim: ", path);
	assert_int_equal(strncmp(error.text, expected, strlen(expected)), 0);
	assert_int_equal(agent_config(s.agent)->headroom.margin.margin_min_bytes, 2 * MIB);
	fixture_write(s.fx, "uswapd.conf", "[headroom]\nmargin_min = 3M\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_int_equal(agent_config(s.agent)->headroom.margin.margin_min_bytes, 3 * MIB);
	end_scene(&s);
}

/* It wishes, and asks for nothing; then it may, and does; then it may no more. */
static void test_observes_until_told(void **state)
{
	struct scene s = new_scene();
	struct agent_status status;
	struct config_error error;
	const struct group_status *group;
	_cleanup_free_ char *asked = NULL, *asked_later = NULL;
	char path[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/uswapd.conf", s.fx->path);
	fixture_write(s.fx, "uswapd.conf", "[agent]\nmode = observe\ntick_max = 100ms\n");
	s.options.config_file = path;
	assert_int_equal(config_load(path, NULL, 0, &s.config, &error), 0);
	fake_root_add_group(s.fx, "svc");
	assert_int_equal(start(&s), 0);
	assert_false(grow_rounds(&s, "svc", 3));
	status = status_of(&s);
	assert_true(status.observes);
	assert_false(status.dry_run);
	assert_string_equal(status.config_file, path);
	group = find_group(&status, "svc");
	assert_true(group->wish.times > 0);
	assert_in_range(group->wish.most_bytes, 4096, 128 * MIB);
	assert_in_range(group->wish.wanted_ns, 1, 60 * NSEC_PER_SEC);
	assert_int_equal(group->action.reason, VERDICT_NONE);
	assert_int_equal(group->ledger.asked_bytes, 0);
	asked = fixture_read(s.fx, FAKE_CGROUP "/svc/memory.reclaim");
	assert_string_equal(asked, "");

	fixture_write(s.fx, "uswapd.conf", "[agent]\nmode = act\ntick_max = 100ms\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_false(status_of(&s).observes);
	assert_true(grow(&s, "svc"));
	asked_later = fixture_read(s.fx, FAKE_CGROUP "/svc/memory.reclaim");
	assert_true(strlen(asked_later) > 0);

	fixture_write(s.fx, "uswapd.conf", "[agent]\nmode = observe\ntick_max = 100ms\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_true(status_of(&s).observes);
	(void)poll(NULL, 0, 100);
	fixture_write(s.fx, FAKE_CGROUP "/svc/memory.reclaim", "");
	(void)grow_rounds(&s, "svc", 1);
	free(asked);
	asked = fixture_read(s.fx, FAKE_CGROUP "/svc/memory.reclaim");
	assert_string_equal(asked, "");
	end_scene(&s);
}

/* A request that takes until a signal comes: its deadline sends one, and so does the end. */
static void test_a_request_past_its_deadline(void **state)
{
	struct scene s = new_scene();
	struct agent_status status;
	const struct group_status *group;
	int fd;

	(void)state;
	fake_root_add_group(s.fx, "svc");
	fd = fake_root_block_reclaim(s.fx, "svc");
	s.config.reclaim.deadline_ns = 50 * NSEC_PER_MSEC;
	s.config.reclaim.piece_ns = 30 * NSEC_PER_MSEC;
	assert_int_equal(start(&s), 0);
	assert_true(grow(&s, "svc"));
	status = status_of(&s);
	group = find_group(&status, "svc");
	assert_int_equal(group->ledger.short_actions, group->ledger.actions);
	assert_int_equal(group->ledger.failed_actions, 0);
	assert_true(group->ledger.wall_ns / group->ledger.actions >= 40 * NSEC_PER_MSEC);
	assert_true(group->ledger.wall_ns / group->ledger.actions < NSEC_PER_SEC);
	assert_int_equal(lines_logged(&s), 0);
	end_scene(&s);
	fd_close(fd);
}

static void test_stops_in_the_middle_of_a_request(void **state)
{
	struct scene s = new_scene();
	uint64_t begin_ns;
	int fd;

	(void)state;
	fake_root_add_group(s.fx, "svc");
	fd = fake_root_block_reclaim(s.fx, "svc");
	s.config.reclaim.deadline_ns = 60 * NSEC_PER_SEC;
	s.log.level = LOG_LEVEL_DEBUG;
	assert_int_equal(start(&s), 0);
	while (logged(&s, "svc: taking") == 0)
		(void)grow_rounds(&s, "svc", 1);
	(void)poll(NULL, 0, 50);
	begin_ns = clock_now_ns();
	assert_int_equal(agent_stop(s.agent), 0);
	s.agent = NULL;
	assert_true(clock_now_ns() - begin_ns < NSEC_PER_SEC);
	end_scene(&s);
	fd_close(fd);
}

/* Its limit goes while the request is under way: the hand's descriptor must outlast that. */
static void test_a_limit_lifted_under_a_request(void **state)
{
	struct scene s = new_scene();
	int fd;

	(void)state;
	fake_root_add_group(s.fx, "svc");
	fd = fake_root_block_reclaim(s.fx, "svc");
	s.config.reclaim.deadline_ns = 600 * NSEC_PER_MSEC;
	s.log.level = LOG_LEVEL_DEBUG;
	assert_int_equal(start(&s), 0);
	while (logged(&s, "svc: taking") == 0)
		(void)grow_rounds(&s, "svc", 1);
	for (int i = 0; i < 5; i++) {
		fixture_write(s.fx, FAKE_CGROUP "/svc/memory.max", "max\n");
		(void)poll(NULL, 0, 50);
		/* Were it closed, this one would have its number. */
		(void)status_of(&s);
	}
	fixture_remove(s.fx, FAKE_CGROUP "/svc");
	(void)poll(NULL, 0, 1000);
	assert_int_equal(status_of(&s).n_nodes, 2);
	assert_int_equal(logged(&s, "Bad file descriptor"), 0);
	end_scene(&s);
	fd_close(fd);
}

/* Started when the group stands at its limit already: it grows no more, but the kernel takes. */
static void test_a_group_that_stands_at_its_limit(void **state)
{
	struct scene s = new_scene();

	(void)state;
	fake_root_add_group(s.fx, "svc");
	fake_root_add_group(s.fx, "full");
	fake_root_set_pgsteal(s.fx, "svc", 0);
	fake_root_set_current(s.fx, "svc", 128 * MIB - 4096);
	fake_root_set_current(s.fx, "full", 128 * MIB - 4096);
	assert_int_equal(start(&s), 0);
	/* 64 MiB/s */
	for (uint64_t pages = 0; pages < 512 * 100 && actions_on(&s, "svc") == 0; pages += 512) {
		fake_root_set_pgsteal(s.fx, "svc", pages);
		(void)poll(NULL, 0, 31);
	}
	assert_true(actions_on(&s, "svc") > 0);
	/* One that is full of what it uses, and takes no more, is left alone. */
	assert_int_equal(actions_on(&s, "full"), 0);
	end_scene(&s);
}

/* The kernel takes nothing for less than a page, and says that it was all of it. */
static void test_less_than_a_page_is_not_asked_for(void **state)
{
	struct scene s = new_scene();
	char low[32];

	(void)state;
	fake_root_add_group(s.fx, "svc");
	(void)snprintf(low, sizeof(low), "%ju\n",
		       (uintmax_t)(126 * MIB - PROTECT_FOLIO_BYTES - 1000));
	fixture_write(s.fx, FAKE_CGROUP "/svc/memory.low", low);
	assert_int_equal(start(&s), 0);
	(void)grow_rounds(&s, "svc", 2);
	fake_root_set_current(s.fx, "svc", 126 * MIB);
	(void)poll(NULL, 0, 1000);
	assert_int_equal(actions_on(&s, "svc"), 0);
	end_scene(&s);
}

static void test_wake_knows_its_nodes(void **state)
{
	struct scene s = new_scene();

	(void)state;
	assert_int_equal(start(&s), 0);
	assert_int_equal(agent_wake(s.agent, 7, MIB), -ENODEV);
	assert_int_equal(agent_wake(s.agent, 1, 0), 0);
	assert_int_equal(agent_wake(s.agent, -1, 2 * MIB), 0);
	assert_true(agent_is_alive(s.agent));
	end_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_leaves_nothing_behind),
		cmocka_unit_test(test_what_is_missing_is_named),
		cmocka_unit_test(test_no_such_root),
		cmocka_unit_test(test_what_it_can_do_without_is_said),
		cmocka_unit_test(test_no_memory_reclaim_but_a_nodes),
		cmocka_unit_test(test_nothing_to_reclaim_through_but_dry_run),
		cmocka_unit_test(test_mapped_files_cannot_be_opened),
		cmocka_unit_test(test_missing_permission),
		cmocka_unit_test(test_malformed_text_at_the_start),
		cmocka_unit_test(test_text_that_turns_bad_and_good_again),
		cmocka_unit_test(test_a_node_that_vanishes),
		cmocka_unit_test(test_groups_that_vanish),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_an_excluded_pattern_is_no_name),
		cmocka_unit_test(test_io_uring_refused),
		cmocka_unit_test(test_a_wrong_file_keeps_the_old_configuration),
		cmocka_unit_test(test_observes_until_told),
		cmocka_unit_test(test_a_request_past_its_deadline),
		cmocka_unit_test(test_stops_in_the_middle_of_a_request),
		cmocka_unit_test(test_a_limit_lifted_under_a_request),
		cmocka_unit_test(test_a_group_that_stands_at_its_limit),
		cmocka_unit_test(test_less_than_a_page_is_not_asked_for),
		cmocka_unit_test(test_wake_knows_its_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
