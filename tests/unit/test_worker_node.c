/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker does for its node, and whom it asks for it. */
#include "agent/worker/internal.h"
#include "base/clock.h"
#include "cgroup/reclaim.h"
#include "tests/unit/worker_scene.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* The group's memory.numa_stat, with no memory on any node. */
static void set_nowhere(const struct fixture *fx, const char *path)
{
	_cleanup_free_ char *text = fixture_data("kernel/6.18/memory.numa_stat");
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
	uint64_t before = requests_made();

	worker_order(s->worker, 8 * MIB);
	for (int i = 0; i < 1000 && requests_made() == before; i++)
		(void)poll(NULL, 0, 10);
	assert_true(requests_made() > before);
	return last_backend();
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
	start_scene(s);
	(void)status_of(s);
	assert_int_equal(ordered_through(s), BACKEND_NODE_RECLAIM);
	while (status_of(s).ledger.actions == 0)
		(void)poll(NULL, 0, 10);
	copy_captured(s->fx, "cg/slice/memory.numa_stat", "memory.numa_stat");
	copy_captured(s->fx, "cg/slice/heir/memory.numa_stat", "memory.numa_stat");
	assert_int_equal(ordered_through(s), BACKEND_MEMORY_RECLAIM);
	end_scene(s);
}

/* What an order of 8 MiB brought that the kernel says it fulfilled. */
static struct ledger ordered_demotion(enum backend backend, const char *stat, const char *vmstat)
{
	struct scene *s = new_scene(true);
	struct ledger ledger;

	s->world.recursive_protection = true;
	s->world.whole_machine = true;
	if (backend == BACKEND_NODE_RECLAIM)
		fixture_write(s->fx, "sys/devices/system/node/node0/reclaim", "");
	add_group(s->fx, "svc");
	shared_set_demotes(s->world.shared, true);
	asked.demoted_stat = stat;
	asked.demoted_vmstat = vmstat;
	start_scene(s);
	(void)status_of(s);
	assert_int_equal(ordered_through(s), backend);
	while ((ledger = status_of(s).ledger).actions == 0)
		(void)poll(NULL, 0, 10);
	end_scene(s);
	return ledger;
}

