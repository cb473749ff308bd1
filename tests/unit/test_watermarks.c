/* SPDX-License-Identifier: Apache-2.0 */
/* vm.watermark_scale_factor, steered: the law, and the agent's hand on the knob of a fake tree. */
#include "agent/policy/watermarks.h"

#include "agent/agent_internal.h"
#include "base/clock.h"
#include "tests/unit/fixture.h"

#define MIB (UINT64_C(1) << 20)

static void test_factor(void **state)
{
	static const struct {
		uint64_t burst, managed, factor;
	} rows[] = {
		{0, 1024 * MIB, 0},	     {1024 * MIB / 100, 1024 * MIB, 100},
		{1, 1024 * MIB, 1}, /* rounded up */
		{51 * MIB, 1024 * MIB, 499}, {UINT64_MAX, UINT64_MAX, 10000},
		{UINT64_MAX, 1, UINT64_MAX}, {MIB, 0, 0}, /* a node whose memory went */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(watermarks_factor(rows[i].burst, rows[i].managed), rows[i].factor);
}

/* At once, but not for little, and not beyond what is allowed. */
static void test_rises(void **state)
{
	static const struct {
		uint64_t factor, wanted, next;
	} rows[] = {
		{10, 100, 100},
		{10, 0, 10},
		{10, 10, 10},
		{10, 11, 10},
		{10, 12, 12},
		{100, 112, 100},
		{100, 113, 113},
		{10, 201, 200},
		{10, UINT64_MAX, 200},
		{200, UINT64_MAX, 200},
		/* Somebody lowered what is allowed. */
		{300, 300, 200},
	};
	const struct watermarks_bounds bounds = {.base = 10, .most = 200};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct watermarks_history h = {.wanted_ns = NSEC_PER_SEC};

		assert_int_equal(
			watermarks_next(&h, &bounds, rows[i].factor, rows[i].wanted, NSEC_PER_SEC),
			rows[i].next);
	}
}

/* When no burst has wanted about as much for a while. */
static void test_falls(void **state)
{
	const struct watermarks_bounds bounds = {.base = 10, .most = 200};
	struct watermarks_history h = {0};
	uint64_t now_ns = 1000 * NSEC_PER_SEC;

	(void)state;
	assert_int_equal(watermarks_next(&h, &bounds, 100, 100, now_ns), 100);
	assert_int_equal(watermarks_next(&h, &bounds, 100, 76, now_ns + NSEC_PER_SEC), 100);
	now_ns += NSEC_PER_SEC;
	assert_int_equal(watermarks_next(&h, &bounds, 100, 40, now_ns + WATERMARKS_FALL_NS - 1),
			 100);
	assert_int_equal(watermarks_next(&h, &bounds, 100, 75, now_ns + WATERMARKS_FALL_NS), 75);
	/* Not below what stood there, nor where that is more than is allowed. */
	assert_int_equal(watermarks_next(&h, &bounds, 75, 0, now_ns + WATERMARKS_FALL_NS), 10);
	assert_int_equal(watermarks_next(&h, &bounds, 10, 0, now_ns + 2 * WATERMARKS_FALL_NS), 10);
	assert_int_equal(watermarks_next(&h, &(struct watermarks_bounds){.base = 300, .most = 200},
					 300, 250, now_ns + 9 * WATERMARKS_FALL_NS),
			 300);
	/* A clock that goes back begins the wait anew. */
	assert_int_equal(watermarks_next(&h, &bounds, 100, 40, NSEC_PER_SEC), 100);
	assert_int_equal(watermarks_next(&h, &bounds, 100, 40, NSEC_PER_SEC + WATERMARKS_FALL_NS),
			 40);
}

#define KNOB "sys/vm/watermark_scale_factor"

struct scene {
	struct fixture *fx;
	char path[128];
	struct config config;
	struct agent agent;
};

static struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	fixture_write(s->fx, KNOB, "10\n");
	(void)snprintf(s->path, sizeof(s->path), "%s/state", s->fx->path);
	config_defaults(&s->config);
	s->config.tuning.watermark_most = 200;
	s->agent = (struct agent){
		.options.tuning_file = s->path,
		.world = {.log = {.fd = -1}, .proc_fd = s->fx->fd, .whole_machine = true},
		.config = &s->config,
	};
	assert_int_equal(shared_new(2, &s->agent.world.shared), 0);
	agent_tune(&s->agent);
	return s;
}

static void scene_free(struct scene *s)
{
	shared_free(s->agent.world.shared);
	fixture_free(s->fx);
	free(s);
}

