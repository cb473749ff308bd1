/* SPDX-License-Identifier: Apache-2.0 */
/* The thread that pages out for all workers: asking, collecting, and its end. */
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

#define MIB (UINT64_C(1) << 20)

struct scene {
	struct recorded recorded;
	struct record_lane *lane;
	struct fixture *fx;
	struct config *config;
	struct hands hands;
	struct pager *pager;
	struct pageout_ask ask;
	int wake_fd;
};

/* A group with one process, stopped and with 8 MiB; it is the test's parent, for its number. */
static struct scene *scene_new(void)
{
	static const struct fixture_file files[] = {
		{"group/cgroup.type", "domain\n"},
		{"group/cgroup.events", "populated 1\nfrozen 0\n"}};
	struct scene *s = calloc(1, sizeof(*s));
	struct pager_world world;
	char text[64];

	assert_non_null(s);
	s->fx = fixture_new(files, ARRAY_SIZE(files));
	s->lane = recorded_begin(&s->recorded, s->fx, NULL);
	s->config = calloc(1, sizeof(*s->config));
	assert_non_null(s->config);
	config_defaults(s->config);
	s->config->pageout.still_for_ns = 0;
	(void)snprintf(text, sizeof(text), "%d\n", getppid());
	fixture_write(s->fx, "group/cgroup.procs", text);
	(void)snprintf(text, sizeof(text), "%d/status", getppid());
	fixture_write(s->fx, text, "Name:\tx\nState:\tT\nUid:\t0\nVmRSS:\t8192 kB\n");
	(void)snprintf(text, sizeof(text), "%d/smaps", getppid());
	fixture_write(s->fx, text, "10000000-10800000 rw-p 0 00:00 0\nRss: 8192 kB\n");
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	world = (struct pager_world){
		.proc_fd = s->fx->fd, .sys_fd = -1, .hands = &s->hands, .record = s->lane};
	assert_int_equal(pager_start(&world, &s->pager), 0);
	s->ask = (struct pageout_ask){
		.group = 5,
		.group_fd = openat(s->fx->fd, "group", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
		.node = -1,
		.bytes = 64 * MIB,
		.may_swap = true,
	};
	return s;
}

static void scene_free(struct scene *s)
{
	assert_int_equal(pager_stop(s->pager, 20 * NSEC_PER_SEC), 0);
	assert_int_equal(recorder_stop(s->recorded.recorder, 20 * NSEC_PER_SEC), 0);
	fd_close(s->ask.group_fd);
	fd_close(s->wake_fd);
	free(s->config);
	fixture_free(s->fx);
	free(s);
}

static struct pageout_result ask_and_wait(struct scene *s)
{
	struct pollfd wake = {.fd = s->wake_fd, .events = POLLIN};
	int slot = pager_ask(s->pager, &act_dry_run, s->config, &s->ask, s->wake_fd);
	struct pageout_result result;
	uint64_t value;

