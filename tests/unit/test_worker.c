/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker does for groups. */
#include "base/clock.h"
#include "tests/unit/worker_scene.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

static void keeps_room(bool uring)
{
	struct scene *s = new_scene(uring);
	struct node_status status;
	int tries = 500;

	add_group(s->fx, "svc");
	asked.current = "cg/svc/memory.current";
	start_scene(s);
	assert_true(grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, 20 * NSEC_PER_SEC));
	/* Before the limit, not at it. */
	assert_true(number_in(s->fx, "cg/svc/memory.current") < 128 * MIB);
	assert_int_equal(last_backend(), BACKEND_MEMORY_RECLAIM);
	/* It was asked; that it was is counted when it has answered. */
	do
		status = status_of(s);
	while (status.n_groups == 1 && status.groups[0].ledger.actions == 0 && tries-- > 0 &&
	       poll(NULL, 0, 10) == 0);
	assert_int_equal(status.io_uring, uring && status.io_uring);
	assert_int_equal(status.n_groups, 1);
	assert_string_equal(status.groups[0].path, "svc");
	assert_int_equal(status.groups[0].limit_bytes, 128 * MIB);
	assert_int_equal(status.groups[0].action.reason, VERDICT_LIMIT_NEAR);
	assert_true(status.groups[0].ledger.actions > 0);
	end_scene(s);
}

static void test_keeps_room_below_a_limit(void **state)
{
	(void)state;
	keeps_room(true);
	keeps_room(false);
}

/* What group svc got for asked memory that it did not lose, and whether it is then left alone. */
static struct ledger kept_memory(bool demotes, bool counted, bool ret_left_alone[static 1])
{
	struct scene *s = new_scene(true);
	struct node_status status = {0};
	struct ledger ledger;

	shared_set_demotes(s->world.shared, demotes);
	add_group(s->fx, "svc");
	if (counted)
		asked.demoted_stat = "cg/svc/memory.stat";
	start_scene(s);
	*ret_left_alone = false;
	for (int i = 0; i < 100 && !*ret_left_alone && requests_made() < 12; i++) {
		(void)grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, NSEC_PER_SEC / 10);
		status = status_of(s);
		*ret_left_alone = status.groups[0].rests.limit.left_ns > 0;
	}
	while (status.groups[0].ledger.actions < requests_made() && poll(NULL, 0, 10) == 0)
		status = status_of(s);
	ledger = status.groups[0].ledger;
	end_scene(s);
	return ledger;
}

/* The kernel says that it was all of it, and the group is as large as before. */
static void test_what_is_demoted_is_not_taken(void **state)
{
	struct ledger ledger;
	bool left_alone;

	(void)state;
	for (int known = 0; known < 2; known++) {
		ledger = kept_memory(known, true, &left_alone);
		assert_true(ledger.actions >= 3);
		/* It counts whole pages. */
		assert_in_range(ledger.applied_bytes, 0, ledger.actions * 4096);
		assert_int_equal(ledger.net_freed_bytes, 0);
		assert_in_range(ledger.demoted_bytes,
				ledger.tried_bytes - ledger.actions * MIB / 16, ledger.tried_bytes);
		assert_true(left_alone);
	}
	/* Before 6.12 nobody says how much it was. */
	ledger = kept_memory(true, false, &left_alone);
	assert_int_equal(ledger.applied_bytes, 0);
	assert_int_equal(ledger.demoted_bytes, 0);
	assert_true(left_alone);
	/* A group that grows meanwhile. */
	ledger = kept_memory(false, false, &left_alone);
	assert_int_equal(ledger.applied_bytes, ledger.tried_bytes);
	assert_false(left_alone);
}

static void test_a_group_at_rest_is_left_alone(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	set_number(s->fx, "cg/svc/memory.current", 128 * MIB);
	start_scene(s);
	(void)poll(NULL, 0, 1500);
	assert_int_equal(requests_made(), 0);
	assert_int_equal(status_of(s).groups[0].verdict.reason, VERDICT_NO_DEMAND);
	end_scene(s);
}

