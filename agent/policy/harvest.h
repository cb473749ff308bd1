/* SPDX-License-Identifier: Apache-2.0 */
/*
 * harvest: clean file memory is taken first where that matters. Pure.
 *
 * Dropping a clean page costs next to nothing, while anonymous memory has to be compressed or
 * written, and the kernel weighs the two by their ages, not by that price. So file memory alone is
 * asked for after a write-back, and when requests can't keep up with what fills the target; until
 * it is read back, runs low, or a request comes back short.
 *
 * POSIX_FADV_DONTNEED would drop the very ranges that were cleaned, and is not used: it passes over
 * what is mapped, which most of it is; it takes pages that are in use, and those charged to other
 * groups, protected or not; and it is no faster (seen with emulated CPUs: 212 MiB in 68 to 128 ms,
 * memory.reclaim 64 MiB in 26 to 46 ms on 6.18 and 7).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Permyriad of what was taken lately that came back: from then on the kernel chooses again. */
#define HARVEST_REFAULTS UINT64_C(1000)

/* All zero: nothing was cleaned. */
struct harvest {
	bool active;	     /* ask for file memory alone */
	uint64_t left_bytes; /* cleaned, and not taken or dirtied since, as far as is known */
};

void harvest_begin(struct harvest *harvest, uint64_t cleaned_bytes);

/* Requests bring less than twice what is used up meanwhile. pace 0: none is known. */
bool harvest_is_slow(uint64_t pace_bytes_per_s, uint64_t rate_bytes_per_s);

/* Before a request for wanted_bytes, with clean_bytes of file memory that could be dropped as it
 * is. Whether it is to be for file memory alone. */
bool harvest_goes_on(struct harvest *harvest, uint64_t clean_bytes, uint64_t wanted_bytes,
		     uint64_t refault_permyriad);

/* After a request for file memory alone. */
void harvest_learn(struct harvest *harvest, uint64_t asked_bytes, uint64_t applied_bytes);

/* File memory was taken by a request, of whatever it was for. Returns what of it the write-back has
 * made possible. */
uint64_t harvest_take(struct harvest *harvest, uint64_t file_bytes);
