/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of a set of files is in use: the blocks [0, n). All of them, unless a schedule or a set
 * point says how many; then a block that comes into use is touched before those that are already,
 * and one that is not in use any more is dropped from the page cache.
 */
#pragma once

#include "stress/loads/level.h"

#include <stdbool.h>
#include <stdint.h>

#define EXTENT_SETTINGS LEVEL_SETTINGS, LOAD_PACE_SETTINGS, LOAD_ACCESS_SETTINGS

struct extent {
	struct level level;
	struct pace pace; /* of touching, whatever is in use */
	struct access access;
	uint64_t block_bytes, n_blocks;
	uint64_t n, wanted;
	bool follows; /* a schedule or a set point */
	bool rests;   /* nothing was in use at the last look */
};

/* In the supervisor: first, before anything can fail, and once the files are there. */
int extent_prepare(struct extent *extent, const struct load *load, uint64_t block_bytes,
		   const char **ret_why);
void extent_set_blocks(struct extent *extent, const struct load *load, uint64_t n_blocks);
/* In the worker. */
int extent_begin(struct extent *extent, const struct load *load, const char **ret_why);

/*
 * How many blocks may be touched now, at most max; when none, *ret_due_ns is when to come again.
 * n > wanted: the blocks [wanted, n) are to be given back first, and extent_shrink called.
 */
int extent_look(struct extent *extent, struct load *load, uint64_t now_ns, uint64_t max,
		uint64_t *ret_n, uint64_t *ret_due_ns);
/* The next one of them. */
uint64_t extent_next(struct extent *extent, struct load *load);
/* Blocks beyond wanted were given back. */
void extent_shrink(struct extent *extent, struct load *load);

void extent_finish(struct extent *extent);
