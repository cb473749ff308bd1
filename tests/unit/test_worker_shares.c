/* SPDX-License-Identifier: Apache-2.0 */
/* Whose memory there is on a node, and what no group at the end of a branch has. */
#include "agent/worker/internal.h"
#include "agent/worker/rungs.h"
#include "agent/worker/shares.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <stdio.h>

#define MIB (UINT64_C(1) << 20)
#define NOW (1000 * NSEC_PER_SEC)

/* slice/a and slice/b, on the second of two nodes. */
enum { ROOT, SLICE, A, B, N };
static const char *const paths[N] = {"", "slice", "slice/a", "slice/b"};

struct scene {
	struct fixture *fx;
	struct config config;
	struct worker_world world;
	struct numa_node node;
	struct worker worker;
	struct cgroup cgroups[N];
	struct group groups[N], *all[N];
};

/* Files of so many MiB here, of which dirty are dirty, and 7 MiB of anonymous memory. */
static void set_memory(const struct scene *s, int at, uint64_t file, uint64_t dirty)
{
	static const char *const rest[] = {"anon",	  "shmem",	 "file_writeback",
					   "active_file", "unevictable", "slab_reclaimable"};
	char path[64], text[1024];
	int n;

	n = snprintf(
		text, sizeof(text),
		"file N0=99 N1=%ju\ninactive_file N0=9999999999 N1=%ju\nfile_dirty N0=0 N1=%ju\n"
		"inactive_anon N0=0 N1=4194304\nactive_anon N0=0 N1=3145728\n",
		(uintmax_t)(file * MIB), (uintmax_t)(file * MIB), (uintmax_t)(dirty * MIB));
	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s N0=0 N1=0\n", rest[i]);
	(void)snprintf(path, sizeof(path), "%s/memory.numa_stat", paths[at]);
	fixture_write(s->fx, path, text);
}

/* slice has 100 MiB of files here, of which a has 30 and b 20. */
static struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	config_defaults(&s->config);
	s->world = (struct worker_world){.log = {.fd = -1}, .has_memory_reclaim = true};
	assert_int_equal(shared_new(1, &s->world.shared), 0);
	s->node.id = 1;
	for (int i = 0; i < N; i++) {
		struct cgroup *parent = i == ROOT ? NULL : &s->cgroups[i == SLICE ? ROOT : SLICE];

		if (i > ROOT)
			set_memory(s, i, i == SLICE ? 100 : i == A ? 30 : 20, 0);
		s->cgroups[i] = (struct cgroup){
			.path = paths[i],
			.parent = parent,
			.dir_fd = i == ROOT ? s->fx->fd : kfile_open_dir(s->fx->fd, paths[i]),
			.data = &s->groups[i],
		};
		s->groups[i] = (struct group){
			.cgroup = &s->cgroups[i],
			.has_limits = i != ROOT,
			.weight = GROUP_WEIGHT_DEFAULT,
		};
		s->all[i] = &s->groups[i];
	}
	s->cgroups[ROOT].first_child = &s->cgroups[SLICE];
	s->cgroups[SLICE].first_child = &s->cgroups[A];
	s->cgroups[A].next_sibling = &s->cgroups[B];
	s->worker = (struct worker){
		.world = &s->world,
		.node = &s->node,
		.config = &s->config,
		.groups = s->all,
		.n_groups = N,
		.groups_sorted = true,
	};
	return s;
}

static void scene_free(struct scene *s)
{
	for (int i = SLICE; i < N; i++)
		fd_close(s->cgroups[i].dir_fd);
	shared_free(s->world.shared);
	fixture_free(s->fx);
	free(s);
}

static void test_each_has_its_own(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	set_memory(s, A, 30, 4);
	worker_read_shares(&s->worker, NOW);
	assert_int_equal(s->groups[A].node_bytes, 26 * MIB);
	assert_int_equal(s->groups[A].node_dirty_bytes, 4 * MIB);
	assert_int_equal(s->groups[B].node_bytes, 20 * MIB);
	assert_int_equal(s->groups[ROOT].node_bytes, 0);
	/* At most once a second. */
	set_memory(s, A, 40, 0);
	worker_read_shares(&s->worker, NOW + NSEC_PER_SEC - 1);
	assert_int_equal(s->groups[A].node_bytes, 26 * MIB);
	worker_read_shares(&s->worker, NOW + NSEC_PER_SEC);
	assert_int_equal(s->groups[A].node_bytes, 40 * MIB);
	scene_free(s);
}

static void test_anonymous_memory_with_more_effort(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->worker.here.plan.effort = EFFORT_FULL;
	s->groups[A].limits.swap_max = UINT64_MAX;
	worker_read_shares(&s->worker, NOW);
	assert_int_equal(s->groups[A].node_bytes, 37 * MIB);
	assert_int_equal(s->groups[B].node_bytes, 20 * MIB);
	/* Of what is left behind files alone. */
	assert_int_equal(s->groups[SLICE].node_bytes, 50 * MIB);
	scene_free(s);
}

