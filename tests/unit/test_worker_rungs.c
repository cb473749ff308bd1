/* SPDX-License-Identifier: Apache-2.0 */
/* How a worker gets what its node's plan wants, and what it makes of rungs that bring nothing. */
#include "agent/worker/internal.h"
#include "agent/worker/rungs.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <sys/eventfd.h>

#define MIB (UINT64_C(1) << 20)
#define NOW (1000 * NSEC_PER_SEC)
#define N   3

/* A node that wants 10 MiB, with nodeN/reclaim and groups of 100, 60 and 40 MiB on it. */
struct scene {
	struct config config;
	struct worker_world world;
	struct worker worker;
	struct group groups[N], *all[N];
};

static struct scene *scene_new(void)
{
	static const uint64_t bytes[N] = {100 * MIB, 60 * MIB, 40 * MIB};
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	config_defaults(&s->config);
	s->world.has_memory_reclaim = true;
	s->worker = (struct worker){
		.world = &s->world,
		.config = &s->config,
		.groups = s->all,
		.n_groups = N,
		.here = {.reclaim_fd = 0,
			 .plan.verdict = {.reason = VERDICT_NODE_LOW, .bytes = 10 * MIB}},
	};
	for (size_t i = 0; i < N; i++) {
		s->groups[i].node_bytes = bytes[i];
		s->groups[i].weight = GROUP_WEIGHT_DEFAULT;
		s->groups[i].clean.slot = -1;
		s->all[i] = &s->groups[i];
	}
	return s;
}

static bool node_answers(struct scene *s, int error, uint64_t applied, uint64_t now_ns)
{
	const struct flight f = {.request = {.backend = BACKEND_NODE_RECLAIM, .bytes = 10 * MIB}};

	return worker_rung_learn(&s->worker, &f, error, applied, now_ns);
}

static void group_answers(struct scene *s, struct group *victim, uint64_t applied, uint64_t now_ns)
{
	const struct flight f = {
		.request = {.backend = BACKEND_MEMORY_RECLAIM,
			    .bytes = 10 * MIB,
			    .swappiness = GROUP_RECLAIM_DEFAULT},
		.victim = victim,
	};

	assert_false(worker_rung_learn(&s->worker, &f, applied ? 0 : -EAGAIN, applied, now_ns));
}

static enum backend chosen(struct scene *s, uint64_t now_ns)
{
	s->worker.here.plan.verdict =
		(struct verdict){.reason = VERDICT_NODE_LOW, .bytes = 10 * MIB};
	worker_choose_rung(&s->worker, now_ns);
	return s->worker.here.backend;
}

static void test_the_node_while_nobody_is_spared(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	assert_int_equal(chosen(s, NOW), BACKEND_NODE_RECLAIM);
	assert_null(s->worker.here.victim);
	s->worker.here.protected_here = true;
	assert_int_equal(chosen(s, NOW), BACKEND_MEMORY_RECLAIM);
	assert_ptr_equal(s->worker.here.victim, &s->groups[0]);
	free(s);
}

/* 10 s, then 20 ...: until it brings something. */
static void test_a_node_that_brings_little_is_left_alone(void **state)
{
	struct scene *s = scene_new();
	uint64_t now_ns = NOW, wait_ns = 10 * NSEC_PER_SEC;

	(void)state;
	for (int i = 0; i < 8; i++) {
		assert_int_equal(chosen(s, now_ns), BACKEND_NODE_RECLAIM);
		assert_true(node_answers(s, -EAGAIN, 4 * MIB, now_ns));
		assert_int_equal(chosen(s, now_ns), BACKEND_MEMORY_RECLAIM);
		assert_int_equal(chosen(s, now_ns + wait_ns - 1), BACKEND_MEMORY_RECLAIM);
		now_ns += wait_ns;
		wait_ns = MIN(2 * wait_ns, 160 * NSEC_PER_SEC);
	}
	assert_false(node_answers(s, 0, 10 * MIB, now_ns));
	assert_int_equal(chosen(s, now_ns), BACKEND_NODE_RECLAIM);
	free(s);
}

/* A request that was cut short tells nothing; where groups can't be asked there is no other way. */
static void test_answers_that_tell_nothing(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	assert_false(node_answers(s, -EINTR, 0, NOW));
	assert_int_equal(chosen(s, NOW), BACKEND_NODE_RECLAIM);
	s->world.has_memory_reclaim = false;
	assert_false(node_answers(s, -EAGAIN, 0, NOW));
	assert_int_equal(chosen(s, NOW), BACKEND_NODE_RECLAIM);
	free(s);
}

