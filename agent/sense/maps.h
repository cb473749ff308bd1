/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/PID/maps and smaps, read in pieces: the kernel holds the process's mmap lock only while it
 * fills one piece, so the process can map and fault between them (proc(5), fs/proc/task_mmu.c).
 */
#pragma once

#include "base/lines.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define MAPPING_NAME_BYTES 256

/* One mapping. Addresses and offset in bytes. */
struct mapping {
	uint64_t start, end, offset;
	uint64_t inode; /* 0: anonymous */
	bool writable, shared, executable;
	/* Of smaps alone; else 0. */
	uint64_t dirty_bytes, resident_bytes, anon_bytes;
	bool locked, huge, device;     /* mlock(2); hugetlb; memory that is no page of the LRU */
	char name[MAPPING_NAME_BYTES]; /* "/usr/bin/x", "[heap]"; "": none */
	bool name_cut;		       /* it is longer than that */
};

/*
 * "START-END PERMS OFFSET MAJ:MIN INODE [NAME]", without its newline. -EBADMSG: not such a line.
 */
int mapping_parse(const char *line, size_t length, struct mapping *ret);

/* Mappings of maps or smaps. Zero it and set lines.fd and smaps. */
struct mapping_reader {
	struct line_reader lines;
	bool smaps;
	bool waits; /* next is the header of a mapping whose figures are being read */
	struct mapping next;
};

/* 1 and the next mapping; 0: no more; -EBADMSG, or -errno of read(2). */
int mapping_reader_next(struct mapping_reader *reader, struct mapping *ret);
