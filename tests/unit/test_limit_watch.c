/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/limit_watch.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

static const char *const limits[] = {"memory.max", "memory.high", "memory.min", "memory.low",
				     "memory.swap.max"};

struct scene {
	struct fixture *fx;
	struct limit_watch *watch;
	int dirs[2]; /* groups 1 and 2 */
	struct limit_watches watches[2];
	uint64_t heard[3]; /* how often of which group */
};

static struct scene new_scene(void)
{
	struct scene s = {.fx = fixture_new(NULL, 0)};

	for (size_t group = 0; group < 2; group++) {
		const char *name = group == 0 ? "a" : "b";
		char path[64];

		for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
			(void)snprintf(path, sizeof(path), "%s/%s", name, limits[i]);
			fixture_write(s.fx, path, "0\n");
		}
		s.dirs[group] = kfile_open_dir(s.fx->fd, name);
		assert_true(s.dirs[group] >= 0);
	}
	assert_int_equal(limit_watch_open(&s.watch), 0);
	for (size_t group = 0; group < 2; group++)
		assert_int_equal(
			limit_watch_add(s.watch, s.dirs[group], group + 1, &s.watches[group]), 0);
	return s;
}

static void end_scene(struct scene *s)
{
	limit_watch_free(s->watch);
	for (size_t group = 0; group < 2; group++)
		fd_close(s->dirs[group]);
	fixture_free(s->fx);
}

static void hear(uint64_t group_id, void *context)
{
	struct scene *s = context;

	assert_true(group_id >= 1 && group_id <= 2);
	s->heard[group_id]++;
}

static bool is_readable(const struct scene *s)
{
	struct pollfd fd = {.fd = limit_watch_fd(s->watch), .events = POLLIN};

	return poll(&fd, 1, 0) == 1;
}

/* As on a kernel file: a write into what is there. */
static void set(const struct scene *s, size_t group, const char *file)
{
	assert_int_equal(kfile_write_at(s->dirs[group], file, "4096\n"), 0);
}

static void test_each_limit_is_heard_of(void **state)
{
	struct scene s = new_scene();

	(void)state;
	assert_false(is_readable(&s));
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++) {
		set(&s, 1, limits[i]);
		assert_true(is_readable(&s));
		s.heard[2] = 0;
		assert_false(limit_watch_take(s.watch, hear, &s));
		assert_true(s.heard[2] > 0);
		assert_false(is_readable(&s));
	}
	assert_int_equal(s.heard[1], 0);
	end_scene(&s);
}

static void test_reading_is_no_change(void **state)
{
	struct scene s = new_scene();
	char text[16];

	(void)state;
	assert_true(kfile_read_at(s.dirs[0], "memory.max", text, sizeof(text)) > 0);
	assert_false(is_readable(&s));
	end_scene(&s);
}

static void test_a_group_without_limits(void **state)
{
	struct scene s = new_scene();
	struct limit_watches watches;
	_cleanup_close_ int dir_fd = -1;

	(void)state;
	fixture_write(s.fx, "bare/", NULL);
	dir_fd = kfile_open_dir(s.fx->fd, "bare");
	assert_int_equal(limit_watch_add(s.watch, dir_fd, 3, &watches), -ENOENT);
	for (size_t i = 0; i < LIMIT_FILES; i++)
		assert_int_equal(watches.wd[i], -1);
	limit_watch_remove(s.watch, &watches);
	end_scene(&s);
}

static void test_without_swap(void **state)
{
	struct scene s = new_scene();
	struct limit_watches watches;

	(void)state;
	limit_watch_remove(s.watch, &s.watches[0]);
	fixture_remove(s.fx, "a/memory.swap.max");
	assert_int_equal(limit_watch_add(s.watch, s.dirs[0], 1, &watches), 0);
	(void)limit_watch_take(s.watch, hear, &s);
	s.heard[1] = 0;
	set(&s, 0, "memory.low");
	assert_false(limit_watch_take(s.watch, hear, &s));
	assert_true(s.heard[1] > 0);
	end_scene(&s);
}

