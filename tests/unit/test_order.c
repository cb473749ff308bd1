/* SPDX-License-Identifier: Apache-2.0 */
/* When a node is compacted, and what a worker makes of it. */
#include "agent/worker/compact.h"
#include "agent/worker/internal.h"

#include "agent/policy/order.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "numa/buddy.h"
#include "tests/unit/recorded.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#define MIB  (UINT64_C(1) << 20)
#define PAGE UINT64_C(4096)
#define NOW  (1000 * NSEC_PER_SEC)

static void test_decisions(void **state)
{
	static const struct {
		const char *name;
		struct order_want want;
		uint64_t free, low, fitting, until_ns;
		enum order_reason reason;
		uint64_t missing;
	} rows[] = {
		{"nothing", {0, 64 * MIB}, 500 * MIB, 10 * MIB, 0, 0, ORDER_NOTHING, 0},
		{"enough", {9, 64 * MIB}, 500 * MIB, 10 * MIB, 64 * MIB, 0, ORDER_ENOUGH, 0},
		{"too small",
		 {9, 64 * MIB},
		 500 * MIB,
		 10 * MIB,
		 64 * MIB - 1,
		 0,
		 ORDER_COMPACT,
		 0},
		/* Twice a piece of 2 MiB beside what is wanted and the watermark. */
		{"just free", {9, 64 * MIB}, 78 * MIB, 10 * MIB, 0, 0, ORDER_COMPACT, 0},
		{"little free", {9, 64 * MIB}, 77 * MIB, 10 * MIB, 0, 0, ORDER_LITTLE_FREE, MIB},
		{"waits", {9, 64 * MIB}, 500 * MIB, 10 * MIB, 0, NOW + 1, ORDER_WAITS, 0},
		{"waited", {9, 64 * MIB}, 500 * MIB, 10 * MIB, 0, NOW, ORDER_COMPACT, 0},
		{"little free meanwhile",
		 {9, 64 * MIB},
		 77 * MIB,
		 10 * MIB,
		 0,
		 NOW + 1,
		 ORDER_LITTLE_FREE,
		 MIB},
		{"one page of two", {1, 8192}, 10 * MIB, MIB, 0, 0, ORDER_COMPACT, 0},
		{"all there is",
		 {10, UINT64_MAX},
		 10 * MIB,
		 MIB,
		 0,
		 0,
		 ORDER_LITTLE_FREE,
		 UINT64_MAX - 10 * MIB},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct order_history history = {.until_ns = rows[i].until_ns};
		struct order_sample sample = {
			.can_compact = true,
			.now_ns = NOW,
			.page_size = PAGE,
			.free_bytes = rows[i].free,
			.low_bytes = rows[i].low,
			.fitting_bytes = rows[i].fitting,
		};
		struct order_plan plan = order_decide(&rows[i].want, &history, &sample);

		if (plan.reason != rows[i].reason || plan.missing_bytes != rows[i].missing)
			fail_msg("%s: %s, %ju", rows[i].name, order_reason_name(plan.reason),
				 (uintmax_t)plan.missing_bytes);
		sample.can_compact = false;
		plan = order_decide(&rows[i].want, &history, &sample);
		assert_int_equal(plan.reason, rows[i].reason == ORDER_COMPACT ? ORDER_NO_BACKEND
									      : rows[i].reason);
	}
}

/* Twice as long each time, up to a bound, until one brings something. */
static void test_waits(void **state)
{
	const struct order_want want = {9, 64 * MIB};
	struct order_history h = {0};
	uint64_t wait_ns = ORDER_WAIT_MIN_NS;

	(void)state;
	for (int i = 0; i < 20; i++) {
		order_learn(&h, &want, NOW, 0, 16 * MIB);
		assert_int_equal(h.until_ns, NOW + wait_ns);
		wait_ns = MIN(2 * wait_ns, ORDER_WAIT_MAX_NS);
	}
	assert_int_equal(wait_ns, ORDER_WAIT_MAX_NS);
	order_learn(&h, &want, NOW, 0, 17 * MIB);
	assert_int_equal(h.until_ns, NOW + ORDER_WAIT_MIN_NS);
	/* Of what was missing, not of all. */
	order_learn(&h, &want, NOW, 60 * MIB, 62 * MIB);
	assert_int_equal(h.until_ns, NOW + ORDER_WAIT_MIN_NS);
	/* What it used is rested for, where that is longer. */
	order_rest(&h, NOW, ORDER_WAIT_MIN_NS - 1);
	assert_int_equal(h.until_ns, NOW + ORDER_WAIT_MIN_NS);
	order_rest(&h, NOW, ORDER_WAIT_MIN_NS + 1);
	assert_int_equal(h.until_ns, NOW + ORDER_WAIT_MIN_NS + 1);
	order_learn(&h, &want, UINT64_MAX, 60 * MIB, 0);
	assert_int_equal(h.until_ns, UINT64_MAX);
}

