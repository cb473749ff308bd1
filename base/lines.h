/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that grow with the machine (mounts, locks, mappings, processes), a line at a time: no
 * buffer is large enough for them whole.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A file of lines, a piece at a time. Zero it and set fd, which stays the caller's. */
#define LINE_PIECE_BYTES 4096
struct line_reader {
	int fd;
	bool ended;   /* the file is */
	bool cutting; /* the rest of a line that was too long is thrown away */
	size_t begin, end;
	char text[LINE_PIECE_BYTES];
};

/*
 * The next line, not NUL-ended, good until the next call; of one longer than a piece its front.
 * Returns 1, 0 at the end, or -errno of read(2) (-ESRCH: the process is gone).
 */
int line_reader_next(struct line_reader *reader, const char **ret_line, size_t *ret_length);
