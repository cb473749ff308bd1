/* SPDX-License-Identifier: Apache-2.0 */
#include "base/kfile.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

static const struct fixture_file files[] = {
	{"sys/value", "12345"},	 {"sys/empty", NULL},
	{"sys/line", "12345\n"}, {"sys/lines", "12345\n6\n"},
	{"sys/word", "max\n"},	 {"sys/long", "000000000000000000000000000001\n"}};

static void test_reads_whole_or_not_at_all(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	char text[6], small[5];

	(void)state;
	assert_int_equal(kfile_read_at(fx->fd, "sys/empty", text, sizeof(text)), 0);
	assert_string_equal(text, "");
	assert_int_equal(kfile_read_at(fx->fd, "sys/value", small, sizeof(small)), -EOVERFLOW);
	/* Five bytes need room for the sixth that says there is none. */
	assert_int_equal(kfile_read_at(fx->fd, "sys/value", text, sizeof(text)), -EOVERFLOW);
	assert_int_equal(kfile_read_at(fx->fd, "sys/none", text, sizeof(text)), -ENOENT);
}

static void test_a_line_or_a_number(void **state)
{
	static const struct {
		const char *path, *line;
		int status;
	} rows[] = {
		{"sys/value", "12345", 0},	  {"sys/line", "12345", 0},
		{"sys/lines", "12345", -EBADMSG}, {"sys/word", "max", -EBADMSG},
		{"sys/empty", "", -EBADMSG},	  {"sys/long", NULL, -EOVERFLOW},
		{"sys/none", NULL, -ENOENT},
	};
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t number = 7;
		char text[24];
		ssize_t n = kfile_read_line_at(fx->fd, rows[i].path, text, sizeof(text));

		if (rows[i].line) {
			assert_int_equal(n, strlen(rows[i].line));
			assert_string_equal(text, rows[i].line);
		} else {
			assert_int_equal(n, rows[i].status);
		}
		assert_int_equal(kfile_read_number_at(fx->fd, rows[i].path, &number),
				 rows[i].status);
		assert_int_equal(number, rows[i].status == 0 ? 12345 : 7);
	}
}

static void test_opened_file_reads_again(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_close_ int fd = kfile_open(fx->fd, "sys/value", O_RDONLY);
	char text[32];

	(void)state;
	assert_int_equal(kfile_read(fd, text, sizeof(text)), 5);
	fixture_write(fx, "sys/value", "678");
	assert_int_equal(kfile_read(fd, text, sizeof(text)), 3);
	assert_string_equal(text, "678");
}

static void test_does_not_follow_links(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));

	(void)state;
	assert_int_equal(symlinkat("sys/value", fx->fd, "link"), 0);
	assert_int_equal(kfile_open(fx->fd, "link", O_RDONLY), -ELOOP);
}

static void test_writes_once(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(files, ARRAY_SIZE(files));
	_cleanup_free_ char *text = NULL;

	(void)state;
	assert_int_equal(kfile_write_at(fx->fd, "sys/empty", "1048576"), 0);
	text = fixture_read(fx, "sys/empty");
	assert_string_equal(text, "1048576");
	assert_int_equal(kfile_write_at(fx->fd, "sys/none", "1"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_whole_or_not_at_all),
		cmocka_unit_test(test_a_line_or_a_number),
		cmocka_unit_test(test_opened_file_reads_again),
		cmocka_unit_test(test_does_not_follow_links),
		cmocka_unit_test(test_writes_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
