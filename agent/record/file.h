/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The file of a recording: a line "uswapd-recording/2 FINGERPRINT VERSION", then frames: two bytes
 * of length, four of checksum (both little-endian), a record. A file that was cut anywhere, by a
 * crash or a full disk, is good up to its last whole frame. The number is of the form; form 1 had
 * no outcomes.
 */
#pragma once

#include "agent/record/record.h"
#include "base/cleanup.h"

#include <stdbool.h>
#include <stdio.h>

#define RECORD_FRAME_HEADER 6
#define RECORD_FRAME_MAX    (RECORD_FRAME_HEADER + RECORD_MAX)
#define RECORD_PATH_MAX	    (CONFIG_PATH_MAX + 2) /* with the ".1" of the file before */

/* Puts the header before the n bytes of a record, which stand at frame + RECORD_FRAME_HEADER. */
size_t record_frame(uint8_t frame[RECORD_FRAME_MAX], size_t n);

/* --- writing: at most max_bytes in FILE and the one before it, FILE.1 --- */

struct record_file {
	char path[CONFIG_PATH_MAX];
	uint64_t max_bytes;
	uint64_t bytes; /* in this file so far */
	int fd;
};

/* What was recorded before stays as FILE.1. Only its owner and its group can read it. -errno. */
int record_file_open(const char *path, uint64_t max_bytes, struct record_file *ret);
void record_file_close(struct record_file *file);
/* Whole frames. */
int record_file_write(struct record_file *file, const uint8_t *frames, size_t n);
/* n bytes more are within its half of max_bytes. */
bool record_file_has_room(const struct record_file *file, size_t n);
/* Makes this one FILE.1 and begins a new one. */
int record_file_turn(struct record_file *file);

/* --- reading --- */

struct record_reader {
	FILE *in;
	uint64_t offset;     /* of the next frame */
	uint64_t left_bytes; /* at the end: that are no whole, good frame */
};

/*
 * in becomes the reader's. -EBADMSG: not a recording; -EPROTONOSUPPORT: of another form, or of
 * another version of this program.
 */
int record_reader_open(FILE *in, struct record_reader *ret);
void record_reader_close(struct record_reader *reader);

/* 1: *ret is the next record; 0: the end, or the first frame that is cut or damaged; -errno. */
int record_reader_next(struct record_reader *reader, struct record *ret);