	assert_true(slot >= 0);
	while (!pager_collect(s->pager, slot, &result)) {
		assert_int_equal(poll(&wake, 1, 30000), 1);
		(void)eventfd_read(s->wake_fd, &value);
	}
	assert_false(pager_collect(s->pager, slot, &result));
	return result;
}

static void test_asks(void **state)
{
	struct scene *s = scene_new();
	struct pageout_result result;

	(void)state;
	for (int i = 0; i < 2 * PAGER_SLOTS; i++) {
		result = ask_and_wait(s);
		assert_true(result.ended);
		assert_int_equal(result.error, 0);
		/* Looked through once, it rests for a while. */
		if (i == 0)
			assert_int_equal(result.chosen_bytes, 8 * MIB);
		assert_int_equal(result.processes[PAGEOUT_STOPPED] +
					 (i > 0 ? result.processes[PAGEOUT_RESTS] : 0),
				 1);
	}
	scene_free(s);
}

/* Each decision, after the settings of the asker where they are others. */
static void test_records(void **state)
{
	struct scene *s = scene_new();
	struct record *last = calloc(1, sizeof(*last));
	const struct pageout_decision *d = &last->pageout.decision;

	(void)state;
	(void)ask_and_wait(s);
	(void)ask_and_wait(s);
	s->config->pageout.rss_min_bytes = 16 * MIB;
	(void)ask_and_wait(s);
	assert_int_equal(pager_stop(s->pager, 20 * NSEC_PER_SEC), 0);
	s->pager = NULL;
	recorded_end(&s->recorded);
	assert_int_equal(recorded_read(&s->recorded, RECORD_SETTINGS, last), 2);
	assert_int_equal(last->settings.pageout.rss_min_bytes, 16 * MIB);
	assert_int_equal(last->settings.pageout.still_for_ns, 0);
	assert_int_equal(recorded_read(&s->recorded, RECORD_PAGEOUT, last), 3);
	assert_int_equal(last->pageout.group, 5);
	assert_int_equal(d->past.pid, getppid());
	assert_true(d->sample.stopped && !d->sample.frozen && !d->sample.named);
	assert_int_equal(d->sample.resident_bytes, 8 * MIB);
	assert_int_equal(d->reason, PAGEOUT_SMALL);
	free(last);
	s->recorded.recorder = NULL;
	scene_free(s);
}

static void test_gone(void **state)
{
	struct scene *s = scene_new();
	int group_fd = s->ask.group_fd;

	(void)state;
	fixture_remove(s->fx, "group");
	assert_int_equal(ask_and_wait(s).error, -ENOENT);
	s->ask.group_fd = -1;
	assert_int_equal(ask_and_wait(s).error, -EBADF);
	s->ask.group_fd = group_fd;
	scene_free(s);
}

/* Every slot taken; what nobody collects does no harm at the end. */
static void test_full(void **state)
{
	struct scene *s = scene_new();

	(void)state;
	for (int i = 0; i < PAGER_SLOTS; i++)
		assert_int_equal(pager_ask(s->pager, &act_dry_run, s->config, &s->ask, -1), i);
	assert_int_equal(pager_ask(s->pager, &act_dry_run, s->config, &s->ask, -1), -EBUSY);
	scene_free(s);
}

static _Atomic int calls;
static _Atomic bool go_on;

/* Goes on for as long as nobody says anything. */
static int take(const struct request *request)
{
	(void)request;
	atomic_fetch_add(&calls, 1);
	for (int i = 0; i < 30000 && !atomic_load(&go_on); i++)
		(void)poll(NULL, 0, 1);
	return 0;
}

static const struct act_ops slow = {.name = "slow", .make = take};

static struct pageout_result collect(struct scene *s, int slot)
{
	struct pageout_result result = {0};

	for (int i = 0; i < 30000 && !pager_collect(s->pager, slot, &result); i++)
		(void)poll(NULL, 0, 1);
	return result;
}

/* It ends with the piece under way, and what is asked for again goes on from there. */
static void test_cancelled(void **state)
{
	struct scene *s = scene_new();
	int slot = pager_ask(s->pager, &slow, s->config, &s->ask, -1);
	struct pageout_result first, second;

	(void)state;
	assert_true(slot >= 0);
	for (int i = 0; i < 30000 && atomic_load(&calls) == 0; i++)
		(void)poll(NULL, 0, 1);
	pager_cancel(s->pager, slot);
	atomic_store(&go_on, true);
	first = collect(s, slot);
	assert_int_equal(first.calls, 1);
	assert_int_equal(atomic_load(&calls), 1);
	assert_false(first.ended);
	assert_true(first.tried_bytes > 0 && first.tried_bytes < 8 * MIB);
	second = collect(s, pager_ask(s->pager, &slow, s->config, &s->ask, -1));
	assert_true(second.calls > 0);
	assert_true(second.ended);
	assert_int_equal(first.tried_bytes + second.tried_bytes, 8 * MIB);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_asks),	cmocka_unit_test(test_gone),
		cmocka_unit_test(test_full),	cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_records),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
