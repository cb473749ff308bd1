/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/memory.h"

#include "base/kfile.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* What every kernel since 5.19 has, each key with a value of its own. */
#define STAT_5_19                                                                         \
	"anon 1\nfile 2\nkernel_stack 90\nshmem 4\nfile_mapped 5\nfile_dirty 6\n"         \
	"file_writeback 7\ninactive_anon 8\nactive_anon 9\ninactive_file 10\n"            \
	"active_file 11\nunevictable 12\nslab_reclaimable 13\nslab 91\n"                  \
	"workingset_refault_anon 14\nworkingset_refault_file 15\npgscan 16\npgsteal 17\n" \
	"pgfault 18\npgmajfault 19\n"

static void test_stat(void **state)
{
	struct memory_stat stat;

	(void)state;
	assert_int_equal(memory_stat_parse(STAT_5_19, &stat, NULL), 0);
	assert_int_equal(stat.anon, 1);
	assert_int_equal(stat.shmem, 4);
	assert_int_equal(stat.file_dirty, 6);
	assert_int_equal(stat.active_file, 11);
	assert_int_equal(stat.workingset_refault_file, 15);
	assert_int_equal(stat.pgsteal, 17);
	assert_int_equal(stat.pgmajfault, 19);
	assert_int_equal(stat.kernel, 0);
	assert_int_equal(stat.pgsteal_proactive, 0);
	assert_int_equal(memory_stat_parse(STAT_5_19 "pgsteal_proactive 20\nkernel 3\n"
						     "pgscan_direct 21\npgsteal_kswapd 22\n",
					   &stat, NULL),
			 0);
	assert_int_equal(stat.pgsteal_proactive, 20);
	assert_int_equal(stat.kernel, 3);
	assert_int_equal(stat.pgscan_direct, 21);
	assert_int_equal(stat.pgsteal_kswapd, 22);
	assert_int_equal(memory_stat_freed(&stat), 17);
	assert_int_equal(memory_stat_demoted_by_tasks(&stat), 0);
	assert_int_equal(memory_stat_parse(STAT_5_19 "pgdemote_kswapd 1\npgdemote_direct 2\n"
						     "pgdemote_khugepaged 4\n"
						     "pgdemote_proactive 8\n",
					   &stat, NULL),
			 0);
	assert_int_equal(memory_stat_freed(&stat), 2);
	assert_int_equal(memory_stat_demoted_by_tasks(&stat), 10);
	/* Read between the two being counted. */
	stat.pgdemote_kswapd = 20;
	assert_int_equal(memory_stat_freed(&stat), 0);
}

/* Leaves the line of a key out of the text of a flat keyed file. */
static char *without(const char *text, const char *key)
{
	char *copy = strdup(text), *at, *end;

	assert_non_null(copy);
	at = strstr(copy, key);
	assert_non_null(at);
	end = strchr(at, '\n') + 1;
	memmove(at, end, strlen(end) + 1);
	return copy;
}

static void test_stat_names_what_is_missing_or_malformed(void **state)
{
	static const char *const keys[] = {"anon", "slab_reclaimable", "workingset_refault_anon",
					   "pgscan", "pgmajfault"};
	struct memory_stat stat = {.anon = 4711};
	const char *bad = NULL;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		_cleanup_free_ char *text = without(STAT_5_19, keys[i]);

		assert_int_equal(memory_stat_parse(text, &stat, &bad), -EBADMSG);
		assert_string_equal(bad, keys[i]);
	}
	assert_int_equal(memory_stat_parse(STAT_5_19 "pgsteal_direct -1\n", &stat, &bad), -EBADMSG);
	assert_string_equal(bad, "pgsteal_direct");
	assert_int_equal(memory_stat_parse(STAT_5_19 "file 1\n", &stat, &bad), -EBADMSG);
	assert_string_equal(bad, "file");
	assert_int_equal(stat.anon, 4711);
}

static void test_events(void **state)
{
	struct memory_events events;
	const char *bad = NULL;

	(void)state;
	assert_int_equal(memory_events_parse("low 1\nhigh 2\nmax 3\noom 4\noom_kill 5\n"
					     "oom_group_kill 6\nsock_throttled 7\n",
					     &events, NULL),
			 0);
	assert_int_equal(events.low, 1);
	assert_int_equal(events.high, 2);
	assert_int_equal(events.max, 3);
	assert_int_equal(events.oom, 4);
	assert_int_equal(events.oom_kill, 5);
	assert_int_equal(memory_events_parse("low 1\nhigh 2\nmax 3\noom 4\n", &events, &bad),
			 -EBADMSG);
	assert_string_equal(bad, "oom_kill");
}

