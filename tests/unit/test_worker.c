/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole worker on a fake tree: real thread, real ring, real hand; behind the ops table a kernel
 * that writes requests down and makes the fake group smaller.
 */
#include "agent/worker.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define MIB    (UINT64_C(1) << 20)
#define KERNEL "kernel/6.18/"

/* What the fake kernel was asked for. */
struct asked {
	pthread_mutex_t lock;
	const struct fixture *fx;
	const char *current; /* the file that shrinks */
	uint64_t requests, bytes;
	int last_swappiness;
	enum backend last_backend;
	int answer; /* what it returns instead of reclaiming */
};

static struct asked asked = {.lock = PTHREAD_MUTEX_INITIALIZER};

static uint64_t number_in(const struct fixture *fx, const char *path)
{
	char text[64];
	return kfile_read_at(fx->fd, path, text, sizeof(text)) > 0 ? strtoull(text, NULL, 10) : 0;
}

/*
 * Always of one length and in one write, so that a reader never sees half of it. False when the
 * file is gone: the worker's threads, which must not assert, come here too.
 */
static bool set_number(const struct fixture *fx, const char *path, uint64_t value)
{
	_cleanup_close_ int fd = kfile_open(fx->fd, path, O_WRONLY);
	char text[64];
	int n = snprintf(text, sizeof(text), "%012ju\n", (uintmax_t)value);

	return pwrite(fd, text, (size_t)n, 0) == n;
}

static int fake_reclaim(const struct request *request)
{
	int r;

	(void)pthread_mutex_lock(&asked.lock);
	asked.requests++;
	asked.bytes += request->bytes;
	asked.last_swappiness = request->swappiness;
	asked.last_backend = request->backend;
	r = asked.answer;
	if (r == 0 && asked.current) {
		uint64_t current = number_in(asked.fx, asked.current);

		if (!set_number(asked.fx, asked.current,
				current > request->bytes ? current - request->bytes : 0))
			r = -ENODEV;
	}
	(void)pthread_mutex_unlock(&asked.lock);
	return r;
}

static const struct act_ops act_fake = {.name = "fake", .make = fake_reclaim};

static void copy(const struct fixture *fx, const char *path, const char *captured)
{
	char name[128];
	_cleanup_free_ char *text = NULL;

	(void)snprintf(name, sizeof(name), KERNEL "%s", captured);
	text = fixture_data(name);
	fixture_write(fx, path, text);
}

/* A group of 128 MiB that holds 100 MiB of clean file memory. */
static void add_group(const struct fixture *fx, const char *path)
{
	static const struct fixture_file files[] = {
		{"memory.current", "000104857600\n"},
		{"memory.max", "134217728\n"},
		{"memory.high", "max\n"},
		{"memory.min", "0\n"},
		{"memory.low", "0\n"},
		{"memory.swap.max", "max\n"},
		{"memory.swap.current", "0\n"},
		{"memory.reclaim", ""},
		{"cgroup.controllers", "memory\n"},
	};
	char whole[300];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		(void)snprintf(whole, sizeof(whole), "cg/%s/%s", path, files[i].path);
		fixture_write(fx, whole, files[i].text);
	}
	(void)snprintf(whole, sizeof(whole), "cg/%s/memory.stat", path);
	copy(fx, whole, "memory.stat");
	(void)snprintf(whole, sizeof(whole), "cg/%s/memory.numa_stat", path);
	copy(fx, whole, "memory.numa_stat");
	(void)snprintf(whole, sizeof(whole), "cg/%s/memory.events.local", path);
	copy(fx, whole, "memory.events.local");
	(void)snprintf(whole, sizeof(whole), "cg/%s/memory.pressure", path);
	copy(fx, whole, "memory.pressure");
}

struct scene {
	struct fixture *fx;
	struct topology *topology;
	struct worker_world world;
	struct hands hands;
	struct config config;
	struct worker *worker;
};

static struct scene *new_scene(bool uring)
{
	struct scene *s = calloc(1, sizeof(*s));

