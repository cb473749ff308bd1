/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thrash: whether memory of a kind stays away when it is taken. Where much of what went to swap
 * comes back at once, room made of files lasts and room made of anonymous memory does not, however
 * little that is of all that was taken; and the other way round. Pure.
 *
 * When a quarter of what was taken lately (policy/refaults.h) has come back, the kind thrashes for
 * a minute, then twice as long each time that a new try finds the same; a try that goes well for as
 * long as was waited ends it.
 */
#pragma once

#include "agent/policy/refaults.h"

#include <stdbool.h>

#define THRASH_MANY	UINT64_C(2500) /* permyriad, as DEMAND_REFAULT_FULL */
#define THRASH_FIRST_NS (60 * UINT64_C(1000000000))
#define THRASH_MOST_NS	(3600 * UINT64_C(1000000000))

/* All zero at the start. */
struct thrash {
	struct refaults refaults;   /* of what was taken since the last try began */
	uint64_t wait_ns, until_ns; /* 0: it does not, or not any more */
	uint64_t many_permyriad;    /* what was found then */
};

/* Since the call before, elapsed_ns ago: what was taken, by whomever, and what came back. */
void thrash_learn(struct thrash *thrash, uint64_t now_ns, uint64_t elapsed_ns, uint64_t taken_bytes,
		  uint64_t back_bytes);

bool thrash_lasts(const struct thrash *thrash, uint64_t now_ns);
