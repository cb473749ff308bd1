/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A size as a job says it: bytes, or a share of something that is named. There is no share of
 * nothing in particular: "80%" alone would be 80 % of the host to one reader and of the limit to
 * another.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum amount_of {
	AMOUNT_BYTES,
	AMOUNT_OF_LIMIT, /* the group's effective limit: min of memory.high, memory.max upwards */
	AMOUNT_OF_HEADROOM, /* what is left below it: min of limit - usage upwards */
	AMOUNT_OF_NODE,	    /* all memory of the load's node */
	AMOUNT_OF_FREE,	    /* what is available (MemAvailable), of the node where one is named */
	AMOUNT_OF_MEMORY,   /* all memory of the machine */
};

/* Of a load with several workers: how much each has, or all of them together. */
enum amount_for { AMOUNT_FOR_UNSAID, AMOUNT_FOR_EACH, AMOUNT_FOR_TOTAL };

struct amount {
	enum amount_of of;
	enum amount_for for_whom;
	uint64_t value; /* bytes, or permyriad of what it is a share of */
	uint64_t parts; /* so many share it; 0 is 1 */
};

/*
 * "64M", "88% of limit", "... of headroom", "... of node", "... of free", "... of memory", each
 * followed by " each" or " total" or nothing. 0, -EINVAL, -ERANGE.
 */
int amount_parse(const char *text, struct amount *ret);

/* What shares are taken of, bytes; UINT64_MAX where there is none. */
struct amount_bases {
	uint64_t limit, headroom, node, free, memory;
};

/* Whether it is nothing: 0 bytes. */
bool amount_is_zero(const struct amount *amount);

/* 0; -ENOENT when it is a share of something there is none of (*ret_missing names it). */
int amount_resolve(const struct amount *amount, const struct amount_bases *bases,
		   uint64_t *ret_bytes, const char **ret_missing);
