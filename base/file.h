/* SPDX-License-Identifier: Apache-2.0 */
/* Ordinary files. Those of the kernel are in base/kfile.h: they are written in one piece. */
#pragma once

#include <stddef.h>

/* Goes on after short writes and signals. Returns 0 or -errno; part may then be written. */
int file_write_all(int fd, const char *text, size_t n);

/*
 * Puts a new file (0600) in the place of the one at path as a whole, by way of PATH.new. It is not
 * flushed to the disk. -errno: the old one stays.
 */
int file_replace(const char *path, const char *text, size_t n);
