/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is in the compressed block devices that serve as swap, and the memory that takes: "swapped
 * out" there frees only the difference. From block/zramN/mm_stat (Documentation/admin-guide/
 * blockdev/zram.rst) and block/zramN/stat.
 */
#pragma once

#include "base/cleanup.h"

#include <stdint.h>

struct zram_usage {
	uint64_t stored_bytes; /* orig_data_size */
	uint64_t used_bytes;   /* mem_used_total: with fragmentation and book-keeping */
};

/* One device's mm_stat. -EBADMSG. */
int zram_parse(const char *text, struct zram_usage *ret);

/* One device's stat: bytes written to it (Documentation/block/stat.rst). -EBADMSG. */
int zram_parse_writes(const char *text, uint64_t *ret_bytes);

struct zram;

/* sys_fd: a descriptor of /sys. Devices that come later are not seen; none is no error. */
int zram_open(int sys_fd, struct zram **ret_zram);
struct zram *zram_free(struct zram *zram);
DEFINE_CLEANUP(struct zram *, zram_free)

/* The sum. Allocates nothing; a device that has gone counts as empty. */
int zram_read(const struct zram *zram, struct zram_usage *ret);
/* Bytes ever written to them, by whomever; what can't be read is none. */
uint64_t zram_read_writes(const struct zram *zram);
