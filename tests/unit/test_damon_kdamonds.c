/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of DAMON's that are taken, set up, read and given back, on a fake sysfs. */
#include "agent/damon/kdamonds.h"

#include "agent/damon/use.h"
#include "base/clock.h"
#include "tests/unit/damon_scene.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define NR "sys/" DAMON_KDAMONDS "/nr_kdamonds"

static const struct cold_pace pace = {.sample_us = 100000, .aggregation_us = 2000000, .age = 5};

static void assert_nr(const struct damon_scene *s, const char *text)
{
	_cleanup_free_ char *found = fixture_read(s->fx, NR);

	assert_string_equal(found, text);
}

static bool is_noted(const struct damon_scene *s)
{
	return access(s->note, F_OK) == 0;
}

static void test_take_and_give_back(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();

	(void)state;
	assert_int_equal(kdamonds_take(&s->kdamonds), 0);
	assert_true(s->kdamonds.held);
	assert_nr(s, "8\n");
	assert_true(is_noted(s));
	assert_int_equal(kdamonds_start(&s->kdamonds, 3, 4711, &pace, 4096), 0);
	assert_true(kdamonds_is_on(&s->kdamonds, 3));
	assert_false(kdamonds_is_on(&s->kdamonds, 2));
	assert_int_equal(kdamonds_give_back(&s->kdamonds), 0);
	assert_int_equal(damon_kernel.n_off, 1);
	assert_false(kdamonds_is_on(&s->kdamonds, 3));
	assert_false(s->kdamonds.held);
	assert_nr(s, "0\n");
	assert_false(is_noted(s));
}

static void test_somebody_elses(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();

	(void)state;
	fixture_write(s->fx, NR, "1\n");
	assert_int_equal(kdamonds_take(&s->kdamonds), -EBUSY);
	assert_false(s->kdamonds.held);
	assert_nr(s, "1\n");
	assert_false(is_noted(s));
	fixture_write(s->fx, NR, "some\n");
	assert_int_equal(kdamonds_take(&s->kdamonds), -EBADMSG);
	fixture_remove(s->fx, NR);
	assert_int_equal(kdamonds_take(&s->kdamonds), -ENOENT);
	assert_false(is_noted(s));
}

