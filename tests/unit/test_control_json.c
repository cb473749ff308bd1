/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/json.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <jansson.h>
#include <string.h>

struct scene {
	struct json json;
	char *text;
	size_t n;
};

static void begin(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	s->json.page.out = open_memstream(&s->text, &s->n);
	assert_non_null(s->json.page.out);
}

/* The caller frees it. */
static char *end(struct scene *s)
{
	assert_int_equal(json_end(&s->json), 0);
	assert_int_equal(fclose(s->json.page.out), 0);
	return s->text;
}

static void test_members(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct scene s;

	(void)state;
	begin(&s);
	json_open(&s.json, NULL, '{');
	json_put_number(&s.json, "zero", 0);
	json_put_number(&s.json, "most", INT64_MAX);
	json_put_number(&s.json, "more", UINT64_MAX - 1);
	json_put_number(&s.json, "none", UINT64_MAX);
	json_open(&s.json, "empty", '[');
	json_close(&s.json, ']');
	json_open(&s.json, "list", '[');
	json_put_word(&s.json, NULL, "a");
	json_open(&s.json, NULL, '{');
	json_close(&s.json, '}');
	json_put_flag(&s.json, NULL, false);
	json_close(&s.json, ']');
	json_put_flag(&s.json, "flag", true);
	json_put_word(&s.json, "word", NULL);
	json_put_text(&s.json, "text", NULL);
	json_close(&s.json, '}');
	text = end(&s);
	assert_string_equal(text,
			    "{\"zero\":0,\"most\":9223372036854775807,\"more\":9223372036854775807,"
			    "\"none\":null,\"empty\":[],\"list\":[\"a\",{},false],\"flag\":true,"
			    "\"word\":null,\"text\":null}");
}

/* A reader finds the text in it; what is not UTF-8 as \xNN. */
static void test_texts(void **state)
{
	static const struct {
		const char *text, *json, *read;
	} rows[] = {
		{"", "\"\"", ""},
		{"a\"b\\c/d", "\"a\\\"b\\\\c/d\"", "a\"b\\c/d"},
		{"\n\x1b[2J", "\"\\n\\u001B[2J\"", "\n\x1b[2J"},
		{"\xc3\xa4\xf0\x9f\x98\x80", "\"\\u00E4\\uD83D\\uDE00\"",
		 "\xc3\xa4\xf0\x9f\x98\x80"},
		{"a\xff", "\"a\\\\xff\"", "a\\xff"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		json_auto_t *read = NULL;
		struct scene s;

		begin(&s);
		json_put_text(&s.json, NULL, rows[i].text);
		text = end(&s);
		assert_string_equal(text, rows[i].json);
		read = json_loads(text, JSON_DECODE_ANY, NULL);
		assert_string_equal(json_string_value(read), rows[i].read);
	}
}

/* Pieces around the size of a page: nothing is lost, and nothing comes twice. */
static void test_pages(void **state)
{
	size_t page = sizeof(((struct page *)NULL)->text);
	_cleanup_free_ char *long_text = malloc(3 * page + 1);
	size_t sizes[] = {1, page - 1, page, page + 1, 3 * page, 0, 7};

	(void)state;
	assert_non_null(long_text);
	for (size_t i = 0; i < 3 * page; i++)
		long_text[i] = (char)('a' + i % 26);
	for (size_t first = 0; first < ARRAY_SIZE(sizes); first++) {
		_cleanup_free_ char *text = NULL;
		struct scene s;
		size_t at = 0;

		begin(&s);
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
			page_put_n(&s.json.page, long_text, sizes[(first + i) % ARRAY_SIZE(sizes)]);
		text = end(&s);
		for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
			size_t n = sizes[(first + i) % ARRAY_SIZE(sizes)];

			assert_memory_equal(text + at, long_text, n);
			at += n;
		}
		assert_int_equal(s.n, at);
	}
}

static void test_numbers(void **state)
{
	static const struct {
		uint64_t value;
		unsigned int decimals;
		const char *text;
	} rows[] = {
		{0, 0, "0"},
		{0, 3, "0.000"},
		{7, 0, "7"},
		{1500, 3, "1.500"},
		{15, 4, "0.0015"},
		{UINT64_MAX, 0, "18446744073709551615"},
		{UINT64_MAX, 9, "18446744073.709551615"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		_cleanup_free_ char *text = NULL;
		struct scene s;

		begin(&s);
		page_put_number(&s.json.page, rows[i].value, rows[i].decimals);
		text = end(&s);
		assert_string_equal(text, rows[i].text);
	}
}

static void test_full_disk(void **state)
{
	struct json json = {.page = {.out = fopen("/dev/full", "we")}};

	(void)state;
	assert_non_null(json.page.out);
	assert_int_equal(setvbuf(json.page.out, NULL, _IONBF, 0), 0);
	json_put_number(&json, NULL, 1);
	assert_int_equal(json_end(&json), -EIO);
	(void)fclose(json.page.out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),	  cmocka_unit_test(test_texts),
		cmocka_unit_test(test_pages),	  cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_full_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
