/* SPDX-License-Identifier: Apache-2.0 */
/* When a worker has steps taken, of whom, and what it makes of what they brought. */
#include "agent/worker/growth.h"
#include "agent/worker/internal.h"
#include "agent/worker/trim.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>

#define MIB    (UINT64_C(1) << 20)
#define SECOND NSEC_PER_SEC
#define N      3

struct scene {
	struct fixture *fx;
	struct config config;
	struct worker_world world;
	struct worker worker;
	struct numa_node node;
	struct topology topology;
	struct shared_group shared[N];
	struct cgroup cgroups[N];
	struct group groups[N], *all[N];
};

/* "N bytes" of anonymous memory, of which "pages" were ever taken and "back" refaulted. */
static void write_group(struct scene *s, size_t i, uint64_t bytes, uint64_t pages, uint64_t back)
{
	char name[32], text[640];

	(void)snprintf(name, sizeof(name), "g%zu/memory.current", i);
	(void)snprintf(text, sizeof(text), "%ju\n", (uintmax_t)bytes);
	fixture_write(s->fx, name, text);
	(void)snprintf(name, sizeof(name), "g%zu/memory.stat", i);
	(void)snprintf(text, sizeof(text),
		       "anon %ju\nfile 0\nkernel 0\nshmem 0\nfile_mapped 0\nfile_dirty 0\n"
		       "file_writeback 0\ninactive_anon %ju\nactive_anon 0\ninactive_file 0\n"
		       "active_file 0\nunevictable 0\nslab_reclaimable 0\n"
		       "workingset_refault_anon %ju\nworkingset_refault_file 0\npgscan 0\n"
		       "pgsteal %ju\npgscan_direct 0\npgsteal_direct 0\npgscan_kswapd 0\n"
		       "pgsteal_kswapd 0\npgfault 0\npgmajfault 0\n",
		       (uintmax_t)bytes, (uintmax_t)bytes, (uintmax_t)back, (uintmax_t)pages);
	fixture_write(s->fx, name, text);
}

static void write_swap_reads(struct scene *s, uint64_t read, uint64_t ahead, uint64_t hits)
{
	char text[256];

	(void)snprintf(text, sizeof(text),
		       "allocstall_normal 0\npgscan_kswapd 0\npswpin %ju\nswap_ra %ju\n"
		       "swap_ra_hit %ju\n",
		       (uintmax_t)read, (uintmax_t)ahead, (uintmax_t)hits);
	fixture_write(s->fx, "vmstat", text);
}

#define PRESSURE                                           \
	"some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n" \
	"full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"

static void add_group(struct scene *s, size_t i, const char *path)
{
	static const struct fixture_file files[] = {
		{"memory.events.local", "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\n"},
		{"memory.swap.current", "0\n"},
		{"memory.reclaim", ""},
		{"memory.pressure", PRESSURE},
	};
	char name[64];

	for (size_t f = 0; f < ARRAY_SIZE(files); f++) {
		(void)snprintf(name, sizeof(name), "g%zu/%s", i, files[f].path);
		fixture_write(s->fx, name, files[f].text);
	}
	write_group(s, i, 400 * MIB, 0, 0);
	s->shared[i].id = i + 1;
	(void)snprintf(name, sizeof(name), "g%zu", i);
	s->cgroups[i] = (struct cgroup){
		.id = i + 1,
		.path = path,
		.dir_fd = openat(s->fx->fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.data = &s->groups[i],
	};
	s->groups[i] = (struct group){
		.cgroup = &s->cgroups[i],
		.shared = &s->shared[i],
		.index = i,
		.has_limits = true,
		.settings = {.trim = true},
		.limits = {.high = UINT64_MAX, .max = UINT64_MAX, .swap_max = UINT64_MAX},
		.watch = GROUP_WATCH_CLOSED,
		.trim.trigger_fd = -1,
	};
	assert_int_equal(group_set_watched(&s->groups[i], true), 0);
	s->all[i] = &s->groups[i];
}

/* Three groups of 400 MiB of anonymous memory without limits, on a machine with swap. */
static struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	fixture_write(s->fx, "meminfo", "SwapTotal: 1 kB\nSwapFree: 1 kB\n");
	write_swap_reads(s, 0, 0, 0);
	config_defaults(&s->config);
	s->config.trim.enabled = true;
	s->world.log = (struct log){.fd = -1};
	s->world.topology = &s->topology;
	s->world.sys_fd = s->fx->fd;
	s->topology.n_nodes = 1;
	s->worker = (struct worker){
		.world = &s->world,
		.node = &s->node,
		.config = &s->config,
		.page_size = 4096,
		.trim.ages_fd = -1,
		.groups = s->all,
		.n_groups = N,
		.swap = {.total_bytes = 4096 * MIB, .free_bytes = 4096 * MIB},
	};
	s->world.reclaim_features.swappiness = true;
	assert_int_equal(ring_open(false, &s->worker.ring), 0);
	assert_int_equal(machine_watch_open(s->fx->fd, &s->worker.machine_watch), 0);
	for (size_t i = 0; i < N; i++)
		add_group(s, i, i == 0 ? "a" : i == 1 ? "b" : "c");
	return s;
}