/* And where no group has any, it is asked all the same. */
static void test_without_groups_the_node_is_asked(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->worker.n_groups = 0;
	assert_true(node_answers(s, -EAGAIN, 0, NOW));
	assert_int_equal(chosen(s, NOW), BACKEND_NODE_RECLAIM);
	/* It rests already: there is no other way that was not tried. */
	assert_false(node_answers(s, -EAGAIN, 0, NOW));
	free(s);
}

/* But not while what is dirty is being written back: it brought nothing, and that will. */
static void test_a_node_that_rests_waits_for_write_back(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	for (size_t i = 0; i < N; i++)
		s->groups[i] = (struct group){.clean = {.slot = 3, .for_node_bytes = 10 * MIB}};
	assert_int_equal(chosen(s, NOW), BACKEND_NODE_RECLAIM);
	assert_true(node_answers(s, -EAGAIN, 0, NOW));
	assert_int_equal(chosen(s, NOW), BACKEND_NONE);
	assert_int_equal(s->worker.here.plan.verdict.reason, VERDICT_NOTHING_SPARE);
	for (size_t i = 0; i < N; i++)
		s->groups[i].clean.slot = -1;
	assert_int_equal(chosen(s, NOW), BACKEND_NODE_RECLAIM);
	free(s);
}

/* A price is waited for, whatever the node brings; and where all are too dear, nobody is asked. */
static void test_what_is_too_dear_is_left_alone(void **state)
{
	struct scene *s = scene_new();
	struct price *node = &s->worker.here.backoff.price;

	(void)state;
	price_learn(node, 1, 2, 0, NOW);
	assert_int_equal(chosen(s, NOW), BACKEND_MEMORY_RECLAIM);
	s->world.has_memory_reclaim = false;
	assert_int_equal(chosen(s, NOW), BACKEND_NONE);
	assert_int_equal(s->worker.here.plan.verdict.reason, VERDICT_BACK_OFF);
	assert_int_equal(s->worker.here.plan.verdict.look_again_ns, PRICE_FIRST_NS);
	s->world.has_memory_reclaim = true;
	for (size_t i = 0; i < N; i++)
		price_learn(&s->groups[i].node_backoff.price, 1, 2, 0, NOW - NSEC_PER_SEC);
	assert_int_equal(chosen(s, NOW), BACKEND_NONE);
	assert_int_equal(s->worker.here.plan.verdict.look_again_ns, PRICE_FIRST_NS - NSEC_PER_SEC);
	assert_int_equal(chosen(s, NOW + PRICE_FIRST_NS - 1), BACKEND_MEMORY_RECLAIM);
	assert_int_equal(chosen(s, NOW + PRICE_FIRST_NS), BACKEND_NODE_RECLAIM);
	free(s);
}

static void test_groups_take_turns(void **state)
{
	struct scene *s = scene_new();
	unsigned int asked[N] = {0};

	(void)state;
	s->worker.here.reclaim_fd = -1;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(chosen(s, NOW), BACKEND_MEMORY_RECLAIM);
		asked[s->worker.here.victim - s->groups]++;
		group_answers(s, s->worker.here.victim, 10 * MIB, NOW);
		s->worker.here.victim->node_bytes += 10 * MIB;
	}
	assert_int_equal(asked[0], 10);
	assert_int_equal(asked[1], 6);
	assert_int_equal(asked[2], 4);
	free(s);
}

/* Half the weight, half as often as others of its size. */
static void test_weights(void **state)
{
	struct scene *s = scene_new();
	unsigned int asked[N] = {0};

	(void)state;
	s->worker.here.reclaim_fd = -1;
	s->groups[1].node_bytes = s->groups[2].node_bytes = 100 * MIB;
	s->groups[2].weight = 50;
	for (int i = 0; i < 20; i++) {
		assert_int_equal(chosen(s, NOW), BACKEND_MEMORY_RECLAIM);
		asked[s->worker.here.victim - s->groups]++;
		group_answers(s, s->worker.here.victim, 10 * MIB, NOW);
		s->worker.here.victim->node_bytes += 10 * MIB;
	}
	assert_int_equal(asked[0], 8);
	assert_int_equal(asked[1], 8);
	assert_int_equal(asked[2], 4);
	free(s);
}

/* What is wanted is more than a piece: who is asked follows from what was taken, not from that. */
static void test_turns_while_much_is_wanted(void **state)
{
	struct scene *s = scene_new();
	struct worker *w = &s->worker;
	unsigned int asked[N] = {0};

	(void)state;
	w->here.reclaim_fd = -1;
	w->here.plan.verdict = (struct verdict){.reason = VERDICT_NODE_LOW, .bytes = 1000 * MIB};
	for (int i = 0; i < 200; i++) {
		worker_choose_rung(w, NOW);
		asked[w->here.victim - s->groups]++;
		group_answers(s, w->here.victim, 10 * MIB, NOW);
		w->here.victim->node_bytes += 10 * MIB;
	}
	assert_int_equal(asked[0], 100);
	assert_int_equal(asked[1], 60);
	assert_int_equal(asked[2], 40);
	free(s);
}

