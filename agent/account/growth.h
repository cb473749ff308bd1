/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who only grows, and whose memory nobody uses: suspected leaks, and caches that are not read.
 * Pure.
 *
 * Anonymous memory counts with what of it is in swap, so that taking it looks like no fall. What
 * was not used again is what stands in swap, and what the kernel's ages say is cold; where ages are
 * not known, only swap tells.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GROWTH_LOOKS	   10			/* until anything is said */
#define GROWTH_MIN_BYTES   (UINT64_C(8) << 20)	/* less is not worth a word */
#define GROWTH_CACHE_BYTES (UINT64_C(32) << 20) /* the same, of a cache */
#define GROWTH_NOISE_BYTES (UINT64_C(1) << 20)	/* the kernel's counters lag by as much */
#define GROWTH_UNKNOWN	   UINT64_MAX

struct growth_sample {
	uint64_t now_ns;
	uint64_t anon_bytes, swapped_bytes; /* in memory, and in swap */
	uint64_t file_bytes;
	uint64_t cold_anon_bytes, cold_file_bytes; /* not used for long; GROWTH_UNKNOWN */
	uint64_t read_bytes; /* of files, back after they were taken, since the group was made */
};

/* All zero at the start. */
struct growth {
	uint64_t looks, begun_ns;
	uint64_t first_bytes, first_read_bytes; /* anonymous, in swap too */
	uint64_t most_bytes, fallen_bytes;	/* and the furthest it ever fell below that */
	struct growth_sample last;
};

enum growth_kind {
	GROWTH_NOTHING,
	GROWTH_LEAK,	     /* only grows, and half of what it grew by was not used again */
	GROWTH_GROWS,	     /* only grows; it is used, or that is not known */
	GROWTH_UNREAD_CACHE, /* three quarters of its files' memory are cold and none came back */
};

/* A clock that goes back begins anew. */
void growth_learn(struct growth *growth, const struct growth_sample *sample);

enum growth_kind growth_judge(const struct growth *growth);

/* By how much the anonymous memory has grown; and what of all of it was not used again. */
uint64_t growth_bytes(const struct growth *growth);
uint64_t growth_unused_bytes(const struct growth *growth);
