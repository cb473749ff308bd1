/* SPDX-License-Identifier: Apache-2.0 */
/* When a worker asks for write-back, and what it makes of the answer. The cleaner is real, and dry.
 */
#include "agent/worker/clean.h"
#include "agent/worker/finish.h"
#include "agent/worker/internal.h"

#include "agent/writer/cleaner.h"
#include "base/clock.h"
#include "cgroup/reclaim.h"
#include "tests/unit/recorded.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>

#define MIB (UINT64_C(1) << 20)

struct scene {
	struct fixture *fx;
	struct config config;
	struct worker_world world;
	struct worker worker;
	struct shared_group shared;
	struct cgroup cgroup;
	char path[8];
	struct group group;
	struct numa_node node;
};

/* A group of which 200 MiB are dirty and nothing can be taken, with 2 MiB of room left. */
static struct scene *scene_new(void)
{
	static const struct fixture_file files[] = {
		{"group/cgroup.procs", ""},
		{"group/memory.numa_stat", "anon N0=0\nfile N0=220200960\nshmem N0=0\n"
					   "file_dirty N0=209715200\nfile_writeback N0=0\n"
					   "inactive_anon N0=0\nactive_anon N0=0\n"
					   "inactive_file N0=220200960\nactive_file N0=0\n"
					   "unevictable N0=0\nslab_reclaimable N0=0\n"},
		{"locks", ""},
	};
	struct scene *s = calloc(1, sizeof(*s));
	struct cleaner_options options = {.log = {.fd = -1}, .program = "/nonexistent"};