static void scene_free(struct scene *s)
{
	for (size_t i = 0; i < N; i++) {
		worker_trim_forget(&s->worker, &s->groups[i]);
		assert_int_equal(s->groups[i].trim.trigger_fd, -1);
		(void)group_set_watched(&s->groups[i], false);
		fd_close(s->cgroups[i].dir_fd);
	}
	assert_int_equal(s->worker.trim.n_triggers, 0);
	machine_watch_close(&s->worker.machine_watch);
	ring_free(s->worker.ring);
	fixture_free(s->fx);
	free(s);
}

#define START (100 * SECOND)
#define NEXT  (START + 2 * SECOND) /* an interval later */

static void two_rounds(struct scene *s)
{
	worker_trim(&s->worker, START);
	worker_trim(&s->worker, NEXT);
}

static enum trim_reason reason_of(const struct scene *s, size_t i)
{
	return s->groups[i].trim.plan.reason;
}

static void test_an_interval_and_then_a_step(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	worker_trim(&s->worker, START);
	assert_int_equal(reason_of(s, 0), TRIM_WAITING);
	assert_null(worker_trim_next(&s->worker, ASKER_HAND));
	assert_int_equal(worker_trim_due_ns(&s->worker), NEXT);
	write_group(s, 1, 800 * MIB, 0, 0);
	worker_trim(&s->worker, NEXT - 1);
	assert_int_equal(reason_of(s, 0), TRIM_WAITING);
	worker_trim(&s->worker, NEXT);
	assert_int_equal(reason_of(s, 0), TRIM_STEP);
	assert_int_equal(s->groups[0].trim.plan.bytes, MIB); /* 0.25 % of 400 MiB */
	assert_ptr_equal(worker_trim_next(&s->worker, ASKER_HAND), &s->groups[1]);
	scene_free(s);
}

/* The kernel's own reclaimer of cold memory goes first, and is not compared with a lot's windows.
 */
static void test_waits_for_damon_reclaim(void **state)
{
	static const char file[] = "module/damon_reclaim/parameters/bytes_reclaimed_regions";
	struct scene *s = scene_new();

	(void)state;
	fixture_write(s->fx, "module/damon_reclaim/parameters/enabled", "Y\n");
	fixture_write(s->fx, file, "4096\n");
	worker_trim(&s->worker, START);
	fixture_write(s->fx, file, "8192\n");
	worker_trim(&s->worker, NEXT);
	assert_int_equal(reason_of(s, 0), TRIM_DAMON_RECLAIM);
	assert_int_equal(s->groups[0].trim.plan.bytes, 0);
	assert_null(worker_trim_next(&s->worker, ASKER_HAND));
	assert_false(s->groups[0].held.wished);
	worker_trim(&s->worker, NEXT + DAMON_RECLAIM_BREAK_NS);
	assert_int_equal(reason_of(s, 0), TRIM_STEP);
	scene_free(s);
}

/* Where processes may be paged out a step is the pager's first; one it did not come to, the hand's.
 */
static void test_the_pager_first(void **state)
{
	static int pager; /* which is only looked for */
	struct scene *s = scene_new();

	(void)state;
	s->world.pager = (struct pager *)&pager;
	s->config.pageout.enabled = true;
	s->groups[2].trim.pager_due_ns = NEXT + 1; /* it has just found nothing there */
	two_rounds(s);
	for (size_t i = 0; i < N; i++)
		assert_int_equal(reason_of(s, i), TRIM_STEP);
	assert_ptr_equal(worker_trim_next(&s->worker, ASKER_HAND), &s->groups[2]);
	assert_ptr_equal(worker_trim_next(&s->worker, ASKER_PAGER), &s->groups[0]);
	/* While it is at a step of a group, that one is not looked at. */
	s->worker.pageout = (struct pageout_round){.group = &s->groups[0], .for_step = true};
	s->groups[0].trim.plan.reason = TRIM_REASONS;
	worker_trim(&s->worker, NEXT + 2 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_REASONS);
	assert_int_equal(s->groups[0].trim.taker, ASKER_PAGER);
	assert_int_equal(s->groups[1].trim.taker, ASKER_HAND);
	assert_int_equal(s->groups[2].trim.taker, ASKER_PAGER);
	scene_free(s);
}

