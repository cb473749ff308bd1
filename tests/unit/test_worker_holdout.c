/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that a lot leaves alone: nothing is taken of them, until they hit their limit. */
#include "base/clock.h"
#include "base/kfile.h"
#include "cgroup/reclaim.h"
#include "tests/unit/agent_scene.h"

#include "agent/worker/holdout.h"
#include "agent/worker/internal.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define ROUNDS 100 /* of half a second and more; a lot holds for one second */

/* A group that grows by 26 MiB/s and is 2 MiB below its limit. */
struct grown {
	struct fixture *fx;
	struct config config;
	struct swap_sample swap;
	struct shared_group shared;
	struct cgroup cgroup;
	struct group *group;
};

static void look(struct grown *s, uint64_t seconds, uint64_t bytes, bool harmful)
{
	const struct group_context context = {
		.config = &s->config,
		.swap = &s->swap,
		.anon_can_be_spared = true,
		.harmful = harmful,
		.now_ns = seconds * NSEC_PER_SEC,
	};

	fake_root_set_current(s->fx, "svc", bytes);
	assert_int_equal(group_look(s->group, &context, NULL), 0);
}

static void grow(struct grown *s)
{
	*s = (struct grown){.fx = fake_root_new(), .shared = {.id = 5}, .cgroup = {.path = "svc"}};
	config_defaults(&s->config);
	fake_root_add_group(s->fx, "svc");
	s->cgroup.dir_fd = kfile_open_dir(s->fx->fd, FAKE_CGROUP "/svc");
	assert_true(s->cgroup.dir_fd >= 0);
	s->group = group_new(&s->cgroup, &s->shared, &s->config);
	assert_non_null(s->group);
	assert_int_equal(memory_limits_read(s->cgroup.dir_fd, &s->group->limits, NULL), 0);
	s->group->has_limits = true;
	assert_int_equal(group_set_watched(s->group, true), 0);
	look(s, 1, 100 * MIB, false);
}

static void end(struct grown *s)
{
	group_free(s->group);
	fd_close(s->cgroup.dir_fd);
	fixture_free(s->fx);
}

static void set_events(struct grown *s, uint64_t max)
{
	char text[128];

	(void)snprintf(text, sizeof(text),
		       "low 0\nhigh 0\nmax %ju\noom 0\noom_kill 0\noom_group_kill 0\n",
		       (uintmax_t)max);
	fixture_write(s->fx, FAKE_CGROUP "/svc/memory.events.local", text);
	/* It may have been replaced by another file. */
	assert_int_equal(group_set_watched(s->group, false), 0);
	assert_int_equal(group_set_watched(s->group, true), 0);
	look(s, 1, 100 * MIB, false);
}

static void test_left_alone_until_the_limit_is_hit(void **state)
{
	struct grown s;

	(void)state;
	grow(&s);
	set_events(&s, 7);
	s.group->held.lot = (struct holdout){.window = 1, .drawn = true, .events = 7};
	look(&s, 2, 126 * MIB, false);
	assert_int_equal(s.group->target.verdict.reason, VERDICT_HELD_OUT);
	assert_false(s.group->target.wants);
	assert_true(s.group->held.wished);
	set_events(&s, 8);
	look(&s, 2, 126 * MIB, false);
	assert_int_equal(s.group->target.verdict.reason, VERDICT_LIMIT_NEAR);
	assert_true(s.group->target.wants);
	/* Its window counts as one in which it was to be left alone. */
	assert_true(s.group->held.lot.drawn);
	end(&s);
}

static void test_not_drawn(void **state)
{
	struct grown s;

	(void)state;
	grow(&s);
	s.group->held.lot.window = 1;
	look(&s, 2, 126 * MIB, false);
	assert_int_equal(s.group->target.verdict.reason, VERDICT_LIMIT_NEAR);
	end(&s);
}

static void test_harm_stops_all(void **state)
{
	struct grown s;

	(void)state;
	grow(&s);
	look(&s, 2, 126 * MIB, true);
	assert_int_equal(s.group->target.verdict.reason, VERDICT_HARMFUL);
	assert_false(s.group->target.wants);
	end(&s);
}

/* In a whole agent: left alone in some windows, looked after in others. */
static void test_by_turns(void **state)
{
	struct scene s = scene_new();
	bool held = false, acted = false;

	(void)state;
	fake_root_add_group(s.fx, "svc");
	s.config.holdout.share_permyriad = 5000;
	s.config.holdout.window_ns = NSEC_PER_SEC;
	assert_int_equal(scene_start(&s), 0);
	for (int i = 0; i < ROUNDS && !(held && acted); i++) {
		struct agent_status status;
		const struct group_status *group;

		for (uint64_t bytes = 100 * MIB; bytes < 126 * MIB; bytes += MIB / 4) {
			fake_root_set_current(s.fx, "svc", bytes);
			(void)poll(NULL, 0, 5);
		}
		/* A worker that is too busy to answer is asked again. */
		assert_int_equal(agent_status(s.agent, &status), 0);
		group = scene_find_group(&status, "svc");
		held |= group && group->verdict.reason == VERDICT_HELD_OUT;
		acted |= group && group->ledger.actions > 0;
	}
	assert_true(held);
	assert_true(acted);
	scene_end(&s);
}

/* What would act on the node does not; what was not to act anyway stays as it is. */
static void test_the_node_itself(void **state)
{
	static const struct {
		enum verdict_reason reason;
		bool drawn, harmful;
		enum verdict_reason expected;
	} rows[] = {
		{VERDICT_NODE_LOW, false, false, VERDICT_NODE_LOW},
		{VERDICT_NODE_LOW, true, false, VERDICT_HELD_OUT},
		{VERDICT_NODE_LOW, false, true, VERDICT_HARMFUL},
		{VERDICT_NODE_LOW, true, true, VERDICT_HARMFUL},
		{VERDICT_ROOM_ENOUGH, true, true, VERDICT_ROOM_ENOUGH},
		{VERDICT_HOPELESS, true, true, VERDICT_HOPELESS},
	};
	struct config config;

	(void)state;
	config_defaults(&config);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct worker *w = calloc(1, sizeof(*w));
		struct verdict v = {.reason = rows[i].reason, .bytes = MIB};

		assert_non_null(w);
		w->config = &config;
		w->here.held.lot.drawn = rows[i].drawn;
		w->node_holdout.harmful = rows[i].harmful;
		worker_leave_node_alone(w, &v);
		assert_int_equal(v.reason, rows[i].expected);
		assert_int_equal(v.bytes, rows[i].expected == rows[i].reason ? MIB : 0);
		assert_int_equal(w->here.held.wished, rows[i].reason == VERDICT_NODE_LOW);
		/* Until tasks stall, or have to reclaim for themselves. */
		w->node_holdout.harmful = false;
		v.reason = VERDICT_NODE_LOW;
		if (i % 2)
			worker_node_stalled(w);
		else
			w->here.machine.allocstall = 1;
		worker_leave_node_alone(w, &v);
		assert_int_equal(v.reason, VERDICT_NODE_LOW);
		assert_int_equal(w->here.held.lot.drawn, rows[i].drawn);
		free(w);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_left_alone_until_the_limit_is_hit),
		cmocka_unit_test(test_not_drawn),
		cmocka_unit_test(test_harm_stops_all),
		cmocka_unit_test(test_the_node_itself),
		cmocka_unit_test(test_by_turns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
