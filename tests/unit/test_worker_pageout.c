/* SPDX-License-Identifier: Apache-2.0 */
/* Which groups a worker has looked through for cold processes, and what it makes of the answer. */
#include "agent/worker/internal.h"
#include "agent/worker/pageout.h"

#include "agent/pageout/pager.h"
#include "base/clock.h"
#include "tests/unit/recorded.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define MIB	 (UINT64_C(1) << 20)
#define BEGIN_NS (100 * NSEC_PER_SEC)

enum { SVC, COLD, BARE, OTHER, GROUPS };

struct scene {
	struct fixture *fx;
	struct config config;
	struct topology topology;
	struct worker_world world;
	struct hands hands;
	struct worker worker;
	struct cgroup cgroups[GROUPS];
	struct shared_group shared[GROUPS];
	struct group groups[GROUPS], *list[GROUPS];
	struct protection_group protections[GROUPS + 1];
	uint64_t now_ns;
};

static const char *const paths[GROUPS] = {"svc", "svc/cold", "svc/bare", "other"};

static void write_file(struct scene *s, size_t group, const char *name, const char *text)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%s/%s", paths[group], name);
	fixture_write(s->fx, path, text);
}

/* Everybody has 64 MiB and no process; svc/bare is without a memory controller. */
static void make_group(struct scene *s, size_t i)
{
	static const struct {
		const char *name, *text;
	} files[] = {
		{"cgroup.procs", ""},	      {"cgroup.type", "domain\n"},
		{"memory.min", "0\n"},	      {"memory.low", "0\n"},
		{"memory.high", "max\n"},     {"memory.max", "max\n"},
		{"memory.swap.max", "max\n"}, {"memory.current", "67108864\n"},
	};

	for (size_t j = 0; j < ARRAY_SIZE(files); j++)
		if (i != BARE || j < 2)
			write_file(s, i, files[j].name, files[j].text);
	s->cgroups[i] = (struct cgroup){
		.path = (char *)paths[i],
		.dir_fd = openat(s->fx->fd, paths[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.parent = i == COLD || i == BARE ? &s->cgroups[SVC] : NULL,
		.data = &s->groups[i],
	};
	s->shared[i].id = i + 1;
	s->groups[i] = (struct group){
		.cgroup = &s->cgroups[i],
		.shared = &s->shared[i],
		.index = i,
		.has_limits = i != BARE,
		.limits = {.high = UINT64_MAX, .max = UINT64_MAX, .swap_max = UINT64_MAX},
	};
	s->list[i] = &s->groups[i];
}

/* A stopped process with 8 MiB of anonymous memory: the test's parent, for its number. */
static void put_process_into(struct scene *s, size_t group)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "%d\n", getppid());
	write_file(s, group, "cgroup.procs", text);
	(void)snprintf(text, sizeof(text), "%d/status", getppid());
	fixture_write(s->fx, text, "Name:\tx\nState:\tT\nUid:\t0\nVmRSS:\t8192 kB\n");
	(void)snprintf(text, sizeof(text), "%d/smaps", getppid());
	fixture_write(s->fx, text,
		      "10000000-10800000 rw-p 0 00:00 0\nRss: 8192 kB\nAnonymous: 8192 kB\n");
}

static const struct verdict near_limit = {
	.reason = VERDICT_LIMIT_NEAR, .bytes = 16 * MIB, .rate_bytes_per_s = MIB};

static struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	config_defaults(&s->config);
	s->config.pageout.enabled = true;
	s->config.pageout.still_for_ns = 0;
	for (size_t i = 0; i < GROUPS; i++)
		make_group(s, i);
	s->groups[SVC].watched = true;
	s->groups[SVC].target.verdict = near_limit;
	s->groups[SVC].sample.limit_bytes = 64 * MIB;
	s->groups[SVC].sample.swap_max_bytes = UINT64_MAX;
	s->topology.n_nodes = 1;
	s->world = (struct worker_world){
		.log = {.fd = -1}, .topology = &s->topology, .hands = &s->hands};
	assert_int_equal(shared_new(1, &s->world.shared), 0);
	assert_int_equal(pager_start(&(struct pager_world){.proc_fd = s->fx->fd,
							   .sys_fd = -1,
							   .hands = &s->hands},
				     &s->world.pager),
			 0);
	s->worker = (struct worker){
		.world = &s->world,
		.node = &s->topology.nodes[0],
		.page_size = 4096,
		.config = &s->config,
		.act = &act_dry_run,
		.main_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
		.pageout = {.slot = -1},
		.swap = {.total_bytes = 100 * MIB, .free_bytes = 100 * MIB},
		.machine_watch = {-1, -1, NULL},
		.groups = s->list,
		.protections = s->protections,
		.n_groups = GROUPS,
		.groups_sorted = true,
	};
	s->now_ns = BEGIN_NS;
	return s;
}