/* Whom it leaves alone. */
static void test_groups_that_are_not_trimmed(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	/* Its memory is its child's. */
	s->cgroups[0].first_child = &s->cgroups[1];
	assert_false(group_is_trimmed(&s->groups[0]));
	s->groups[1].has_limits = false;
	assert_true(group_is_trimmed(&s->groups[0]));
	assert_false(group_is_trimmed(&s->groups[1]));
	s->groups[0].excluded_below = true;
	s->groups[2].protected_bytes = 399 * MIB;
	two_rounds(s);
	assert_int_equal(reason_of(s, 0), TRIM_EXCLUDED);
	assert_int_equal(reason_of(s, 2), TRIM_NOTHING_SPARE);
	assert_null(worker_trim_next(&s->worker, ASKER_HAND));
	s->groups[0].settings.trim = false;
	assert_false(group_is_trimmed(&s->groups[0]));
	assert_int_not_equal(worker_trim_due_ns(&s->worker), UINT64_MAX);
	s->config.trim.enabled = false;
	assert_int_equal(worker_trim_due_ns(&s->worker), UINT64_MAX);
	/* One group alone has rounds too. */
	s->config.n_rules = 1;
	s->config.rules[0].settings.trim = true;
	assert_int_not_equal(worker_trim_due_ns(&s->worker), UINT64_MAX);
	scene_free(s);
}

/* All of them each interval, a few a turn; one whose request is under way in the next round. */
static void test_growth_is_watched_in_rounds(void **state)
{
	struct scene *s = scene_new();
	struct worker *w = &s->worker;
	uint64_t minute = s->config.growth.interval_ns;

	(void)state;
	worker_growth(w, START);
	assert_int_equal(worker_growth_due_ns(w), UINT64_MAX);
	assert_int_equal(s->groups[0].growth.looks, 0);
	s->config.growth.enabled = true;
	s->groups[2].watched = false;
	w->flight = (struct flight){.active = true, .group = &s->groups[1]};
	worker_growth(w, START);
	assert_int_equal(worker_growth_due_ns(w), START + minute);
	assert_int_equal(s->groups[0].growth.looks, 1);
	assert_int_equal(s->groups[1].growth.looks, 0);
	assert_int_equal(s->groups[2].growth.looks, 0);
	w->flight.active = false;
	s->groups[2].watched = true;
	write_group(s, 0, 500 * MIB, 0, 0);
	fixture_write(s->fx, "g1/memory.stat", "nothing\n");
	worker_growth(w, START + minute - 1);
	assert_int_equal(s->groups[0].growth.looks, 1);
	worker_growth(w, START + minute);
	assert_int_equal(s->groups[0].growth.looks, 2);
	assert_int_equal(growth_bytes(&s->groups[0].growth), 100 * MIB);
	assert_int_equal(s->groups[0].growth.last.cold_anon_bytes, GROWTH_UNKNOWN);
	assert_int_equal(s->groups[1].growth.looks, 0);
	assert_int_equal(s->groups[2].growth.looks, 1);
	scene_free(s);
}

/* More than fit into a turn. */
static void test_growth_of_many_groups(void **state)
{
	struct scene *s = scene_new();
	struct group *many[40];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++)
		many[i] = &s->groups[i % N];
	s->config.growth.enabled = true;
	s->worker.groups = many;
	s->worker.n_groups = ARRAY_SIZE(many);
	worker_growth(&s->worker, START);
	assert_int_equal(s->groups[0].growth.looks + s->groups[1].growth.looks +
				 s->groups[2].growth.looks,
			 16);
	assert_true(worker_growth_due_ns(&s->worker) <= START);
	worker_growth(&s->worker, START + 1);
	worker_growth(&s->worker, START + 2);
	assert_int_equal(s->groups[0].growth.looks + s->groups[1].growth.looks +
				 s->groups[2].growth.looks,
			 40);
	assert_int_equal(worker_growth_due_ns(&s->worker), START + s->config.growth.interval_ns);
	s->worker.groups = s->all;
	s->worker.n_groups = N;
	scene_free(s);
}

static void test_small_groups_cost_one_read(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	write_group(s, 0, 16 * MIB, 0, 0);
	fixture_write(s->fx, "g0/memory.stat", "not to be read");
	two_rounds(s);
	assert_int_equal(reason_of(s, 0), TRIM_NOTHING_SPARE);
	assert_int_equal(reason_of(s, 1), TRIM_STEP);
	scene_free(s);
}

