/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/content.h"

#include "base/cleanup.h"
#include "stress/random.h"

#include <lz4.h>
#include <string.h>

/*
 * Bytes LZ4 needs for a page beside its random words: token and lengths of the literals, the
 * repeated word once, offset and length of the long match, the last five bytes.
 */
#define LZ4_OVERHEAD_BYTES 34

void content_init(struct content *content, uint64_t seed, uint64_t ratio_percent)
{
	uint64_t target_q8 = (uint64_t)CONTENT_PAGE_BYTES * 256 * 100 / ratio_percent;
	uint64_t overhead_q8 = (uint64_t)LZ4_OVERHEAD_BYTES * 256;
	uint64_t words_q8 = target_q8 > overhead_q8 ? (target_q8 - overhead_q8) / 8 : 0;

	/* Without any random word a page would be "same-filled", which zram does not store. */
	words_q8 = MAX(words_q8, UINT64_C(256));
	if (ratio_percent <= CONTENT_RATIO_MIN)
		words_q8 = CONTENT_PAGE_WORDS * 256;
	content->seed = seed;
	content->random_words_q8 = (uint32_t)MIN(words_q8, CONTENT_PAGE_WORDS * UINT64_C(256));
}

static uint64_t page_key(const struct content *content, uint64_t page, uint32_t generation)
{
	return random_mix(content->seed ^ random_mix(page + RANDOM_STRIDE)) +
	       random_mix(generation + UINT64_C(1));
}

static size_t page_random_words(const struct content *content, uint64_t key)
{
	return (size_t)((content->random_words_q8 + (key & 255)) >> 8);
}

static uint64_t word_at(uint64_t key, size_t index)
{
	return random_mix(key + (index + 1) * RANDOM_STRIDE);
}

uint64_t content_first_word(const struct content *content, uint64_t page, uint32_t generation)
{
	return word_at(page_key(content, page, generation), 0);
}

void content_fill(const struct content *content, uint64_t page, uint32_t generation, void *to)
{
	uint64_t key = page_key(content, page, generation);
	size_t n_random = MIN(page_random_words(content, key), CONTENT_PAGE_WORDS);
	uint64_t repeated = random_mix(key);
	uint64_t *words = to;

	for (size_t i = 0; i < n_random; i++)
		words[i] = word_at(key, i);
	for (size_t i = n_random; i < CONTENT_PAGE_WORDS; i++)
		words[i] = repeated;
}

bool content_compare(const void *expected, const void *found, struct content_error *ret_error)
{
	const uint8_t *want = expected, *have = found;
	size_t offset = 0;

	if (memcmp(want, have, CONTENT_PAGE_BYTES) == 0)
		return true;
	/* A racing change can make them equal again: then the last byte stands for it. */
	while (offset < CONTENT_PAGE_BYTES - 1 && want[offset] == have[offset])
		offset++;
	*ret_error = (struct content_error){
		.offset = offset, .expected = want[offset], .found = have[offset]};
	return false;
}

bool content_check(const struct content *content, uint64_t page, uint32_t generation,
		   const void *data, struct content_error *ret_error)
{
	uint64_t expected[CONTENT_PAGE_WORDS];

	content_fill(content, page, generation, expected);
	return content_compare(expected, data, ret_error);
}

bool content_check_zero(const void *data, struct content_error *ret_error)
{
	static const uint8_t zeros[CONTENT_PAGE_BYTES];

	return content_compare(zeros, data, ret_error);
}

uint64_t content_measure_ratio(const struct content *content, uint64_t n_pages)
{
	uint64_t page[CONTENT_PAGE_WORDS];
	char packed[LZ4_COMPRESSBOUND(CONTENT_PAGE_BYTES)];
	uint64_t packed_bytes = 0;

	for (uint64_t i = 0; i < n_pages; i++) {
		content_fill(content, i, 1, page);
		packed_bytes += (uint64_t)LZ4_compress_default((const char *)page, packed,
							       CONTENT_PAGE_BYTES, sizeof(packed));
	}
	return packed_bytes ? n_pages * CONTENT_PAGE_BYTES * 100 / packed_bytes : 0;
}
