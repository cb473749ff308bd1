/* SPDX-License-Identifier: Apache-2.0 */
/* What a block device counts of itself (/sys/dev/block/MAJ:MIN/stat, Documentation/block/stat.rst).
 */
#pragma once

#include <stdint.h>

struct device_stat {
	uint64_t written_sectors; /* of 512 bytes; requests that are finished */
	uint64_t in_flight;	  /* requests, reads too */
	uint64_t reads;		  /* requests that are finished */
	uint64_t read_ns;	  /* all of them together, to the millisecond */
};

/*
 * "stat" of a block device, and that of the disk that it is a partition of, or its own. -errno:
 * a file system without a block device of its own (btrfs) has no such file.
 */
int device_stat_open(int sys_fd, uint64_t device);
int device_stat_open_disk(int sys_fd, uint64_t device);

int device_stat_parse(const char *text, struct device_stat *ret); /* -EBADMSG */
int device_stat_read(int fd, struct device_stat *ret);