static void test_what_was_left_behind(void **state)
{
	static const struct {
		uint64_t slice, a, b, left;
	} rows[] = {
		{100, 30, 20, 50},
		{100, 100, 0, 0},
		{58, 30, 20, 8},
		/* As much as counters may be behind, or hardly any of it. */
		{57, 30, 20, 0},
		{1000, 500, 438, 0},
		{1000, 500, 437, 63},
		/* They grew after it was read. */
		{100, 80, 60, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene *s = scene_new();

		set_memory(s, SLICE, rows[i].slice, 0);
		set_memory(s, A, rows[i].a, 0);
		set_memory(s, B, rows[i].b, 0);
		worker_read_shares(&s->worker, NOW);
		assert_int_equal(s->groups[SLICE].node_bytes, rows[i].left * MIB);
		assert_int_equal(s->worker.here.left_bytes, rows[i].left * MIB);
		scene_free(s);
	}
}

static void protect(struct group *g)
{
	g->limits.low = 1;
}
static void exclude(struct group *g)
{
	g->excluded = true;
}
static void weigh(struct group *g)
{
	g->weight = 50;
}
static void lose(struct group *g)
{
	g->limits_unknown = true;
}
static void inherit(struct group *g)
{
	g->protected_bytes = 1;
}

/* A request to the group above takes from all below it. */
static void test_who_is_spared_below(void **state)
{
	static void (*const spare[])(struct group *) = {protect, exclude, weigh, lose, inherit};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(spare); i++) {
		for (int at = SLICE; at < N; at++) {
			struct scene *s = scene_new();

			spare[i](&s->groups[at]);
			worker_read_shares(&s->worker, NOW);
			assert_int_equal(s->groups[SLICE].node_bytes, 0);
			assert_int_equal(s->worker.here.left_bytes, 0);
			scene_free(s);
		}
	}
}

/* How much is its own can't be told, nor whom it would be taken from. */
static void test_what_is_not_known(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	fixture_write(s->fx, "slice/b/memory.numa_stat", "file\n");
	worker_read_shares(&s->worker, NOW);
	assert_int_equal(s->groups[SLICE].node_bytes, 0);
	assert_int_equal(s->groups[A].node_bytes, 30 * MIB);
	set_memory(s, B, 20, 0);
	s->worker.groups_sorted = false;
	worker_read_shares(&s->worker, NOW + NSEC_PER_SEC);
	assert_int_equal(s->groups[SLICE].node_bytes, 0);
	s->worker.groups_sorted = true;
	worker_read_shares(&s->worker, NOW + 2 * NSEC_PER_SEC);
	assert_int_equal(s->groups[SLICE].node_bytes, 50 * MIB);
	scene_free(s);
}

/* Where those below pay for it, asking the group above is of no use, and it is left alone. */
static void test_who_paid(void **state)
{
	(void)state;
	for (int delivers = 0; delivers < 2; delivers++) {
		struct scene *s = scene_new();
		struct group *slice = &s->groups[SLICE];
		uint64_t left;

		worker_read_shares(&s->worker, NOW);
		for (uint64_t taken = 10; taken <= 30; taken += 10) {
			struct flight f = {
				.request = {.backend = BACKEND_MEMORY_RECLAIM, .bytes = 10 * MIB},
				.victim = slice,
				.left_bytes = worker_left_behind(&s->worker, slice),
			};

			set_memory(s, SLICE, 100 - taken, 0);
			if (!delivers)
				set_memory(s, A, 30 - taken, 0);
			left = worker_left_behind(&s->worker, slice);
			assert_int_equal(left, (delivers ? 50 - taken : 50) * MIB);
			(void)worker_rung_learn(&s->worker, &f, 0, 10 * MIB, NOW);
		}
		assert_int_equal(backoff_waits(&slice->node_backoff, NOW), !delivers);
		assert_int_equal(slice->node_bytes, (delivers ? 20 : 50) * MIB);
		scene_free(s);
	}
}

/* It may be given whole, however little is asked for. */
static void test_what_is_far_more_than_wanted_comes_last(void **state)
{
	struct scene *s = scene_new();
	struct worker *w = &s->worker;

	(void)state;
	worker_read_shares(w, NOW);
	w->here.plan.verdict.bytes = 25 * MIB;
	assert_ptr_equal(worker_choose_victim(w, NOW), &s->groups[SLICE]);
	w->here.plan.verdict.bytes = 25 * MIB - 1;
	assert_ptr_equal(worker_choose_victim(w, NOW), &s->groups[A]);
	s->groups[A].node_bytes = s->groups[B].node_bytes = 0;
	assert_ptr_equal(worker_choose_victim(w, NOW), &s->groups[SLICE]);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_has_its_own),
		cmocka_unit_test(test_anonymous_memory_with_more_effort),
		cmocka_unit_test(test_what_was_left_behind),
		cmocka_unit_test(test_who_is_spared_below),
		cmocka_unit_test(test_what_is_not_known),
		cmocka_unit_test(test_who_paid),
		cmocka_unit_test(test_what_is_far_more_than_wanted_comes_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
