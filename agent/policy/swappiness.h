/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swappiness: how readily a request takes anonymous memory rather than file memory, from what it
 * costs here to read either back. Pure.
 *
 * The kernel weighs the two by how much of each comes back, times swappiness, which stands for the
 * relative cost of reading it (Documentation/admin-guide/sysctl/vm.rst): 100 when both are alike,
 * 133 when swap is twice as fast as file systems. That ratio is measured, as time a byte in all
 * reads of the last minutes; and since zram and zswap keep part of what goes there in memory, a
 * byte gained costs more of it:
 *
 *	price      = time / bytes, of reads
 *	swappiness = 200 x file / (file + swap / gained)
 *
 * Whether anonymous memory may be taken at all is not decided here.
 */
#pragma once

#include "agent/sense/disk_reads.h"

/* The ends of the kernel's scale are strict: nothing of one kind is taken there. */
#define SWAPPINESS_LEAST 10
#define SWAPPINESS_MOST	 190

/* Less than that tells nothing: reads from zram are counted in ticks of the clock. */
#define SWAPPINESS_READ_BYTES (UINT64_C(16) << 20)
/* Reads are forgotten within that. */
#define SWAPPINESS_MEMORY_NS (600 * UINT64_C(1000000000))

/* All zero at the start. */
struct read_prices {
	uint64_t learned_ns; /* 0: never */
	struct machine_reads seen, lately;
};

/* Takes in the machine's counters. A clock or a counter that goes back counts as no change. */
void read_prices_learn(struct read_prices *prices, uint64_t now_ns,
		       const struct machine_reads *reads);

/* What reading 1 MiB back takes. UINT64_MAX: not enough was read lately. */
uint64_t read_price_ns(const struct disk_reads *lately);

/*
 * gained_permyriad: of what goes to swap, what is free memory afterwards. GROUP_RECLAIM_DEFAULT
 * (cgroup/reclaim.h): a price is not known, so the kernel's setting stands.
 */
int swappiness_by_price(const struct read_prices *prices, uint64_t gained_permyriad);