	assert_non_null(s);
	s->fx = fixture_new(NULL, 0);
	copy(s->fx, "proc/vmstat", "vmstat");
	copy(s->fx, "proc/meminfo", "meminfo");
	copy(s->fx, "proc/zoneinfo", "zoneinfo");
	copy(s->fx, "proc/pressure/memory", "pressure-memory");
	copy(s->fx, "sys/devices/system/node/node0/vmstat", "node0-vmstat");
	fixture_write(s->fx, "cg/cgroup.controllers", "memory\n");
	assert_int_equal(topology_load(TOPOLOGY_SYNTHETIC, "numa:1 core:1 pu:1", &s->topology), 0);
	assert_int_equal(shared_new(1, &s->world.shared), 0);
	s->world.log = (struct log){.fd = -1};
	s->world.proc_fd = kfile_open_dir(s->fx->fd, "proc");
	s->world.sys_fd = kfile_open_dir(s->fx->fd, "sys");
	s->world.cgroup_fd = kfile_open_dir(s->fx->fd, "cg");
	s->world.topology = s->topology;
	s->world.act = &act_fake;
	s->world.hands = &s->hands;
	s->world.reclaim_features.swappiness = true;
	s->world.has_memory_reclaim = true;
	s->world.try_uring = uring;
	config_defaults(&s->config);
	s->config.balance.margin.enabled = false;
	asked = (struct asked){.lock = PTHREAD_MUTEX_INITIALIZER, .fx = s->fx};
	return s;
}

static void start(struct scene *s)
{
	assert_int_equal(worker_start(&s->world, 0, &s->config, &s->worker), 0);
}

static void end_scene(struct scene *s)
{
	if (s->worker) {
		worker_ask_to_stop(s->worker);
		assert_int_equal(worker_join(s->worker, 10 * NSEC_PER_SEC), 0);
		worker_free(s->worker);
	}
	shared_free(s->world.shared);
	topology_free(s->topology);
	fd_close(s->world.proc_fd);
	fd_close(s->world.sys_fd);
	fd_close(s->world.cgroup_fd);
	fixture_free(s->fx);
	free(s);
}

static uint64_t requests(void)
{
	uint64_t n;

	(void)pthread_mutex_lock(&asked.lock);
	n = asked.requests;
	(void)pthread_mutex_unlock(&asked.lock);
	return n;
}

/* Grows the file by rate until the fake kernel was asked or the time is up. */
static bool grow_until_asked(struct scene *s, const char *path, uint64_t rate, uint64_t for_ns)
{
	uint64_t end_ns = clock_now_ns() + for_ns, before = requests();

	while (clock_now_ns() < end_ns) {
		(void)pthread_mutex_lock(&asked.lock);
		set_number(s->fx, path, number_in(s->fx, path) + rate / 100);
		(void)pthread_mutex_unlock(&asked.lock);
		(void)poll(NULL, 0, 10);
		if (requests() > before)
			return true;
	}
	return false;
}

static struct node_status status_of(struct scene *s)
{
	struct node_status status = {0};

	worker_ask_status(s->worker);
	assert_int_equal(worker_status(s->worker, clock_now_ns() + 10 * NSEC_PER_SEC, &status), 0);
	assert_true(status.answered);
	return status;
}

static void keeps_room(bool uring)
{
	struct scene *s = new_scene(uring);
	struct node_status status;
	int tries = 500;

	add_group(s->fx, "svc");
	asked.current = "cg/svc/memory.current";
	start(s);
	assert_true(grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, 20 * NSEC_PER_SEC));
	/* Before the limit, not at it. */
	assert_true(number_in(s->fx, "cg/svc/memory.current") < 128 * MIB);
	assert_int_equal(asked.last_backend, BACKEND_MEMORY_RECLAIM);
	/* It was asked; that it was is counted when it has answered. */
	do
		status = status_of(s);
	while (status.n_groups == 1 && status.groups[0].ledger.actions == 0 && tries-- > 0 &&
	       poll(NULL, 0, 10) == 0);
	assert_int_equal(status.io_uring, uring && status.io_uring);
	assert_int_equal(status.n_groups, 1);
	assert_string_equal(status.groups[0].path, "svc");
	assert_int_equal(status.groups[0].limit_bytes, 128 * MIB);
	assert_int_equal(status.groups[0].action.reason, VERDICT_LIMIT_NEAR);
	assert_true(status.groups[0].ledger.actions > 0);
	end_scene(s);
}

static void test_keeps_room_below_a_limit(void **state)
{
	(void)state;
	keeps_room(true);
	keeps_room(false);
}

