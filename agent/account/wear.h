/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was written to swap on disks, of late: SSDs wear out. A day's budget of it is forgotten in a
 * day, evenly; more than the budget is a debt, which takes longer. Nothing is counted without a
 * budget, and one that is new begins with a day's at most. Kept in a file, so that a new start is
 * no new day. Pure.
 */
#pragma once

#include <stdint.h>

struct wear {
	uint64_t written_bytes;
	uint64_t at_s; /* of the calendar */
};

/*
 * How old it is. Only the calendar holds over restarts, and it may be wrong: a day at most, and
 * nothing of one that has gone back.
 */
uint64_t wear_age_ns(const struct wear *wear, uint64_t now_s);

/* What is forgotten in such a time: a day's at most. */
uint64_t wear_forgotten_bytes(uint64_t budget_bytes, uint64_t elapsed_ns);

#define WEAR_TEXT_BYTES 64
/* As it is kept: "written_bytes N" and "at_s N", a line each. Returns text. */
char *wear_print(char text[WEAR_TEXT_BYTES], const struct wear *wear);
/* -EBADMSG; *ret_bad (may be NULL) names the field. */
int wear_parse(const char *text, struct wear *ret, const char **ret_bad);
