/* SPDX-License-Identifier: Apache-2.0 */
/* How much of a file is in the page cache and dirty, by range (cachestat(2), Linux 6.5). */
#pragma once

#include <stdint.h>

struct page_counts {
	uint64_t cached, dirty, writeback; /* pages */
};

/*
 * Counts the pages of [offset, offset + length) of the file. -ENOSYS: the kernel has no such call;
 * -EPERM: neither owner, nor may the caller write to the file; -EOPNOTSUPP: hugetlbfs.
 */
int cachestat_read(int fd, uint64_t offset, uint64_t length, struct page_counts *ret);

/* The same, from elsewhere: a table in a test. */
typedef int (*count_pages_fn)(int fd, uint64_t offset, uint64_t length, struct page_counts *ret);

/* Bytes of a file, and how many of them are dirty. */
struct dirty_range {
	uint64_t offset, length, dirty_bytes;
};

/*
 * Ranges begin and end at multiples of this, the largest folio common in the page cache: less of a
 * folio can't be cleaned.
 */
#define RANGE_STEP_MIN_BYTES (UINT64_C(2) << 20)

/* None is longer: of what is dirty throughout no more than is wanted is to be written. */
#define RANGE_MAX_BYTES (UINT64_C(64) << 20)

/* Where a walk over a file is. All zero at the start. */
struct range_walk {
	uint64_t at, step; /* bytes */
};

/*
 * Finds the next range of the file's first size bytes with something dirty: steps grow where
 * nothing is, and shrink where little is. Each question costs one of *calls.
 * 1: found; 0: the end; -EAGAIN: no calls left, go on later; -errno of count.
 */
int range_walk_next(struct range_walk *walk, int fd, uint64_t size, count_pages_fn count,
		    uint64_t *calls, struct dirty_range *ret);