static void test_a_group_at_rest_is_left_alone(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	set_number(s->fx, "cg/svc/memory.current", 128 * MIB);
	start(s);
	(void)poll(NULL, 0, 1500);
	assert_int_equal(requests(), 0);
	assert_int_equal(status_of(s).groups[0].verdict.reason, VERDICT_NO_DEMAND);
	end_scene(s);
}

static void test_groups_come_and_go(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	start(s);
	assert_int_equal(status_of(s).n_groups, 0);
	add_group(s->fx, "late");
	asked.current = "cg/late/memory.current";
	/* Its limit was written after the directory came: the worker hears of that too. */
	assert_true(grow_until_asked(s, "cg/late/memory.current", 16 * MIB, 20 * NSEC_PER_SEC));
	fixture_remove(s->fx, "cg/late");
	for (int i = 0; i < 500 && status_of(s).n_groups > 0; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(status_of(s).n_groups, 0);
	/* What was done to it is not forgotten, once the request it had is finished. */
	for (int i = 0; i < 500 && status_of(s).groups_ledger.actions == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_true(status_of(s).groups_ledger.actions > 0);
	end_scene(s);
}

static void test_protected_memory_is_not_asked_for(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	fixture_write(s->fx, "cg/svc/memory.min", "max\n");
	start(s);
	/* Until it would be time to ask. */
	for (int i = 0; i < 200 && status_of(s).groups[0].verdict.reason != VERDICT_NOTHING_SPARE;
	     i++)
		assert_false(
			grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, NSEC_PER_SEC / 10));
	assert_int_equal(status_of(s).groups[0].verdict.reason, VERDICT_NOTHING_SPARE);
	end_scene(s);
}

static void test_protection_set_a_moment_ago_holds(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	start(s);
	(void)status_of(s);
	fixture_write(s->fx, "cg/svc/memory.low", "max\n");
	assert_false(grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, 2 * NSEC_PER_SEC));
	end_scene(s);
}

/*
 * What a group above protects is shared out by usage: a share computed while the group was empty is
 * nothing, and must not be what it has when it is full a moment later.
 */
static void test_a_share_of_protection_grows_with_the_group(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	s->world.recursive_protection = true;
	s->config.agent.tick_max_ns = 50 * NSEC_PER_MSEC;
	add_group(s->fx, "slice");
	fixture_write(s->fx, "cg/slice/memory.max", "max\n");
	fixture_write(s->fx, "cg/slice/memory.low", "209715200\n");
	add_group(s->fx, "slice/heir");
	set_number(s->fx, "cg/slice/memory.current", 0);
	set_number(s->fx, "cg/slice/heir/memory.current", 0);
	start(s);
	(void)status_of(s);
	set_number(s->fx, "cg/slice/memory.current", 112 * MIB);
	set_number(s->fx, "cg/slice/heir/memory.current", 112 * MIB);
	assert_false(grow_until_asked(s, "cg/slice/heir/memory.current", 16 * MIB, NSEC_PER_SEC));
	end_scene(s);
}

/* The group's memory.numa_stat, with no memory on any node. */
static void set_nowhere(const struct fixture *fx, const char *path)
{
	_cleanup_free_ char *text = fixture_data(KERNEL "memory.numa_stat");
	bool value = false;

	for (char *c = text; *c; c++) {
		value = value ? *c != ' ' && *c != '\n' : *c == '=';
		if (value && *c != '=')
			*c = '0';
	}
	fixture_write(fx, path, text);
}

static enum backend ordered_through(struct scene *s)
{
	uint64_t before = requests();

	worker_order(s->worker, 8 * MIB);
	for (int i = 0; i < 1000 && requests() == before; i++)
		(void)poll(NULL, 0, 10);
	assert_true(requests() > before);
	return asked.last_backend;
}