static void test_set_up(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();
	static const struct {
		const char *name, *text;
	} rows[] = {
		{"contexts/nr_contexts", "1"},
		{"contexts/0/operations", "vaddr"},
		{"contexts/0/monitoring_attrs/intervals/sample_us", "100000"},
		{"contexts/0/monitoring_attrs/intervals/aggr_us", "2000000"},
		{"contexts/0/targets/nr_targets", "1"},
		{"contexts/0/targets/0/pid_target", "4711"},
		{"contexts/0/schemes/nr_schemes", "1"},
		{"contexts/0/schemes/0/action", "stat"},
		{"contexts/0/schemes/0/apply_interval_us", "100000"},
		{"contexts/0/schemes/0/access_pattern/sz/max", "65536"},
		{"contexts/0/schemes/0/access_pattern/nr_accesses/max", "0"},
		{"contexts/0/schemes/0/access_pattern/age/min", "5"},
	};

	(void)state;
	assert_int_equal(kdamonds_take(&s->kdamonds), 0);
	assert_int_equal(kdamonds_start(&s->kdamonds, 7, 4711, &pace, 65536), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		damon_scene_assert(s, 7, rows[i].name, rows[i].text);
	damon_scene_assert(s, 6, "contexts/nr_contexts", "");
	/* DAMON_STAT would have it for itself. */
	damon_kernel.answer_on = -EBUSY;
	assert_int_equal(kdamonds_start(&s->kdamonds, 6, 4712, &pace, 65536), -EBUSY);
	assert_false(kdamonds_is_on(&s->kdamonds, 6));
	/* Nothing is told to do what it was not set up for. */
	fixture_remove(s->fx, "sys/" DAMON_KDAMONDS "/5/contexts/0/schemes/0/action");
	assert_int_equal(kdamonds_start(&s->kdamonds, 5, 4713, &pace, 65536), -ENOENT);
	assert_int_equal(damon_kernel.n_on, 2);
}

static void test_reads_what_is_cold(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();
	struct cold_ranges found = {.n = 7};

	(void)state;
	assert_int_equal(kdamonds_take(&s->kdamonds), 0);
	assert_int_equal(kdamonds_start(&s->kdamonds, 0, 4711, &pace, 65536), 0);
	assert_int_equal(kdamonds_read_cold(&s->kdamonds, 0, &pace, &found), 0);
	assert_int_equal(found.n, 0);
	damon_scene_add_region(s, 0, "11", "8192\n", "12288\n", "5\n");
	damon_scene_add_region(s, 0, "2", "40960\n", "49152\n", "900\n");
	damon_scene_add_region(s, 0, "3", "12288\n", "16384\n", "6\n");
	/* Too young, and touched: its scheme does not tell of those, unless somebody changed it. */
	damon_scene_add_region(s, 0, "4", "20480\n", "24576\n", "4\n");
	damon_scene_add_region(s, 0, "5", "28672\n", "32768\n", "5\n");
	damon_scene_write(s, 0, "contexts/0/schemes/0/tried_regions/5/nr_accesses", "1\n");
	assert_int_equal(kdamonds_read_cold(&s->kdamonds, 0, &pace, &found), 0);
	assert_int_equal(found.n, 2);
	assert_int_equal(found.ranges[0].start, 8192);
	assert_int_equal(found.ranges[0].end, 16384);
	assert_int_equal(found.ranges[1].start, 40960);
	assert_int_equal(found.ranges[1].end, 49152);
	assert_int_equal(damon_kernel.n_tell, 2);
	damon_kernel.answer_tell = -EINVAL;
	assert_int_equal(kdamonds_read_cold(&s->kdamonds, 0, &pace, &found), -EINVAL);
	assert_int_equal(found.n, 2);
}

static void test_malformed_regions(void **state)
{
	static const struct {
		const char *start, *end, *age;
	} rows[] = {{"", "12288\n", "5\n"},	   {"8192\n", "x\n", "5\n"},
		    {"8192\n", "12288\n", "-1\n"}, {"8192\n", "99999999999999999999\n", "5\n"},
		    {"8192\n", "8192\n", "5\n"},   {"8192\n", "4096\n", "5\n"},
		    {"0x2000\n", "12288\n", "5\n"}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();
		struct cold_ranges found = {.n = 7};

		assert_int_equal(kdamonds_take(&s->kdamonds), 0);
		assert_int_equal(kdamonds_start(&s->kdamonds, 0, 4711, &pace, 65536), 0);
		damon_scene_add_region(s, 0, "0", "4096\n", "8192\n", "5\n");
		damon_scene_add_region(s, 0, "1", rows[i].start, rows[i].end, rows[i].age);
		if (kdamonds_read_cold(&s->kdamonds, 0, &pace, &found) != -EBADMSG)
			fail_msg("row %zu", i);
		assert_int_equal(found.n, 7);
		/* A figure that is not there. */
		fixture_remove(s->fx,
			       "sys/" DAMON_KDAMONDS "/0/contexts/0/schemes/0/tried_regions/1/age");
		assert_int_equal(kdamonds_read_cold(&s->kdamonds, 0, &pace, &found), -EBADMSG);
	}
}

/* An agent that was killed has left them; another begins. */
static void test_restore(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();

	(void)state;
	assert_int_equal(kdamonds_restore(&s->kdamonds), 0);
	assert_int_equal(kdamonds_take(&s->kdamonds), 0);
	assert_int_equal(kdamonds_start(&s->kdamonds, 1, 4711, &pace, 65536), 0);
	assert_int_equal(kdamonds_start(&s->kdamonds, 4, 4712, &pace, 65536), 0);
	s->kdamonds.held = false;
	assert_int_equal(kdamonds_restore(&s->kdamonds), 0);
	assert_int_equal(damon_kernel.n_off, 2);
	assert_nr(s, "0\n");
	assert_false(is_noted(s));
	/* Killed after it had written them down, and before it took them. */
	assert_int_equal(kdamonds_take(&s->kdamonds), 0);
	fixture_write(s->fx, NR, "0\n");
	assert_int_equal(kdamonds_restore(&s->kdamonds), 0);
	assert_false(is_noted(s));
}

static void test_not_ours_any_more(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();

	(void)state;
	/* Somebody wanted another number of them. */
	assert_int_equal(kdamonds_take(&s->kdamonds), 0);
	fixture_write(s->fx, NR, "2\n");
	assert_int_equal(kdamonds_restore(&s->kdamonds), -ESTALE);
	assert_nr(s, "2\n");
	assert_false(is_noted(s));
	/* Or the same, for what is not our way to use it. */
	fixture_write(s->fx, NR, "0\n");
	assert_int_equal(kdamonds_take(&s->kdamonds), 0);
	damon_scene_write(s, 5, "contexts/0/schemes/0/action", "pageout\n");
	damon_scene_write(s, 5, "state", "on\n");
	assert_int_equal(kdamonds_restore(&s->kdamonds), -ESTALE);
	assert_true(kdamonds_is_on(&s->kdamonds, 5));
	assert_nr(s, "8\n");
	assert_int_equal(damon_kernel.n_off, 0);
	/* A file that is not of this. */
	fixture_write(s->fx, "note", "kdamonds 80\n");
	assert_int_equal(kdamonds_restore(&s->kdamonds), -EBADMSG);
	assert_nr(s, "8\n");
}

static void test_cpu(void **state)
{
	_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();

	(void)state;
	assert_int_equal(kdamonds_cpu_ns(&s->kdamonds, 0), 0);
	damon_scene_write(s, 0, "pid", "77\n");
	fixture_write(s->fx, "proc/77/comm", "kdamond.0\n");
	fixture_write(s->fx, "proc/77/stat", "77 (kdamond.0) S 2 0 0 0 -1 2129984 0 0\n");
	fixture_write(s->fx, "proc/77/schedstat", "2237169 65940 2\n");
	assert_int_equal(kdamonds_cpu_ns(&s->kdamonds, 0), 2237169);
	/* In another PID namespace the number is somebody else's. */
	fixture_write(s->fx, "proc/77/comm", "postgres\n");
	assert_int_equal(kdamonds_cpu_ns(&s->kdamonds, 0), 0);
}

static void test_use(void **state)
{
	static const struct {
		const char *path, *text;
		enum damon_use use;
	} rows[] = {
		{"sys/module/damon_stat/parameters/enabled", "Y\n", DAMON_STAT},
		{"sys/module/damon_reclaim/parameters/enabled", "Y\n", DAMON_RECLAIM},
		{"sys/module/damon_lru_sort/parameters/enabled", "Y\n", DAMON_LRU_SORT},
		{"sys/module/damon_lru_sort/parameters/enabled", "N\n", DAMON_FREE},
		{NR, "1\n", DAMON_OTHERS},
		{NR, "\n", DAMON_OTHERS},
		{NR, "0\n", DAMON_FREE},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_(damon_scene_freep) struct damon_scene *s = damon_scene_new();

		fixture_write(s->fx, rows[i].path, rows[i].text);
		if (damon_use_of(s->sys_fd) != rows[i].use)
			fail_msg("row %zu: %s", i, damon_use_words(damon_use_of(s->sys_fd)));
		fixture_remove(s->fx, NR);
		if (damon_use_of(s->sys_fd) == DAMON_FREE)
			fail_msg("row %zu: there is none", i);
	}
	for (enum damon_use use = DAMON_FREE; use < DAMON_USES; use++)
		assert_non_null(damon_use_words(use));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_take_and_give_back),
		cmocka_unit_test(test_somebody_elses),
		cmocka_unit_test(test_set_up),
		cmocka_unit_test(test_reads_what_is_cold),
		cmocka_unit_test(test_malformed_regions),
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_not_ours_any_more),
		cmocka_unit_test(test_cpu),
		cmocka_unit_test(test_use),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
