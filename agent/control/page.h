/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A page of text in front of a stream. Answers about a thousand groups are tens of thousands of
 * short pieces: a call of stdio for each took most of their time.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* All zero but out at the start. */
struct page {
	FILE *out;
	size_t n;
	char text[(size_t)16 << 10];
};

/* When there is not room for all of it. */
void page_put_over(struct page *page, const char *text, size_t n);

static inline void page_put_n(struct page *page, const char *text, size_t n)
{
	if (n > sizeof(page->text) - page->n) {
		page_put_over(page, text, n);
		return;
	}
	memcpy(page->text + page->n, text, n);
	page->n += n;
}

static inline void page_put(struct page *page, const char *text)
{
	page_put_n(page, text, strlen(text));
}

/* Of 10^-decimals: 1500 with 3 decimals is "1.500". */
void page_put_number(struct page *page, uint64_t value, unsigned int decimals);

/* Writes what is still here. 0; -EIO when out could not be written. */
int page_end(struct page *page);