static void test_groups_come_and_go(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	start_scene(s);
	assert_int_equal(status_of(s).n_groups, 0);
	add_group(s->fx, "late");
	asked.current = "cg/late/memory.current";
	/* Its limit was written after the directory came: the worker hears of that too. */
	assert_true(grow_until_asked(s, "cg/late/memory.current", 16 * MIB, 20 * NSEC_PER_SEC));
	fixture_remove(s->fx, "cg/late");
	for (int i = 0; i < 500 && status_of(s).n_groups > 0; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(status_of(s).n_groups, 0);
	/* What was done to it is not forgotten, once the request it had is finished. */
	for (int i = 0; i < 500 && status_of(s).groups_ledger.actions == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_true(status_of(s).groups_ledger.actions > 0);
	end_scene(s);
}

static struct verdict verdict_on(struct scene *s, const char *group)
{
	struct node_status status = status_of(s);

	for (size_t i = 0; i < status.n_groups; i++)
		if (strcmp(status.groups[i].path, group) == 0)
			return status.groups[i].verdict;
	return (struct verdict){.room_bytes = UINT64_MAX};
}

/* Grows to its limit, and is not asked for memory: the worker has seen it there, and says why. */
static void grows_unasked(struct scene *s, const char *group, enum verdict_reason reason)
{
	struct verdict verdict;
	char current[64];

	(void)snprintf(current, sizeof(current), "cg/%s/memory.current", group);
	for (int i = 0; i < 300; i++) {
		assert_false(grow_until_asked(s, current, 16 * MIB, NSEC_PER_SEC / 10));
		verdict = verdict_on(s, group);
		if (verdict.room_bytes == 0 && verdict.reason == reason)
			return;
	}
	fail_msg("%s: %s", group, verdict_name(verdict.reason));
}

static void test_protected_memory_is_not_asked_for(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	fixture_write(s->fx, "cg/svc/memory.min", "max\n");
	start_scene(s);
	grows_unasked(s, "svc", VERDICT_NOTHING_SPARE);
	end_scene(s);
}

static void test_protection_set_a_moment_ago_holds(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	start_scene(s);
	(void)status_of(s);
	fixture_write(s->fx, "cg/svc/memory.low", "max\n");
	grows_unasked(s, "svc", VERDICT_NOTHING_SPARE);
	end_scene(s);
}

/*
 * What a group above protects is shared out by usage: a share computed while the group was empty is
 * nothing, and must not be what it has when it is full a moment later.
 */
static void test_a_share_of_protection_grows_with_the_group(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	s->world.recursive_protection = true;
	s->config.agent.tick_max_ns = 50 * NSEC_PER_MSEC;
	add_group(s->fx, "slice");
	fixture_write(s->fx, "cg/slice/memory.max", "max\n");
	fixture_write(s->fx, "cg/slice/memory.low", "209715200\n");
	add_group(s->fx, "slice/heir");
	set_number(s->fx, "cg/slice/memory.current", 0);
	set_number(s->fx, "cg/slice/heir/memory.current", 0);
	start_scene(s);
	(void)status_of(s);
	set_number(s->fx, "cg/slice/memory.current", 112 * MIB);
	set_number(s->fx, "cg/slice/heir/memory.current", 112 * MIB);
	grows_unasked(s, "slice/heir", VERDICT_NOTHING_SPARE);
	end_scene(s);
}

static void test_excluded_groups_are_not_asked(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "db");
	(void)snprintf(s->config.protect.exclude.pattern[0], CONFIG_PATTERN_MAX, "db");
	s->config.protect.exclude.n = 1;
	start_scene(s);
	grows_unasked(s, "db", VERDICT_EXCLUDED);
	end_scene(s);
}

/* The limit is the parent's; the child is not to be touched. */
static void test_what_is_below_a_limit_is_spared(void **state)
{
	static const struct {
		const char *file, *text;
		enum verdict_reason reason;
	} rows[] = {{"cg/top/child/memory.low", "max\n", VERDICT_NOTHING_SPARE},
		    {NULL, NULL, VERDICT_EXCLUDED}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene *s = new_scene(true);

		add_group(s->fx, "top");
		add_group(s->fx, "top/child");
		fixture_write(s->fx, "cg/top/child/memory.max", "max\n");
		if (rows[i].file) {
			fixture_write(s->fx, rows[i].file, rows[i].text);
			set_number(s->fx, "cg/top/child/memory.current", 1024 * MIB);
		} else {
			(void)snprintf(s->config.protect.exclude.pattern[0], CONFIG_PATTERN_MAX,
				       "*/child");
			s->config.protect.exclude.n = 1;
		}
		start_scene(s);
		grows_unasked(s, "top", rows[i].reason);
		end_scene(s);
	}
}

static void test_a_group_that_gives_nothing_is_left_for_a_while(void **state)
{
	struct scene *s = new_scene(true);
	uint64_t before;

	(void)state;
	add_group(s->fx, "svc");
	asked.answer = -EAGAIN;
	start_scene(s);
	assert_true(grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, 20 * NSEC_PER_SEC));
	(void)grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, NSEC_PER_SEC);
	before = requests_made();
	(void)poll(NULL, 0, 1000);
	assert_true(requests_made() - before <= 8);
	assert_int_equal(status_of(s).groups[0].ledger.applied_bytes, 0);
	end_scene(s);
}

