/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was wished for, whether or not it was then asked of the kernel: what an agent that only
 * observes has to tell. Pure.
 */
#pragma once

#include "agent/policy/verdict.h"

#include <stdbool.h>

struct wish {
	uint64_t times;	     /* that it began */
	uint64_t wanted_ns;  /* for how long, in all */
	uint64_t most_bytes; /* at one moment */
};

/* What had happened to a group before the agent looked after it. */
struct past {
	bool known;
	uint64_t events_max, events_high; /* memory.events.local */
	uint64_t stalled_us;		  /* PSI some, total */
};

bool wish_is(const struct verdict *verdict);

/* Takes in the verdict that follows the last one, which was made at last_ns. */
void wish_learn(struct wish *wish, const struct verdict *last, uint64_t last_ns,
		const struct verdict *next, uint64_t now_ns);