/* Shares are some seconds old at most; what takes from all groups can't wait for the next. */
static void test_the_node_is_not_asked_once_an_heir_has_memory(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	s->world.recursive_protection = true;
	s->world.whole_machine = true;
	fixture_write(s->fx, "sys/devices/system/node/node0/reclaim", "");
	add_group(s->fx, "svc");
	add_group(s->fx, "slice");
	fixture_write(s->fx, "cg/slice/memory.max", "max\n");
	fixture_write(s->fx, "cg/slice/memory.min", "209715200\n");
	add_group(s->fx, "slice/heir");
	set_number(s->fx, "cg/slice/memory.current", 0);
	set_number(s->fx, "cg/slice/heir/memory.current", 0);
	set_nowhere(s->fx, "cg/slice/memory.numa_stat");
	set_nowhere(s->fx, "cg/slice/heir/memory.numa_stat");
	start(s);
	(void)status_of(s);
	assert_int_equal(ordered_through(s), BACKEND_NODE_RECLAIM);
	while (status_of(s).ledger.actions == 0)
		(void)poll(NULL, 0, 10);
	copy(s->fx, "cg/slice/memory.numa_stat", "memory.numa_stat");
	copy(s->fx, "cg/slice/heir/memory.numa_stat", "memory.numa_stat");
	assert_int_equal(ordered_through(s), BACKEND_MEMORY_RECLAIM);
	end_scene(s);
}

/* Groups are asked by turns; one that gives nothing, being protected, passes it on. */
static void test_a_protected_group_does_not_keep_the_turn(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "big");
	add_group(s->fx, "small");
	fixture_write(s->fx, "cg/big/memory.low", "max\n");
	set_number(s->fx, "cg/small/memory.current", 50 * MIB);
	asked.current = "cg/small/memory.current";
	start(s);
	(void)status_of(s);
	for (int i = 0; i < 3; i++)
		assert_int_equal(ordered_through(s), BACKEND_MEMORY_RECLAIM);
	assert_true(number_in(s->fx, "cg/small/memory.current") < 50 * MIB);
	assert_int_equal(number_in(s->fx, "cg/big/memory.current"), 100 * MIB);
	end_scene(s);
}

/* As libvirt's and many containers' inner groups: memory is charged to the one above them. */
static void test_children_without_a_controller_leave_memory_to_the_parent(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "vm");
	fixture_write(s->fx, "cg/vm/emulator/", NULL);
	start(s);
	(void)status_of(s);
	assert_int_equal(ordered_through(s), BACKEND_MEMORY_RECLAIM);
	end_scene(s);
}

static void test_the_node_is_not_asked_where_the_excluded_have_no_controller(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	s->world.whole_machine = true;
	fixture_write(s->fx, "sys/devices/system/node/node0/reclaim", "");
	add_group(s->fx, "a");
	fixture_write(s->fx, "cg/a/secret/", NULL);
	add_group(s->fx, "b");
	(void)snprintf(s->config.protect.exclude.pattern[0], CONFIG_PATTERN_MAX, "a/secret");
	s->config.protect.exclude.n = 1;
	asked.current = "cg/b/memory.current";
	start(s);
	(void)status_of(s);
	assert_int_equal(ordered_through(s), BACKEND_MEMORY_RECLAIM);
	assert_true(number_in(s->fx, "cg/b/memory.current") < 100 * MIB);
	end_scene(s);
}

static void test_excluded_groups_are_not_asked(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "db");
	(void)snprintf(s->config.protect.exclude.pattern[0], CONFIG_PATTERN_MAX, "db");
	s->config.protect.exclude.n = 1;
	start(s);
	assert_false(grow_until_asked(s, "cg/db/memory.current", 16 * MIB, 2 * NSEC_PER_SEC));
	assert_int_equal(status_of(s).groups[0].verdict.reason, VERDICT_EXCLUDED);
	end_scene(s);
}

/* The limit is the parent's; the child is not to be touched. */
static void test_what_is_below_a_limit_is_spared(void **state)
{
	static const struct {
		const char *file, *text;
	} rows[] = {{"cg/top/child/memory.low", "max\n"}, {NULL, NULL}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene *s = new_scene(true);

		add_group(s->fx, "top");
		add_group(s->fx, "top/child");
		fixture_write(s->fx, "cg/top/child/memory.max", "max\n");
		if (rows[i].file) {
			fixture_write(s->fx, rows[i].file, rows[i].text);
			set_number(s->fx, "cg/top/child/memory.current", 1024 * MIB);
		} else {
			(void)snprintf(s->config.protect.exclude.pattern[0], CONFIG_PATTERN_MAX,
				       "*/child");
			s->config.protect.exclude.n = 1;
		}
		start(s);
		assert_false(
			grow_until_asked(s, "cg/top/memory.current", 16 * MIB, 2 * NSEC_PER_SEC));
		end_scene(s);
	}
}

