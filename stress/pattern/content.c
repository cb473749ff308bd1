/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/pattern/content.h"

#include "base/cleanup.h"
#include "base/random.h"

#include <lz4.h>
#include <string.h>

static uint64_t page_key(const struct content *content, uint64_t page, uint32_t generation)
{
	return random_mix(content->seed ^ random_mix(page + RANDOM_STRIDE)) +
	       random_mix(generation + UINT64_C(1));
}

static size_t page_random_words(const struct content *content, uint64_t key)
{
	return (size_t)((content->random_words_q8 + (key & 255)) >> 8);
}

/*
 * Random words come in rows of so many lanes. The first row is drawn from the key; below it each
 * lane is a xorshift generator (Marsaglia: Xorshift RNGs, 2003), which every machine has vector
 * instructions for. Both steps are bijections: where the keys of two pages differ, so do all their
 * random words, place by place.
 */
#define LANES 8
typedef uint64_t pair_of_words __attribute__((vector_size(16)));
#define ROW_PAIRS (LANES / 2)

static uint64_t word_of_first_row(uint64_t key, size_t lane)
{
	return random_mix(key + (lane + 1) * RANDOM_STRIDE);
}

uint64_t content_first_word(const struct content *content, uint64_t page, uint32_t generation)
{
	return word_of_first_row(page_key(content, page, generation), 0);
}

/*
 * The word that fills the rest. Its last byte is that of the word before, where LZ4 finds it: a
 * byte less of 42, which is what a page takes at best.
 */
static uint64_t word_to_repeat(uint64_t key, const uint64_t *before)
{
	const size_t last = sizeof(uint64_t) - 1;
	uint64_t word = random_mix(key);

	memcpy((char *)&word + last, (const char *)before + last, 1);
	return word;
}

void content_fill(const struct content *content, uint64_t page, uint32_t generation, void *to)
{
	uint64_t key = page_key(content, page, generation), repeated, first[LANES], *words = to;
	size_t n_random = MIN(page_random_words(content, key), CONTENT_PAGE_WORDS), i = 0;
	pair_of_words row[ROW_PAIRS], repeated_pair;

	for (size_t lane = 0; lane < LANES; lane++)
		first[lane] = word_of_first_row(key, lane);
	memcpy(row, first, sizeof(row));
	/* The last row may be random in part only: what is behind it is written over. */
	for (; i < n_random; i += LANES) {
#pragma GCC unroll 4
		for (size_t p = 0; p < ROW_PAIRS; p++) {
			memcpy(words + i + 2 * p, &row[p], sizeof(row[p]));
			row[p] ^= row[p] << 13;
			row[p] ^= row[p] >> 7;
			row[p] ^= row[p] << 17;
		}
	}
	repeated = word_to_repeat(key, &words[n_random - 1]);
	repeated_pair = (pair_of_words){repeated, repeated};
	for (i = n_random; i % 2; i++)
		words[i] = repeated;
#pragma GCC unroll 4
	for (; i < CONTENT_PAGE_WORDS; i += 2)
		memcpy(words + i, &repeated_pair, sizeof(repeated_pair));
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

/* What pages [0, n) come to, compressed one by one. */
static uint64_t packed_bytes(const struct content *content, uint64_t n_pages)
{
	uint64_t page[CONTENT_PAGE_WORDS];
	char packed[LZ4_COMPRESSBOUND(CONTENT_PAGE_BYTES)];
	uint64_t bytes = 0;

	for (uint64_t i = 0; i < n_pages; i++) {
		content_fill(content, i, 1, page);
		bytes += (uint64_t)LZ4_compress_default((const char *)page, packed,
							CONTENT_PAGE_BYTES, sizeof(packed));
	}
	return bytes;
}

uint64_t content_measure_ratio(const struct content *content, uint64_t n_pages)
{
	uint64_t bytes = packed_bytes(content, n_pages);

	return bytes ? n_pages * CONTENT_PAGE_BYTES * 100 / bytes : 0;
}

#define CALIBRATE_ROUNDS 4
#define CALIBRATE_PAGES	 32

void content_init(struct content *content, uint64_t seed, uint64_t ratio_percent)
{
	/* Without any random word a page would be "same-filled", which zram does not store. */
	const int64_t min_q8 = 256, max_q8 = CONTENT_PAGE_WORDS * 256;
	int64_t wanted = (int64_t)(CALIBRATE_PAGES * CONTENT_PAGE_BYTES * 100 / ratio_percent);
	int64_t words_q8 = max_q8 * 100 / (int64_t)ratio_percent;

	content->seed = seed;
	content->random_words_q8 = (uint32_t)max_q8;
	if (ratio_percent <= CONTENT_RATIO_MIN)
		return;
	/*
	 * Beside the random words LZ4 spends some tens of bytes on lengths and on finding the
	 * repeated word: as much less is made random.
	 */
	for (int round = 0; round < CALIBRATE_ROUNDS; round++) {
		content->random_words_q8 = (uint32_t)CLAMP(words_q8, min_q8, max_q8);
		words_q8 += (wanted - (int64_t)packed_bytes(content, CALIBRATE_PAGES)) * 256 /
			    (CALIBRATE_PAGES * (int64_t)sizeof(uint64_t));
	}
	content->random_words_q8 = (uint32_t)CLAMP(words_q8, min_q8, max_q8);
}
