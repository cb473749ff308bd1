/* SPDX-License-Identifier: Apache-2.0 */
/*
 * splitmix64 (Steele, Lea, Flood 2014): a counter through a mixing function, so that the n-th
 * number of a stream can be had without the ones before it.
 */
#pragma once

#include <stdint.h>

#define RANDOM_STRIDE UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t random_mix(uint64_t value)
{
	value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
	return value ^ (value >> 31);
}

/* The next number of the stream that *state is the place in. */
static inline uint64_t random_next(uint64_t *state)
{
	*state += RANDOM_STRIDE;
	return random_mix(*state);
}

/* Evenly in [0, n), n > 0 (the bias of the multiplication is below n / 2^64). */
static inline uint64_t random_below(uint64_t *state, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)random_next(state) * n) >> 64);
}

/* Evenly in [0, 1). */
static inline double random_unit(uint64_t *state)
{
	return (double)(random_next(state) >> 11) * 0x1.0p-53;
}