/* The node has got rid of what went from it to a slower one, but not of what came from others. */
static void test_what_is_demoted_has_left_the_node(void **state)
{
	static const char stat[] = "cg/svc/memory.stat";
	static const char vmstat[] = "sys/devices/system/node/node0/vmstat";
	static const struct {
		enum backend backend;
		const char *stat, *vmstat;
		bool applied, demoted;
	} rows[] = {
		{BACKEND_NODE_RECLAIM, stat, vmstat, true, true},
		{BACKEND_NODE_RECLAIM, NULL, NULL, true, false},
		{BACKEND_MEMORY_RECLAIM, stat, vmstat, true, true},
		{BACKEND_MEMORY_RECLAIM, stat, NULL, false, false},
		{BACKEND_MEMORY_RECLAIM, NULL, NULL, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ledger ledger =
			ordered_demotion(rows[i].backend, rows[i].stat, rows[i].vmstat);

		print_message("row %zu\n", i);
		assert_int_equal(ledger.applied_bytes > 0, rows[i].applied);
		assert_int_equal(ledger.demoted_bytes > 0, rows[i].demoted);
		assert_true(ledger.demoted_bytes <= ledger.applied_bytes);
	}
}

static bool wait_for_node(struct scene *s, bool gone)
{
	for (int i = 0; i < 3000; i++) {
		if ((status_of(s).verdict.reason == VERDICT_NODE_GONE) == gone)
			return true;
		(void)poll(NULL, 0, 10);
	}
	return false;
}

/* Its memory is taken offline, and brought back. */
static void test_a_node_that_goes_and_comes_back(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	s->world.whole_machine = true;
	s->config.balance.margin.enabled = true;
	s->config.balance.margin.margin_min_bytes = UINT64_C(1) << 40; /* looks often */
	s->config.balance.margin.margin_max_permyriad = 10000;
	fixture_write(s->fx, "sys/devices/system/node/node0/reclaim", "");
	add_group(s->fx, "svc");
	start_scene(s);
	assert_true(wait_for_node(s, false));
	fixture_write(s->fx, "proc/zoneinfo", "");
	assert_true(wait_for_node(s, true));
	worker_order(s->worker, 8 * MIB);
	(void)poll(NULL, 0, 500);
	assert_int_equal(requests_made(), 0);
	assert_int_equal(status_of(s).verdict.reason, VERDICT_NODE_GONE);
	/* Its directory is another one now. */
	fixture_remove(s->fx, "sys/devices/system/node/node0");
	copy_captured(s->fx, "sys/devices/system/node/node0/vmstat", "node0-vmstat");
	fixture_write(s->fx, "sys/devices/system/node/node0/reclaim", "");
	copy_captured(s->fx, "proc/zoneinfo", "zoneinfo");
	assert_true(wait_for_node(s, false));
	assert_int_equal(requests_made(), 0);
	assert_int_equal(ordered_through(s), BACKEND_NODE_RECLAIM);
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
	start_scene(s);
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
	start_scene(s);
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
	start_scene(s);
	(void)status_of(s);
	assert_int_equal(ordered_through(s), BACKEND_MEMORY_RECLAIM);
	assert_true(number_in(s->fx, "cg/b/memory.current") < 100 * MIB);
	end_scene(s);
}

/* So many MiB of files, on node 0 and elsewhere. */
static void set_files(const struct fixture *fx, const char *path, uint64_t here, uint64_t elsewhere)
{
	static const char *const rest[] = {
		"anon",		 "file",	"shmem",       "file_dirty",  "file_writeback",
		"inactive_anon", "active_anon", "active_file", "unevictable", "slab_reclaimable"};
	char text[1024];
	int n = snprintf(text, sizeof(text), "inactive_file N0=%ju N1=%ju\n",
			 (uintmax_t)(here * MIB), (uintmax_t)(elsewhere * MIB));

	for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
		n += snprintf(text + n, sizeof(text) - (size_t)n, "%s N0=0\n", rest[i]);
	fixture_write(fx, path, text);
}

/* memory.reclaim would take from the other node too. */
static void test_a_group_on_two_nodes_is_asked_through_lru_gen(void **state)
{
	size_t descriptors = fixture_entries("/proc/self/fd");
	struct scene *s = new_scene(true);

	(void)state;
	s->world.whole_machine = true;
	s->config.balance.lru_gen = true;
	fixture_write(s->fx, "sys/kernel/debug/lru_gen",
		      "memcg 5 /svc\n node 0\n 0 9 0 16384\n 1 8 0 0\n 2 7 0 0\n 3 6 0 0\n");
	add_group(s->fx, "svc");
	set_files(s->fx, "cg/svc/memory.numa_stat", 64, 64);
	asked.current = "cg/svc/memory.current";
	start_scene(s);
	(void)status_of(s);
	assert_int_equal(ordered_through(s), BACKEND_LRU_GEN);
	assert_int_equal(last_swappiness(), GROUP_RECLAIM_NO_ANON);
	for (int i = 0; i < 1000 && status_of(s).evictions == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_true(status_of(s).evicted_bytes > 0);
	end_scene(s);
	assert_int_equal(fixture_entries("/proc/self/fd"), descriptors);
}

/* A group below which one was removed, with 64 MiB of files left. */
static struct scene *scene_of_what_was_left_behind(void)
{
	struct scene *s = new_scene(true);

	add_group(s->fx, "slice");
	add_group(s->fx, "slice/svc");
	set_files(s->fx, "cg/slice/memory.numa_stat", 64, 0);
	set_files(s->fx, "cg/slice/svc/memory.numa_stat", 0, 0);
	return s;
}

static void expect_nothing_asked(struct scene *s)
{
	start_scene(s);
	(void)status_of(s);
	worker_order(s->worker, 8 * MIB);
	(void)poll(NULL, 0, 1500);
	assert_int_equal(requests_made(), 0);
	assert_int_equal(status_of(s).left_bytes, 0);
	end_scene(s);
}

/* A removed group's files: charged to the one above it, whose other groups' swap is not judged. */
static void test_what_was_left_behind_is_asked_of_the_group_above(void **state)
{
	struct scene *s = scene_of_what_was_left_behind();

	(void)state;
	asked.current = "cg/slice/memory.current";
	start_scene(s);
	(void)status_of(s);
	assert_int_equal(ordered_through(s), BACKEND_MEMORY_RECLAIM);
	assert_int_equal(last_swappiness(), GROUP_RECLAIM_NO_ANON);
	assert_true(number_in(s->fx, "cg/slice/memory.current") < 100 * MIB);
	assert_int_equal(status_of(s).left_bytes, 64 * MIB);
	end_scene(s);
	/* Nothing is sent there where one below it is protected. */
	s = scene_of_what_was_left_behind();
	fixture_write(s->fx, "cg/slice/svc/memory.min", "4096\n");
	expect_nothing_asked(s);
	/* Nor by a kernel that can't be told to leave anonymous memory alone. */
	s = scene_of_what_was_left_behind();
	s->world.reclaim_features.swappiness = false;
	expect_nothing_asked(s);
}

static void test_an_order_is_carried_out(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	add_group(s->fx, "svc");
	asked.current = "cg/svc/memory.current";
	start_scene(s);
	worker_order(s->worker, 8 * MIB);
	for (int i = 0; i < 500 && requests_made() == 0; i++)
		(void)poll(NULL, 0, 10);
	assert_true(requests_made() > 0);
	assert_int_equal(status_of(s).action.reason, VERDICT_ORDERED);
	end_scene(s);
}

/* However much is wanted. */
static void test_no_more_a_second_than_allowed(void **state)
{
	struct scene *s = new_scene(true);
	struct node_status status;
	uint64_t most_bytes = 0;

	(void)state;
	s->config.protect.rate_bytes = 3 * MIB / 2;
	add_group(s->fx, "svc");
	asked.current = "cg/svc/memory.current";
	start_scene(s);
	worker_order(s->worker, 64 * MIB);
	for (int i = 0; i < 1000; i++) {
		status = status_of(s);
		most_bytes = MAX(most_bytes, status.spent.taken_bytes);
		if (status.verdict.reason == VERDICT_BYTE_BUDGET)
			break;
		(void)poll(NULL, 0, 10);
	}
	assert_int_equal(status.verdict.reason, VERDICT_BYTE_BUDGET);
	assert_in_range(most_bytes, 1, 3 * MIB / 2);
	end_scene(s);
}

/* What of it costs more than it may is left alone; any request's CPU time is more than 1 ns. */
static void test_a_group_that_is_too_dear(void **state)
{
	struct scene *s = new_scene(true);
	struct node_status status = {0};

	(void)state;
	s->config.protect.price_ns = 1;
	add_group(s->fx, "svc");
	asked.current = "cg/svc/memory.current";
	start_scene(s);
	worker_order(s->worker, 64 * MIB);
	for (int i = 0; i < 1000; i++) {
		status = status_of(s);
		if (status.n_groups > 0 && status.groups[0].rests.node.dear)
			break;
		(void)poll(NULL, 0, 10);
	}
	assert_int_equal(status.n_groups, 1);
	assert_true(status.groups[0].rests.node.dear);
	assert_int_equal(requests_made(), 1);
	assert_true(number_in(s->fx, "cg/svc/memory.current") > 64 * MIB);
	end_scene(s);
}

/* Orders bytes of a worker that has filled the journal already, waits until that is accounted for,
 * and returns what the journal heard: "" nothing.
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
	start_scene(s);
	s->worker->journal_rate =
		(struct journal_rate){.window_ns = clock_now_ns(), .records = JOURNAL_WINDOW_MAX};
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
	start_scene(s);
	worker_order(s->worker, UINT64_MAX);
	worker_order(s->worker, UINT64_MAX);
	for (int i = 0; i < 3000 && atomic_load(&s->worker->ordered_bytes) > 0; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(atomic_load(&s->worker->ordered_bytes), 0);
	/* A group that comes later must not pay for it. */
	add_group(s->fx, "late");
	for (int i = 0; i < 3000 && status_of(s).groups_seen < 2; i++)
		(void)poll(NULL, 0, 10);
	assert_int_equal(status_of(s).groups_seen, 2);
	(void)poll(NULL, 0, 500);
	assert_int_equal(requests_made(), 0);
	end_scene(s);
}

static void test_without_groups_the_node_is_looked_after(void **state)
{
	struct scene *s = new_scene(true);

	(void)state;
	s->world.cgroup_fd = fd_close(s->world.cgroup_fd);
	start_scene(s);
	assert_int_equal(status_of(s).groups_seen, 0);
	assert_true(status_of(s).managed_bytes > 0);
	end_scene(s);
}

/* In one write, and of the length that it has, so that a reader never sees half of it. */
static void set_counter(const struct fixture *fx, const char *path, const char *key, uint64_t value)
{
	_cleanup_free_ char *text = fixture_read(fx, path);
	_cleanup_close_ int fd = openat(fx->fd, path, O_WRONLY | O_CLOEXEC);
	char *at = strstr(text, key), digits[24];
	int n;

	assert_non_null(at);
	at += strlen(key);
	n = (int)strcspn(at, "\n");
	assert_true(snprintf(digits, sizeof(digits), "%0*ju", n, (uintmax_t)value) == n);
	assert_int_equal(pwrite(fd, digits, (size_t)n, at - text), n);
}

/* The node fills up, again and again, until what is waited for has come. */
static bool fill_until(struct scene *s, bool (*has_come)(const struct node_status *status))
{
	for (int turn = 0; turn < 100; turn++)
		for (uint64_t free_pages = 60000; free_pages > 12000; free_pages -= 1000) {
			const struct node_status status = status_of(s);

			set_counter(s->fx, "sys/devices/system/node/node0/vmstat", "nr_free_pages ",
				    free_pages);
			(void)poll(NULL, 0, 10);
			if (has_come(&status))
				return true;
		}
	return false;
}

static bool is_held_out(const struct node_status *status)
{
	return status->verdict.reason == VERDICT_HELD_OUT;
}

static bool was_asked(const struct node_status *status)
{
	return status->ledger.actions > 0;
}

static bool effect_is_known(const struct node_status *status)
{
	const struct effect *memory = &status->node_effects[EFFECT_MEMORY];

	return memory->acted >= EFFECT_MIN_WINDOWS && memory->held >= EFFECT_MIN_WINDOWS;
}

static struct scene *new_scene_with_lots(uint64_t share_permyriad, uint64_t window_ns)
{
	struct scene *s = new_scene(true);

	s->world.whole_machine = true;
	fixture_write(s->fx, "sys/devices/system/node/node0/reclaim", "");
	s->config.balance.margin.enabled = true;
	s->config.balance.keep_local = true; /* kswapd does not suffice */
	s->config.holdout.share_permyriad = share_permyriad;
	s->config.holdout.window_ns = window_ns;
	start_scene(s);
	return s;
}

/* By lot, until tasks had to reclaim for themselves. */
static void test_a_node_is_left_alone(void **state)
{
	struct scene *s = new_scene_with_lots(10000, 24 * 3600 * NSEC_PER_SEC);

	(void)state;
	assert_true(fill_until(s, is_held_out));
	assert_int_equal(requests_made(), 0);
	set_counter(s->fx, "proc/vmstat", "allocstall_normal ", 1);
	assert_true(fill_until(s, was_asked));
	end_scene(s);
}

/* Windows in which it was, and in which it was not. */
static void test_what_looking_after_the_node_does(void **state)
{
	struct scene *s = new_scene_with_lots(5000, 200 * NSEC_PER_MSEC);

	(void)state;
	assert_true(fill_until(s, effect_is_known));
	assert_int_equal(status_of(s).effects[EFFECT_MEMORY].acted, 0);
	end_scene(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_node_is_not_asked_once_an_heir_has_memory),
		cmocka_unit_test(test_what_is_demoted_has_left_the_node),
		cmocka_unit_test(test_a_node_that_goes_and_comes_back),
		cmocka_unit_test(test_a_protected_group_does_not_keep_the_turn),
		cmocka_unit_test(test_children_without_a_controller_leave_memory_to_the_parent),
		cmocka_unit_test(test_the_node_is_not_asked_where_the_excluded_have_no_controller),
		cmocka_unit_test(test_a_group_on_two_nodes_is_asked_through_lru_gen),
		cmocka_unit_test(test_what_was_left_behind_is_asked_of_the_group_above),
		cmocka_unit_test(test_an_order_is_carried_out),
		cmocka_unit_test(test_no_more_a_second_than_allowed),
		cmocka_unit_test(test_a_group_that_is_too_dear),
		cmocka_unit_test(test_the_journal_is_told),
		cmocka_unit_test(test_an_order_that_cannot_be_met_ends),
		cmocka_unit_test(test_without_groups_the_node_is_looked_after),
		cmocka_unit_test(test_a_node_is_left_alone),
		cmocka_unit_test(test_what_looking_after_the_node_does),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