static void test_without_swap_no_anonymous_memory(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->worker.swap = (struct swap_sample){0};
	two_rounds(s);
	assert_int_equal(reason_of(s, 0), TRIM_NOTHING_SPARE);
	/* Below the floor that stays free. */
	s->worker.swap = (struct swap_sample){.total_bytes = 4096 * MIB, .free_bytes = 800 * MIB};
	worker_trim(&s->worker, NEXT + 2 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_SWAP_ALLOWANCE);
	scene_free(s);
}

/* What comes back is counted, what swap readahead brought along is not. */
static void test_what_is_read_back_stops_it(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	two_rounds(s);
	s->groups[0].trim.target.ledger.applied_bytes = 64 * MIB;
	write_group(s, 0, 400 * MIB, 2 * 8192, 1024);
	write_group(s, 1, 400 * MIB, 2 * 8192, 1024);
	write_swap_reads(s, 2048, 1024, 1024);
	worker_trim(&s->worker, NEXT + 2 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_PROMOTIONS);
	assert_int_equal(s->groups[0].trim.history.refaulted_bytes, 4 * MIB);
	assert_int_equal(s->groups[0].trim.target.ledger.refaulted_bytes, 4 * MIB);
	assert_int_equal(s->groups[1].trim.target.ledger.refaulted_bytes, 0);
	assert_ptr_equal(worker_trim_next(&s->worker, ASKER_HAND), &s->groups[2]);
	/* The same again, all of it unasked. */
	write_group(s, 2, 400 * MIB, 2 * 8192, 1024);
	write_swap_reads(s, 4096, 3072, 1024);
	worker_trim(&s->worker, NEXT + 4 * SECOND);
	assert_int_equal(reason_of(s, 2), TRIM_STEP);
	assert_int_equal(s->groups[2].trim.history.refaulted_bytes, 0);
	scene_free(s);
}

/* The program's own file, that another group had in memory and lost. */
static void test_what_was_not_taken_cannot_come_back(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	two_rounds(s);
	write_group(s, 0, 400 * MIB, 0, 1024);
	write_group(s, 1, 400 * MIB, 256, 1024);
	write_swap_reads(s, 2048, 0, 0);
	worker_trim(&s->worker, NEXT + 2 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_STEP);
	assert_int_equal(s->groups[0].trim.history.refaulted_bytes, 0);
	assert_int_equal(s->groups[1].trim.history.refaulted_bytes, MIB);
	/* What is back is not away any more. */
	write_group(s, 1, 400 * MIB, 256, 2048);
	worker_trim(&s->worker, NEXT + 4 * SECOND);
	assert_true(s->groups[1].trim.history.refaulted_bytes <= MIB);
	scene_free(s);
}

/* What was only demoted is not away: when it is wanted it need not be read back. */
static void test_what_was_demoted_cannot_come_back(void **state)
{
	_cleanup_free_ char *text = NULL;
	char stat[1024];
	struct scene *s = scene_new();

	(void)state;
	two_rounds(s);
	write_group(s, 1, 400 * MIB, 512, 1024);
	text = fixture_read(s->fx, "g1/memory.stat");
	(void)snprintf(stat, sizeof(stat), "%spgdemote_direct 256\n", text);
	fixture_write(s->fx, "g1/memory.stat", stat);
	write_swap_reads(s, 2048, 0, 0);
	worker_trim(&s->worker, NEXT + 2 * SECOND);
	assert_int_equal(s->groups[1].trim.history.refaulted_bytes, MIB);
	scene_free(s);
}

static struct request request_for(uint64_t bytes)
{
	return (struct request){.backend = BACKEND_MEMORY_RECLAIM, .bytes = bytes};
}

/* A step is taken in pieces, until one comes back short. */
static void test_pieces(void **state)
{
	struct scene *s = scene_new();
	struct group *g = &s->groups[0];
	struct request request = request_for(512 * 1024);
	struct taken taken = {.applied_bytes = 512 * 1024};
	uint64_t bytes;

	(void)state;
	two_rounds(s);
	bytes = g->trim.plan.bytes;
	worker_trim_account(&s->worker, g, &request, 0, &taken, NEXT);
	assert_true(g->trim.target.wants);
	assert_int_equal(g->trim.target.verdict.bytes, bytes - request.bytes);
	/* From then on its stalls are told, and its limit is not misled. */
	assert_true(g->trim.trigger_fd >= 0);
	assert_int_equal(s->worker.trim.n_triggers, 1);
	/* Here the trigger overwrote the text. */
	fixture_write(s->fx, "g0/memory.pressure", PRESSURE);
	assert_int_equal(g->target.unlearned_taken_bytes, request.bytes);
	taken.applied_bytes = 0;
	worker_trim_account(&s->worker, g, &request, -EAGAIN, &taken, NEXT);
	assert_false(g->trim.target.wants);
	/* Nothing for the third time: it is left for a while. */
	worker_trim_account(&s->worker, g, &request, -EAGAIN, &taken, NEXT);
	worker_trim_account(&s->worker, g, &request, -EAGAIN, &taken, NEXT + 2 * SECOND);
	worker_trim(&s->worker, NEXT + 2 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_BACK_OFF);
	worker_trim(&s->worker, NEXT + 4 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_STEP);
	scene_free(s);
}

