/* SPDX-License-Identifier: Apache-2.0 */
#include "base/ktext.h"

#include "tests/unit/fixture.h"

#include <errno.h>

struct counters {
	uint64_t anon, file, optional;
};

static const struct ktext_key keys[] = {
	{"anon", offsetof(struct counters, anon), false},
	{"file", offsetof(struct counters, file), false},
	{"pgscan_proactive", offsetof(struct counters, optional), true},
};

static void test_reads_known_keys_in_any_order(void **state)
{
	struct counters c = {.optional = 9};

	(void)state;
	assert_int_equal(
		ktext_read_keys("file 20\nfile_mapped x\nfil 1\nnew_in_8 1 2 x\n\nanon 10\n", keys,
				ARRAY_SIZE(keys), &c, NULL),
		0);
	assert_int_equal(c.anon, 10);
	assert_int_equal(c.file, 20);
	assert_int_equal(c.optional, 0);
}

static void test_rejects_malformed_text(void **state)
{
	static const struct {
		const char *text, *bad;
	} rows[] = {
		{"", "anon"},
		{"anon 1\n", "file"},
		{"anon 1\nfile\n", "file"},
		{"anon 1\nfile 2\nanon 1\n", "anon"},
		{"anon -1\nfile 2\n", "anon"},
		{"anon 1 2\nfile 2\n", "anon"},
		{"anon 99999999999999999999\nfile 2\n", "anon"},
		{"anon 1\nfile 2\npgscan_proactive x\n", "pgscan_proactive"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct counters c = {1, 2, 3};
		const char *bad = NULL;

		assert_int_equal(ktext_read_keys(rows[i].text, keys, ARRAY_SIZE(keys), &c, &bad),
				 -EBADMSG);
		assert_string_equal(bad, rows[i].bad);
		assert_int_equal(c.anon, 1);
		assert_int_equal(c.optional, 3);
	}
}

static void test_words(void **state)
{
	struct ktext_line line = {.text = "  a\tbc ", .length = 7}, word;

	(void)state;
	assert_true(ktext_next_word(&line, &word));
	assert_true(ktext_word_is(word, "a"));
	assert_true(ktext_next_word(&line, &word));
	assert_true(ktext_word_is(word, "bc"));
	assert_false(ktext_word_is(word, "b"));
	assert_false(ktext_next_word(&line, &word));
}

static void test_takes_a_word(void **state)
{
	struct ktext_line line = {.text = "anon_huge anon", .length = 14}, all = line;

	(void)state;
	assert_false(ktext_take_word(&line, "anon"));
	assert_false(ktext_take_word(&line, "anon_huge_pages"));
	assert_int_equal(line.length, all.length);
	assert_true(ktext_take_word(&line, "anon_huge"));
	assert_ptr_equal(line.text, all.text + 9);
	assert_int_equal(line.length, 5);
	assert_false(ktext_take_word(&line, "anon"));
	line = (struct ktext_line){.text = all.text + 10, .length = 4};
	assert_true(ktext_take_word(&line, "anon"));
	assert_int_equal(line.length, 0);
	assert_false(ktext_take_word(&line, "anon"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reads_known_keys_in_any_order),
		cmocka_unit_test(test_rejects_malformed_text),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_takes_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