/* A mark, or another owner. */
static void test_attributes_of_the_directory(void **state)
{
	struct scene s = new_scene();

	(void)state;
	assert_int_equal(fchmod(s.dirs[0], 0750), 0);
	assert_false(limit_watch_take(s.watch, hear, &s));
	assert_true(s.heard[1] > 0);
	assert_int_equal(s.heard[2], 0);
	end_scene(&s);
}

static void test_removed_is_not_heard_of(void **state)
{
	struct scene s = new_scene();

	(void)state;
	limit_watch_remove(s.watch, &s.watches[0]);
	for (size_t i = 0; i < LIMIT_FILES; i++)
		assert_int_equal(s.watches[0].wd[i], -1);
	set(&s, 0, "memory.max");
	set(&s, 1, "memory.max");
	(void)limit_watch_take(s.watch, hear, &s);
	assert_int_equal(s.heard[1], 0);
	assert_true(s.heard[2] > 0);
	/* Twice is no harm. */
	limit_watch_remove(s.watch, &s.watches[0]);
	end_scene(&s);
}

/* An event may still be in the queue when its group goes. */
static void test_an_event_of_one_just_removed(void **state)
{
	struct scene s = new_scene();

	(void)state;
	set(&s, 0, "memory.max");
	limit_watch_remove(s.watch, &s.watches[0]);
	assert_false(limit_watch_take(s.watch, hear, &s));
	assert_int_equal(s.heard[1], 0);
	end_scene(&s);
}

/* Plain files take their watches with them (kernel files do not): also then nothing is left. */
static void test_files_that_go(void **state)
{
	struct scene s = new_scene();

	(void)state;
	fixture_remove(s.fx, "a");
	s.dirs[0] = fd_close(s.dirs[0]);
	assert_false(limit_watch_take(s.watch, hear, &s));
	limit_watch_remove(s.watch, &s.watches[0]);
	set(&s, 1, "memory.low");
	assert_false(limit_watch_take(s.watch, hear, &s));
	assert_true(s.heard[2] > 0);
	end_scene(&s);
}

static void test_a_lost_event_is_told(void **state)
{
	struct scene s = new_scene();
	_cleanup_close_ int fd = kfile_open(AT_FDCWD, "/proc/sys/fs/inotify/max_queued_events", 0);
	char text[32];
	bool lost;
	long most;

	(void)state;
	if (fd < 0 || kfile_read(fd, text, sizeof(text)) <= 0) {
		end_scene(&s);
		skip();
	}
	most = strtol(text, NULL, 10);
	if (most <= 0 || most > 200000) {
		end_scene(&s);
		skip();
	}
	/* Alternately: two equal events in a row would be one. */
	for (long i = 0; i <= most; i++)
		set(&s, 0, limits[i % 2]);
	do
		lost = limit_watch_take(s.watch, hear, &s);
	while (is_readable(&s));
	assert_true(lost);
	assert_false(limit_watch_take(s.watch, hear, &s));
	end_scene(&s);
}

/* Else who writes as fast as we read would keep us here. */
static void test_so_much_at_once_and_no_more(void **state)
{
	struct scene s = new_scene();
	uint64_t heard;

	(void)state;
	for (long i = 0; i < 10000; i++)
		set(&s, 0, limits[i % 2]);
	assert_true(limit_watch_take(s.watch, hear, &s));
	heard = s.heard[1];
	assert_true(heard > 0 && heard < 5000);
	assert_true(is_readable(&s));
	while (limit_watch_take(s.watch, hear, &s))
		;
	assert_true(s.heard[1] > heard);
	assert_false(is_readable(&s));
	end_scene(&s);
}

static void test_nothing_to_free(void **state)
{
	(void)state;
	assert_null(limit_watch_free(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_limit_is_heard_of),
		cmocka_unit_test(test_reading_is_no_change),
		cmocka_unit_test(test_a_group_without_limits),
		cmocka_unit_test(test_without_swap),
		cmocka_unit_test(test_attributes_of_the_directory),
		cmocka_unit_test(test_removed_is_not_heard_of),
		cmocka_unit_test(test_an_event_of_one_just_removed),
		cmocka_unit_test(test_files_that_go),
		cmocka_unit_test(test_a_lost_event_is_told),
		cmocka_unit_test(test_so_much_at_once_and_no_more),
		cmocka_unit_test(test_nothing_to_free),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
