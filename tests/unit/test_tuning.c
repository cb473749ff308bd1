/* SPDX-License-Identifier: Apache-2.0 */
/* Sysctls that are set and given back, on a fake proc/sys/vm. */
#include "agent/act/tuning.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

struct scene {
	struct fixture *fx;
	char path[128];
	struct tuning tuning;
};

static struct scene scene_new(void)
{
	static const char *const names[] = {
		"swappiness",  "vfs_cache_pressure",	 "page-cluster", "watermark_scale_factor",
		"dirty_ratio", "dirty_background_ratio", "dirty_bytes",	 "dirty_background_bytes"};
	struct scene s = {.fx = fixture_new(NULL, 0)};
	char name[64];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(name, sizeof(name), "sys/vm/%s", names[i]);
		fixture_write(s.fx, name, strstr(names[i], "bytes") ? "0\n" : "20\n");
	}
	(void)snprintf(s.path, sizeof(s.path), "%s/state", s.fx->path);
	return s;
}

/* An agent that begins; the one before it may have been killed. */
static int begin(struct scene *s)
{
	s->tuning = (struct tuning){.proc_fd = s->fx->fd, .path = s->path};
	return tuning_load(&s->tuning);
}

static void assert_value(const struct scene *s, const char *name, const char *expected)
{
	_cleanup_free_ char *text = NULL;
	char path[64];

	(void)snprintf(path, sizeof(path), "sys/vm/%s", name);
	text = fixture_read(s->fx, path);
	assert_string_equal(text, expected);
}

static bool is_noted(const struct scene *s)
{
	return access(s->path, F_OK) == 0;
}

static void test_set_and_given_back(void **state)
{
	struct scene s = scene_new();

	(void)state;
	assert_int_equal(begin(&s), 0);
	assert_int_equal(tuning_set(&s.tuning, TUNING_SWAPPINESS, 99), 0);
	assert_int_equal(tuning_set(&s.tuning, TUNING_PAGE_CLUSTER, 10), 0);
	assert_value(&s, "swappiness", "99\n");
	assert_value(&s, "page-cluster", "10\n");
	assert_true(is_noted(&s));
	assert_int_equal(tuning_restore(&s.tuning, TUNING_SWAPPINESS), 0);
	assert_false(s.tuning.knobs[TUNING_SWAPPINESS].held);
	assert_value(&s, "swappiness", "20\n");
	assert_value(&s, "page-cluster", "10\n");
	assert_true(is_noted(&s));
	assert_int_equal(tuning_restore(&s.tuning, TUNING_PAGE_CLUSTER), 0);
	assert_value(&s, "page-cluster", "20\n");
	assert_false(is_noted(&s));
	fixture_free(s.fx);
}

/* Killed: the next one knows what stood there. */
static void test_after_a_crash(void **state)
{
	struct scene s = scene_new();

	(void)state;
	assert_int_equal(begin(&s), 0);
	assert_int_equal(tuning_set(&s.tuning, TUNING_SWAPPINESS, 99), 0);
	assert_int_equal(tuning_set(&s.tuning, TUNING_DIRTY_RATIO, 15), 0);
	assert_int_equal(tuning_set(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR, 30), 0);
	fixture_write(s.fx, "sys/vm/dirty_ratio", "7\n");

	assert_int_equal(begin(&s), 0);
	assert_true(s.tuning.knobs[TUNING_SWAPPINESS].held);
	assert_false(s.tuning.knobs[TUNING_PAGE_CLUSTER].held);
	assert_int_equal(tuning_restore(&s.tuning, TUNING_SWAPPINESS), 0);
	/* Somebody meant that one. */
	assert_int_equal(tuning_restore(&s.tuning, TUNING_DIRTY_RATIO), -ESTALE);
	assert_int_equal(tuning_restore(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR), 0);
	assert_value(&s, "swappiness", "20\n");
	assert_value(&s, "dirty_ratio", "7\n");
	assert_value(&s, "watermark_scale_factor", "20\n");
	assert_false(is_noted(&s));
	assert_int_equal(begin(&s), 0);
	assert_false(s.tuning.knobs[TUNING_DIRTY_RATIO].held);
	fixture_free(s.fx);
}

/* Killed between writing down and writing: there is nothing to give back. */
static void test_killed_in_between(void **state)
{
	struct scene s = scene_new();

	(void)state;
	fixture_write(s.fx, "state", "swappiness 20 100\n");
	assert_int_equal(begin(&s), 0);
	assert_int_equal(tuning_restore(&s.tuning, TUNING_SWAPPINESS), -ESTALE);
	assert_value(&s, "swappiness", "20\n");
	assert_false(is_noted(&s));
	fixture_free(s.fx);
}

