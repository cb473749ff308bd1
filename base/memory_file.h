/* SPDX-License-Identifier: Apache-2.0 */
/* A stream into memory, for answers of megabytes. */
#pragma once

#include <stddef.h>
#include <stdio.h>

/*
 * As open_memstream(3), which moves and clears all of its buffer each time it has to grow; here the
 * kernel moves the pages. fclose(3) hands the text over, NUL-terminated, for the caller to free; or
 * fails, for want of memory, and *ret_text stays as it is. NULL: out of memory.
 */
FILE *memory_file_open(char **ret_text, size_t *ret_n);
