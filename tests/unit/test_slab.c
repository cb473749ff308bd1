/* SPDX-License-Identifier: Apache-2.0 */
/* When the machine's slab is dropped for a node, and what a worker makes of it. */
#include "agent/policy/slab.h"

#include "agent/worker/internal.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/recorded.h"
#include "tests/unit/worker_scene.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOUR_NS (3600 * NSEC_PER_SEC)
#define DROP	"proc/sys/vm/drop_caches"
#define VMSTAT	"sys/devices/system/node/node0/vmstat"

static void test_decisions(void **state)
{
	static const struct {
		const char *name;
		uint64_t per_hour;
		struct slab_sample sample;
		bool dropped;
	} rows[] = {
		{"hopeless", 1, {VERDICT_HOPELESS, 8 * MIB, 100 * MIB, UINT64_MAX, false}, true},
		{"never", 0, {VERDICT_HOPELESS, 8 * MIB, 100 * MIB, UINT64_MAX, false}, false},
		{"spared", 1, {VERDICT_HOPELESS, 8 * MIB, 100 * MIB, UINT64_MAX, true}, false},
		{"nobody has any",
		 1,
		 {VERDICT_NOTHING_SPARE, 1, SLAB_LEAST_BYTES, UINT64_MAX, false},
		 true},
		{"no way", 1, {VERDICT_NO_BACKEND, 1, SLAB_LEAST_BYTES, UINT64_MAX, false}, true},
		{"swap gains nothing",
		 1,
		 {VERDICT_SWAP_YIELD, 1, SLAB_LEAST_BYTES, UINT64_MAX, false},
		 true},
		{"swap is stuck",
		 1,
		 {VERDICT_SWAP_STUCK, 1, SLAB_LEAST_BYTES, UINT64_MAX, false},
		 true},
		{"others give",
		 1,
		 {VERDICT_NODE_LOW, 8 * MIB, 100 * MIB, UINT64_MAX, false},
		 false},
		{"others rest",
		 1,
		 {VERDICT_BACK_OFF, 8 * MIB, 100 * MIB, UINT64_MAX, false},
		 false},
		{"kswapd gives",
		 1,
		 {VERDICT_KSWAPD_ACTIVE, 8 * MIB, 100 * MIB, UINT64_MAX, false},
		 false},
		{"switched off",
		 1,
		 {VERDICT_EXCLUDED, 8 * MIB, 100 * MIB, UINT64_MAX, false},
		 false},
		{"held out", 1, {VERDICT_HELD_OUT, 8 * MIB, 100 * MIB, UINT64_MAX, false}, false},
		{"nothing wanted", 1, {VERDICT_HOPELESS, 0, 100 * MIB, UINT64_MAX, false}, false},
		{"little slab",
		 1,
		 {VERDICT_HOPELESS, 1, SLAB_LEAST_BYTES - 1, UINT64_MAX, false},
		 false},
		{"a quarter", 1, {VERDICT_HOPELESS, 400 * MIB, 100 * MIB, UINT64_MAX, false}, true},
		{"less", 1, {VERDICT_HOPELESS, 400 * MIB + 4, 100 * MIB, UINT64_MAX, false}, false},
		{"no slab", 60, {VERDICT_HOPELESS, 8 * MIB, 0, UINT64_MAX, false}, false},
		{"all of it",
		 60,
		 {VERDICT_HOPELESS, UINT64_MAX, UINT64_MAX, UINT64_MAX, false},
		 true},
		{"just now", 60, {VERDICT_HOPELESS, 8 * MIB, 100 * MIB, 0, false}, false},
		{"a moment early",
		 1,
		 {VERDICT_HOPELESS, 8 * MIB, 100 * MIB, HOUR_NS - 1, false},
		 false},
		{"in time", 1, {VERDICT_HOPELESS, 8 * MIB, 100 * MIB, HOUR_NS, false}, true},
		{"once a minute",
		 60,
		 {VERDICT_HOPELESS, 8 * MIB, 100 * MIB, HOUR_NS / 60, false},
		 true},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (slab_decide(rows[i].per_hour, &rows[i].sample) != rows[i].dropped)
			fail_msg("%s", rows[i].name);
	assert_int_equal(slab_pause_ns(0), UINT64_MAX);
	assert_int_equal(slab_pause_ns(1), HOUR_NS);
	assert_int_equal(slab_pause_ns(60), 60 * NSEC_PER_SEC);
}

/* A kernel whose node 0 has so many pages of reclaimable slab, of one length in one write. */
static bool set_slab(const struct fixture *fx, uint64_t pages)
{
	static const char key[] = "\nnr_slab_reclaimable ";
	_cleanup_close_ int fd = kfile_open(fx->fd, VMSTAT, O_RDWR);
	char text[16384], number[16];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	char *at;

	if (n <= 0)
		return false;
	text[n] = '\0';
	at = strstr(text, key);
	(void)snprintf(number, sizeof(number), "%07ju", (uintmax_t)pages);
	return at && pwrite(fd, number, 7, at + strlen(key) - text) == 7;
}

/* It keeps 1000 pages, which are in use. */
static int drop(const struct request *request)
{
	int r = act_live.make(request);

	(void)pthread_mutex_lock(&asked.lock);
	asked.requests++;
	asked.bytes = request->bytes;
	asked.last_backend = request->backend;
	(void)pthread_mutex_unlock(&asked.lock);
	return r == 0 && !set_slab(asked.fx, 1000) ? -EIO : r;
}

static const struct act_ops act_drop = {.name = "drop", .make = drop};

static struct scene *scene_with_slab(uint64_t pages)
{
	struct scene *s = new_scene(true);
	char *text = fixture_read(s->fx, VMSTAT), *at = strstr(text, "\nnr_slab_reclaimable ");
	char wide[16384];

	assert_non_null(at);
	(void)snprintf(wide, sizeof(wide), "%.*s\nnr_slab_reclaimable %07ju%s", (int)(at - text),
		       text, (uintmax_t)pages, strchr(at + 1, '\n'));
	fixture_write(s->fx, VMSTAT, wide);
	free(text);
	fixture_write(s->fx, DROP, "");
	s->world.whole_machine = true;
	s->world.act = &act_drop;
	s->config.balance.drop_slab = 1;
	return s;
}

/* Whether an order that nothing else can fill makes a request. */
static bool order_is_tried(struct scene *s)
{
	uint64_t before = requests_made();

	worker_order(s->worker, 8 * MIB);
	for (int i = 0; i < 3000 && atomic_load(&s->worker->ordered_bytes) > 0; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(atomic_load(&s->worker->ordered_bytes), 0);
	return requests_made() > before;
}

static void assert_dropped(struct scene *s, const char *written)
{
	_cleanup_free_ char *text = fixture_read(s->fx, DROP);

	assert_string_equal(text, written);
}

static void test_a_node_without_any_other_way(void **state)
{
	size_t descriptors = fixture_entries("/proc/self/fd");
	struct scene *s = scene_with_slab(6000);
	struct node_status status;

	(void)state;
	start_scene(s);
	(void)status_of(s);
	assert_true(order_is_tried(s));
	assert_int_equal(last_backend(), BACKEND_DROP_SLAB);
	assert_int_equal(asked.bytes, 6000 * 4096);
	assert_dropped(s, "2");
	status = status_of(s);
	assert_int_equal(status.slab_drops, 1);
	assert_int_equal(status.slab_dropped_bytes, 5000 * 4096);
	assert_int_equal(status.ledger.actions, 1);
	assert_int_equal(status.ledger.tried_bytes, 6000 * 4096);
	assert_int_equal(status.ledger.applied_bytes, 5000 * 4096);
	/* Not again within the hour. */
	set_slab(s->fx, 6000);
	assert_false(order_is_tried(s));
	end_scene(s);
	assert_int_equal(fixture_entries("/proc/self/fd"), descriptors);
}

static void expect_none(struct scene *s)
{
	start_scene(s);
	(void)status_of(s);
	assert_false(order_is_tried(s));
	assert_dropped(s, "");
	assert_int_equal(status_of(s).slab_drops, 0);
	end_scene(s);
}

static void test_when_it_is_left_alone(void **state)
{
	struct scene *s = scene_with_slab(6000);

	(void)state;
	s->config.balance.drop_slab = 0;
	expect_none(s);
	s = scene_with_slab(6000);
	s->world.whole_machine = false;
	expect_none(s);
	s = scene_with_slab(1000);
	expect_none(s);
	/* It would pay too, wherever its memory is. */
	s = scene_with_slab(6000);
	fixture_write(s->fx, "cg/kept/", NULL);
	(void)snprintf(s->config.protect.exclude.pattern[0], CONFIG_PATTERN_MAX, "kept");
	s->config.protect.exclude.n = 1;
	expect_none(s);
	/* Not uid 0. */
	s = scene_with_slab(6000);
	fixture_remove(s->fx, DROP);
	start_scene(s);
	(void)status_of(s);
	assert_false(order_is_tried(s));
	end_scene(s);
}

/* Only a deadly signal ends one: its hand is killed at the deadline, and the next one serves. */
static void test_one_that_takes_too_long(void **state)
{
	struct scene *s = scene_with_slab(6000);
	_cleanup_close_ int full = -1;
	char path[128];

	(void)state;
	s->hands.program = FIXTURE_PATH(USWAP_HAND);
	s->world.act = &act_live;
	s->config.reclaim.deadline_ns = 50 * NSEC_PER_MSEC;
	/* A pipe that takes no more. */
	fixture_remove(s->fx, DROP);
	(void)snprintf(path, sizeof(path), "%s/" DROP, s->fx->path);
	assert_int_equal(mkfifo(path, 0600), 0);
	full = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	while (write(full, path, 1) == 1)
		;
	start_scene(s);
	(void)status_of(s);
	(void)order_is_tried(s);
	assert_int_equal(status_of(s).ledger.failed_actions, 1);
	assert_int_equal(atomic_load(&s->hands.lost), 1);
	/* A group that is there now is asked by another hand, once its memory is read. */
	add_group(s->fx, "svc");
	for (int i = 0; i < 1000 && status_of(s).ledger.actions == 1; i++) {
		(void)order_is_tried(s);
		(void)poll(NULL, 0, 20);
	}
	assert_true(status_of(s).ledger.actions > 1);
	assert_int_equal(status_of(s).ledger.failed_actions, 1);
	end_scene(s);
}

/* Deciding and telling, it asks for nothing, and does not use up the hour. */
static void test_an_agent_that_observes(void **state)
{
	struct scene *s = scene_with_slab(6000);

	(void)state;
	s->config.agent.mode = MODE_OBSERVE;
	start_scene(s);
	(void)status_of(s);
	assert_false(order_is_tried(s));
	assert_dropped(s, "");
	assert_int_equal(shared_slab_dropped(s->world.shared), 0);
	end_scene(s);
}

/* What is decided on, and of the drop what it brought the node. */
static void test_records(void **state)
{
	struct scene *s = scene_with_slab(6000);
	struct record *last = calloc(1, sizeof(*last));
	struct recorded recorded;

	(void)state;
	(void)recorded_begin(&recorded, s->fx, NULL);
	s->world.recorder = recorded.recorder;
	start_scene(s);
	(void)status_of(s);
	assert_true(order_is_tried(s));
	worker_ask_to_stop(s->worker);
	assert_int_equal(worker_join(s->worker, 10 * NSEC_PER_SEC), 0);
	worker_free(s->worker);
	s->worker = NULL;
	recorded_end(&recorded);
	assert_true(recorded_read(&recorded, RECORD_SLAB, last) > 0);
	assert_false(last->slab.sample.anyone_is_spared);
	assert_int_equal(recorded_read(&recorded, RECORD_OUTCOME, last), 1);
	assert_int_equal(last->outcome.decision, RECORD_SLAB);
	assert_true(last->outcome.of_node);
	assert_int_equal(last->outcome.asked_bytes, 6000 * 4096);
	assert_int_equal(last->outcome.applied_bytes, 5000 * 4096);
	free(last);
	end_scene(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),
		cmocka_unit_test(test_a_node_without_any_other_way),
		cmocka_unit_test(test_when_it_is_left_alone),
		cmocka_unit_test(test_one_that_takes_too_long),
		cmocka_unit_test(test_an_agent_that_observes),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
