/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory_file.h"

#include "tests/unit/fixture.h"

#include <string.h>

static void test_empty(void **state)
{
	char *text = NULL;
	size_t n = 1;
	FILE *file = memory_file_open(&text, &n);

	(void)state;
	assert_non_null(file);
	assert_int_equal(fclose(file), 0);
	assert_string_equal(text, "");
	assert_int_equal(n, 0);
	free(text);
}

/* Through sizes at which it grows, in pieces of every size. */
static void test_grows(void **state)
{
	static char piece[100000];
	char *text = NULL;
	size_t n = 0, written = 0;
	FILE *file = memory_file_open(&text, &n);

	(void)state;
	assert_non_null(file);
	for (size_t i = 0; i < sizeof(piece); i++)
		piece[i] = (char)('a' + i % 26);
	for (size_t size = 1; size <= sizeof(piece); size = size * 3 / 2 + 1) {
		assert_int_equal(fwrite(piece, 1, size, file), size);
		written += size;
	}
	assert_true(fprintf(file, "%s", "end") == 3);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(n, written + 3);
	assert_int_equal(strlen(text), n);
	assert_string_equal(text + written, "end");
	for (size_t size = 1, at = 0; size <= sizeof(piece); at += size, size = size * 3 / 2 + 1)
		assert_memory_equal(text + at, piece, size);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_grows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
