/* SPDX-License-Identifier: Apache-2.0 */
/* When a worker takes a group's files on its node through lru_gen, and when it does not. */
#include "agent/worker/evict.h"
#include "agent/worker/internal.h"
#include "agent/worker/outcome.h"
#include "agent/worker/rungs.h"

#include "agent/sense/ages.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "cgroup/reclaim.h"
#include "tests/unit/recorded.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define MIB	(UINT64_C(1) << 20)
#define NOW	(1000 * NSEC_PER_SEC)
#define LRU_GEN "sys/kernel/debug/lru_gen"
#define CGROUP	4242

#define BLOCK(memcg)                            \
	"memcg " memcg " /a/svc\n node     0\n" \
	" 3 9000 0 9000\n 4 8000 0 0\n 5 7000 0 0\n 6 100 0 0\n"

/* a/svc has 9000 pages of files on node 0, all old, and 500 on node 1. */
struct scene {
	struct fixture *fx;
	struct config config;
	struct worker_world world;
	struct numa_node node;
	struct worker worker;
	struct cgroup cgroup;
	struct shared_group shared;
	struct group group, *all[1];
	struct request request;
};

static void set_files(const struct scene *s, uint64_t pages)
{
	static const char *const rest[] = {
		"anon",		 "shmem",	"file",	       "file_dirty",  "file_writeback",
		"inactive_anon", "active_anon", "active_file", "unevictable", "slab_reclaimable"};
	char text[1024];
	int n = snprintf(text, sizeof(text), "inactive_file N0=%ju N1=2048000\n",
			 (uintmax_t)(pages * 4096));

	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s N0=0 N1=0\n", rest[i]);
	fixture_write(s->fx, "memory.numa_stat", text);
}

static struct scene *scene_new(const char *lru_gen)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	fixture_write(s->fx, LRU_GEN, lru_gen);
	config_defaults(&s->config);
	s->config.balance.lru_gen = true;
	s->world = (struct worker_world){
		.log = {.fd = -1},
		.sys_fd = kfile_open_dir(s->fx->fd, "sys"),
	};
	s->cgroup = (struct cgroup){.path = "a/svc", .id = CGROUP, .dir_fd = s->fx->fd};
	s->group = (struct group){
		.cgroup = &s->cgroup,
		.shared = &s->shared,
		.has_limits = true,
		.node_bytes = 9000 * 4096,
		.elsewhere_bytes = 2048000 * 2,
	};
	s->worker = (struct worker){
		.world = &s->world,
		.node = &s->node,
		.config = &s->config,
		.page_size = 4096,
		.groups = s->all,
		.n_groups = 1,
		.trim.ages_fd = ages_open(s->world.sys_fd),
	};
	s->request = (struct request){
		.backend = BACKEND_MEMORY_RECLAIM,
		.fd = -1,
		.bytes = 8 * MIB,
		.swappiness = GROUP_RECLAIM_DEFAULT,
	};
	s->all[0] = &s->group;
	set_files(s, 9000);
	return s;
}

static void scene_free(struct scene *s)
{
	if (s->request.backend == BACKEND_LRU_GEN)
		fd_close(s->request.fd);
	fd_close(s->worker.trim.ages_fd);
	fd_close(s->world.sys_fd);
	fixture_free(s->fx);
	free(s);
}

static bool evicts(struct scene *s, uint64_t now_ns)
{
	return worker_evict_instead(&s->worker, &s->group, &s->request, now_ns);
}

static void test_what_is_asked_for(void **state)
{
	struct scene *s = scene_new("memcg 1 /\n node 0\n 0 1 2 3\n" BLOCK("5"));
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_true(evicts(s, NOW));
	assert_int_equal(s->request.backend, BACKEND_LRU_GEN);
	assert_int_equal(s->request.bytes, 8 * MIB);
	assert_int_equal(s->request.swappiness, GROUP_RECLAIM_NO_ANON);
	assert_int_equal(act_live.make(&s->request), 0);
	text = fixture_read(s->fx, LRU_GEN);
	assert_int_equal(strncmp(text, "- 5 0 4 0 2048", 14), 0);
	scene_free(s);
}

/* Of two by that name one was removed: from 7.x on it can be told which. */
static void test_whose_it_is(void **state)
{
	static const struct {
		const char *text;
		bool evicts;
		uint64_t memcg;
	} rows[] = {
		{BLOCK("5"), true, 5},
		{BLOCK("5") BLOCK("6"), false, 0},
		{BLOCK("5") BLOCK("4242"), true, CGROUP},
		{BLOCK("4242") BLOCK("5"), true, CGROUP},
		/* Of another name; on another node; nothing; no text of the kernel's. */
		{"memcg 5 /svc\n node 0\n 3 9000 0 9000\n 4 1 0 0\n 5 1 0 0\n", false, 0},
		{"memcg 5 /a/svc\n node 1\n 3 9000 0 9000\n 4 1 0 0\n 5 1 0 0\n", false, 0},
		{"", false, 0},
		{BLOCK("5") "what is this\n", false, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene *s = scene_new(rows[i].text);

		assert_int_equal(evicts(s, NOW), rows[i].evicts);
		assert_int_equal(s->request.eviction.memcg, rows[i].memcg);
		assert_int_equal(s->request.backend,
				 rows[i].evicts ? BACKEND_LRU_GEN : BACKEND_MEMORY_RECLAIM);
		/* Reading it all again and again for nothing would be dear. */
		assert_int_equal(backoff_waits(&s->group.evict_backoff, NOW), !rows[i].evicts);
		scene_free(s);
	}
}

static void off(struct scene *s)
{
	s->config.balance.lru_gen = false;
}
static void here_alone(struct scene *s)
{
	s->group.elsewhere_bytes = s->group.node_bytes / 16;
}
static void dear(struct scene *s)
{
	s->worker.here.evict_due_ns = NOW + 1;
}
static void inner(struct scene *s)
{
	s->group.has_limits = false;
}
static void unreadable(struct scene *s)
{
	s->worker.trim.ages_fd = fd_close(s->worker.trim.ages_fd);
}
static void other_counts(struct scene *s)
{
	set_files(s, 7000);
}
static void no_counts(struct scene *s)
{
	fixture_remove(s->fx, "memory.numa_stat");
}
static void gone(struct scene *s)
{
	fixture_remove(s->fx, LRU_GEN);
}

static void test_when_it_is_not(void **state)
{
	static void (*const change[])(struct scene *) = {off,	     here_alone,   dear,      inner,
							 unreadable, other_counts, no_counts, gone};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(change); i++) {
		struct scene *s = scene_new(BLOCK("5"));

		change[i](s);
		assert_false(evicts(s, NOW));
		assert_int_equal(s->request.backend, BACKEND_MEMORY_RECLAIM);
		assert_int_equal(s->request.swappiness, GROUP_RECLAIM_DEFAULT);
		scene_free(s);
	}
}

