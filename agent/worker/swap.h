/* SPDX-License-Identifier: Apache-2.0 */
/* Where anonymous memory goes: the machine's swap, and what going there brings. */
#pragma once

#include "agent/act/backend.h"
#include "agent/sense/machine.h"

#include <stdbool.h>
#include <stdint.h>

struct flight;
struct group;
struct taken;
struct worker;

/* What the machine had written to swap on disks (machine_read_swap_writes). */
struct swap_mark {
	bool known; /* and it is to be counted */
	int64_t bytes;
};

/* The machine's swap, read at most once a second. */
void worker_read_swap(struct worker *worker, uint64_t now_ns);
/*
 * By the prices of reading back: of a group, or of the node as a whole (NULL).
 * GROUP_RECLAIM_DEFAULT: they are not known, or not wanted.
 */
int worker_swappiness(const struct worker *worker, const struct group *asked);
/* That of a request which may take both kinds of memory; where anonymous memory is forbidden it
 * stays so. */
void worker_weigh(const struct worker *worker, const struct group *asked, struct request *request);
/* What zram and zswap hold now. False: there is no swap, or it can't be read. */
bool worker_read_store(struct worker *worker, struct swap_store *ret);
/* What went to swap in a request, and what of it stays in memory: before it, and afterwards. */
void worker_swap_before(struct worker *worker, struct flight *flight);
void worker_swap_after(struct worker *worker, const struct flight *flight, struct taken *taken,
		       uint64_t now_ns);
/* Before a request that may swap: known where there is a budget of writes to disks. */
void worker_mark_swap_writes(const struct worker *worker, struct swap_mark *ret);
/* After it: counts what was written since the mark, at most most_bytes. */
void worker_count_swap_writes(const struct worker *worker, const struct swap_mark *mark,
			      uint64_t most_bytes);
