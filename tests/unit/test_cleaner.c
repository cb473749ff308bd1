/* SPDX-License-Identifier: Apache-2.0 */
/* The thread with real write-back processes, on a group that is this test. */
#include "agent/writer/cleaner.h"

#include "agent/sense/cachestat.h"
#include "agent/writer/cleaner_internal.h"
#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>

#define BYTES (UINT64_C(16) << 20)

static const struct clean_settings settings = {
	.enabled = true,
	.device_target_ns = 50 * NSEC_PER_MSEC,
	.deadline_ns = 30 * NSEC_PER_SEC,
};

struct scene {
	struct fixture *fx;
	int proc_fd, sys_fd, wake_fd, file_fd;
	struct cleaner *cleaner;
	const struct clean_ops *ops;
	struct config_patterns denied;
	bool on_disk;
};

static void start(struct scene *s, const char *program)
{
	const struct cleaner_options options = {
		.log = {.fd = -1},
		.proc_fd = s->proc_fd,
		.sys_fd = s->sys_fd,
		.program = program,
		.try_uring = true,
	};

	assert_int_equal(cleaner_start(&options, &s->cleaner), 0);
}

static struct scene *scene_new(const struct clean_ops *ops, const char *program)
{
	struct scene *s = calloc(1, sizeof(*s));
	_cleanup_free_ char *bytes = malloc(BYTES);
	struct page_counts pages;
	struct statfs fs;
	char pid[32];

