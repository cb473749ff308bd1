/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, in words for people: which object, what was tried, what to do. */
#pragma once

struct stress_error {
	char text[1024]; /* one line without a newline */
};

/* Writes the words and returns error (-errno). */
int stress_fail(struct stress_error *ret_error, int error, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