static void test_words(void **state)
{
	(void)state;
	for (enum order_reason i = 0; i < ORDER_REASONS; i++) {
		assert_non_null(order_reason_name(i));
		assert_non_null(order_reason_words(i));
	}
	assert_string_equal(order_reason_name(ORDER_REASONS), "unknown");
}

/* --- the worker's part --- */

struct scene {
	struct fixture *fx;
	struct config config;
	struct hands hands;
	struct worker_world world;
	struct numa_node node;
	struct worker worker;
};

/* At once, by the worker itself. */
static int make(const struct request *request)
{
	return request->backend == BACKEND_NODE_COMPACT ? node_compact(request->fd) : -EOPNOTSUPP;
}
static const struct act_ops at_once = {.name = "at once", .make = make};

/* Free pieces of order 0 and 9 on node 0, and what the worker saw of it. */
static void write_free(struct scene *s, uint64_t small, uint64_t huge)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "Node 0, zone Normal %ju 0 0 0 0 0 0 0 0 %ju 0\n",
		       (uintmax_t)small, (uintmax_t)huge);
	fixture_write(s->fx, "buddyinfo", text);
	s->worker.here.fresh.counters.free_pages = small + 512 * huge;
}

static struct scene *scene_new(void)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	fixture_write(s->fx, "devices/system/node/node0/compact", "");
	config_defaults(&s->config);
	s->hands.program = FIXTURE_PATH(USWAP_HAND);
	s->world = (struct worker_world){
		.log = {.fd = -1},
		.proc_fd = s->fx->fd,
		.sys_fd = s->fx->fd,
		.whole_machine = true,
		.hands = &s->hands,
	};
	s->worker = (struct worker){
		.world = &s->world,
		.node = &s->node,
		.config = &s->config,
		.act = &at_once,
		.page_size = PAGE,
		.main_fd = -1,
	};
	assert_int_equal(ring_open(false, &s->worker.ring), 0);
	write_free(s, 100000, 0);
	assert_int_equal(worker_compact_open(&s->worker), 0);
	return s;
}

static void scene_free(struct scene *s)
{
	worker_compact_close(&s->worker, NSEC_PER_SEC);
	ring_free(s->worker.ring);
	fixture_free(s->fx);
	free(s);
}

/* The node has been looked at in this turn. */
static void turn(struct scene *s, uint64_t now_ns)
{
	s->worker.here.fresh_ns = now_ns;
	worker_compact(&s->worker, now_ns);
}

static bool was_compacted(struct scene *s)
{
	_cleanup_free_ char *text = fixture_read(s->fx, "devices/system/node/node0/compact");

	return *text == '1';
}

/* What the hand was given is done, and seen. */
static void turn_until_done(struct scene *s, uint64_t now_ns)
{
	for (int i = 0; i < 5000 && s->worker.compaction.under_way; i++) {
		struct pollfd done = {.fd = hand_fd(s->worker.compaction.hand), .events = POLLIN};

		(void)poll(&done, 1, 1000);
		turn(s, now_ns);
	}
	assert_false(s->worker.compaction.under_way);
}

static void test_nothing_is_wanted(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	turn(s, NOW);
	assert_int_equal(worker_compact_due_ns(&s->worker), UINT64_MAX);
	assert_false(was_compacted(s));
	scene_free(s);
}

static void test_a_standing_order(void **state)
{
	struct scene *s = scene_new();
	struct worker_compaction *c = &s->worker.compaction;

	(void)state;
	s->config.balance.order = 9;
	turn(s, NOW);
	assert_int_equal(c->reason, ORDER_COMPACT);
	assert_true(c->under_way);
	write_free(s, 10000, 8);
	turn_until_done(s, NOW);
	assert_true(was_compacted(s));
	assert_int_equal(c->compactions, 1);
	assert_int_equal(c->reason, ORDER_ENOUGH);
	assert_int_equal(c->fitting_bytes, 16 * MIB);
	/* Used up again, a moment later. */
	write_free(s, 10000, 0);
	turn(s, NOW + 5 * NSEC_PER_SEC);
	assert_int_equal(c->reason, ORDER_WAITS);
	turn(s, NOW + ORDER_WAIT_MIN_NS);
	assert_true(c->under_way);
	turn_until_done(s, NOW + ORDER_WAIT_MIN_NS);
	assert_int_equal(c->compactions, 2);
	scene_free(s);
}

