/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long reads from block devices take: from those that are swapped to, and from all others, of
 * /proc/diskstats (Documentation/admin-guide/iostats.rst) and /proc/swaps.
 *
 * Partitions and stacked devices stand there beside the disks below them, and count once more: that
 * weighs both what was read and the time. A swap file's reads are its file system's.
 */
#pragma once

#include <stdint.h>

/* Since the machine was started. */
struct disk_reads {
	uint64_t bytes;
	uint64_t ns; /* of all reads one by one; counted in milliseconds */
};

struct machine_reads {
	struct disk_reads swap, file;
};

/* -EBADMSG: a line of diskstats is malformed. */
int machine_reads_parse(const char *diskstats, const char *swaps, struct machine_reads *ret);
/* proc_fd: a descriptor of /proc. -EOVERFLOW: more devices than there is room for. */
int machine_reads_read(int proc_fd, struct machine_reads *ret);
