/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/require.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

static void test_release(void **state)
{
	uint64_t major = 0, minor = 0;

	(void)state;
	assert_int_equal(require_parse_release("6.12.48+deb13-amd64", &major, &minor), 0);
	assert_true(major == 6 && minor == 12);
	assert_int_equal(require_parse_release("7.0-rc1", &major, &minor), 0);
	assert_true(major == 7 && minor == 0);
	assert_int_equal(require_parse_release("6", &major, &minor), -EINVAL);
	assert_int_equal(require_parse_release("6.", &major, &minor), -EINVAL);
	assert_int_equal(require_parse_release(".1", &major, &minor), -EINVAL);
}

static const struct require_facts facts = {
	.swap_free_bytes = 100 * MIB,
	.available_bytes = 200 * MIB,
	.nodes = 2,
	.kernel_major = 6,
	.kernel_minor = 12,
	.controllers = "cpuset cpu io memory\n",
	.mount_options = "rw,nosuid,nsdelegate,memory_recursiveprot",
};

static void test_met(void **state)
{
	static const struct scenario_requirement rows[] = {
		{.swap_bytes = 100 * MIB},
		{.memory_bytes = 200 * MIB},
		{.nodes = 2},
		{.kernel_major = 5, .kernel_minor = 19},
		{.kernel_major = 6, .kernel_minor = 12},
		{.controller = "memory"},
		{.mount_option = "memory_recursiveprot"},
		{.file = "memory.peak"},
	};
	char words[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (!require_has(&facts, &rows[i], words, sizeof(words)))
			fail_msg("row %zu: %s", i, words);
}

static void test_missing(void **state)
{
	static const struct {
		struct scenario_requirement requirement;
		const char *words;
	} rows[] = {
		{{.swap_bytes = 100 * MIB + 1}, "needs 100.0 MiB of free swap, there are 100.0"},
		{{.memory_bytes = 1024 * MIB}, "needs 1.0 GiB of free memory"},
		{{.nodes = 3}, "needs 3 NUMA nodes, there is 2"},
		{{.kernel_major = 7}, "needs kernel 7.0, this is 6.12"},
		{{.kernel_major = 6, .kernel_minor = 13}, "needs kernel 6.13"},
		{{.zswap = true}, "needs zswap"},
		/* "cpu" is not "cpuset". */
		{{.controller = "cpus"}, "needs the cgroup controller cpus"},
		{{.mount_option = "memory_localevents"}, "mounted with memory_localevents"},
	};
	char words[128];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		words[0] = '\0';
		if (require_has(&facts, &rows[i].requirement, words, sizeof(words)) ||
		    !strstr(words, rows[i].words))
			fail_msg("row %zu: %s", i, words);
	}
}

static void test_files(void **state)
{
	static const struct fixture_file files[] = {
		{"memory.stat", "anon 1\nfile_dirty 2\nzswpwb 0\n"},
		{"memory.reclaim", ""},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));

	(void)state;
	assert_true(require_has_file(fx->fd, "memory.reclaim"));
	assert_false(require_has_file(fx->fd, "memory.peak"));
	assert_true(require_has_file(fx->fd, "memory.stat:zswpwb"));
	/* "file_dirty" is not "file". */
	assert_false(require_has_file(fx->fd, "memory.stat:file"));
	assert_false(require_has_file(fx->fd, "memory.peak:anon"));
}

/* A host of containers has more mounts than a buffer holds. */
static void test_many_mounts(void **state)
{
	static const struct fixture_file files[] = {{"self/", NULL}};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	const struct machine machine = {.n_nodes = 1};
	struct require_facts found;
	struct stress_error error;
	char path[PATH_MAX];
	FILE *mounts;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/self/mounts", fx->path);
	mounts = fopen(path, "we");
	assert_non_null(mounts);
	for (unsigned int i = 0; i < 1000; i++)
		fprintf(mounts, "overlay /var/lib/containers/%u/merged overlay rw 0 0\n", i);
	fprintf(mounts, "cgroup2 /sys/fs/cgroup cgroup2 rw,nsdelegate 0 0\n");
	assert_int_equal(fclose(mounts), 0);
	assert_int_equal(require_read(&machine, fx->fd, fx->fd, NULL, &found, &error), 0);
	assert_string_equal(found.mount_options, "rw,nsdelegate");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_release),	    cmocka_unit_test(test_met),
		cmocka_unit_test(test_missing),	    cmocka_unit_test(test_files),
		cmocka_unit_test(test_many_mounts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