static void test_a_group_that_gives_nothing_is_left_for_a_while(void **state)
{
	struct scene *s = new_scene(true);
	uint64_t before;

	(void)state;
	add_group(s->fx, "svc");
	asked.answer = -EAGAIN;
	start(s);
	assert_true(grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, 20 * NSEC_PER_SEC));
	(void)grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, NSEC_PER_SEC);
	before = requests();
	(void)poll(NULL, 0, 1000);
	assert_true(requests() - before <= 8);
	assert_int_equal(status_of(s).groups[0].ledger.applied_bytes, 0);
	end_scene(s);
}

/* Whoever may write a limit of his own can make events without end. */
static void test_events_make_no_more_turns_than_configured(void **state)
{
	struct scene *s = new_scene(true);
	uint64_t begin_ns, turns;

	(void)state;
	s->config.agent.tick_min_ns = 100 * NSEC_PER_MSEC;
	add_group(s->fx, "own");
	start(s);
	begin_ns = clock_now_ns();
	turns = status_of(s).wakeups;
	for (int i = 0; i < 1000; i++) {
		fixture_write(s->fx, "cg/own/memory.high", "max\n");
		(void)poll(NULL, 0, 1);
	}
	/* Two for the questions. */
	turns = status_of(s).wakeups - turns;
	assert_true(turns <= (clock_now_ns() - begin_ns) / s->config.agent.tick_min_ns + 3);
	assert_true(turns > 5);
	end_scene(s);
}

static void test_malformed_text_is_survived(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "bad");
	add_group(s->fx, "good");
	fixture_write(s->fx, "cg/bad/memory.stat", "anon -1\nfile 1 2 3\n");
	fixture_write(s->fx, "cg/bad/memory.max", "128M\n");
	asked.current = "cg/good/memory.current";
	start(s);
	assert_true(grow_until_asked(s, "cg/good/memory.current", 16 * MIB, 20 * NSEC_PER_SEC));
	end_scene(s);
}

static void test_an_order_is_carried_out(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	asked.current = "cg/svc/memory.current";
	start(s);
	worker_order(s->worker, 8 * MIB);
	for (int i = 0; i < 500 && requests() == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_true(requests() > 0);
	assert_int_equal(status_of(s).action.reason, VERDICT_ORDERED);
	end_scene(s);
}

/* Orders bytes, waits until that is accounted for, and returns what the journal heard: "" nothing.
 */
static const char *journal_of_an_order(uint64_t journal_min_bytes, char *text, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct scene *s = new_scene(true);
	struct journal journal;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ssize_t n;

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/journal", s->fx->path);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(journal_open(address.sun_path, &journal), 0);
	s->world.journal = &journal;
	s->config.agent.journal_min_bytes = journal_min_bytes;
	add_group(s->fx, "svc");
	asked.current = "cg/svc/memory.current";
	start(s);
	worker_order(s->worker, 8 * MIB);
	for (int i = 0; i < 2000 && status_of(s).ledger.actions == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_true(status_of(s).ledger.actions > 0);
	n = recv(fd, text, size - 1, 0);
	text[MAX(n, 0)] = '\0';
	end_scene(s);
	journal_close(&journal);
	fd_close(fd);
	return text;
}

static void test_the_journal_is_told(void **state)
{
	char text[4096];

	(void)state;
	assert_non_null(strstr(journal_of_an_order(MIB / 2, text, sizeof(text)),
			       "\nUSWAPD_GROUP=/svc\nUSWAPD_REASON=ordered\n"
			       "USWAPD_BACKEND=memory.reclaim\n"));
	assert_string_equal(journal_of_an_order(UINT64_MAX, text, sizeof(text)), "");
}

static void test_an_order_that_cannot_be_met_ends(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	start(s);
	worker_order(s->worker, UINT64_MAX);
	worker_order(s->worker, UINT64_MAX);
	(void)poll(NULL, 0, 500);
	/* A group that comes later must not pay for it. */
	add_group(s->fx, "late");
	(void)poll(NULL, 0, 1500);
	assert_int_equal(requests(), 0);
	end_scene(s);
}

static void test_limits_that_cannot_be_read_forbid(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	start(s);
	assert_int_equal(status_of(s).n_groups, 1);
	fixture_write(s->fx, "cg/svc/memory.low", "12 apples\n");
	assert_false(grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, 2 * NSEC_PER_SEC));
	end_scene(s);
}

static void test_a_controller_enabled_later_is_seen(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	fixture_write(s->fx, "cg/late/", NULL);
	start(s);
	(void)status_of(s);
	add_group(s->fx, "late");
	asked.current = "cg/late/memory.current";
	assert_true(grow_until_asked(s, "cg/late/memory.current", 2 * MIB, 30 * NSEC_PER_SEC));
	end_scene(s);
}

/* uswapd --cgroup DIR: what DIR itself is owed counts. */
static void test_the_root_of_a_subtree_is_protected_too(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, ".");
	fixture_write(s->fx, "cg/memory.min", "max\n");
	start(s);
	assert_false(grow_until_asked(s, "cg/memory.current", 16 * MIB, 2 * NSEC_PER_SEC));
	fixture_write(s->fx, "cg/memory.min", "0\n");
	set_number(s->fx, "cg/memory.current", 100 * MIB);
	assert_true(grow_until_asked(s, "cg/memory.current", 16 * MIB, 20 * NSEC_PER_SEC));
	end_scene(s);
}

