/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/report/output.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static int write_new(const void *results, FILE *to)
{
	(void)results;
	return fputs("new", to) == EOF || fflush(to) == EOF ? -errno : 0;
}

static int write_half(const void *results, FILE *to)
{
	(void)write_new(results, to);
	return -ENOSPC;
}

static const struct fixture_file files[] = {{"old.json", "old results"}};

static struct output opened(const struct fixture *fx, const char *name, char path[static 256])
{
	struct output output;
	struct stress_error error;

	(void)snprintf(path, 256, "%s/%s", fx->path, name);
	assert_int_equal(output_open("json", path, &output, &error), 0);
	return output;
}

static void check_file(const struct fixture *fx, const char *name, const char *expected)
{
	_cleanup_close_ int fd = openat(fx->fd, name, O_RDONLY);
	char text[64] = "";

	if (!expected) {
		assert_int_equal(fd, -1);
		return;
	}
	assert_true(fd >= 0 && read(fd, text, sizeof(text) - 1) >= 0);
	assert_string_equal(text, expected);
}

/* Of a run that did not take place, or could not be written, there is no file. */
static void test_no_results(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct stress_error error;
	struct output output;
	char path[256];

	(void)state;
	output = opened(fx, "new.json", path);
	check_file(fx, "new.json", "");
	output_close(&output);
	check_file(fx, "new.json", NULL);
	output = opened(fx, "new.json", path);
	assert_int_equal(output_write(&output, NULL, write_half, &error), -ENOSPC);
	assert_non_null(strstr(error.text, "json: write "));
	assert_non_null(strstr(error.text, "No space left on device"));
	output_close(&output);
	check_file(fx, "new.json", NULL);
	output = opened(fx, "old.json", path);
	output_close(&output);
	check_file(fx, "old.json", "old results");
}

static void test_results(void **state)
{
	static const char *const names[] = {"new.json", "old.json"};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	struct stress_error error;
	char path[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct output output = opened(fx, names[i], path);

		assert_int_equal(output_write(&output, NULL, write_new, &error), 0);
		output_close(&output);
		check_file(fx, names[i], "new");
	}
}

static void test_nowhere(void **state)
{
	struct output output = {.fd = -7};
	struct stress_error error;

	(void)state;
	assert_int_equal(output_open("csv", "/nowhere/x.csv", &output, &error), -ENOENT);
	assert_int_equal(output.fd, -7);
	assert_non_null(strstr(error.text, "csv: open /nowhere/x.csv: No such file"));
	assert_int_equal(output_open("csv", "", &output, &error), 0);
	output_close(&output);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_results),
		cmocka_unit_test(test_results),
		cmocka_unit_test(test_nowhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