	assert_non_null(s);
	assert_non_null(bytes);
	s->fx = fixture_new(NULL, 0);
	/* The group itself has none: the one below it does. */
	(void)snprintf(pid, sizeof(pid), "%d\n", getpid());
	fixture_write(s->fx, "group/cgroup.procs", "");
	fixture_write(s->fx, "group/below/cgroup.procs", pid);
	s->proc_fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->sys_fd = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	s->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->file_fd = openat(s->fx->fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_true(s->proc_fd >= 0 && s->wake_fd >= 0 && s->file_fd >= 0);
	memset(bytes, 'x', BYTES);
	assert_int_equal(write(s->file_fd, bytes, BYTES), BYTES);
	assert_int_equal(fstatfs(s->file_fd, &fs), 0);
	s->on_disk = file_system_check((uint64_t)fs.f_type, false) == FILE_PASSED &&
		     cachestat_read(s->file_fd, 0, BYTES, &pages) == 0 && pages.dirty > 0;
	s->ops = ops;
	start(s, program);
	return s;
}

static void scene_free(struct scene *s)
{
	assert_int_equal(cleaner_stop(s->cleaner, 10 * NSEC_PER_SEC), 0);
	fd_close(s->proc_fd);
	fd_close(s->sys_fd);
	fd_close(s->wake_fd);
	fd_close(s->file_fd);
	fixture_free(s->fx);
	free(s);
}

static int ask(struct scene *s, uint64_t bytes)
{
	_cleanup_close_ int group_fd =
		openat(s->fx->fd, "group", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int slot = cleaner_ask(s->cleaner, s->ops, &settings, &s->denied, 7, group_fd, bytes,
			       s->wake_fd);

	assert_true(slot >= 0);
	return slot;
}

static struct clean_result collect(struct scene *s, int slot)
{
	struct pollfd wake = {.fd = s->wake_fd, .events = POLLIN};
	struct clean_result result;
	uint64_t value;

	while (!cleaner_collect(s->cleaner, slot, &result)) {
		assert_int_equal(poll(&wake, 1, 30000), 1);
		(void)eventfd_read(s->wake_fd, &value);
	}
	return result;
}

static void test_cleans(void **state)
{
	struct scene *s = scene_new(&clean_live, FIXTURE_PATH(USWAP_WRITER));
	struct clean_result result;
	struct cleaner_state seen;
	struct page_counts pages;
	struct stat file;
	struct device_account sum = {0};
	bool is_there = false;
	size_t before;

	(void)state;
	if (!s->on_disk) {
		scene_free(s);
		skip();
	}
	assert_int_equal(fstat(s->file_fd, &file), 0);
	before = fixture_entries("/proc/self/fd");
	result = collect(s, ask(s, BYTES));
	assert_int_equal(result.error, 0);
	assert_true(result.found_bytes > 0 && result.files > 0 && result.orders > 0);
	assert_true(result.cleaned_bytes > 0 && result.cleaned_bytes <= result.asked_bytes);
	assert_int_equal(cachestat_read(s->file_fd, 0, BYTES, &pages), 0);
	assert_int_equal(pages.dirty, 0);
	/* Nothing of the file is held: only the socket of the process is new. */
	assert_in_range(fixture_entries("/proc/self/fd"), before, before + 1);
	cleaner_read_state(s->cleaner, &seen);
	assert_int_equal(seen.cleaned_bytes, result.cleaned_bytes);
	assert_int_equal(seen.writers, 1);
	assert_int_equal(seen.abandoned, 0);
	for (size_t i = 0; i < seen.n_devices; i++) {
		const struct device_account *device = &seen.devices[i];

		is_there |= device->number == file.st_dev;
		sum.orders += device->orders;
		sum.asked_bytes += device->asked_bytes;
		sum.cleaned_bytes += device->cleaned_bytes;
		sum.slowest_ns = MAX(sum.slowest_ns, device->slowest_ns);
		assert_int_equal(device->given_up, 0);
		assert_false(device->abandoned);
	}
	assert_true(is_there);
	assert_int_equal(sum.orders, result.orders);
	assert_int_equal(sum.asked_bytes, result.asked_bytes);
	assert_int_equal(sum.cleaned_bytes, result.cleaned_bytes);
	assert_int_equal(sum.slowest_ns, result.slowest_ns);
	/* Dirtied at once: left alone. */
	for (uint64_t at = 0; at < BYTES; at += 4096)
		assert_int_equal(pwrite(s->file_fd, "y", 1, (off_t)at), 1);
	result = collect(s, ask(s, BYTES));
	assert_true(result.asked_bytes < BYTES / 2); /* where the test's output goes may be dirty */
	scene_free(s);
}

static void test_dry_run(void **state)
{
	struct scene *s = scene_new(&clean_dry_run, "/nonexistent/uswapd-writer");
	struct clean_result result = collect(s, ask(s, BYTES));
	struct cleaner_state seen;

	(void)state;
	cleaner_read_state(s->cleaner, &seen);
	assert_int_equal(seen.writers, 0);
	assert_int_equal(result.error, 0);
	assert_int_equal(result.orders, 0);
	assert_int_equal(result.asked_bytes, 0);
	assert_true(!s->on_disk || result.chosen_bytes > 0);
	scene_free(s);
}

static void test_no_program(void **state)
{
	struct scene *s = scene_new(&clean_live, "/nonexistent/uswapd-writer");
	struct clean_result result = collect(s, ask(s, BYTES));

	(void)state;
	assert_int_equal(result.error, s->on_disk ? -ENOENT : 0);
	scene_free(s);
}

/* More than there are slots, some of which nobody waits for. */
static void test_slots(void **state)
{
	struct scene *s = scene_new(&clean_dry_run, FIXTURE_PATH(USWAP_WRITER));
	struct clean_result result;
	int slots[CLEANER_SLOTS];

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < CLEANER_SLOTS; i++)
			slots[i] = ask(s, 1);
		for (int i = 0; i < CLEANER_SLOTS; i += 2)
			cleaner_forget(s->cleaner, slots[i]);
		for (int i = 1; i < CLEANER_SLOTS; i += 2)
			(void)collect(s, slots[i]);
		/* Those forgotten come back by themselves. */
		for (int i = 0; i < CLEANER_SLOTS; i += 2)
			while (cleaner_collect(s->cleaner, slots[i], &result))
				fail_msg("slot %d was forgotten", slots[i]);
		(void)poll(NULL, 0, 100);
	}
	scene_free(s);
}