static void scene_free(struct scene *s)
{
	assert_int_equal(pager_stop(s->world.pager, 20 * NSEC_PER_SEC), 0);
	shared_free(s->world.shared);
	for (size_t i = 0; i < GROUPS; i++)
		fd_close(s->cgroups[i].dir_fd);
	fd_close(s->worker.main_fd);
	fixture_free(s->fx);
	free(s);
}

/* Until the worker waits for the next round; returns which groups were asked, a bit each. */
static unsigned int run_round(struct scene *s)
{
	struct worker *w = &s->worker;
	struct pollfd wake = {.fd = w->main_fd, .events = POLLIN};
	unsigned int asked = 0;
	uint64_t value;

	do {
		worker_pageout(w, s->now_ns);
		if (w->pageout.slot < 0)
			break;
		if (w->pageout.asked)
			asked |= 1U << w->pageout.asked->index;
		assert_int_equal(poll(&wake, 1, 30000), 1);
		(void)eventfd_read(w->main_fd, &value);
	} while (w->pageout.due_ns <= s->now_ns);
	return asked;
}

static uint64_t cold_bytes(const struct scene *s)
{
	return s->groups[SVC].target.cold_most_bytes;
}

static void test_asks_below_who_wants(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	put_process_into(s, COLD);
	assert_int_equal(run_round(s), 1 << SVC | 1 << COLD | 1 << BARE);
	assert_int_equal(cold_bytes(s), 8 * MIB);
	/* A dry run brings nothing: the rounds become seldom. */
	for (uint64_t wait_ns = NSEC_PER_SEC; wait_ns < 100 * NSEC_PER_SEC; wait_ns *= 2) {
		wait_ns = MIN(wait_ns, 60 * NSEC_PER_SEC);
		assert_int_equal(s->worker.pageout.due_ns, s->now_ns + wait_ns);
		s->now_ns += wait_ns - 1;
		assert_int_equal(run_round(s), 0);
		s->now_ns++;
		assert_int_not_equal(run_round(s), 0);
	}
	assert_int_equal(s->groups[SVC].target.ledger.pageouts, 0);
	scene_free(s);
}

static void test_node(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	s->groups[SVC].target.verdict.bytes = 0;
	s->worker.here.target.verdict = near_limit;
	put_process_into(s, OTHER);
	assert_int_equal(run_round(s), (1 << GROUPS) - 1);
	assert_int_equal(cold_bytes(s), 0);
	assert_int_equal(s->worker.here.target.cold_most_bytes, 8 * MIB);
	scene_free(s);
}

/* Each of these alone is a reason to leave the group alone. */
static void test_does_not_ask(void **state)
{
	static const unsigned int below = 1 << SVC | 1 << COLD | 1 << BARE;
	static const unsigned int asked[] = {
		0, 0, 0, 0, below & ~(1U << COLD), 0, below & ~(1U << COLD), 0,
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(asked); i++) {
		struct scene *s = scene_new();
		struct pager *pager = s->world.pager;

		if (i == 0)
			s->config.pageout.enabled = false;
		if (i == 1)
			s->groups[SVC].target.verdict.reason = VERDICT_ROOM_ENOUGH;
		if (i == 2)
			s->groups[SVC].target.verdict.bytes = 0;
		if (i == 3)
			s->groups[SVC].watched = false;
		if (i == 4)
			write_file(s, COLD, "memory.current", "4096\n");
		if (i == 5) {
			write_file(s, SVC, "memory.min", "67108864\n");
			write_file(s, COLD, "memory.min", "67108864\n");
		}
		if (i == 6) {
			(void)snprintf(s->config.protect.exclude.pattern[0], CONFIG_PATTERN_MAX,
				       "svc/cold");
			s->config.protect.exclude.n = 1;
			s->groups[COLD].excluded = s->groups[COLD].excluded_itself = true;
		}
		if (i == 7)
			s->world.pager = NULL;
		if (run_round(s) != asked[i])
			fail_msg("case %zu", i);
		s->world.pager = pager;
		scene_free(s);
	}
}

