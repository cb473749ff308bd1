/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names of cgroups and processes are hostile input: any bytes but NUL. A byte that may not pass is
 * written as \xNN, in the manner of systemd's names; a backslash passes as it is, since names of
 * systemd's are full of them. What does not fit is cut, never within such a group.
 */
#pragma once

#include <stddef.h>

/* Room for n bytes in the worst case. */
#define ESCAPE_SIZE(n) (4 * (n) + 1)

/*
 * For JSON: all that is valid UTF-8 passes (control characters too, JSON has its own form for
 * them). Returns escaped.
 */
char *escape_utf8(char *escaped, size_t size, const char *text);

/*
 * For a terminal: printable ASCII passes and nothing else, so that one byte is one column, and no
 * escape sequence, no direction mark and no invisible character gets through. Returns escaped.
 */
char *escape_ascii(char *escaped, size_t size, const char *text);
