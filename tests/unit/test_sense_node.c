/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/node_watch.h"

#include "base/kfile.h"
#include "tests/unit/fake_root.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SECOND UINT64_C(1000000000)

struct scene {
	struct fixture *fx;
	int proc_fd, sys_fd;
	struct node_watch *watch;
};

static struct scene new_scene(void)
{
	struct scene s = {.fx = fake_root_new()};

	s.proc_fd = kfile_open_dir(s.fx->fd, "proc");
	s.sys_fd = kfile_open_dir(s.fx->fd, "sys");
	assert_int_equal(node_watch_open(s.proc_fd, s.sys_fd, 1, &s.watch), 0);
	return s;
}

static void end_scene(struct scene *s)
{
	node_watch_free(s->watch);
	fd_close(s->proc_fd);
	fd_close(s->sys_fd);
	fixture_free(s->fx);
}

/* The node's vmstat with another number of free pages. */
static void set_free(const struct scene *s, uint64_t pages)
{
	_cleanup_free_ char *text = fixture_data("kernel/6.18/node1-vmstat"), *changed = NULL;
	const char *rest = strchr(text, '\n');

	assert_int_equal(strncmp(text, "nr_free_pages ", 14), 0);
	assert_true(asprintf(&changed, "nr_free_pages %ju%s", (uintmax_t)pages, rest) > 0);
	fixture_write(s->fx, "sys/devices/system/node/node1/vmstat", changed);
}

static void test_reads_the_node(void **state)
{
	struct scene s = new_scene();
	uint64_t page_size = (uint64_t)sysconf(_SC_PAGESIZE);
	struct node_view view;

	(void)state;
	set_free(&s, 100000);
	assert_int_equal(node_watch_read(s.watch, SECOND, SECOND, &view, NULL), 0);
	assert_int_equal(view.counters.free_pages, 100000);
	assert_true(view.sums.managed_bytes > view.sums.high_bytes);
	assert_true(view.sums.high_bytes > view.sums.low_bytes);
	assert_true(view.sums.low_bytes > 0);
	/* All that is free down to the low watermarks of its zones. */
	assert_true(view.room_bytes > 0);
	assert_true(view.room_bytes <= 100000 * page_size);
	set_free(&s, 5);
	assert_int_equal(node_watch_read(s.watch, SECOND, SECOND, &view, NULL), 0);
	assert_int_equal(view.room_bytes, 0);
	end_scene(&s);
}

/* zoneinfo takes the zones' locks: it is read when it is due, and not before. */
static void test_watermarks_only_when_due(void **state)
{
	struct scene s = new_scene();
	struct node_view view;
	uint64_t low_bytes;
	const char *bad = NULL;

	(void)state;
	assert_int_equal(node_watch_read(s.watch, SECOND, 10 * SECOND, &view, NULL), 0);
	low_bytes = view.sums.low_bytes;
	fixture_write(s.fx, "proc/zoneinfo", "Node 1, zone nonsense\n");
	assert_int_equal(node_watch_read(s.watch, 10 * SECOND, 10 * SECOND, &view, NULL), 0);
	assert_int_equal(view.sums.low_bytes, low_bytes);
	assert_true(node_watch_read(s.watch, 11 * SECOND, 10 * SECOND, &view, &bad) < 0);
	assert_non_null(bad);
	assert_non_null(strstr(bad, "zoneinfo"));
	end_scene(&s);
}

static void test_malformed(void **state)
{
	static const struct {
		const char *path, *text, *bad;
	} rows[] = {
		{"sys/devices/system/node/node1/vmstat", "", "node1/vmstat"},
		{"sys/devices/system/node/node1/vmstat", "nr_free_pages x\n", "nr_free_pages"},
		{"proc/zoneinfo", "", "zoneinfo"},
		{"proc/zoneinfo", "Node 1, zone   Normal\n  pages free x\n", "zoneinfo"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct scene s = new_scene();
		struct node_view view = {.room_bytes = 42};
		const char *bad = NULL;

		fixture_write(s.fx, rows[i].path, rows[i].text);
		assert_true(node_watch_read(s.watch, SECOND, SECOND, &view, &bad) < 0);
		assert_non_null(bad);
		assert_non_null(strstr(bad, rows[i].bad));
		assert_int_equal(view.room_bytes, 42);
		end_scene(&s);
	}
}

static void test_no_such_node(void **state)
{
	struct scene s = new_scene();
	struct node_watch *watch = NULL;

	(void)state;
	assert_int_equal(node_watch_open(s.proc_fd, s.sys_fd, 7, &watch), -ENOENT);
	assert_null(watch);
	assert_null(node_watch_free(NULL));
	end_scene(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_the_node),
		cmocka_unit_test(test_watermarks_only_when_due),
		cmocka_unit_test(test_malformed),
		cmocka_unit_test(test_no_such_node),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