/* On a machine that was paused nobody was late. */
static void test_standing_still_is_excused(void **state)
{
	struct cleaner *c = calloc(1, sizeof(*c));
	uint64_t now_ns = 1000 * NSEC_PER_SEC;

	(void)state;
	assert_non_null(c);
	devices_turn(c, now_ns);
	c->given[0].due_ns = now_ns + 30 * NSEC_PER_SEC;
	for (int i = 0; i < 20; i++)
		devices_turn(c, now_ns += 100 * NSEC_PER_MSEC);
	assert_int_equal(c->given[0].due_ns, 1030 * NSEC_PER_SEC);
	devices_turn(c, now_ns += 40 * NSEC_PER_SEC);
	assert_int_equal(c->given[0].due_ns, 1070 * NSEC_PER_SEC);
	free(c);
}

/* 'S', 't' (traced), 'Z'; 0: there is no such process. */
static char state_of(pid_t pid)
{
	char path[32], state = 0;
	FILE *stat;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	stat = fopen(path, "re");
	if (stat && fscanf(stat, "%*d (%*[^)]) %c", &state) != 1)
		state = 0;
	if (stat)
		(void)fclose(stat);
	return state;
}

/* Stops one as a device does that does not answer, until the other has ended. */
static pid_t hold(pid_t stuck, pid_t other)
{
	pid_t holder = fork();

	assert_true(holder >= 0);
	if (holder == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		(void)close_range(3, ~0U, 0); /* of the writers' sockets */
		if (ptrace(PTRACE_SEIZE, stuck, NULL, NULL) < 0 ||
		    ptrace(PTRACE_INTERRUPT, stuck, NULL, NULL) < 0)
			_exit(1);
		while (state_of(other) != 'Z')
			(void)poll(NULL, 0, 5);
		_exit(0);
	}
	while (state_of(stuck) != 't' && waitpid(holder, NULL, WNOHANG) == 0)
		(void)poll(NULL, 0, 1);
	return holder;
}

/* All are told to leave before one is waited for, which may take all the time that there is. */
static void test_one_is_stuck(void **state)
{
	struct cleaner *c = calloc(1, sizeof(*c));
	struct writer_answer hello;
	pid_t pids[2], holder;
	bool held;

	(void)state;
	assert_non_null(c);
	c->options.log = (struct log){.fd = -1};
	for (size_t i = 0; i < 2; i++) {
		struct writer **w = &c->devices[i].writer;

		assert_int_equal(
			writer_start(FIXTURE_PATH(USWAP_WRITER), 0x801 + i, -1, -1, true, w), 0);
		while (writer_take(*w, &hello) == 0)
			(void)poll(NULL, 0, 1);
		pids[i] = writer_pid(*w);
	}
	holder = hold(pids[0], pids[1]);
	held = state_of(pids[0]) == 't';
	assert_int_equal(devices_stop(c, 60 * NSEC_PER_SEC), 0);
	(void)waitpid(holder, NULL, 0);
	free(c);
	if (!held)
		skip(); /* ptrace(2) is refused here */
}

/* A group that is gone before its turn comes. */
static void test_group_gone(void **state)
{
	struct scene *s = scene_new(&clean_live, FIXTURE_PATH(USWAP_WRITER));
	_cleanup_close_ int group_fd =
		openat(s->fx->fd, "group", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct clean_result result;

	(void)state;
	fixture_remove(s->fx, "group");
	result = collect(s, cleaner_ask(s->cleaner, s->ops, &settings, &s->denied, 7, group_fd, 1,
					s->wake_fd));
	assert_int_equal(result.error, 0);
	assert_int_equal(result.orders, 0);
	scene_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cleans),
		cmocka_unit_test(test_dry_run),
		cmocka_unit_test(test_no_program),
		cmocka_unit_test(test_slots),
		cmocka_unit_test(test_standing_still_is_excused),
		cmocka_unit_test(test_one_is_stuck),
		cmocka_unit_test(test_group_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
