/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report/metrics_file.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static struct metrics_file file_at(const struct fixture *fx, const char *name)
{
	struct metrics_file file = {0};
	int n = snprintf(file.path, sizeof(file.path), "%s/%s", fx->path, name);

	assert_true(n > 0 && (size_t)n < sizeof(file.path));
	return file;
}

static bool exists(const struct fixture *fx, const char *name)
{
	const struct metrics_file file = file_at(fx, name);
	struct stat st;

	return lstat(file.path, &st) == 0;
}

static void check_content(const struct fixture *fx, const char *name, const char *text)
{
	_cleanup_free_ char *content = fixture_read(fx, name);

	assert_string_equal(content, text);
}

static void test_replaced_as_a_whole(void **state)
{
	struct fixture *fx = fixture_new(NULL, 0);
	struct metrics_file file = file_at(fx, "x.prom");
	mode_t umask_before = umask(0077);
	struct stat st;
	FILE *reader;
	char text[16] = "";

	(void)state;
	assert_int_equal(metrics_file_write(&file, "one\n", 4), 0);
	(void)umask(umask_before);
	check_content(fx, "x.prom", "one\n");
	assert_int_equal(stat(file.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* Who has it open reads the old one to its end. */
	reader = fopen(file.path, "re");
	assert_non_null(reader);
	assert_int_equal(metrics_file_write(&file, "2\n", 2), 0);
	assert_string_equal(fgets(text, sizeof(text), reader), "one\n");
	(void)fclose(reader);
	check_content(fx, "x.prom", "2\n");
	assert_false(exists(fx, "x.prom.tmp"));
	metrics_file_remove(&file);
	assert_false(exists(fx, "x.prom"));
	metrics_file_remove(&file);
	fixture_free(fx);
}

/* The directory may belong to somebody who means ill. */
static void test_what_is_in_the_way(void **state)
{
	struct fixture *fx = fixture_new(NULL, 0);
	struct metrics_file file = file_at(fx, "x.prom"), victim = file_at(fx, "victim");
	struct metrics_file beside = file_at(fx, "x.prom.tmp");

	(void)state;
	/* Of an agent that was killed. */
	fixture_write(fx, "x.prom.tmp", "half");
	assert_int_equal(metrics_file_write(&file, "1\n", 2), 0);
	check_content(fx, "x.prom", "1\n");
	/* Links are replaced, not followed. */
	fixture_write(fx, "victim", "mine\n");
	assert_int_equal(symlink(victim.path, beside.path), 0);
	assert_int_equal(unlink(file.path), 0);
	assert_int_equal(symlink(victim.path, file.path), 0);
	assert_int_equal(metrics_file_write(&file, "2\n", 2), 0);
	check_content(fx, "x.prom", "2\n");
	check_content(fx, "victim", "mine\n");
	/* Somebody else's by now. */
	assert_int_equal(unlink(file.path), 0);
	fixture_write(fx, "x.prom", "theirs\n");
	metrics_file_remove(&file);
	check_content(fx, "x.prom", "theirs\n");
	/* What can't be replaced leaves nothing beside it. */
	fixture_write(fx, "d.prom/x", "");
	file = file_at(fx, "d.prom");
	assert_int_equal(metrics_file_write(&file, "3\n", 2), -EISDIR);
	assert_false(exists(fx, "d.prom.tmp"));
	file = file_at(fx, "none/x.prom");
	assert_int_equal(metrics_file_write(&file, "4\n", 2), -ENOENT);
	metrics_file_remove(&file);
	fixture_free(fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced_as_a_whole),
		cmocka_unit_test(test_what_is_in_the_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
