/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/content.h"

#include "tests/unit/fixture.h"

#include <string.h>

typedef uint64_t page_words[CONTENT_PAGE_WORDS];

static void test_repeatable(void **state)
{
	struct content one, two;
	page_words a, b;

	(void)state;
	content_init(&one, 42, 200);
	content_init(&two, 42, 200);
	content_fill(&one, 7, 3, a);
	content_fill(&two, 7, 3, b);
	assert_memory_equal(a, b, sizeof(a));
	assert_true(content_first_word(&one, 7, 3) == a[0]);
	content_init(&two, 43, 200);
	content_fill(&two, 7, 3, b);
	assert_memory_not_equal(a, b, sizeof(a));
}

/* No word of a page stands at the same place in another page, generation or seed. */
static void test_unique(void **state)
{
	struct content content, other;
	page_words pages[64];
	size_t n = 0;

	(void)state;
	content_init(&content, 1, 200);
	content_init(&other, 2, 200);
	for (uint64_t page = 0; page < 20; page++)
		for (uint32_t generation = 0; generation < 3; generation++)
			content_fill(&content, page, generation, pages[n++]);
	for (uint64_t page = 0; page < 4; page++)
		content_fill(&other, page, 1, pages[n++]);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			for (size_t w = 0; w < CONTENT_PAGE_WORDS; w++)
				assert_true(pages[i][w] != pages[j][w]);
}

/* Not one page is "same-filled": the kernel would store a word of it and no more. */
static void test_never_same_filled(void **state)
{
	struct content content;
	page_words page;

	(void)state;
	content_init(&content, 5, CONTENT_RATIO_MAX);
	for (uint64_t i = 0; i < 1000; i++) {
		bool differs = false;

		content_fill(&content, i, 1, page);
		for (size_t w = 1; w < CONTENT_PAGE_WORDS; w++)
			differs = differs || page[w] != page[0];
		assert_true(differs);
	}
}

static void test_ratio(void **state)
{
	static const uint64_t ratios[] = {100,	101,  105,  110,  150,	200,  250,
					  300,	400,  800,  1500, 2000, 3000, 5000,
					  7000, 8000, 8500, 9000, 9500, 10000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ratios); i++) {
		struct content content;
		uint64_t measured;

		content_init(&content, i, ratios[i]);
		measured = content_measure_ratio(&content, 512);
		if (measured * 100 < ratios[i] * 98 || measured * 100 > ratios[i] * 102)
			fail_msg("asked %ju %%, LZ4 makes %ju %% of it", (uintmax_t)ratios[i],
				 (uintmax_t)measured);
	}
}

/* Any single wrong byte is found, and named. */
static void test_finds_every_byte(void **state)
{
	struct content content;
	page_words page;
	uint8_t *bytes = (uint8_t *)page;
	struct content_error error;

	(void)state;
	content_init(&content, 9, 300);
	content_fill(&content, 11, 2, page);
	assert_true(content_check(&content, 11, 2, page, &error));
	for (size_t i = 0; i < CONTENT_PAGE_BYTES; i++) {
		uint8_t right = bytes[i];

		bytes[i] ^= 0x10;
		assert_false(content_check(&content, 11, 2, page, &error));
		assert_int_equal(error.offset, i);
		assert_int_equal(error.expected, right);
		assert_int_equal(error.found, right ^ 0x10);
		bytes[i] = right;
	}
	assert_false(content_check(&content, 12, 2, page, &error));
	assert_false(content_check(&content, 11, 1, page, &error));
}

static void test_zero(void **state)
{
	uint8_t page[CONTENT_PAGE_BYTES] = {0};
	struct content_error error;

	(void)state;
	assert_true(content_check_zero(page, &error));
	page[4095] = 1;
	assert_false(content_check_zero(page, &error));
	assert_int_equal(error.offset, 4095);
	assert_int_equal(error.found, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_repeatable),	  cmocka_unit_test(test_unique),
		cmocka_unit_test(test_never_same_filled), cmocka_unit_test(test_ratio),
		cmocka_unit_test(test_finds_every_byte),  cmocka_unit_test(test_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