/* One that brings nothing does not keep the turn from the others. */
static void test_a_group_that_brings_nothing_is_left_alone(void **state)
{
	struct scene *s = scene_new();
	struct worker *w = &s->worker;

	(void)state;
	w->here.reclaim_fd = -1;
	for (int i = 0; i < 3; i++)
		group_answers(s, &s->groups[0], 0, NOW);
	assert_int_equal(chosen(s, NOW), BACKEND_MEMORY_RECLAIM);
	assert_ptr_equal(w->here.victim, &s->groups[1]);
	for (int i = 0; i < 4; i++)
		group_answers(s, &s->groups[1], 0, NOW);
	for (int i = 0; i < 5; i++)
		group_answers(s, &s->groups[2], 0, NOW);
	/* All: until the first of them may be tried again. */
	assert_int_equal(chosen(s, NOW), BACKEND_NONE);
	assert_int_equal(w->here.plan.verdict.reason, VERDICT_BACK_OFF);
	assert_int_equal(w->here.plan.verdict.look_again_ns, backoff_of_groups.first_ns);
	assert_int_equal(chosen(s, NOW + backoff_of_groups.first_ns), BACKEND_MEMORY_RECLAIM);
	assert_ptr_equal(w->here.victim, &s->groups[0]);
	group_answers(s, &s->groups[0], MIB, NOW);
	assert_int_equal(chosen(s, NOW), BACKEND_MEMORY_RECLAIM);
	free(s);
}

/* Who is asked when nobody has earned anything yet. */
static const struct group *asked_first(struct scene *s, uint64_t now_ns)
{
	for (size_t i = 0; i < N; i++)
		s->groups[i].deficit_bytes = 0;
	assert_int_equal(chosen(s, now_ns), BACKEND_MEMORY_RECLAIM);
	return s->worker.here.victim;
}

/* As on 6.1: it is not asked for its files alone, and does not keep the turn from the others. */
static void test_a_group_that_would_swap_in_vain(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->worker.here.reclaim_fd = -1;
	s->worker.swap = (struct swap_sample){.total_bytes = 100 * MIB, .free_bytes = 100 * MIB};
	s->groups[0].yield = (struct yield){.poor_for_node = true, .until_ns = NOW + NSEC_PER_SEC};
	assert_ptr_equal(asked_first(s, NOW), &s->groups[1]);
	/* Until swapping it is tried again, where nothing can be swapped, and where it can be told.
	 */
	assert_ptr_equal(asked_first(s, NOW + NSEC_PER_SEC), &s->groups[0]);
	s->worker.swap.free_bytes = 0;
	assert_ptr_equal(asked_first(s, NOW), &s->groups[0]);
	s->worker.swap.free_bytes = 100 * MIB;
	s->world.reclaim_features.swappiness = true;
	assert_ptr_equal(asked_first(s, NOW), &s->groups[0]);
	free(s);
}

/* It is written back, then asked. Where that brings nothing it is asked as it is. */
static void test_a_group_with_next_to_nothing_clean(void **state)
{
	struct scene *s = scene_new();
	struct group *g = &s->groups[0];

	(void)state;
	s->worker.here.reclaim_fd = -1;
	g->node_dirty_bytes = 2000 * MIB;
	assert_ptr_equal(asked_first(s, NOW), g);
	s->world.cleaner = (struct cleaner *)s; /* only looked at */
	assert_ptr_equal(asked_first(s, NOW), &s->groups[1]);
	g->clean.slot = 3;
	assert_ptr_equal(asked_first(s, NOW), &s->groups[1]);
	g->clean.slot = -1;
	g->clean.due_ns = NOW + 1;
	assert_ptr_equal(asked_first(s, NOW), g);
	g->clean.due_ns = 0;
	g->excluded_below = true;
	assert_ptr_equal(asked_first(s, NOW), g);
	g->excluded_below = false;
	s->config.clean.enabled = false;
	assert_ptr_equal(asked_first(s, NOW), g);
	s->config.clean.enabled = true;
	g->node_dirty_bytes = 1600 * MIB;
	assert_ptr_equal(asked_first(s, NOW), g);
	free(s);
}

/* While other nodes have room memory.reclaim, which takes from all of them, is for those that have
 * nearly all of their memory here. */
