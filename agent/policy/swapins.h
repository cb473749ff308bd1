/* SPDX-License-Identifier: Apache-2.0 */
/*
 * swapins: whether what goes to swap stays there. Where much of it comes back at once, room made of
 * files lasts and room made of anonymous memory does not, however little that is of all that was
 * taken; and the kernel, told to make room ahead, takes both. Pure.
 *
 * When a quarter of what was swapped lately (policy/refaults.h) has come back, anonymous memory is
 * spared for a minute, then twice as long each time that a new try finds the same; a try that goes
 * well for as long as was waited ends it.
 */
#pragma once

#include "agent/policy/refaults.h"

#include <stdbool.h>

#define SWAPINS_MANY	 UINT64_C(2500) /* permyriad, as DEMAND_REFAULT_FULL */
#define SWAPINS_FIRST_NS (60 * UINT64_C(1000000000))
#define SWAPINS_MOST_NS	 (3600 * UINT64_C(1000000000))

/* All zero at the start. */
struct swapins {
	struct refaults refaults;   /* of what went to swap since the last try began */
	uint64_t wait_ns, until_ns; /* 0: it was not much, or is not any more */
	uint64_t many_permyriad;    /* what was found then */
};

/* Since the call before, elapsed_ns ago: what went to swap, by whomever, and what came back. */
void swapins_learn(struct swapins *swapins, uint64_t now_ns, uint64_t elapsed_ns,
		   uint64_t swapped_bytes, uint64_t back_bytes);

bool swapins_are_many(const struct swapins *swapins, uint64_t now_ns);