/* Whoever may write a limit of his own can make events without end. */
static void test_events_make_no_more_turns_than_configured(void **state)
{
	struct scene *s = new_scene(true);
	uint64_t begin_ns, turns;

	(void)state;
	s->config.agent.tick_min_ns = 100 * NSEC_PER_MSEC;
	add_group(s->fx, "own");
	start_scene(s);
	begin_ns = clock_now_ns();
	turns = status_of(s).wakeups;
	for (int i = 0; i < 1000; i++) {
		fixture_write(s->fx, "cg/own/memory.high", "max\n");
		(void)poll(NULL, 0, 1);
	}
	/* Two for the questions. */
	turns = status_of(s).wakeups - turns;
	assert_true(turns <= (clock_now_ns() - begin_ns) / s->config.agent.tick_min_ns + 3);
	assert_true(turns > 5);
	end_scene(s);
}

static void test_malformed_text_is_survived(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "bad");
	add_group(s->fx, "good");
	fixture_write(s->fx, "cg/bad/memory.stat", "anon -1\nfile 1 2 3\n");
	fixture_write(s->fx, "cg/bad/memory.max", "128M\n");
	asked.current = "cg/good/memory.current";
	start_scene(s);
	assert_true(grow_until_asked(s, "cg/good/memory.current", 16 * MIB, 20 * NSEC_PER_SEC));
	end_scene(s);
}

static void test_limits_that_cannot_be_read_forbid(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	start_scene(s);
	assert_int_equal(status_of(s).n_groups, 1);
	fixture_write(s->fx, "cg/svc/memory.low", "12 apples\n");
	for (int i = 0; i < 3000 && status_of(s).n_groups > 0; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(status_of(s).n_groups, 0);
	assert_false(grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, 2 * NSEC_PER_SEC));
	end_scene(s);
}

static void test_a_controller_enabled_later_is_seen(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	fixture_write(s->fx, "cg/late/", NULL);
	start_scene(s);
	(void)status_of(s);
	add_group(s->fx, "late");
	asked.current = "cg/late/memory.current";
	assert_true(grow_until_asked(s, "cg/late/memory.current", 2 * MIB, 30 * NSEC_PER_SEC));
	end_scene(s);
}

/* uswapd --cgroup DIR: what DIR itself is owed counts. */
static void test_the_root_of_a_subtree_is_protected_too(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, ".");
	fixture_write(s->fx, "cg/memory.min", "max\n");
	start_scene(s);
	grows_unasked(s, "", VERDICT_NOTHING_SPARE);
	fixture_write(s->fx, "cg/memory.min", "0\n");
	set_number(s->fx, "cg/memory.current", 100 * MIB);
	assert_true(grow_until_asked(s, "cg/memory.current", 16 * MIB, 20 * NSEC_PER_SEC));
	end_scene(s);
}

