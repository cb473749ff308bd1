/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who only grows, and whose memory nobody uses: suspected leaks, and caches that are not read.
 * Pure.
 *
 * Anonymous memory counts with what of it is in swap, so that taking it looks like no fall. What
 * was not used again is what stands in swap, and what the kernel's ages say is cold; where ages are
 * not known, only swap tells.
 *
 * It is compared with the beginning of a period. That moves on by laps, each as long as all before
 * it, GROWTH_LAP_NS at most, and is three to four of these back in the end. An eighth of what it
 * grew by must be from after the period's first laps, a half of it at least: what once grew and
 * stays is not said to grow.
 *
 * A fall by half of what it had grown by ends a period: the one that leaked was begun anew. From
 * then on a group has to grow for as long as its longest period was, GROWTH_AGAIN_NS at most, so
 * that what breathes, as with the day, is not said to only grow at each breath.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GROWTH_LOOKS	   10			/* until anything is said */
#define GROWTH_MIN_BYTES   (UINT64_C(8) << 20)	/* less is not worth a word */
#define GROWTH_CACHE_BYTES (UINT64_C(32) << 20) /* the same, of a cache */
#define GROWTH_NOISE_BYTES (UINT64_C(1) << 20)	/* the kernel's counters lag by as much */
#define GROWTH_UNKNOWN	   UINT64_MAX
#define GROWTH_LAP_NS	   (UINT64_C(7) * 24 * 3600 * 1000000000)
#define GROWTH_AGAIN_NS	   (UINT64_C(24) * 3600 * 1000000000)

struct growth_sample {
	uint64_t now_ns;
	uint64_t anon_bytes, swapped_bytes; /* in memory, and in swap */
	uint64_t file_bytes;
	uint64_t cold_anon_bytes, cold_file_bytes; /* not used for long; GROWTH_UNKNOWN */
	uint64_t read_bytes; /* of files, back after they were taken, since the group was made */
};

/* The end of a lap. */
struct growth_mark {
	uint64_t now_ns, bytes;
};

/* All zero at the start. */
struct growth {
	uint64_t looks, begun_ns;		/* of this period */
	uint64_t first_bytes, first_read_bytes; /* anonymous, in swap too */
	struct growth_mark earlier, later;	/* the last two */
	uint64_t most_bytes;			/* in this lap */
	uint64_t fallen_bytes;			/* the furthest below that, in this lap */
	uint64_t fallen_before_bytes;		/* and in those before */
	uint64_t again_ns;			/* how long it has to grow until it is said */
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
