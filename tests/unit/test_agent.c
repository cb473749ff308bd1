/* SPDX-License-Identifier: Apache-2.0 */
/* The whole agent at work on fake roots, while what it sees changes under it. */
#include "agent/policy/protect.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/agent_scene.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

#define ROUNDS 100 /* of half a second and more, until something must have happened */

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
		struct scene s = scene_new();
		_cleanup_free_ char *good = NULL;

		fake_root_add_group(s.fx, "svc");
		good = fixture_read(s.fx, rows[i].path);
		s.config.agent.log_level = LOG_LEVEL_DEBUG;
		assert_int_equal(scene_start(&s), 0);
		(void)scene_status(&s);
		fixture_write(s.fx, rows[i].path, rows[i].text);
		(void)scene_grow_rounds(&s, "svc", 2);
		assert_true(scene_wait_logged(&s, rows[i].named));
		assert_int_equal(scene_status(&s).n_nodes, 2);
		fixture_write(s.fx, rows[i].path, good);
		scene_end(&s);
	}
}

/* What a node's file gives when the node is taken away: nothing. */
static void test_a_node_that_vanishes(void **state)
{
	struct scene s = scene_new();

	(void)state;
	fake_root_add_group(s.fx, "svc");
	assert_int_equal(scene_start(&s), 0);
	(void)scene_status(&s);
	fixture_write(s.fx, "sys/devices/system/node/node1/vmstat", "");
	fixture_remove(s.fx, "sys/devices/system/node/node1");
	assert_int_equal(agent_wake(s.agent, 1, MIB, 0), 0);
	assert_true(scene_wait_logged(&s, "node 1: "));
	assert_true(scene_grow(&s, "svc"));
	assert_int_equal(scene_logged(&s, "node 0: "), 0);
	scene_end(&s);
}

static void test_groups_that_vanish(void **state)
{
	struct scene s = scene_new();
	struct agent_status status;

	(void)state;
	assert_int_equal(scene_start(&s), 0);
	for (int i = 0; i < 50; i++) {
		fake_root_add_group(s.fx, "gone");
		fake_root_set_current(s.fx, "gone", (100 + (uint64_t)i % 28) * MIB);
		(void)poll(NULL, 0, i % 7);
		fixture_remove(s.fx, FAKE_CGROUP "/gone");
	}
	for (int i = 0; i < 500; i++) {
		status = scene_status(&s);
		if (!scene_find_group(&status, "gone"))
			break;
		(void)poll(NULL, 0, 10);
	}
	assert_null(scene_find_group(&status, "gone"));
	assert_int_equal(scene_lines_logged(&s), 0);
	scene_end(&s);
}

/* A kernel lets no newline into a group's name; a copy of a system may have any. */
static void test_hostile_names(void **state)
{
	static const char *const names[] = {
		"new\nline", "\033[31mred\033[2J", "\xff\xfe", "%s%n", "*", "[a-z]?", " ", "-rf",
	};
	struct scene s = scene_new();
	char longest[256];
	static char text[65536];

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	s.log.level = LOG_LEVEL_DEBUG;
	assert_int_equal(scene_start(&s), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names) + 1; i++) {
		const char *name = i < ARRAY_SIZE(names) ? names[i] : longest;

		fake_root_add_group(s.fx, name);
		assert_true(scene_grow(&s, name));
	}
	assert_true(kfile_read(s.log.fd, text, sizeof(text)) > 0);
	/* Every line is one of ours, and none of its bytes means anything to a terminal. */
	for (const char *c = text; *c; c++) {
		assert_true(*c == '\n' || ((unsigned char)*c >= ' ' && *c != 0x7f));
		if (c == text || c[-1] == '\n')
			assert_int_equal(strncmp(c, "node ", 5), 0);
	}
	scene_end(&s);
}

static void test_an_excluded_pattern_is_no_name(void **state)
{
	struct scene s = scene_new();
	struct agent_status status;

	(void)state;
	fake_root_add_group(s.fx, "db-1");
	fake_root_add_group(s.fx, "*");
	(void)snprintf(s.config.protect.exclude.pattern[0], CONFIG_PATTERN_MAX, "\\*");
	s.config.protect.exclude.n = 1;
	assert_int_equal(scene_start(&s), 0);
	assert_true(scene_grow(&s, "db-1"));
	assert_false(scene_grow_rounds(&s, "*", 3));
	status = scene_status(&s);
	assert_int_equal(scene_find_group(&status, "*")->verdict.reason, VERDICT_EXCLUDED);
	scene_end(&s);
}