static void test_readers_follow_an_open_file(void **state)
{
	static const struct fixture_file files[] = {
		{"memory.stat", STAT_5_19},
		{"memory.events", "low 0\nhigh 0\nmax 3\noom 0\noom_kill 0\n"},
		{"memory.current", "4096\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_close_ int stat_fd = kfile_open(fx->fd, "memory.stat", O_RDONLY);
	_cleanup_close_ int events_fd = kfile_open(fx->fd, "memory.events", O_RDONLY);
	_cleanup_close_ int current_fd = kfile_open(fx->fd, "memory.current", O_RDONLY);
	struct memory_events events;
	struct memory_stat stat;
	uint64_t bytes;

	(void)state;
	assert_int_equal(memory_stat_read(stat_fd, &stat, NULL), 0);
	assert_int_equal(memory_events_read(events_fd, &events, NULL), 0);
	assert_int_equal(events.max, 3);
	assert_int_equal(memory_bytes_read(current_fd, &bytes), 0);
	assert_int_equal(bytes, 4096);
	fixture_write(fx, "memory.current", "1\n");
	assert_int_equal(memory_bytes_read(current_fd, &bytes), 0);
	assert_int_equal(bytes, 1);
}

static void test_numbers(void **state)
{
	static const struct {
		const char *text;
		int usage, limit;
		uint64_t value;
	} rows[] = {
		{"0\n", 0, 0, 0},
		{"18446744073709551615\n", 0, 0, UINT64_MAX},
		{"9223372036854771712\n", 0, 0, UINT64_C(9223372036854771712)},
		{"max\n", -EBADMSG, 0, UINT64_MAX},
		{"", -EBADMSG, -EBADMSG, 0},
		{"-1\n", -EBADMSG, -EBADMSG, 0},
		{"1 2\n", -EBADMSG, -EBADMSG, 0},
		{"1\n2\n", -EBADMSG, -EBADMSG, 0},
		{"18446744073709551616\n", -EBADMSG, -EBADMSG, 0},
		{"00000000000000000000000000000000001\n", -EOVERFLOW, -EOVERFLOW, 0},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t usage = 4711, limit = 4711;

		fixture_write(fx, "f", rows[i].text);
		assert_int_equal(memory_bytes_read_at(fx->fd, "f", &usage), rows[i].usage);
		assert_int_equal(memory_limit_read_at(fx->fd, "f", &limit), rows[i].limit);
		assert_true(usage == (rows[i].usage < 0 ? 4711 : rows[i].value));
		assert_true(limit == (rows[i].limit < 0 ? 4711 : rows[i].value));
	}
	assert_int_equal(memory_bytes_read_at(fx->fd, "none", &(uint64_t){0}), -ENOENT);
}

static void test_limits(void **state)
{
	static const struct fixture_file files[] = {
		{"memory.min", "1\n"},
		{"memory.low", "2\n"},
		{"memory.high", "max\n"},
		{"memory.max", "4\n"},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_(fixture_freep) struct fixture *root = fixture_new(NULL, 0);
	struct memory_limits limits;
	const char *bad = NULL;

	(void)state;
	/* No swap accounting. */
	assert_int_equal(memory_limits_read(fx->fd, &limits, NULL), 0);
	assert_int_equal(limits.min, 1);
	assert_int_equal(limits.low, 2);
	assert_true(limits.high == UINT64_MAX);
	assert_int_equal(limits.max, 4);
	assert_true(limits.swap_max == UINT64_MAX);
	fixture_write(fx, "memory.swap.max", "5\n");
	assert_int_equal(memory_limits_read(fx->fd, &limits, NULL), 0);
	assert_int_equal(limits.swap_max, 5);
	fixture_write(fx, "memory.max", "much\n");
	assert_int_equal(memory_limits_read(fx->fd, &limits, &bad), -EBADMSG);
	assert_string_equal(bad, "memory.max");
	assert_int_equal(limits.max, 4);
	assert_int_equal(memory_limits_read(root->fd, &limits, &bad), -ENOENT);
	assert_string_equal(bad, "memory.min");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stat),
		cmocka_unit_test(test_stat_names_what_is_missing_or_malformed),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_readers_follow_an_open_file),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