/* A value that is changed again and again: whenever the agent is killed, it was one of its own. */
static void test_changed(void **state)
{
	static const struct {
		const char *noted, *stands, *left;
		int r;
	} rows[] = {
		{"watermark_scale_factor 10 80 50\n", "50\n", "10\n", 0},
		{"watermark_scale_factor 10 80 50\n", "80\n", "10\n", 0},
		{"watermark_scale_factor 10 80 50\n", "60\n", "60\n", -ESTALE},
		{"watermark_scale_factor 10 80\n", "50\n", "50\n", -ESTALE},
	};
	struct scene s = scene_new();
	uint64_t value;

	(void)state;
	assert_int_equal(begin(&s), 0);
	assert_int_equal(tuning_set(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR, 50), 0);
	assert_int_equal(tuning_change(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR, 80), 0);
	assert_int_equal(tuning_read(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR, &value), 0);
	assert_int_equal(value, 80);
	assert_int_equal(tuning_change(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR, 80), 0);
	assert_int_equal(tuning_restore(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR), 0);
	assert_value(&s, "watermark_scale_factor", "20\n");
	/* Somebody else's stays. */
	assert_int_equal(tuning_set(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR, 50), 0);
	fixture_write(s.fx, "sys/vm/watermark_scale_factor", "33\n");
	assert_int_equal(tuning_change(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR, 80), -ESTALE);
	assert_value(&s, "watermark_scale_factor", "33\n");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		fixture_write(s.fx, "state", rows[i].noted);
		fixture_write(s.fx, "sys/vm/watermark_scale_factor", rows[i].stands);
		assert_int_equal(begin(&s), 0);
		assert_int_equal(tuning_restore(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR),
				 rows[i].r);
		assert_value(&s, "watermark_scale_factor", rows[i].left);
		assert_false(is_noted(&s));
	}
	fixture_free(s.fx);
}

/* Nothing is changed, and the old value is still ours. */
static void test_a_change_that_is_not_written_down(void **state)
{
	struct scene s = scene_new();

	(void)state;
	assert_int_equal(begin(&s), 0);
	assert_int_equal(tuning_set(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR, 50), 0);
	(void)snprintf(s.path, sizeof(s.path), "%s/none/state", s.fx->path);
	assert_int_equal(tuning_change(&s.tuning, TUNING_WATERMARK_SCALE_FACTOR, 80), -ENOENT);
	assert_value(&s, "watermark_scale_factor", "50\n");
	assert_int_equal(s.tuning.knobs[TUNING_WATERMARK_SCALE_FACTOR].ours, 50);
	assert_int_equal(s.tuning.knobs[TUNING_WATERMARK_SCALE_FACTOR].former, 50);
	fixture_free(s.fx);
}

static void test_left_alone(void **state)
{
	struct scene s = scene_new();

	(void)state;
	assert_int_equal(begin(&s), 0);
	/* It has that value already. */
	assert_int_equal(tuning_set(&s.tuning, TUNING_SWAPPINESS, 20), 0);
	assert_false(s.tuning.knobs[TUNING_SWAPPINESS].held);
	/* A ratio would switch off what is said in bytes. */
	fixture_write(s.fx, "sys/vm/dirty_bytes", "1048576\n");
	assert_int_equal(tuning_set(&s.tuning, TUNING_DIRTY_RATIO, 15), -EBUSY);
	assert_int_equal(tuning_set(&s.tuning, TUNING_DIRTY_BACKGROUND_RATIO, 15), 0);
	assert_value(&s, "dirty_ratio", "20\n");
	assert_int_equal(tuning_restore(&s.tuning, TUNING_DIRTY_BACKGROUND_RATIO), 0);
	/* Not there, and not a number. */
	fixture_remove(s.fx, "sys/vm/page-cluster");
	assert_int_equal(tuning_set(&s.tuning, TUNING_PAGE_CLUSTER, 5), -ENOENT);
	fixture_write(s.fx, "sys/vm/vfs_cache_pressure", "much\n");
	assert_int_equal(tuning_set(&s.tuning, TUNING_VFS_CACHE_PRESSURE, 5), -EBADMSG);
	assert_false(is_noted(&s));
	fixture_free(s.fx);
}

/* What can't be written down is not changed. */
static void test_nowhere_to_write_down(void **state)
{
	struct scene s = scene_new();

	(void)state;
	(void)snprintf(s.path, sizeof(s.path), "%s/none/state", s.fx->path);
	assert_int_equal(begin(&s), 0);
	assert_int_equal(tuning_set(&s.tuning, TUNING_SWAPPINESS, 99), -ENOENT);
	assert_false(s.tuning.knobs[TUNING_SWAPPINESS].held);
	assert_value(&s, "swappiness", "20\n");
	fixture_free(s.fx);
}

static void test_strange_state(void **state)
{
	static const char *const texts[] = {
		"swappiness\n",
		"swappiness 20\n",
		"swappiness 20 100 three\n",
		"swappiness 20 100 3 4\n",
		"swappiness 20 many\n",
		"swappiness -1 100\n",
		"swappiness 99999999999999999999 100\n",
		"swap 20 100\n",
		"swappiness 20 100\nswappiness 20 100\n",
		"\n",
	};
	struct scene s = scene_new();
	char longest[4096];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		fixture_write(s.fx, "state", texts[i]);
		if (begin(&s) != -EBADMSG)
			fail_msg("\"%s\"", texts[i]);
		assert_false(s.tuning.knobs[TUNING_SWAPPINESS].held);
	}
	memset(longest, ' ', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	fixture_write(s.fx, "state", longest);
	assert_int_equal(begin(&s), -EBADMSG);
	fixture_write(s.fx, "state", "");
	assert_int_equal(begin(&s), 0);
	fixture_free(s.fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set_and_given_back),
		cmocka_unit_test(test_after_a_crash),
		cmocka_unit_test(test_killed_in_between),
		cmocka_unit_test(test_left_alone),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_a_change_that_is_not_written_down),
		cmocka_unit_test(test_nowhere_to_write_down),
		cmocka_unit_test(test_strange_state),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