/* Anonymous memory stays where swap has no more to spare, or the group's share of it is used up. */
/* Nothing above claims any: reclaim for svc spares it all the same, reclaim of the node does not.
 */
static void test_what_is_claimed_below_who_wants(void **state)
{
	static const struct {
		const char *file, *text;
		bool is_asked;
	} rows[] = {
		{"memory.min", "max\n", false},	     {"memory.low", "67108864\n", false},
		{"memory.min", "67104769\n", false}, {"memory.min", "33554432\n", true},
		{"memory.min", "what\n", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene *s = scene_new();

		s->world.recursive_protection = true;
		put_process_into(s, COLD);
		write_file(s, COLD, rows[i].file, rows[i].text);
		assert_int_equal(!!(run_round(s) & 1 << COLD), rows[i].is_asked);
		assert_int_equal(cold_bytes(s), rows[i].is_asked ? 8 * MIB : 0);
		scene_free(s);
	}
}

/* With memory_recursiveprot for all below it, else for those that claim some of it. */
static void test_what_is_claimed_in_between(void **state)
{
	(void)state;
	for (int recursive = 0; recursive < 2; recursive++) {
		struct scene *s = scene_new();

		s->world.recursive_protection = recursive;
		s->cgroups[COLD].parent = &s->cgroups[OTHER];
		s->cgroups[OTHER].parent = &s->cgroups[SVC];
		put_process_into(s, COLD);
		write_file(s, OTHER, "memory.min", "max\n");
		assert_int_equal(!!(run_round(s) & 1 << COLD), !recursive);
		scene_free(s);
	}
}

static void test_swap_is_bounded(void **state)
{
	(void)state;
	for (int i = 0; i < 7; i++) {
		struct scene *s = scene_new();
		uint64_t bytes = 0;

		put_process_into(s, COLD);
		if (i == 0)
			s->worker.swap.free_bytes = 20 * MIB;
		if (i == 1)
			write_file(s, COLD, "memory.swap.max", "0\n");
		if (i == 2)
			s->groups[SVC].sample.swap_current_bytes = 128 * MIB;
		/* A little of it is left: then a little is asked for. */
		if (i == 3) {
			write_file(s, COLD, "memory.swap.current", "10485760\n");
			write_file(s, COLD, "memory.swap.max", "12582912\n");
			bytes = 8 * MIB;
		}
		if (i == 4)
			bytes = 8 * MIB;
		/* It gains the group above nothing; or the node alone, which does not want it. */
		if (i >= 5)
			s->groups[COLD].yield = (struct yield){.poor_for_node = true,
							       .poor_for_limit = i == 5,
							       .until_ns = UINT64_MAX};
		if (i == 6)
			bytes = 8 * MIB;
		(void)run_round(s);
		if (cold_bytes(s) != bytes)
			fail_msg("case %d: %ju", i, (uintmax_t)cold_bytes(s));
		scene_free(s);
	}
}

static int advise_all(const struct request *request)
{
	return request->backend == BACKEND_PROCESS_MADVISE ? 0 : -EINVAL;
}

/* What was tried and what it brought are counted apart, for who wanted the memory. */
static void test_accounts(void **state)
{
	static const struct act_ops ops = {.name = "fake", .make = advise_all};
	struct scene *s = scene_new();
	const struct ledger *ledger = &s->groups[SVC].target.ledger;

	(void)state;
	s->worker.act = &ops;
	put_process_into(s, COLD);
	(void)run_round(s);
	assert_true(ledger->pageouts > 0);
	assert_int_equal(ledger->pageout_tried_bytes, 8 * MIB);
	assert_int_equal(ledger->pageout_applied_bytes, 0);
	assert_int_equal(ledger->actions, 0);
	assert_int_equal(s->worker.here.target.ledger.pageouts, 0);
	scene_free(s);
}

/* The table of operations has no context: whose process is paged out. */
static const struct fixture *paged_out;

static int page_out(const struct request *request)
{
	char path[32];

	(void)request;
	(void)snprintf(path, sizeof(path), "%d/status", getppid());
	fixture_write(paged_out, path,
		      "Name:\tx\nState:\tT\nUid:\t0\nVmRSS:\t2048 kB\nVmSwap:\t5120 kB\n");
	return 0;
}

/* What it brought counts at once: who wanted it is looked at before more is asked for. */
static void test_looks_before_it_asks_again(void **state)
{
	static const struct act_ops ops = {.name = "fake", .make = page_out};
	struct scene *s = scene_new();
	struct worker *w = &s->worker;
	struct pollfd wake = {.fd = w->main_fd, .events = POLLIN};
	struct target *target = &s->groups[SVC].target;
	uint64_t value;

	(void)state;
	paged_out = s->fx;
	w->act = &ops;
	target->due_ns = UINT64_MAX;
	put_process_into(s, SVC);
	worker_pageout(w, s->now_ns);
	assert_true(w->pageout.slot >= 0);
	while (w->pageout.slot >= 0 && target->ledger.pageouts == 0) {
		assert_int_equal(poll(&wake, 1, 30000), 1);
		(void)eventfd_read(w->main_fd, &value);
		worker_pageout(w, s->now_ns);
	}
	assert_int_equal(w->pageout.slot, -1);
	assert_int_equal(target->due_ns, 0);
	assert_int_equal(target->ledger.pageout_tried_bytes, 8 * MIB);
	assert_int_equal(target->ledger.pageout_applied_bytes, 6 * MIB);
	assert_int_equal(target->ledger.pageout_swapped_bytes, 5 * MIB);
	assert_int_equal(target->unlearned_taken_bytes, 6 * MIB);
	worker_pageout(w, s->now_ns);
	assert_true(w->pageout.slot >= 0);
	scene_free(s);
}

static const struct verdict step = {.reason = VERDICT_COLD, .bytes = 16 * MIB};

/* Nobody wants room; a step of trim waits for svc/cold. */
static struct scene *scene_with_step(void)
{
	struct scene *s = scene_new();
	struct group *g = &s->groups[COLD];

	s->groups[SVC].target.verdict = (struct verdict){0};
	g->watched = true;
	g->settings.trim = true;
	g->sample = (struct group_sample){
		.current_bytes = 64 * MIB, .swap_max_bytes = UINT64_MAX, .limit_bytes = UINT64_MAX};
	g->trim.trigger_fd = -1;
	g->trim.plan.swappiness = GROUP_RECLAIM_DEFAULT;
	g->trim.target.verdict = step;
	g->trim.target.wants = true;
	g->trim.taker = ASKER_PAGER;
	put_process_into(s, COLD);
	return s;
}

/* What it finds nothing for is the hand's, and it is not asked about that group for a while. */
static void test_a_step_it_finds_nothing_for(void **state)
{
	struct scene *s = scene_with_step();
	struct group *g = &s->groups[COLD];

	(void)state;
	assert_int_equal(worker_pageout_first(&s->worker, g, s->now_ns), ASKER_HAND);
	g->trim.target.wants = false;
	assert_int_equal(worker_pageout_first(&s->worker, g, s->now_ns), ASKER_PAGER);
	g->trim.target.wants = true;
	/* Rests after what brought nothing to others are not its own. */
	s->worker.pageout.due_ns = s->worker.pageout.wait_ns = UINT64_MAX;
	for (uint64_t wait_ns = NSEC_PER_SEC; wait_ns < 100 * NSEC_PER_SEC; wait_ns *= 2) {
		wait_ns = MIN(wait_ns, 60 * NSEC_PER_SEC);
		worker_pageout(&s->worker, s->now_ns);
		assert_true(worker_pageout_is_at_step(&s->worker, g));
		s->worker.pageout.due_ns = 0;
		(void)run_round(s);
		s->worker.pageout.due_ns = UINT64_MAX;
		assert_false(worker_pageout_is_at_step(&s->worker, g));
		assert_int_equal(g->trim.taker, ASKER_HAND);
		assert_true(g->trim.target.wants);
		assert_int_equal(g->trim.target.verdict.bytes, step.bytes);
		assert_int_equal(g->trim.pager_due_ns, s->now_ns + wait_ns);
		g->trim.target.wants = false;
		s->now_ns += wait_ns - 1;
		assert_int_equal(worker_pageout_first(&s->worker, g, s->now_ns), ASKER_HAND);
		s->now_ns++;
		assert_int_equal(worker_pageout_first(&s->worker, g, s->now_ns), ASKER_PAGER);
		g->trim.target.wants = true;
		g->trim.taker = ASKER_PAGER;
	}
	assert_int_equal(g->trim.target.cold_most_bytes, 8 * MIB);
	scene_free(s);
}

static void test_what_a_step_may_take(void **state)
{
	(void)state;
	for (int i = 0; i < 6; i++) {
		struct scene *s = scene_with_step();
		struct group *g = &s->groups[COLD];
		unsigned int asked = 1 << COLD, wanted = asked;
		uint64_t bytes = 8 * MIB;

		if (i == 1) { /* no anonymous memory, so it was decided */
			g->trim.plan.swappiness = GROUP_RECLAIM_NO_ANON;
			bytes = 0;
		}
		if (i == 2) { /* its share of swap is used up */
			g->sample.swap_current_bytes = 1000 * MIB;
			s->config.trim.swap_permyriad = 5000;
			bytes = 0;
		}
		if (i == 3) { /* nothing is made cold that the hand would take next */
			char text[64];

			(void)snprintf(text, sizeof(text), "%d/status", getppid());
			fixture_write(s->fx, text,
				      "Name:\tx\nState:\tS\nUid:\t0\nVmRSS:\t8192 kB\n");
			s->config.pageout.second_chance = true;
			bytes = 0;
		}
		if (i == 4) { /* who wants room comes first */
			s->groups[SVC].target.verdict = near_limit;
			wanted = 1 << SVC | 1 << COLD | 1 << BARE;
			bytes = 0;
		}
		if (i == 5) { /* it is the hand's */
			g->trim.taker = ASKER_HAND;
			wanted = 0;
			bytes = 0;
		}
		asked = run_round(s);
		if (asked != wanted || g->trim.target.cold_most_bytes != bytes)
			fail_msg("case %d: %#x, %ju", i, asked,
				 (uintmax_t)g->trim.target.cold_most_bytes);
		scene_free(s);
	}
}

/* What the step got is taken off it; the hand takes the rest. */
static void test_a_step_is_accounted(void **state)
{
	static const struct act_ops ops = {.name = "fake", .make = page_out};
	struct scene *s = scene_with_step();
	struct group *g = &s->groups[COLD];

	(void)state;
	paged_out = s->fx;
	s->worker.act = &ops;
	(void)run_round(s);
	assert_int_equal(g->trim.target.ledger.pageout_applied_bytes, 6 * MIB);
	assert_int_equal(g->trim.target.verdict.bytes, 10 * MIB);
	assert_int_equal(g->target.unlearned_taken_bytes, 6 * MIB);
	assert_int_equal(g->target.ledger.pageouts, 0);
	assert_true(g->trim.target.wants);
	assert_int_equal(g->trim.taker, ASKER_HAND);
	assert_int_equal(g->trim.pager_wait_ns, 0);
	scene_free(s);
}

/* One that goes with the pager at its step, and one whose tasks stall meanwhile. */
static void test_a_step_ends_early(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		struct scene *s = scene_with_step();
		struct group *g = &s->groups[COLD];

		worker_pageout(&s->worker, s->now_ns);
		assert_true(worker_pageout_is_at_step(&s->worker, g));
		if (i == 0) {
			worker_pageout_forget(&s->worker, g);
			g->watched = false;
		} else {
			worker_trim_stalled(&s->worker, g, s->now_ns);
			assert_true(g->trim.sample.psi_triggered);
		}
		(void)run_round(s);
		assert_int_equal(s->worker.pageout.slot, -1);
		assert_false(worker_pageout_is_at_step(&s->worker, g));
		assert_int_equal(g->trim.target.ledger.pageouts, 0);
		scene_free(s);
	}
}