static void test_a_wrong_file_keeps_the_old_configuration(void **state)
{
	struct scene s = scene_new();
	struct config_error error;
	char path[128], expected[256];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/uswapd.conf", s.fx->path);
	fixture_write(s.fx, "uswapd.conf", "[headroom]\nmargin_min = 2M\n");
	s.options.config_file = path;
	assert_int_equal(config_load(path, NULL, 0, &s.config, &error), 0);
	assert_int_equal(scene_start(&s), 0);
	fixture_write(s.fx, "uswapd.conf", "[headroom]\n\nmargin_mim = 3M\n");
	assert_int_equal(agent_reload(s.agent, &error), -EINVAL);
	(void)snprintf(expected, sizeof(expected), "%s:3: headroom.margin_mim: ", path);
	assert_int_equal(strncmp(error.text, expected, strlen(expected)), 0);
	assert_int_equal(agent_config(s.agent)->headroom.margin.margin_min_bytes, 2 * MIB);
	fixture_write(s.fx, "uswapd.conf", "[headroom]\nmargin_min = 3M\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_int_equal(agent_config(s.agent)->headroom.margin.margin_min_bytes, 3 * MIB);
	scene_end(&s);
}

/* Workers are those of the nodes there were at the start: with others it is started anew. */
static void test_a_node_that_comes_later(void **state)
{
	static const char said[] = "nodes with memory: 0-2 now, 0-1 before: starting anew";
	static const char file[] = "sys/devices/system/node/has_memory";
	struct scene s = scene_new();
	uint64_t now_ns = clock_now_ns(), due_ns;

	(void)state;
	fixture_write(s.fx, file, "0-1\n");
	s.config.headroom.margin.margin_min_bytes = 3 * MIB;
	assert_int_equal(scene_start(&s), 0);
	due_ns = agent_watch_nodes(s.agent, now_ns);
	assert_in_range(due_ns, now_ns + 1, now_ns + 60 * NSEC_PER_SEC);
	/* They come one after the other: not before two looks have seen the same. */
	fixture_write(s.fx, file, "0-1,3\n");
	assert_int_equal(agent_watch_nodes(s.agent, due_ns - 1), due_ns);
	due_ns = agent_watch_nodes(s.agent, due_ns);
	fixture_write(s.fx, file, "0-2\n");
	due_ns = agent_watch_nodes(s.agent, due_ns);
	assert_false(agent_has_new_nodes(s.agent));
	due_ns = agent_watch_nodes(s.agent, due_ns);
	assert_true(agent_has_new_nodes(s.agent));
	/* A pause would be forgotten. */
	agent_pause(s.agent, UINT64_MAX);
	assert_false(agent_has_new_nodes(s.agent));
	agent_resume(s.agent);
	assert_true(agent_has_new_nodes(s.agent));
	assert_int_equal(scene_lines_logged(&s), 0);
	assert_int_equal(agent_start_anew(&s.agent), 0);
	assert_int_equal(scene_logged(&s, said), 1);
	assert_int_equal(agent_config(s.agent)->headroom.margin.margin_min_bytes, 3 * MIB);
	/* It looks after groups as before, and has nothing more to be started for. */
	fake_root_add_group(s.fx, "svc");
	assert_true(scene_grow(&s, "svc"));
	due_ns = agent_watch_nodes(s.agent, due_ns);
	(void)agent_watch_nodes(s.agent, due_ns);
	assert_false(agent_has_new_nodes(s.agent));
	scene_end(&s);
}

/* One that goes has a worker; it is asked until it comes back. */
static void test_a_node_that_goes_and_comes_back(void **state)
{
	static const char file[] = "sys/devices/system/node/has_memory";
	struct scene s = scene_new();
	uint64_t due_ns;

	(void)state;
	fixture_write(s.fx, file, "0-1\n");
	assert_int_equal(scene_start(&s), 0);
	due_ns = agent_watch_nodes(s.agent, clock_now_ns());
	for (int i = 0; i < 6; i++) {
		fixture_write(s.fx, file, i < 3 ? "0\n" : "0-1\n");
		due_ns = agent_watch_nodes(s.agent, due_ns);
		assert_false(agent_has_new_nodes(s.agent));
	}
	scene_end(&s);
}

/* It is switched while the agent runs: looked at now and then, and said when it changes. */
static void test_demotion_is_switched_on(void **state)
{
	static const char enabled[] = "sys/kernel/mm/numa/demotion_enabled";
	struct scene s = scene_new();
	uint64_t due_ns;

	(void)state;
	fixture_write(s.fx, "sys/devices/system/node/has_memory", "0-1\n");
	fixture_write(s.fx, "sys/devices/virtual/memory_tiering/memory_tier4/nodelist", "0\n");
	fixture_write(s.fx, "sys/devices/virtual/memory_tiering/memory_tier90/nodelist", "1\n");
	fixture_write(s.fx, enabled, "false\n");
	assert_int_equal(scene_start(&s), 0);
	due_ns = agent_watch_nodes(s.agent, clock_now_ns());
	assert_int_equal(scene_lines_logged(&s), 0);
	assert_false(scene_status(&s).demotes);
	assert_int_equal(scene_status(&s).memory_tiers, 2);
	fixture_write(s.fx, enabled, "true\n");
	due_ns = agent_watch_nodes(s.agent, due_ns);
	due_ns = agent_watch_nodes(s.agent, due_ns);
	assert_int_equal(scene_logged(&s, "demotion to slower nodes is on"), 1);
	assert_true(scene_status(&s).demotes);
	/* What can't be read is none. */
	fixture_write(s.fx, enabled, "");
	(void)agent_watch_nodes(s.agent, due_ns);
	assert_int_equal(scene_logged(&s, "demotion to slower nodes is off"), 1);
	assert_false(scene_status(&s).demotes);
	scene_end(&s);
}

static void test_nodes_that_are_not_listed(void **state)
{
	struct scene s = scene_new();

	(void)state;
	assert_int_equal(scene_start(&s), 0);
	assert_int_equal(agent_watch_nodes(s.agent, 1), UINT64_MAX);
	scene_end(&s);
}

static void assert_swappiness(const struct scene *s, const char *expected)
{
	_cleanup_free_ char *text = fixture_read(s->fx, "proc/sys/vm/swappiness");

	assert_string_equal(text, expected);
}

/* While it acts; and no longer, however that comes. */
static void test_tunes_while_it_acts(void **state)
{
	struct scene s = scene_new();
	struct config_error error;
	char path[128], tuning[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/uswapd.conf", s.fx->path);
	(void)snprintf(tuning, sizeof(tuning), "%s/tuning", s.fx->path);
	fixture_write(s.fx, "proc/sys/vm/swappiness", "60\n");
	fixture_write(s.fx, "tuning", "swappiness 60 100\n");
	fixture_write(s.fx, "uswapd.conf", "[tuning]\nswappiness = 80\npage_cluster = 0\n");
	s.options.config_file = path;
	s.options.tuning_file = tuning;
	assert_int_equal(config_load(path, NULL, 0, &s.config, &error), 0);
	assert_int_equal(scene_start(&s), 0);
	assert_swappiness(&s, "80\n");
	assert_true(scene_is_degraded(&s, "vm.page-cluster is left alone: No such file"));
	fixture_write(s.fx, "uswapd.conf", "[tuning]\nswappiness = 90\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_swappiness(&s, "90\n");
	fixture_write(s.fx, "uswapd.conf", "[agent]\nmode = observe\n[tuning]\nswappiness = 90\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_swappiness(&s, "60\n");
	fixture_write(s.fx, "uswapd.conf", "[tuning]\nswappiness = 70\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_swappiness(&s, "70\n");
	assert_int_equal(agent_stop(s.agent), 0);
	s.agent = NULL;
	assert_swappiness(&s, "60\n");
	assert_int_equal(access(tuning, F_OK), -1);
	scene_end(&s);
}

static void test_says_that_slab_cannot_be_dropped(void **state)
{
	static const char words[] = "slab is not dropped: vm.drop_caches can't be written: No such";
	struct scene s = scene_new();

	(void)state;
	s.config.balance.drop_slab = 1;
	assert_int_equal(scene_start(&s), 0);
	assert_true(scene_is_degraded(&s, words));
	scene_end(&s);
	s = scene_new();
	fixture_write(s.fx, "proc/sys/vm/drop_caches", "");
	s.config.balance.drop_slab = 1;
	assert_int_equal(scene_start(&s), 0);
	assert_false(scene_is_degraded(&s, "slab is not dropped"));
	scene_end(&s);
}

/* What stood there before is known to the file alone: it is not replaced by a guess. */
static void test_tunes_nothing_while_what_was_before_is_not_known(void **state)
{
	struct scene s = scene_new();
	_cleanup_free_ char *left = NULL;
	struct config_error error;
	char path[128], tuning[128];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/uswapd.conf", s.fx->path);
	(void)snprintf(tuning, sizeof(tuning), "%s/tuning", s.fx->path);
	fixture_write(s.fx, "proc/sys/vm/swappiness", "99\n");
	fixture_write(s.fx, "tuning", "swappiness 60 99\nvfs_cache");
	fixture_write(s.fx, "uswapd.conf", "[tuning]\nswappiness = 80\n");
	s.options.config_file = path;
	s.options.tuning_file = tuning;
	assert_int_equal(config_load(path, NULL, 0, &s.config, &error), 0);
	assert_int_equal(scene_start(&s), 0);
	assert_true(scene_is_degraded(&s, "/tuning: what they were can't be read"));
	assert_swappiness(&s, "99\n");
	left = fixture_read(s.fx, "tuning");
	assert_string_equal(left, "swappiness 60 99\nvfs_cache");
	fixture_write(s.fx, "tuning", "swappiness 60 99\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_swappiness(&s, "80\n");
	assert_int_equal(agent_stop(s.agent), 0);
	s.agent = NULL;
	assert_swappiness(&s, "60\n");
	scene_end(&s);
}

/* It wishes, and asks for nothing; then it may, and does; then it may no more. */
static void test_observes_until_told(void **state)
{
	struct scene s = scene_new();
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
	assert_int_equal(scene_start(&s), 0);
	assert_false(scene_grow_rounds(&s, "svc", 3));
	status = scene_status(&s);
	assert_true(status.observes);
	assert_false(status.dry_run);
	assert_string_equal(status.config_file, path);
	group = scene_find_group(&status, "svc");
	assert_true(group->wish.times > 0);
	assert_in_range(group->wish.most_bytes, 4096, 128 * MIB);
	assert_in_range(group->wish.wanted_ns, 1, 60 * NSEC_PER_SEC);
	assert_int_equal(group->action.reason, VERDICT_NONE);
	assert_int_equal(group->ledger.asked_bytes, 0);
	asked = fixture_read(s.fx, FAKE_CGROUP "/svc/memory.reclaim");
	assert_string_equal(asked, "");

	fixture_write(s.fx, "uswapd.conf", "[agent]\nmode = act\ntick_max = 100ms\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_false(scene_status(&s).observes);
	assert_true(scene_grow(&s, "svc"));
	asked_later = fixture_read(s.fx, FAKE_CGROUP "/svc/memory.reclaim");
	assert_true(strlen(asked_later) > 0);

	fixture_write(s.fx, "uswapd.conf", "[agent]\nmode = observe\ntick_max = 100ms\n");
	assert_int_equal(agent_reload(s.agent, &error), 0);
	assert_true(scene_status(&s).observes);
	(void)poll(NULL, 0, 100);
	fixture_write(s.fx, FAKE_CGROUP "/svc/memory.reclaim", "");
	(void)scene_grow_rounds(&s, "svc", 1);
	free(asked);
	asked = fixture_read(s.fx, FAKE_CGROUP "/svc/memory.reclaim");
	assert_string_equal(asked, "");
	scene_end(&s);
}

/* A request that takes until a signal comes: its deadline sends one, and so does the end. */
static void test_a_request_past_its_deadline(void **state)
{
	struct scene s = scene_new();
	struct agent_status status;
	const struct group_status *group;
	int fd;

	(void)state;
	fake_root_add_group(s.fx, "svc");
	fd = fake_root_block_reclaim(s.fx, "svc");
	s.config.reclaim.deadline_ns = 50 * NSEC_PER_MSEC;
	s.config.reclaim.piece_ns = 30 * NSEC_PER_MSEC;
	assert_int_equal(scene_start(&s), 0);
	assert_true(scene_grow(&s, "svc"));
	status = scene_status(&s);
	group = scene_find_group(&status, "svc");
	assert_int_equal(group->ledger.short_actions, group->ledger.actions);
	assert_int_equal(group->ledger.failed_actions, 0);
	assert_true(group->ledger.wall_ns / group->ledger.actions >= 40 * NSEC_PER_MSEC);
	assert_true(group->ledger.wall_ns / group->ledger.actions < 20 * NSEC_PER_SEC);
	assert_int_equal(scene_lines_logged(&s), 0);
	scene_end(&s);
	fd_close(fd);
}

/* Starts the agent and lets it ask for memory of svc: the request does not come back by itself. */
static int hold_a_request(struct scene *s, uint64_t deadline_ns)
{
	int fd;

	fake_root_add_group(s->fx, "svc");
	fd = fake_root_block_reclaim(s->fx, "svc");
	s->config.reclaim.deadline_ns = deadline_ns;
	s->log.level = LOG_LEVEL_DEBUG;
	assert_int_equal(scene_start(s), 0);
	while (scene_logged(s, "svc: taking") == 0)
		(void)scene_grow_rounds(s, "svc", 1);
	return fd;
}

static void test_stops_in_the_middle_of_a_request(void **state)
{
	struct scene s = scene_new();
	uint64_t begin_ns;
	int fd;

	(void)state;
	fd = hold_a_request(&s, 60 * NSEC_PER_SEC);
	(void)poll(NULL, 0, 50);
	begin_ns = clock_now_ns();
	assert_int_equal(agent_stop(s.agent), 0);
	s.agent = NULL;
	/* Not at its deadline. */
	assert_true(clock_now_ns() - begin_ns < 30 * NSEC_PER_SEC);
	scene_end(&s);
	fd_close(fd);
}

/* A pause cuts short what is under way, and nothing more is asked for until it ends. */
static void test_pauses_in_the_middle_of_a_request(void **state)
{
	struct scene s = scene_new();
	uint64_t actions;
	int fd;

	(void)state;
	fd = hold_a_request(&s, 60 * NSEC_PER_SEC);
	agent_pause(s.agent, UINT64_MAX);
	assert_true(agent_is_paused(s.agent));
	for (int i = 0; i < 2000 && scene_actions_on(&s, "svc") == 0; i++)
		(void)poll(NULL, 0, 10);
	actions = scene_actions_on(&s, "svc");
	assert_int_equal(actions, 1);
	for (int i = 0; i < 3; i++)
		(void)scene_grow_rounds(&s, "svc", 1);
	assert_int_equal(scene_actions_on(&s, "svc"), actions);
	assert_true(scene_status(&s).paused);
	assert_int_equal(scene_status(&s).pause_left_ns, UINT64_MAX);
	assert_false(scene_status(&s).observes);

	agent_resume(s.agent);
	assert_false(agent_is_paused(s.agent));
	assert_int_equal(scene_status(&s).pause_left_ns, 0);
	assert_int_equal(scene_logged(&s, "svc: taking"), 1);
	for (int i = 0; i < ROUNDS && scene_logged(&s, "svc: taking") == 1; i++)
		(void)scene_grow_rounds(&s, "svc", 1);
	assert_int_equal(scene_logged(&s, "svc: taking"), 2);
	scene_end(&s);
	fd_close(fd);
}

/* Who is to end it asks how long it lasts. */
static void test_a_pause_has_an_end(void **state)
{
	struct scene s = scene_new();

	(void)state;
	assert_int_equal(scene_start(&s), 0);
	assert_int_equal(agent_pause_left_ns(s.agent), 0);
	agent_pause(s.agent, 3600 * NSEC_PER_SEC);
	assert_in_range(agent_pause_left_ns(s.agent), 1, 3600 * NSEC_PER_SEC);
	agent_pause(s.agent, 1);
	(void)poll(NULL, 0, 1);
	assert_int_equal(agent_pause_left_ns(s.agent), 0);
	assert_true(agent_is_paused(s.agent));
	agent_resume(s.agent);
	assert_false(agent_is_paused(s.agent));
	scene_end(&s);
}

/* Requests that are over, to all groups that there are or were. */
static uint64_t actions_on_groups(struct scene *s)
{
	struct agent_status status = scene_status(s);
	uint64_t n = 0;

	for (size_t i = 0; i < status.n_nodes; i++)
		n += status.nodes[i].groups_ledger.actions;
	return n;
}

/* Its limit goes while the request is under way, then the group: it is let go with its request. */
static void test_a_limit_lifted_under_a_request(void **state)
{
	struct scene s = scene_new();
	int fd;

	(void)state;
	fd = hold_a_request(&s, 600 * NSEC_PER_MSEC);
	fixture_write(s.fx, FAKE_CGROUP "/svc/memory.max", "max\n");
	(void)scene_status(&s);
	fixture_remove(s.fx, FAKE_CGROUP "/svc");
	for (int i = 0; i < 3000 && actions_on_groups(&s) == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_true(actions_on_groups(&s) > 0);
	scene_end(&s);
	fd_close(fd);
}

/* Started when the group stands at its limit already: it grows no more, but the kernel takes. */
static void test_a_group_that_stands_at_its_limit(void **state)
{
	struct scene s = scene_new();

	(void)state;
	fake_root_add_group(s.fx, "svc");
	fake_root_add_group(s.fx, "full");
	fake_root_set_pgsteal(s.fx, "svc", 0);
	fake_root_set_current(s.fx, "svc", 128 * MIB - 4096);
	fake_root_set_current(s.fx, "full", 128 * MIB - 4096);
	assert_int_equal(scene_start(&s), 0);
	/* 64 MiB/s */
	for (uint64_t pages = 0; pages < 512 * 100 && scene_actions_on(&s, "svc") == 0;
	     pages += 512) {
		fake_root_set_pgsteal(s.fx, "svc", pages);
		(void)poll(NULL, 0, 31);
	}
	assert_true(scene_actions_on(&s, "svc") > 0);
	/* One that is full of what it uses, and takes no more, is left alone. */
	assert_int_equal(scene_actions_on(&s, "full"), 0);
	scene_end(&s);
}

/* The kernel takes nothing for less than a page, and says that it was all of it. */
static void test_less_than_a_page_is_not_asked_for(void **state)
{
	struct scene s = scene_new();
	char low[32];

	(void)state;
	fake_root_add_group(s.fx, "svc");
	(void)snprintf(low, sizeof(low), "%ju\n",
		       (uintmax_t)(126 * MIB - PROTECT_FOLIO_BYTES - 1000));
	fixture_write(s.fx, FAKE_CGROUP "/svc/memory.low", low);
	assert_int_equal(scene_start(&s), 0);
	(void)scene_grow_rounds(&s, "svc", 2);
	fake_root_set_current(s.fx, "svc", 126 * MIB);
	(void)poll(NULL, 0, 1000);
	assert_int_equal(scene_actions_on(&s, "svc"), 0);
	scene_end(&s);
}

static void test_wake_knows_its_nodes(void **state)
{
	struct scene s = scene_new();

	(void)state;
	assert_int_equal(scene_start(&s), 0);
	assert_int_equal(agent_wake(s.agent, 7, MIB, 0), -ENODEV);
	assert_int_equal(agent_wake(s.agent, 1, 0, 0), 0);
	assert_int_equal(agent_wake(s.agent, -1, 2 * MIB, 0), 0);
	assert_true(agent_is_alive(s.agent));
	scene_end(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_that_turns_bad_and_good_again),
		cmocka_unit_test(test_a_node_that_vanishes),
		cmocka_unit_test(test_groups_that_vanish),
		cmocka_unit_test(test_hostile_names),
		cmocka_unit_test(test_an_excluded_pattern_is_no_name),
		cmocka_unit_test(test_a_wrong_file_keeps_the_old_configuration),
		cmocka_unit_test(test_a_node_that_comes_later),
		cmocka_unit_test(test_a_node_that_goes_and_comes_back),
		cmocka_unit_test(test_demotion_is_switched_on),
		cmocka_unit_test(test_nodes_that_are_not_listed),
		cmocka_unit_test(test_tunes_while_it_acts),
		cmocka_unit_test(test_says_that_slab_cannot_be_dropped),
		cmocka_unit_test(test_tunes_nothing_while_what_was_before_is_not_known),
		cmocka_unit_test(test_observes_until_told),
		cmocka_unit_test(test_a_request_past_its_deadline),
		cmocka_unit_test(test_stops_in_the_middle_of_a_request),
		cmocka_unit_test(test_pauses_in_the_middle_of_a_request),
		cmocka_unit_test(test_a_pause_has_an_end),
		cmocka_unit_test(test_a_limit_lifted_under_a_request),
		cmocka_unit_test(test_a_group_that_stands_at_its_limit),
		cmocka_unit_test(test_less_than_a_page_is_not_asked_for),
		cmocka_unit_test(test_wake_knows_its_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
