/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a touch was slow, as far as the process that made it can tell. Nothing is read before a
 * touch: that would cost more than the touch does. After a slow one getrusage says what the process
 * has done since the last look, at most about a millisecond and a few fast touches ago:
 *
 *	read in		the page of a file was not in the cache: blocks were read, or a major fault.
 *			Of reuse it is a refault.
 *	swap in		a major fault of memory that only swap can hold
 *	minor fault	no I/O: new memory, a page table entry, a page that swap's cache still held
 *	no fault	the time went elsewhere: the CPU was taken away, or read(2) waited
 *
 * "Mixed" ones are not certain: beside a major fault there were others since the last look, so the
 * major one may have been a fast touch's. They count as swap in or read in all the same. One
 * writer; the supervisor may read at any time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum slow_cause { SLOW_NO_FAULT, SLOW_MINOR_FAULT, SLOW_SWAP_IN, SLOW_READ_IN, SLOW_CAUSES };

/* What a process has done so far. */
struct fault_counts {
	uint64_t minor, major;
	uint64_t blocks_read; /* of 512 bytes, of disks; 0 where the kernel does not count them */
};

struct slow_touches {
	uint64_t above_ns;
	bool of_file;		   /* what is touched comes from a file, not from swap */
	struct fault_counts *last; /* at the last look; all of a worker's share one */
	uint64_t count[SLOW_CAUSES];
	uint64_t total_ns[SLOW_CAUSES];
	uint64_t mixed;
};

/* "no_fault", "minor_fault", "swap_in", "read_in" */
const char *slow_cause_name(enum slow_cause cause);

/* Pure: what the process has done since the last look says why the touch at its end was slow. */
enum slow_cause slow_cause_of(const struct fault_counts *since, bool of_file, bool *ret_mixed);

/* Called in the touching process. */
void slow_look(struct fault_counts *last);
void slow_note(struct slow_touches *slow, uint64_t ns);

uint64_t slow_count(const struct slow_touches *slow);