/* A write does not cut the file, as one of the kernel's would. */
static void assert_knob(const struct scene *s, uint64_t expected)
{
	_cleanup_free_ char *text = fixture_read(s->fx, KNOB);

	assert_int_equal(strtoull(text, NULL, 10), expected);
}

static void test_steered(void **state)
{
	struct scene *s = scene_new();
	uint64_t now_ns = 1000 * NSEC_PER_SEC, due_ns;

	(void)state;
	due_ns = agent_steer_watermarks(&s->agent, now_ns);
	assert_in_range(due_ns, now_ns + 1, now_ns + 10 * NSEC_PER_SEC);
	assert_knob(s, 10);
	assert_int_equal(access(s->path, F_OK), -1);
	/* The node that wants most; and no sooner than it said. */
	shared_set_watermark_factor(s->agent.world.shared, 0, 50);
	shared_set_watermark_factor(s->agent.world.shared, 1, 120);
	assert_int_equal(agent_steer_watermarks(&s->agent, due_ns - 1), due_ns);
	assert_knob(s, 10);
	(void)agent_steer_watermarks(&s->agent, due_ns);
	assert_knob(s, 120);
	assert_int_equal(access(s->path, F_OK), 0);
	shared_set_watermark_factor(s->agent.world.shared, 1, 0);
	now_ns = due_ns + NSEC_PER_SEC + WATERMARKS_FALL_NS;
	(void)agent_steer_watermarks(&s->agent, now_ns);
	assert_knob(s, 50);
	/* Nothing is left where it began. */
	shared_set_watermark_factor(s->agent.world.shared, 0, 0);
	(void)agent_steer_watermarks(&s->agent, now_ns + 2 * WATERMARKS_FALL_NS);
	assert_knob(s, 10);
	assert_int_equal(access(s->path, F_OK), -1);
	/* And at the end it is given back, whatever is wanted. */
	shared_set_watermark_factor(s->agent.world.shared, 0, 90);
	(void)agent_steer_watermarks(&s->agent, now_ns + 3 * WATERMARKS_FALL_NS);
	assert_knob(s, 90);
	agent_restore_tuning(&s->agent);
	assert_knob(s, 10);
	scene_free(s);
}

static void test_not_steered(void **state)
{
	struct scene *s = scene_new();
	uint64_t now_ns = 1000 * NSEC_PER_SEC;

	(void)state;
	shared_set_watermark_factor(s->agent.world.shared, 0, 120);
	for (int i = 0; i < 5; i++) {
		s->config.tuning.watermark_most = i == 0 ? 0 : 200;
		s->config.agent.mode = i == 1 ? MODE_OBSERVE : MODE_ACT;
		s->agent.options.dry_run = i == 2;
		s->agent.world.whole_machine = i != 3;
		s->agent.paused_until_ns = i == 4 ? UINT64_MAX : 0;
		assert_int_equal(agent_steer_watermarks(&s->agent, now_ns), UINT64_MAX);
		assert_knob(s, 10);
	}
	scene_free(s);
}

/* What the configuration sets is where it begins; what somebody else sets stays. */
static void test_with_others(void **state)
{
	struct scene *s = scene_new();
	uint64_t now_ns = 1000 * NSEC_PER_SEC;

	(void)state;
	s->config.tuning.watermark_scale_factor = 30;
	agent_tune(&s->agent);
	assert_knob(s, 30);
	(void)agent_steer_watermarks(&s->agent, now_ns);
	assert_knob(s, 30);
	shared_set_watermark_factor(s->agent.world.shared, 0, 60);
	(void)agent_steer_watermarks(&s->agent, now_ns + 2 * NSEC_PER_SEC);
	assert_knob(s, 60);
	fixture_write(s->fx, KNOB, "44\n");
	shared_set_watermark_factor(s->agent.world.shared, 0, 150);
	assert_int_equal(agent_steer_watermarks(&s->agent, now_ns + 4 * NSEC_PER_SEC), UINT64_MAX);
	assert_int_equal(agent_steer_watermarks(&s->agent, now_ns + 9 * NSEC_PER_SEC), UINT64_MAX);
	assert_knob(s, 44);
	agent_restore_tuning(&s->agent);
	assert_knob(s, 44);
	/* Without the file there is nothing to steer. */
	fixture_remove(s->fx, KNOB);
	assert_int_equal(agent_steer_watermarks(&s->agent, now_ns + 99 * NSEC_PER_SEC), UINT64_MAX);
	assert_true(*s->agent.degraded[0]);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_factor),	    cmocka_unit_test(test_rises),
		cmocka_unit_test(test_falls),	    cmocka_unit_test(test_steered),
		cmocka_unit_test(test_not_steered), cmocka_unit_test(test_with_others),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