/* The rest of a step does not go to swap once that is known to gain too little. */
static void test_what_gains_too_little_ends_the_step(void **state)
{
	struct scene *s = scene_new();
	struct group *g = &s->groups[0];
	struct request request = request_for(512 * 1024);
	const struct taken taken = {.applied_bytes = 512 * 1024};

	(void)state;
	two_rounds(s);
	request.swappiness = GROUP_RECLAIM_DEFAULT;
	g->yield = (struct yield){.poor_for_node = true, .until_ns = NEXT + 60 * SECOND};
	worker_trim_account(&s->worker, g, &request, 0, &taken, NEXT);
	assert_false(g->trim.target.wants);
	/* Here the trigger overwrote the text. */
	fixture_write(s->fx, "g0/memory.pressure", PRESSURE);
	worker_trim(&s->worker, NEXT + 2 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_SWAP_YIELD);
	assert_int_equal(reason_of(s, 1), TRIM_STEP);
	worker_trim(&s->worker, NEXT + 60 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_STEP);
	scene_free(s);
}

static void test_a_trigger_ends_the_step(void **state)
{
	struct scene *s = scene_new();
	struct group *g = &s->groups[0];
	struct request request = request_for(MIB);

	(void)state;
	two_rounds(s);
	assert_true(g->trim.target.wants);
	worker_trim_stalled(&s->worker, g, NEXT + 1);
	assert_false(g->trim.target.wants);
	assert_int_equal(reason_of(s, 0), TRIM_TRIGGERED);
	worker_trim(&s->worker, NEXT + 20 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_TRIGGERED);
	worker_trim(&s->worker, NEXT + 40 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_STEP);

	/* While a piece of it is under way: that is hurried, and nothing follows it. */
	s->worker.flight = (struct flight){
		.active = true,
		.group = g,
		.target = &g->trim.target,
		.interrupt_ns = UINT64_MAX,
	};
	worker_trim_stalled(&s->worker, g, NEXT + 41 * SECOND);
	assert_int_equal(s->worker.flight.interrupt_ns, NEXT + 41 * SECOND);
	worker_trim(&s->worker, NEXT + 42 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_STEP);
	s->worker.flight.active = false;
	worker_trim_account(&s->worker, g, &request, 0, &(struct taken){0}, NEXT + 42 * SECOND);
	assert_false(g->trim.target.wants);
	worker_trim(&s->worker, NEXT + 44 * SECOND);
	assert_int_equal(reason_of(s, 0), TRIM_TRIGGERED);
	scene_free(s);
}

static void test_unreadable_groups_are_passed_over(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	two_rounds(s);
	fixture_write(s->fx, "g0/memory.stat", "anon -1\n");
	worker_trim(&s->worker, NEXT + 2 * SECOND);
	assert_false(s->groups[0].trim.target.wants);
	assert_true(s->groups[1].trim.target.wants);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_interval_and_then_a_step),
		cmocka_unit_test(test_waits_for_damon_reclaim),
		cmocka_unit_test(test_the_pager_first),
		cmocka_unit_test(test_groups_that_are_not_trimmed),
		cmocka_unit_test(test_small_groups_cost_one_read),
		cmocka_unit_test(test_growth_is_watched_in_rounds),
		cmocka_unit_test(test_growth_of_many_groups),
		cmocka_unit_test(test_without_swap_no_anonymous_memory),
		cmocka_unit_test(test_what_is_read_back_stops_it),
		cmocka_unit_test(test_what_was_not_taken_cannot_come_back),
		cmocka_unit_test(test_what_was_demoted_cannot_come_back),
		cmocka_unit_test(test_pieces),
		cmocka_unit_test(test_what_gains_too_little_ends_the_step),
		cmocka_unit_test(test_a_trigger_ends_the_step),
		cmocka_unit_test(test_unreadable_groups_are_passed_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