static void test_without_groups_the_node_is_looked_after(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	s->world.cgroup_fd = fd_close(s->world.cgroup_fd);
	start(s);
	assert_int_equal(status_of(s).groups_seen, 0);
	assert_true(status_of(s).managed_bytes > 0);
	end_scene(s);
}

static void test_new_configuration_is_taken_over(void **state)
{
	struct scene *s = new_scene(true);
	struct config off = s->config;

	(void)state;
	add_group(s->fx, "svc");
	start(s);
	off.headroom.margin.enabled = false;
	worker_set_config(s->worker, &off);
	for (int i = 0; i < 500 && worker_config_in_use(s->worker) != &off; i++)
		(void)poll(NULL, 0, 10);
	assert_ptr_equal(worker_config_in_use(s->worker), &off);
	assert_false(grow_until_asked(s, "cg/svc/memory.current", 16 * MIB, NSEC_PER_SEC));
	end_scene(s);
}

static void test_a_node_without_files_is_refused(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	fixture_remove(s->fx, "sys/devices/system/node/node0");
	assert_int_equal(worker_start(&s->world, 0, &s->config, &s->worker), -ENOENT);
	s->worker = NULL;
	end_scene(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_room_below_a_limit),
		cmocka_unit_test(test_a_group_at_rest_is_left_alone),
		cmocka_unit_test(test_groups_come_and_go),
		cmocka_unit_test(test_protected_memory_is_not_asked_for),
		cmocka_unit_test(test_protection_set_a_moment_ago_holds),
		cmocka_unit_test(test_a_share_of_protection_grows_with_the_group),
		cmocka_unit_test(test_the_node_is_not_asked_once_an_heir_has_memory),
		cmocka_unit_test(test_a_protected_group_does_not_keep_the_turn),
		cmocka_unit_test(test_children_without_a_controller_leave_memory_to_the_parent),
		cmocka_unit_test(test_the_node_is_not_asked_where_the_excluded_have_no_controller),
		cmocka_unit_test(test_excluded_groups_are_not_asked),
		cmocka_unit_test(test_what_is_below_a_limit_is_spared),
		cmocka_unit_test(test_a_group_that_gives_nothing_is_left_for_a_while),
		cmocka_unit_test(test_events_make_no_more_turns_than_configured),
		cmocka_unit_test(test_malformed_text_is_survived),
		cmocka_unit_test(test_an_order_is_carried_out),
		cmocka_unit_test(test_the_journal_is_told),
		cmocka_unit_test(test_an_order_that_cannot_be_met_ends),
		cmocka_unit_test(test_limits_that_cannot_be_read_forbid),
		cmocka_unit_test(test_a_controller_enabled_later_is_seen),
		cmocka_unit_test(test_the_root_of_a_subtree_is_protected_too),
		cmocka_unit_test(test_without_groups_the_node_is_looked_after),
		cmocka_unit_test(test_new_configuration_is_taken_over),
		cmocka_unit_test(test_a_node_without_files_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