	assert_non_null(s);
	s->fx = fixture_new(files, ARRAY_SIZE(files));
	config_defaults(&s->config);
	options.proc_fd = options.sys_fd = s->fx->fd;
	s->world.log = options.log;
	assert_int_equal(cleaner_start(&options, &s->world.cleaner), 0);
	s->worker = (struct worker){
		.world = &s->world,
		.node = &s->node,
		.config = &s->config,
		.act = &act_dry_run,
		.main_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
	};
	memcpy(s->path, "svc", sizeof("svc"));
	s->cgroup.path = s->path;
	s->cgroup.dir_fd = openat(s->fx->fd, "group", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->group = (struct group){
		.cgroup = &s->cgroup,
		.shared = &s->shared,
		.events_known = true,
		.has_limits = true,
		.clean.slot = -1,
	};
	s->group.target.verdict = (struct verdict){
		.reason = VERDICT_NOTHING_SPARE,
		.room_bytes = 2 * MIB,
		.margin_bytes = 8 * MIB,
		.rate_bytes_per_s = 16 * MIB,
	};
	s->group.sample.stat = (struct memory_stat){
		.inactive_file = 210 * MIB,
		.file_dirty = 200 * MIB,
	};
	return s;
}

static void scene_free(struct scene *s)
{
	worker_clean_forget(&s->worker, &s->group);
	assert_int_equal(cleaner_stop(s->world.cleaner, 10 * NSEC_PER_SEC), 0);
	fd_close(s->cgroup.dir_fd);
	fd_close(s->worker.main_fd);
	fixture_free(s->fx);
	free(s);
}

static void wait_for_result(struct scene *s, uint64_t now_ns)
{
	struct pollfd wake = {.fd = s->worker.main_fd, .events = POLLIN};

	while (s->group.clean.slot >= 0) {
		assert_int_equal(poll(&wake, 1, 20000), 1);
		worker_clean_collect(&s->worker, &s->group, now_ns);
	}
}

static void test_asks_and_waits_longer(void **state)
{
	struct scene *s = scene_new();
	uint64_t now_ns = 100 * NSEC_PER_SEC, wait_ns = NSEC_PER_SEC;

	(void)state;
	for (int i = 0; i < 9; i++) {
		worker_clean(&s->worker, &s->group, now_ns);
		assert_int_equal(s->group.clean.reason, CLEAN_SHORT);
		assert_true(s->group.clean.slot >= 0);
		/* One at a time. */
		worker_clean(&s->worker, &s->group, now_ns);
		wait_for_result(s, now_ns);
		/* Nothing was found: not again at once, and later each time. */
		assert_int_equal(s->group.clean.due_ns, now_ns + wait_ns);
		worker_clean(&s->worker, &s->group, now_ns + wait_ns - 1);
		assert_int_equal(s->group.clean.slot, -1);
		now_ns += wait_ns;
		wait_ns = MIN(2 * wait_ns, 60 * NSEC_PER_SEC);
	}
	assert_int_equal(s->group.target.ledger.cleanings, 0);
	assert_int_equal(s->group.target.ledger.written_bytes, 0);
	scene_free(s);
}

/* By lot, or since harm was found; both end. */
static void test_leaves_alone_who_is_held_out(void **state)
{
	struct scene *s = scene_new();
	uint64_t now_ns = 100 * NSEC_PER_SEC;

	(void)state;
	s->group.held.lot = (struct holdout){.window = 7, .drawn = true};
	worker_clean(&s->worker, &s->group, now_ns);
	assert_int_equal(s->group.clean.reason, CLEAN_HELD_OUT);
	assert_int_equal(s->group.clean.slot, -1);
	assert_true(s->group.held.wished);
	s->worker.holdout.harmful = true;
	worker_clean(&s->worker, &s->group, now_ns);
	assert_int_equal(s->group.clean.reason, CLEAN_HARMFUL);
	assert_int_equal(s->group.clean.slot, -1);
	s->worker.holdout.harmful = false;
	s->group.held.lot.ended = true;
	worker_clean(&s->worker, &s->group, now_ns);
	assert_int_equal(s->group.clean.reason, CLEAN_SHORT);
	assert_true(s->group.clean.slot >= 0);
	wait_for_result(s, now_ns);
	scene_free(s);
}

/* Nothing is to be written: then its window says nothing of what writing does. */
static void test_what_wants_nothing_is_not_compared(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->group.sample.stat.file_dirty = MIB;
	s->group.held.lot = (struct holdout){.window = 7, .drawn = true};
	worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
	assert_int_equal(s->group.clean.reason, CLEAN_LITTLE);
	assert_false(s->group.held.wished);
	scene_free(s);
}

/* Room is short, and for one reason or another nothing can be taken as it is. */
static void test_asks_when_requests_come_short(void **state)
{
	static const enum verdict_reason reasons[] = {
		VERDICT_NOTHING_SPARE, VERDICT_BACK_OFF,   VERDICT_SWAP_ALLOWANCE,
		VERDICT_SWAP_YIELD,    VERDICT_SWAP_STUCK,
	};
	struct scene *s = scene_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		s->group.clean.due_ns = 0;
		s->group.target.verdict.reason = reasons[i];
		worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
		assert_int_equal(s->group.clean.reason, CLEAN_SHORT);
		wait_for_result(s, NSEC_PER_SEC);
	}
	scene_free(s);
}

static void test_does_not_ask(void **state)
{
	struct scene *s = scene_new();
	const struct group before = s->group;
	struct cleaner *cleaner = s->world.cleaner;

	(void)state;
	for (int i = 0; i < 8; i++) {
		s->group = before;
		s->config.clean.enabled = i != 0;
		s->group.excluded = i == 1;
		s->group.excluded_below = i == 2;
		s->group.events_known = i != 3;
		if (i == 4)
			s->group.target.verdict.reason = VERDICT_REFAULTS;
		if (i == 5)
			s->group.sample.stat.file_dirty = CLEAN_MIN_BYTES - 1;
		if (i == 6)
			s->group.target.verdict =
				(struct verdict){.reason = VERDICT_NO_DEMAND, .room_bytes = MIB};
		/* An agent that found no uswapd-writer. */
		s->world.cleaner = i == 7 ? NULL : cleaner;
		worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
		if (s->group.clean.slot >= 0)
			fail_msg("case %d", i);
	}
	s->world.cleaner = cleaner;
	scene_free(s);
}