static void test_new_configuration_is_taken_over(void **state)
{
	struct scene *s = new_scene(true);
	struct config off = s->config;

	(void)state;
	add_group(s->fx, "svc");
	start_scene(s);
	off.headroom.margin.enabled = false;
	worker_set_config(s->worker, &off);
	for (int i = 0; i < 500 && worker_config_in_use(s->worker) != &off; i++)
		(void)poll(NULL, 0, 10);
	assert_ptr_equal(worker_config_in_use(s->worker), &off);
	grows_unasked(s, "svc", VERDICT_EXCLUDED);
	end_scene(s);
}

static uint64_t stalled_us(struct scene *s)
{
	struct node_status status = status_of(s);

	assert_int_equal(status.n_groups, 1);
	return status.groups[0].stalled_us;
}

static void set_stalled(const struct scene *s, const char *path, uint64_t some_us)
{
	char text[128];

	(void)snprintf(text, sizeof(text), "some avg10=0.00 avg60=0.00 avg300=0.00 total=%ju\n",
		       (uintmax_t)some_us);
	fixture_write(s->fx, path, text);
}

static void test_stalls_are_read_again_once_anybody_stalled(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	set_stalled(s, "cg/memory.pressure", 1000);
	set_stalled(s, "cg/svc/memory.pressure", 1000);
	start_scene(s);
	assert_int_equal(stalled_us(s), 1000);
	/* Which no kernel does: only to see that it is not read. */
	set_stalled(s, "cg/svc/memory.pressure", 1500);
	assert_int_equal(stalled_us(s), 1000);
	set_stalled(s, "cg/memory.pressure", 1500);
	assert_int_equal(stalled_us(s), 1500);
	end_scene(s);
}

static void test_stalls_are_told_without_those_of_the_whole_tree(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	set_stalled(s, "cg/svc/memory.pressure", 1000);
	start_scene(s);
	assert_int_equal(stalled_us(s), 1000);
	set_stalled(s, "cg/svc/memory.pressure", 1500);
	assert_int_equal(stalled_us(s), 1500);
	end_scene(s);
}

static void test_a_node_without_files_is_refused(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	fixture_remove(s->fx, "sys/devices/system/node/node0");
	assert_int_equal(worker_start(&s->world, 0, &s->config, &s->worker), -ENOENT);
	s->worker = NULL;
	end_scene(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_room_below_a_limit),
		cmocka_unit_test(test_what_is_demoted_is_not_taken),
		cmocka_unit_test(test_a_group_at_rest_is_left_alone),
		cmocka_unit_test(test_groups_come_and_go),
		cmocka_unit_test(test_protected_memory_is_not_asked_for),
		cmocka_unit_test(test_protection_set_a_moment_ago_holds),
		cmocka_unit_test(test_a_share_of_protection_grows_with_the_group),
		cmocka_unit_test(test_excluded_groups_are_not_asked),
		cmocka_unit_test(test_what_is_below_a_limit_is_spared),
		cmocka_unit_test(test_a_group_that_gives_nothing_is_left_for_a_while),
		cmocka_unit_test(test_events_make_no_more_turns_than_configured),
		cmocka_unit_test(test_malformed_text_is_survived),
		cmocka_unit_test(test_limits_that_cannot_be_read_forbid),
		cmocka_unit_test(test_a_controller_enabled_later_is_seen),
		cmocka_unit_test(test_the_root_of_a_subtree_is_protected_too),
		cmocka_unit_test(test_new_configuration_is_taken_over),
		cmocka_unit_test(test_stalls_are_read_again_once_anybody_stalled),
		cmocka_unit_test(test_stalls_are_told_without_those_of_the_whole_tree),
		cmocka_unit_test(test_a_node_without_files_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
