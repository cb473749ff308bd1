/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in a page: words computed from (seed, page, generation), so that no two pages are
 * alike, every page can be checked without keeping a copy, and a page that fell back to an earlier
 * generation is seen. The first words are random, the rest repeats one word of the page's own,
 * which has its last byte from the random word before it; how many are random sets how well it
 * compresses.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTENT_PAGE_BYTES 4096
#define CONTENT_PAGE_WORDS (CONTENT_PAGE_BYTES / sizeof(uint64_t))

/*
 * Ratios are in percent: 200 is 2:1. What LZ4 makes of the pages is within 2 % of what was asked
 * for, from one end to the other. 99.9:1 is the most that can be had: a page of its own needs two
 * different words (15 bytes of them are new), and LZ4 a byte for every 255 of the rest.
 */
#define CONTENT_RATIO_MIN 100
#define CONTENT_RATIO_MAX 10000

struct content {
	uint64_t seed;
	uint32_t random_words_q8; /* random words a page, in 1/256: pages differ by one word */
};

void content_init(struct content *content, uint64_t seed, uint64_t ratio_percent);

/* The first word of the page: what a single touch writes. */
uint64_t content_first_word(const struct content *content, uint64_t page, uint32_t generation);

/* Writes the whole page; to is CONTENT_PAGE_BYTES long and aligned to a word. */
void content_fill(const struct content *content, uint64_t page, uint32_t generation, void *to);

/* A wrong byte. */
struct content_error {
	size_t offset; /* in the page */
	uint8_t expected, found;
};

/* Whether two pages are equal; if not, *ret_error is the first wrong byte of found. */
bool content_compare(const void *expected, const void *found, struct content_error *ret_error);

/* Whether the page is as content_fill wrote it; if not, *ret_error is its first wrong byte. */
bool content_check(const struct content *content, uint64_t page, uint32_t generation,
		   const void *data, struct content_error *ret_error);

/* The same for a page of zeros (a hole in a file). */
bool content_check_zero(const void *data, struct content_error *ret_error);

/*
 * How well pages [0, n) compress one by one with LZ4, as zram and zswap take them: page bytes over
 * compressed bytes, in percent. Allocates nothing.
 */
uint64_t content_measure_ratio(const struct content *content, uint64_t n_pages);