/* As in an agent: the request goes to a process of its own. */
static void test_by_a_hand(void **state)
{
	struct scene *s = scene_new();
	struct worker_compaction *c = &s->worker.compaction;

	(void)state;
	s->worker.act = &act_live;
	s->config.balance.order = 9;
	turn(s, NOW);
	assert_true(c->under_way);
	turn_until_done(s, NOW);
	assert_true(was_compacted(s));
	assert_int_equal(c->compactions, 1);
	assert_int_equal(c->hands.lost, 0);
	scene_free(s);
}

/* As large a node as one likes: the pipe is full, and nobody reads it. */
static struct scene *scene_of_a_long_one(int ret_pipe[2])
{
	struct scene *s = scene_new();
	static const char block[4096];

	assert_int_equal(pipe2(ret_pipe, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(ret_pipe[1], block, sizeof(block)) > 0)
		;
	assert_int_equal(fcntl(ret_pipe[1], F_SETFL, 0), 0);
	fd_close(s->worker.compaction.compact_fd);
	s->worker.compaction.compact_fd = ret_pipe[1];
	s->worker.act = &act_live;
	s->config.balance.order = 9;
	s->config.protect.cpu_permyriad = 5000;
	turn(s, NOW);
	assert_true(s->worker.compaction.under_way);
	return s;
}

/* Its hand is killed, which says nothing of swap, and seen to have ended. */
static void was_ended(struct scene *s, uint64_t now_ns)
{
	struct worker_compaction *c = &s->worker.compaction;

	assert_false(c->under_way);
	assert_int_equal(c->compactions, 1);
	assert_int_equal(c->hands.lost, 1);
	assert_int_equal(s->hands.lost, 0);
	assert_int_equal(s->hands.stuck, 0);
	/* Half a CPU may be used: twice as long as it took. */
	assert_true(c->cpu_ns > 0);
	assert_int_equal(c->cpu_ns, c->wall_ns);
	assert_true(c->history.until_ns >= now_ns + 2 * c->cpu_ns);
	assert_int_equal(s->worker.hand_cpu_ns, 0);
	for (int i = 0; i < 30000 && c->hands.stuck > 0; i++) {
		(void)poll(NULL, 0, 1);
		turn(s, now_ns);
	}
	assert_int_equal(c->hands.stuck, 0);
}

static void test_one_that_takes_too_long(void **state)
{
	int fds[2];
	struct scene *s = scene_of_a_long_one(fds);
	struct worker_compaction *c = &s->worker.compaction;
	uint64_t end_ns = worker_compact_due_ns(&s->worker);

	(void)state;
	assert_true(end_ns > NOW && end_ns <= NOW + 60 * NSEC_PER_SEC);
	turn(s, end_ns - 1);
	assert_true(c->under_way);
	turn(s, end_ns);
	was_ended(s, end_ns);
	fd_close(fds[0]);
	scene_free(s);
}

static void test_paused_while_one_is_under_way(void **state)
{
	int fds[2];
	struct scene *s = scene_of_a_long_one(fds);

	(void)state;
	turn(s, NOW + 1);
	assert_true(s->worker.compaction.under_way);
	s->worker.act = &act_dry_run;
	turn(s, NOW + 2);
	was_ended(s, NOW + 2);
	fd_close(fds[0]);
	scene_free(s);
}

static void test_without_cpu_time_left(void **state)
{
	struct scene *s = scene_new();
	struct worker_compaction *c = &s->worker.compaction;

	(void)state;
	s->config.balance.order = 9;
	s->worker.budget.begun_ns = NOW;
	s->worker.hand_cpu_ns = 2 * NSEC_PER_SEC;
	turn(s, NOW);
	assert_int_equal(c->reason, ORDER_COMPACT);
	assert_false(c->under_way);
	turn(s, NOW + 5 * NSEC_PER_SEC);
	assert_true(c->under_way);
	turn_until_done(s, NOW + 5 * NSEC_PER_SEC);
	assert_true(was_compacted(s));
	scene_free(s);
}

static void test_once(void **state)
{
	struct scene *s = scene_new();
	struct worker_compaction *c = &s->worker.compaction;

	(void)state;
	/* 1000 pages are not enough for 16 MiB: the rest is ordered, once. */
	write_free(s, 1000, 0);
	worker_want_order(&s->worker, 9, 16 * MIB);
	turn(s, NOW);
	assert_int_equal(c->reason, ORDER_LITTLE_FREE);
	assert_int_equal(atomic_load(&s->worker.ordered_bytes), 20 * MIB - 1000 * PAGE);
	turn(s, NOW + 2 * NSEC_PER_SEC);
	assert_int_equal(atomic_load(&s->worker.ordered_bytes), 20 * MIB - 1000 * PAGE);
	write_free(s, 10000, 0);
	turn(s, NOW + 4 * NSEC_PER_SEC);
	assert_true(c->under_way);
	write_free(s, 5000, 8);
	turn_until_done(s, NOW + 4 * NSEC_PER_SEC);
	assert_int_equal(c->reason, ORDER_ENOUGH);
	assert_int_equal(worker_compact_due_ns(&s->worker), UINT64_MAX);
	/* One piece where nothing is said of how much; and it is not waited for for ever. */
	write_free(s, 40, 0);
	worker_want_order(&s->worker, 4, 0);
	turn(s, NOW + 10 * NSEC_PER_SEC);
	assert_int_equal(c->once.bytes, 16 * PAGE);
	turn(s, NOW + 69 * NSEC_PER_SEC);
	assert_int_equal(c->once.order, 4);
	turn(s, NOW + 71 * NSEC_PER_SEC);
	assert_int_equal(c->once.order, 0);
	scene_free(s);
}

static void test_what_is_not_there(void **state)
{
	struct scene *s = scene_new();
	struct worker_compaction *c = &s->worker.compaction;

	(void)state;
	s->config.balance.order = 9;
	s->worker.act = &act_dry_run;
	turn(s, NOW);
	assert_int_equal(c->reason, ORDER_COMPACT);
	assert_false(c->under_way);
	s->worker.act = &at_once;
	c->compact_fd = fd_close(c->compact_fd);
	turn(s, NOW + 10 * NSEC_PER_SEC);
	assert_int_equal(c->reason, ORDER_NO_BACKEND);
	fixture_write(s->fx, "buddyinfo", "nothing\n");
	turn(s, NOW + 20 * NSEC_PER_SEC);
	assert_false(c->under_way);
	c->buddy_fd = fd_close(c->buddy_fd);
	turn(s, NOW + 30 * NSEC_PER_SEC);
	assert_false(was_compacted(s));
	scene_free(s);
}

/* What it decides, and what a compaction brought of what was missing. */
static void test_records(void **state)
{
	struct scene *s = scene_new();
	struct record *last = calloc(1, sizeof(*last));
	struct recorded recorded;

	(void)state;
	s->config.balance.order = 9;
	s->node.id = 0;
	s->worker.record = recorded_begin(&recorded, s->fx, &s->config);
	write_free(s, 100000, 2);
	turn(s, NOW);
	assert_true(s->worker.compaction.under_way);
	write_free(s, 100000, 5);
	turn_until_done(s, NOW + NSEC_PER_SEC);
	recorded_end(&recorded);
	assert_int_equal(recorded_read(&recorded, RECORD_ORDER, last), 2);
	assert_int_equal(last->order.want.order, 9);
	assert_false(last->order.once);
	assert_int_equal(last->order.plan.reason, ORDER_WAITS);
	assert_int_equal(last->order.fitting_bytes[9], 10 * MIB);
	assert_int_equal(last->order.fitting_bytes[10], 0);
	assert_int_equal(last->order.fitting_bytes[0], 10 * MIB + 100000 * PAGE);
	assert_int_equal(recorded_read(&recorded, RECORD_OUTCOME, last), 1);
	assert_true(last->outcome.of_node);
	assert_int_equal(last->outcome.decision, RECORD_ORDER);
	assert_int_equal(last->outcome.asked_bytes, 12 * MIB);
	assert_int_equal(last->outcome.applied_bytes, 6 * MIB);
	assert_int_equal(last->outcome.error, 0);
	free(last);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_waits),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_nothing_is_wanted),
		cmocka_unit_test(test_a_standing_order),
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_by_a_hand),
		cmocka_unit_test(test_one_that_takes_too_long),
		cmocka_unit_test(test_paused_while_one_is_under_way),
		cmocka_unit_test(test_without_cpu_time_left),
		cmocka_unit_test(test_what_is_not_there),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