/* What brings little is left for memory.reclaim, which has nothing to do with it. */
static void test_what_it_brings(void **state)
{
	struct scene *s = scene_new(BLOCK("5"));
	struct flight f = {.request = {.backend = BACKEND_LRU_GEN, .bytes = 8 * MIB},
			   .victim = &s->group};

	(void)state;
	assert_false(worker_rung_learn(&s->worker, &f, 0, 8 * MIB, NOW));
	assert_int_equal(s->group.node_bytes, 9000 * 4096 - 8 * MIB);
	assert_int_equal(s->worker.here.evictions, 1);
	assert_int_equal(s->worker.here.evicted_bytes, 8 * MIB);
	assert_false(worker_rung_learn(&s->worker, &f, -EINTR, 0, NOW));
	assert_true(worker_rung_learn(&s->worker, &f, 0, 3 * MIB, NOW));
	assert_false(evicts(s, NOW + 10 * NSEC_PER_SEC - 1));
	assert_false(backoff_waits(&s->group.node_backoff, NOW));
	assert_true(evicts(s, NOW + 10 * NSEC_PER_SEC));
	f.victim = NULL;
	assert_false(worker_rung_learn(&s->worker, &f, 0, 8 * MIB, NOW));
	scene_free(s);
}

/* Whoever wants it is told where it can't be had. */
static void test_what_is_said(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct scene *s = scene_new(BLOCK("5"));
		char text[256] = "";

		s->world.log = (struct log){.fd = memfd_create("log", MFD_CLOEXEC),
					    .level = LOG_LEVEL_WARNING};
		s->config.balance.lru_gen = i != 1;
		if (i > 1)
			unreadable(s);
		if (i == 3)
			gone(s);
		worker_try_eviction(&s->worker);
		assert_true(pread(s->world.log.fd, text, sizeof(text) - 1, 0) >= 0);
		assert_int_equal(strstr(text, "balance.lru_gen is of no use") != NULL, i > 1);
		fd_close(s->world.log.fd);
		scene_free(s);
	}
}

/* What it decides; and of a request through lru_gen what it brought, of the group. */
static void test_records(void **state)
{
	struct scene *s = scene_new(BLOCK("5"));
	struct record *last = calloc(1, sizeof(*last));
	const struct hand_result result = {.error = -EINTR, .cpu_ns = 5};
	const struct taken taken = {.applied_bytes = MIB, .net_freed_bytes = 2 * MIB};
	struct flight flight;
	struct recorded recorded;

	(void)state;
	s->shared.id = 77;
	s->worker.record = recorded_begin(&recorded, s->fx, &s->config);
	record_turn(s->worker.record, &s->config, true);
	assert_true(evicts(s, NOW));
	flight = (struct flight){
		.request = s->request,
		.act = &act_live,
		.victim = &s->group,
		.target = &s->worker.here.target,
	};
	worker_record_flight(&s->worker, &flight, &result, &taken, NOW);
	recorded_end(&recorded);
	assert_int_equal(recorded_read(&recorded, RECORD_EVICT, last), 1);
	assert_int_equal(last->evict.group, 77);
	assert_int_equal(last->evict.sample.generations.n, 4);
	assert_int_equal(last->evict.sample.here.inactive_file, 9000 * 4096);
	assert_int_equal(last->evict.plan.reason, EVICT_TAKE);
	assert_int_equal(last->evict.plan.pages, 2048);
	assert_int_equal(recorded_read(&recorded, RECORD_OUTCOME, last), 1);
	assert_int_equal(last->outcome.decision, RECORD_EVICT);
	assert_int_equal(last->outcome.target, 77);
	assert_false(last->outcome.of_node || last->outcome.dry);
	assert_int_equal(last->outcome.error, -EINTR);
	assert_int_equal(last->outcome.asked_bytes, 8 * MIB);
	assert_int_equal(last->outcome.applied_bytes, MIB);
	assert_int_equal(last->outcome.net_bytes, 2 * MIB);
	assert_int_equal(last->outcome.cpu_ns, 5);
	free(last);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_asked_for), cmocka_unit_test(test_whose_it_is),
		cmocka_unit_test(test_when_it_is_not),	  cmocka_unit_test(test_what_it_brings),
		cmocka_unit_test(test_what_is_said),	  cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
