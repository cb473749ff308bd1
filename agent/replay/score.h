/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether what was predicted came true. An agent that observes says "room is short" and "that is
 * cold", and does nothing about it: so it shows. Of one that acts, what did not come may be its
 * merit. Pure.
 */
#pragma once

#include "agent/policy/trim.h"

/* What was announced comes within that time, or it was a false alarm. */
#define SCORE_HORIZON_NS (10 * UINT64_C(1000000000))
/* What is cold has not been used for so long when it is looked at again. */
#define SCORE_COLD_NS (60 * UINT64_C(1000000000))

/*
 * That room runs out: tasks that reclaim for themselves, or are throttled. All zero at the start.
 */
struct alarm_score {
	uint64_t seen_ns, harm; /* of the last decision */
	uint64_t announced_ns;	/* by the last decision that acts; 0: none is open */
	bool came;		/* the open one has come true */
	uint64_t announcements; /* decisions to act after a time without one */
	uint64_t came_true;	/* of these */
	uint64_t false_alarms;	/* of these; the rest is still open */
	uint64_t not_announced; /* looks that found harm no decision had spoken of */
};

/* A decision to act, or not; harm: a counter of what was to be averted, as it is at the decision.
 */
void score_alarm(struct alarm_score *score, uint64_t now_ns, bool acts, uint64_t harm);

/*
 * That something is needed: whether it was so still when it was looked at again, though nobody had
 * done anything about it. All zero at the start.
 */
struct need_score {
	bool open; /* the last look found it needed, and nothing was done since */
	uint64_t still, by_itself;
};

void score_need(struct need_score *score, bool needed);

/* That memory is cold: of a step at a time. All zero at the start. */
struct cold_score {
	uint64_t until_ns; /* of the step that is looked at; 0: none */
	uint64_t step_bytes, least_cold_bytes;
	uint64_t judged_bytes, right_bytes; /* of all steps looked at */
	uint64_t unknown_steps;		    /* ages were not known */
};

void score_cold(struct cold_score *score, uint64_t now_ns, uint64_t step_bytes,
		uint64_t cold_bytes);
