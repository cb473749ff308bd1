/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text within XML and HTML. XML 1.0 has no way of writing control characters or U+FFFE and U+FFFF,
 * and what is not UTF-8 makes the whole file unreadable: such bytes are written as \xNN.
 */
#pragma once

#include <stdio.h>

/* before and after as they are, text between them escaped; a text of NULL: nothing at all. -ENOMEM.
 */
int markup_put(const char *before, const char *text, const char *after, FILE *to);
