/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/group_watch.h"

#include "base/kfile.h"
#include "tests/unit/fake_root.h"

#include <errno.h>
#include <string.h>

static struct fixture *one_group(int *ret_dir_fd)
{
	struct fixture *fx = fake_root_new();

	fake_root_add_group(fx, "svc");
	*ret_dir_fd = kfile_open_dir(fx->fd, FAKE_CGROUP "/svc");
	assert_true(*ret_dir_fd >= 0);
	return fx;
}

static void test_reads_all(void **state)
{
	int dir_fd;
	struct fixture *fx = one_group(&dir_fd);
	struct group_sample sample = {.limit_bytes = 42};
	struct group_watch watch;

	(void)state;
	fixture_write(fx, FAKE_CGROUP "/svc/memory.swap.current", "8192\n");
	assert_int_equal(group_watch_open(dir_fd, &watch), 0);
	assert_int_equal(group_watch_read(&watch, &sample, NULL), 0);
	assert_int_equal(sample.current_bytes, 104857600);
	assert_int_equal(sample.swap_current_bytes, 8192);
	assert_true(sample.stat.inactive_file + sample.stat.active_file > 0);
	/* The rest is the caller's. */
	assert_int_equal(sample.limit_bytes, 42);
	group_watch_close(&watch);
	assert_int_equal(watch.current_fd, -1);
	assert_int_equal(watch.reclaim_fd, -1);
	group_watch_close(&watch);
	fd_close(dir_fd);
	fixture_free(fx);
}

static void test_what_must_be_there(void **state)
{
	static const char *const files[] = {"memory.current", "memory.stat", "memory.events.local"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		int dir_fd;
		struct fixture *fx = one_group(&dir_fd);
		struct group_watch watch = GROUP_WATCH_CLOSED;
		char path[128];

		(void)snprintf(path, sizeof(path), FAKE_CGROUP "/svc/%s", files[i]);
		fixture_remove(fx, path);
		assert_int_equal(group_watch_open(dir_fd, &watch), -ENOENT);
		assert_int_equal(watch.stat_fd, -1);
		fd_close(dir_fd);
		fixture_free(fx);
	}
}

/* No PSI, no swap, an old kernel. */
static void test_what_may_be_missing(void **state)
{
	int dir_fd;
	struct fixture *fx = one_group(&dir_fd);
	struct group_sample sample = {0};
	struct group_watch watch;

	(void)state;
	fixture_remove(fx, FAKE_CGROUP "/svc/memory.pressure");
	fixture_remove(fx, FAKE_CGROUP "/svc/memory.swap.current");
	fixture_remove(fx, FAKE_CGROUP "/svc/memory.reclaim");
	assert_int_equal(group_watch_open(dir_fd, &watch), 0);
	assert_true(watch.pressure_fd < 0);
	assert_true(watch.swap_fd < 0);
	assert_true(watch.reclaim_fd < 0);
	assert_int_equal(group_watch_read(&watch, &sample, NULL), 0);
	assert_int_equal(sample.swap_current_bytes, 0);
	group_watch_close(&watch);
	fd_close(dir_fd);
	fixture_free(fx);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *file, *text, *bad;
	} rows[] = {
		{"memory.stat", "anon 1\nanon 1\n", "anon"},
		{"memory.stat", "anon x\n", "anon"},
		{"memory.events.local", "low 0\nhigh 0\n", "max"},
		{"memory.current", "many\n", NULL},
		{"memory.current", "", NULL},
		{"memory.swap.current", "1 2\n", NULL},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int dir_fd;
		struct fixture *fx = one_group(&dir_fd);
		struct group_sample sample = {0};
		struct group_watch watch;
		const char *bad = NULL;
		char path[128];

		assert_int_equal(group_watch_open(dir_fd, &watch), 0);
		(void)snprintf(path, sizeof(path), FAKE_CGROUP "/svc/%s", rows[i].file);
		fixture_write(fx, path, rows[i].text);
		assert_int_equal(group_watch_read(&watch, &sample, &bad), -EBADMSG);
		if (rows[i].bad)
			assert_string_equal(bad, rows[i].bad);
		group_watch_close(&watch);
		fd_close(dir_fd);
		fixture_free(fx);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_all),
		cmocka_unit_test(test_what_must_be_there),
		cmocka_unit_test(test_what_may_be_missing),
		cmocka_unit_test(test_malformed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
