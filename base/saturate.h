/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Arithmetic of amounts, rates and times that never wraps: what would be below zero is 0, what
 * would be beyond 64 bits is UINT64_MAX.
 */
#pragma once

#include <stdint.h>

static inline uint64_t plus(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

static inline uint64_t minus(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* a * b / c, rounded down; a c of 0 counts as 1. */
static inline uint64_t scale(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 value = (unsigned __int128)a * b / (c ? c : 1);

	return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

/* The same, rounded up. */
static inline uint64_t scale_up(uint64_t a, uint64_t b, uint64_t c)
{
	unsigned __int128 value = ((unsigned __int128)a * b + (c ? c - 1 : 0)) / (c ? c : 1);

	return value > UINT64_MAX ? UINT64_MAX : (uint64_t)value;
}

static inline uint64_t share(uint64_t whole, uint64_t permyriad)
{
	return scale(whole, permyriad, 10000);
}

/* What is left of value after elapsed, when all of it is gone after lifetime; falls linearly. */
static inline uint64_t decay(uint64_t value, uint64_t elapsed_ns, uint64_t lifetime_ns)
{
	if (elapsed_ns >= lifetime_ns)
		return 0;
	return value - scale(value, elapsed_ns, lifetime_ns);
}