static _Atomic int calls;
static _Atomic bool go_on;

static int take_slowly(const struct request *request)
{
	(void)request;
	atomic_fetch_add(&calls, 1);
	for (int i = 0; i < 30000 && !atomic_load(&go_on); i++)
		(void)poll(NULL, 0, 1);
	return 0;
}

/* It would else go on, piece by piece, with what was asked of it before. */
static void test_what_the_pager_is_at_is_cancelled(void **state)
{
	static const struct act_ops slow = {.name = "slow", .make = take_slowly};
	enum { NOTHING, STALLED, LIMITS, LIMITS_ABOVE, LIMITS_OF_OTHERS, AT_ONCE, CASES };

	(void)state;
	for (int i = 0; i < CASES; i++) {
		struct scene *s = scene_with_step();
		struct worker *w = &s->worker;
		struct pollfd wake = {.fd = w->main_fd, .events = POLLIN};
		bool goes_on = i == NOTHING || i == LIMITS_OF_OTHERS;

		w->act = &slow;
		atomic_store(&calls, 0);
		atomic_store(&go_on, false);
		worker_pageout(w, s->now_ns);
		for (int n = 0; n < 30000 && atomic_load(&calls) == 0; n++)
			(void)poll(NULL, 0, 1);
		if (i == STALLED)
			worker_trim_stalled(w, &s->groups[COLD], s->now_ns);
		else if (i == LIMITS)
			worker_pageout_limits_changed(w, &s->groups[COLD]);
		else if (i == LIMITS_ABOVE)
			worker_pageout_limits_changed(w, &s->groups[SVC]);
		else if (i == LIMITS_OF_OTHERS)
			worker_pageout_limits_changed(w, &s->groups[OTHER]);
		else if (i == AT_ONCE)
			worker_pageout_cancel(w);
		atomic_store(&go_on, true);
		assert_int_equal(poll(&wake, 1, 30000), 1);
		if ((atomic_load(&calls) > 1) != goes_on)
			fail_msg("case %d: %d calls", i, atomic_load(&calls));
		scene_free(s);
	}
}

