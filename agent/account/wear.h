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
	uint64_t at_s; /* of the calendar, since it must hold over restarts; 0: never */
};

/* What is forgotten until now_s: of a clock that goes back nothing, and a day's at most. */
uint64_t wear_forgotten_bytes(const struct wear *wear, uint64_t budget_bytes, uint64_t now_s);

#define WEAR_TEXT_BYTES 64
/* As it is kept: "written_bytes N" and "at_s N", a line each. Returns text. */
char *wear_print(char text[WEAR_TEXT_BYTES], const struct wear *wear);
/* -EBADMSG; *ret_bad (may be NULL) names the field. */
int wear_parse(const char *text, struct wear *ret, const char **ret_bad);