/* The node stands at its mark with 200 MiB of dirty and next to no clean file memory. */
static void node_wants(struct scene *s)
{
	static struct group *groups[1];
	static struct cgroup root;

	groups[0] = &s->group;
	s->cgroup.parent = &root;
	s->worker.groups = groups;
	s->worker.n_groups = 1;
	s->worker.page_size = 4096;
	s->group.target.verdict = (struct verdict){0}; /* it has no limit of its own */
	s->worker.here.view.counters.dirty_pages = 200 * MIB / 4096;
	s->worker.here.view.counters.inactive_file_pages = 201 * MIB / 4096;
	s->worker.here.target.verdict = (struct verdict){
		.reason = VERDICT_NODE_LOW,
		.bytes = 10 * MIB,
		.room_bytes = 2 * MIB,
		.margin_bytes = 8 * MIB,
		.rate_bytes_per_s = 16 * MIB,
	};
}

static void test_for_the_node(void **state)
{
	static const struct {
		enum verdict_reason reason;
		uint64_t wanted_bytes;
		bool asks;
	} cases[] = {
		{VERDICT_NODE_LOW, 10 * MIB, true},	 {VERDICT_ORDERED, 10 * MIB, true},
		{VERDICT_NOTHING_SPARE, 10 * MIB, true}, {VERDICT_BACK_OFF, 10 * MIB, true},
		{VERDICT_NO_BACKEND, 10 * MIB, false},	 {VERDICT_NOTHING_SPARE, 0, true},
		{VERDICT_SWAP_STUCK, 0, true},		 {VERDICT_HOPELESS, 0, true},
		{VERDICT_ROOM_ENOUGH, 0, false},	 {VERDICT_REFAULTS, 0, false},
		{VERDICT_KSWAPD_ACTIVE, 0, false},	 {VERDICT_NEIGHBOURS_HAVE_ROOM, 0, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene *s = scene_new();

		node_wants(s);
		s->worker.here.target.verdict.reason = cases[i].reason;
		worker_clean_node(&s->worker, cases[i].wanted_bytes, NSEC_PER_SEC);
		if ((s->group.clean.slot >= 0) != cases[i].asks)
			fail_msg("case %zu", i);
		assert_int_equal(worker_clean_coming(&s->worker) > 0, cases[i].asks);
		wait_for_result(s, NSEC_PER_SEC);
		assert_int_equal(worker_clean_coming(&s->worker), 0);
		scene_free(s);
	}
}

/*
 * A node at rest, of which an order wants more than it can give: clean memory that is there all the
 * same is that of groups that may not be asked, or does not come.
 */
static void test_for_an_order(void **state)
{
	static const struct {
		enum backend backend;
		bool came_back_short, asks;
	} cases[] = {
		{BACKEND_NONE, false, true},
		{BACKEND_MEMORY_RECLAIM, false, false},
		{BACKEND_MEMORY_RECLAIM, true, true},
		{BACKEND_NODE_RECLAIM, true, true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct scene *s = scene_new();
		struct node_state *n = &s->worker.here;

		node_wants(s);
		n->view.counters.inactive_file_pages = 400 * MIB / 4096;
		n->target.verdict =
			(struct verdict){.reason = VERDICT_NOTHING_SPARE, .room_bytes = 500 * MIB};
		n->backend = cases[i].backend;
		n->came_back_short = cases[i].came_back_short;
		worker_clean_node(&s->worker, 10 * MIB, NSEC_PER_SEC);
		if ((s->group.clean.slot >= 0) != cases[i].asks)
			fail_msg("case %zu", i);
		wait_for_result(s, NSEC_PER_SEC);
		scene_free(s);
	}
}

/* Until what is written back for the node can be taken; what is for a group's limit is not. */
static void test_an_order_waits(void **state)
{
	struct scene *s = scene_new();
	const struct verdict near_limit = s->group.target.verdict;
	uint64_t coming_bytes;

	(void)state;
	node_wants(s);
	for (int i = 0; i < 2; i++) {
		s->group.clean.due_ns = 0;
		if (i == 0) {
			worker_clean_node(&s->worker, 10 * MIB, NSEC_PER_SEC);
		} else {
			s->group.target.verdict = near_limit;
			worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
		}
		assert_true(s->group.clean.slot >= 0);
		coming_bytes = worker_clean_coming(&s->worker);
		assert_int_equal(coming_bytes > 0, i == 0);
		atomic_store(&s->worker.ordered_bytes, UINT64_MAX);
		worker_end_order(&s->worker);
		assert_int_equal(atomic_load(&s->worker.ordered_bytes), coming_bytes);
		wait_for_result(s, NSEC_PER_SEC);
		worker_end_order(&s->worker);
		assert_int_equal(atomic_load(&s->worker.ordered_bytes), 0);
	}
	scene_free(s);
}

static void test_no_group_for_the_node(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++) {
		struct scene *s = scene_new();

		node_wants(s);
		s->group.excluded = i == 0;
		s->group.excluded_below = i == 1;
		s->group.clean.due_ns = i == 2 ? 2 * NSEC_PER_SEC : 0;
		if (i == 3)
			s->worker.n_groups = 0;
		worker_clean_node(&s->worker, 10 * MIB, NSEC_PER_SEC);
		assert_int_equal(s->group.clean.slot, -1);
		/* It is not looked for again at once. */
		assert_int_equal(s->worker.here.clean_due_ns, 6 * NSEC_PER_SEC);
		scene_free(s);
	}
}

/* What is under way when its group goes is not waited for. */
static void test_group_goes(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	for (int i = 0; i < 3 * CLEANER_SLOTS; i++) {
		s->group.clean.due_ns = 0;
		worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
		worker_clean_forget(&s->worker, &s->group);
		assert_int_equal(s->group.clean.slot, -1);
		(void)poll(NULL, 0, 5);
	}
	/* The slots came back. */
	s->group.clean.due_ns = 0;
	worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
	assert_true(s->group.clean.slot >= 0);
	scene_free(s);
}

/* What was cleaned is taken first, where the kernel can be told so. */
static void test_takes_what_was_cleaned(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->config.clean.enabled = false;
	s->group.target.verdict.bytes = 4 * MIB;
	s->group.swappiness = GROUP_RECLAIM_DEFAULT;
	s->world.reclaim_features.swappiness = true;
	worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
	assert_int_equal(s->group.swappiness, GROUP_RECLAIM_DEFAULT);
	harvest_begin(&s->group.clean.harvest, 6 * MIB);
	worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
	assert_int_equal(s->group.swappiness, GROUP_RECLAIM_NO_ANON);

	/* As after a write-back, where requests are slower than what they are for. */
	s->group.clean.harvest = (struct harvest){0};
	s->group.swappiness = GROUP_RECLAIM_DEFAULT;
	s->group.target.pace.bytes_per_s = 32 * MIB;
	worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
	assert_int_equal(s->group.swappiness, GROUP_RECLAIM_DEFAULT);
	s->group.target.pace.bytes_per_s--;
	worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
	assert_int_equal(s->group.swappiness, GROUP_RECLAIM_NO_ANON);

	/* 6.1 takes what it likes. */
	s->world.reclaim_features.swappiness = false;
	s->group.swappiness = GROUP_RECLAIM_DEFAULT;
	worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
	assert_int_equal(s->group.swappiness, GROUP_RECLAIM_DEFAULT);
	scene_free(s);
}

/* Whatever a request was for: what of it went to swap was no file memory. */
static void test_counts_what_was_cleaned_and_taken(void **state)
{
	struct scene *s = scene_new();
	const struct request of_files = {.bytes = 4 * MIB, .swappiness = GROUP_RECLAIM_NO_ANON};
	const struct request of_any = {.bytes = 4 * MIB, .swappiness = GROUP_RECLAIM_DEFAULT};
	const struct taken little = {.applied_bytes = MIB};
	const struct taken files = {.applied_bytes = 4 * MIB};
	const struct taken both = {.applied_bytes = 4 * MIB, .swapped_bytes = 3 * MIB};
	const struct taken anon = {.applied_bytes = 4 * MIB, .swapped_bytes = 5 * MIB};
	const struct harvest *harvest = &s->group.clean.harvest;
	const uint64_t *counted = &s->group.target.ledger.cleaned_taken_bytes;

	(void)state;
	worker_clean_took(&s->group, &of_files, &files);
	assert_int_equal(*counted, 0);
	harvest_begin(&s->group.clean.harvest, 10 * MIB);
	worker_clean_took(&s->group, &of_any, &both);
	worker_clean_took(&s->group, &of_any, &anon);
	assert_int_equal(*counted, MIB);
	worker_clean_took(&s->group, &of_files, &files);
	assert_int_equal(*counted, 5 * MIB);
	/* Only one for files alone tells that there are few more. */
	worker_clean_took(&s->group, &of_any, &little);
	assert_true(harvest->active);
	worker_clean_took(&s->group, &of_files, &little);
	assert_false(harvest->active);
	assert_int_equal(*counted, 7 * MIB);
	worker_clean_took(&s->group, &of_any, &files);
	assert_int_equal(*counted, 10 * MIB);
	scene_free(s);
}

/* What it decides, switched off or on, and of an ask what came; by name. */
static void test_records(void **state)
{
	struct scene *s = scene_new();
	struct record *last = calloc(1, sizeof(*last));
	struct recorded recorded;

	(void)state;
	s->shared.id = 77;
	s->worker.record = recorded_begin(&recorded, s->fx, &s->config);
	worker_clean(&s->worker, &s->group, NSEC_PER_SEC);
	wait_for_result(s, 2 * NSEC_PER_SEC);
	s->config.clean.enabled = false;
	s->group.clean.due_ns = 0;
	record_turn(s->worker.record, &s->config, true);
	worker_clean(&s->worker, &s->group, 3 * NSEC_PER_SEC);
	assert_int_equal(s->group.clean.reason, CLEAN_OFF);
	assert_int_equal(s->group.clean.slot, -1);
	recorded_end(&recorded);
	assert_int_equal(recorded_read(&recorded, RECORD_OUTCOME, last), 1);
	assert_int_equal(last->outcome.target, 77);
	assert_int_equal(last->outcome.decision, RECORD_CLEAN);
	assert_int_equal(last->outcome.now_ns, 2 * NSEC_PER_SEC);
	assert_true(last->outcome.dry);
	assert_int_equal(recorded_read(&recorded, RECORD_CLEAN, last), 2);
	assert_int_equal(last->clean.target, 77);
	assert_int_equal(last->clean.sample.dirty_bytes, 200 * MIB);
	assert_int_equal(last->clean.need.reason, CLEAN_OFF);
	assert_int_equal(recorded_read(&recorded, RECORD_NAME, last), 1);
	assert_string_equal(last->name.name, "svc");
	free(last);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asks_and_waits_longer),
		cmocka_unit_test(test_leaves_alone_who_is_held_out),
		cmocka_unit_test(test_what_wants_nothing_is_not_compared),
		cmocka_unit_test(test_asks_when_requests_come_short),
		cmocka_unit_test(test_does_not_ask),
		cmocka_unit_test(test_for_the_node),
		cmocka_unit_test(test_for_an_order),
		cmocka_unit_test(test_an_order_waits),
		cmocka_unit_test(test_no_group_for_the_node),
		cmocka_unit_test(test_group_goes),
		cmocka_unit_test(test_takes_what_was_cleaned),
		cmocka_unit_test(test_counts_what_was_cleaned_and_taken),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
