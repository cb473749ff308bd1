/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lines.h"

#include "base/cleanup.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* Each read(2) gets a packet, what does not fit of it is lost: how pieces fall is the test's
 * choice. */
static void assert_lines(const char *const *pieces, const char *const *lines)
{
	struct line_reader reader = {.fd = -1};
	const char *line;
	size_t length;
	int fds[2];

	assert_int_equal(pipe2(fds, O_CLOEXEC | O_DIRECT), 0);
	for (; *pieces; pieces++)
		assert_int_equal(write(fds[1], *pieces, strlen(*pieces)), strlen(*pieces));
	fd_close(fds[1]);
	reader.fd = fds[0];
	for (; *lines; lines++) {
		assert_int_equal(line_reader_next(&reader, &line, &length), 1);
		assert_int_equal(length, strlen(*lines));
		assert_memory_equal(line, *lines, length);
	}
	assert_int_equal(line_reader_next(&reader, &line, &length), 0);
	assert_int_equal(line_reader_next(&reader, &line, &length), 0);
	fd_close(fds[0]);
}

#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_lines(void **state)
{
	(void)state;
	assert_lines(TEXTS(NULL), TEXTS(NULL));
	assert_lines(TEXTS("a\nbc\n"), TEXTS("a", "bc"));
	assert_lines(TEXTS("\n\n", "a\n"), TEXTS("", "", "a"));
	/* Wherever they are cut, and without a newline at the end. */
	assert_lines(TEXTS("ab", "c", "\nd", "\ne"), TEXTS("abc", "d", "e"));
}

/* Of one that is too long the front is had, and the next one whole. */
static void test_too_long(void **state)
{
	char longest[LINE_PIECE_BYTES + 1], begin[LINE_PIECE_BYTES + 1];

	(void)state;
	memset(longest, 'x', LINE_PIECE_BYTES);
	longest[LINE_PIECE_BYTES] = '\0';
	memcpy(begin, longest, sizeof(begin));
	assert_lines(TEXTS(longest, "\nb\n"), TEXTS(longest, "b"));
	assert_lines(TEXTS(longest, "x\nb\n"), TEXTS(longest, "b"));
	assert_lines(TEXTS(longest, longest, longest, "\nb"), TEXTS(longest, "b"));
	assert_lines(TEXTS(longest, longest), TEXTS(longest));
	/* One byte shorter, behind another one. */
	begin[LINE_PIECE_BYTES - 1] = '\0';
	assert_lines(TEXTS("a\n", begin, "\n", "b\n"), TEXTS("a", begin, "b"));
}

static void test_error(void **state)
{
	struct line_reader reader = {.fd = -1};
	const char *line;
	size_t length;

	(void)state;
	assert_int_equal(line_reader_next(&reader, &line, &length), -EBADF);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