static void test_groups_with_memory_elsewhere(void **state)
{
	static const struct {
		const char *name;
		uint64_t elsewhere, elsewhere_file; /* of 100 MiB here */
		int swappiness;
		bool here_alone, lru_gen, asked;
	} rows[] = {
		{"a tenth of it is there", 100 * MIB / 9, 0, -1, true, false, true},
		{"more", 100 * MIB / 9 + MIB, 0, -1, true, false, false},
		{"which does not go", 100 * MIB, 0, GROUP_RECLAIM_NO_ANON, true, false, true},
		{"of files", 100 * MIB, 100 * MIB, GROUP_RECLAIM_NO_ANON, true, false, false},
		{"but they want some too", 100 * MIB, 100 * MIB, -1, false, false, true},
		{"but lru_gen takes none of it", 100 * MIB, 100 * MIB, -1, true, true, true},
		{"all", UINT64_MAX, UINT64_MAX, -1, true, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene *s = scene_new();
		struct worker *w = &s->worker;
		struct group *g = &s->groups[0];

		w->here.reclaim_fd = -1;
		w->n_groups = 1;
		w->trim.ages_fd = 0;
		s->config.balance.lru_gen = rows[i].lru_gen;
		w->here.plan.swappiness = rows[i].swappiness;
		w->here.plan.here_alone = rows[i].here_alone;
		g->has_limits = true;
		g->cgroup = &(struct cgroup){0};
		g->elsewhere_bytes = rows[i].elsewhere;
		g->elsewhere_file_bytes = rows[i].elsewhere_file;
		if (chosen(s, NOW) != (rows[i].asked ? BACKEND_MEMORY_RECLAIM : BACKEND_NONE))
			fail_msg("%s: %s", rows[i].name, backend_name(w->here.backend));
		if (!rows[i].asked)
			assert_int_equal(w->here.plan.verdict.reason, VERDICT_ELSEWHERE);
		s->config.balance.elsewhere_permyriad = 10000;
		assert_int_equal(chosen(s, NOW), BACKEND_MEMORY_RECLAIM);
		free(s);
	}
}

static void test_no_way(void **state)
{
	struct scene *s = scene_new();
	struct worker *w = &s->worker;

	(void)state;
	w->here.reclaim_fd = -1;
	for (size_t i = 0; i < N; i++)
		s->groups[i].node_bytes = 0;
	assert_int_equal(chosen(s, NOW), BACKEND_NONE);
	assert_int_equal(w->here.plan.verdict.reason, VERDICT_NOTHING_SPARE);
	assert_int_equal(w->here.plan.verdict.bytes, 0);
	s->world.has_memory_reclaim = false;
	assert_int_equal(chosen(s, NOW), BACKEND_NONE);
	assert_int_equal(w->here.plan.verdict.reason, VERDICT_NO_BACKEND);
	free(s);
}

/* Their rooms count here: what they were before is no reason to go on. */
static void test_others_look_when_their_memory_was_taken(void **state)
{
	static const struct {
		uint64_t elsewhere, applied; /* of a group with 100 MiB here */
		bool look;
	} rows[] = {
		{0, 10 * MIB, false},
		{11 * MIB, 10 * MIB, false},
		{12 * MIB, 10 * MIB, true},
		{12 * MIB, 0, false},
	};
	_cleanup_close_ int here = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	_cleanup_close_ int other = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	_cleanup_(shared_freep) struct shared *shared = NULL;
	struct scene *s = scene_new();
	eventfd_t times;

	(void)state;
	assert_int_equal(shared_new(2, &shared), 0);
	s->world.shared = shared;
	shared_set_waker(shared, 0, here);
	shared_set_waker(shared, 1, other);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		s->groups[0].node_bytes = 100 * MIB;
		s->groups[0].elsewhere_bytes = rows[i].elsewhere;
		group_answers(s, &s->groups[0], rows[i].applied, NOW);
		assert_int_equal(eventfd_read(other, &times), rows[i].look ? 0 : -1);
	}
	assert_int_equal(eventfd_read(here, &times), -1);
	free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_node_while_nobody_is_spared),
		cmocka_unit_test(test_a_node_that_brings_little_is_left_alone),
		cmocka_unit_test(test_answers_that_tell_nothing),
		cmocka_unit_test(test_without_groups_the_node_is_asked),
		cmocka_unit_test(test_a_node_that_rests_waits_for_write_back),
		cmocka_unit_test(test_what_is_too_dear_is_left_alone),
		cmocka_unit_test(test_groups_take_turns),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_turns_while_much_is_wanted),
		cmocka_unit_test(test_a_group_that_brings_nothing_is_left_alone),
		cmocka_unit_test(test_a_group_that_would_swap_in_vain),
		cmocka_unit_test(test_a_group_with_next_to_nothing_clean),
		cmocka_unit_test(test_groups_with_memory_elsewhere),
		cmocka_unit_test(test_others_look_when_their_memory_was_taken),
		cmocka_unit_test(test_no_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