/* Groups that go while they are asked, or while they want memory, are not missed. */
static void test_groups_go(void **state)
{
	struct scene *s = scene_new();
	struct worker *w = &s->worker;

	(void)state;
	worker_pageout(w, s->now_ns);
	assert_true(w->pageout.slot >= 0);
	worker_pageout_forget(w, &s->groups[SVC]);
	assert_null(w->pageout.asked);
	assert_null(w->pageout.group);
	s->groups[SVC].watched = false;
	(void)run_round(s);
	assert_int_equal(w->pageout.slot, -1);
	scene_free(s);
}

/* What an ask brought, told by who asked; of one that found nothing, nothing. */
static void test_records(void **state)
{
	static const struct act_ops ops = {.name = "fake", .make = page_out};
	struct scene *s = scene_new();
	struct record *last = calloc(1, sizeof(*last));
	struct recorded recorded;

	(void)state;
	paged_out = s->fx;
	s->groups[COLD].shared->id = 77;
	s->worker.record = recorded_begin(&recorded, s->fx, &s->config);
	put_process_into(s, COLD);
	s->worker.act = &ops;
	for (int i = 0; i < 3; i++)
		(void)run_round(s);
	recorded_end(&recorded);
	assert_int_equal(recorded_read(&recorded, RECORD_OUTCOME, last), 1);
	assert_int_equal(last->outcome.decision, RECORD_PAGEOUT);
	assert_int_equal(last->outcome.target, 77);
	assert_false(last->outcome.of_node || last->outcome.dry);
	assert_int_equal(last->outcome.asked_bytes, 8 * MIB);
	assert_int_equal(last->outcome.applied_bytes, 6 * MIB);
	assert_int_equal(last->outcome.swapped_bytes, 5 * MIB);
	free(last);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asks_below_who_wants),
		cmocka_unit_test(test_node),
		cmocka_unit_test(test_does_not_ask),
		cmocka_unit_test(test_what_is_claimed_below_who_wants),
		cmocka_unit_test(test_what_is_claimed_in_between),
		cmocka_unit_test(test_swap_is_bounded),
		cmocka_unit_test(test_accounts),
		cmocka_unit_test(test_groups_go),
		cmocka_unit_test(test_looks_before_it_asks_again),
		cmocka_unit_test(test_a_step_it_finds_nothing_for),
		cmocka_unit_test(test_what_a_step_may_take),
		cmocka_unit_test(test_a_step_is_accounted),
		cmocka_unit_test(test_a_step_ends_early),
		cmocka_unit_test(test_what_the_pager_is_at_is_cancelled),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
