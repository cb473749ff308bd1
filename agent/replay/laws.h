/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The laws of others for how much cold memory to take, to be run beside ours on the samples of a
 * recording. Each says what it would ask for; what would have come of that nobody knows, since the
 * group was in our hands. Pure.
 *
 * TMO (Weiner et al., ASPLOS 2022), every 6 s:
 *	current x 0.0005 x max(0, 1 - some / 0.1 %), at most 1 % of current
 * Senpai (oomd 0.5.0, immediate_backoff), every 6 s:
 *	(current - floor) x 0.01 while neither some avg10 nor avg60 reaches 0.1 %
 *	where the floor is memory.min, and 100 MiB at least. It looks at I/O pressure too, which is
 *	not recorded and counts as none.
 */
#pragma once

#include "agent/policy/trim.h"

#define LAW_PERIOD_NS	(6 * UINT64_C(1000000000))
#define LAW_FLOOR_BYTES (UINT64_C(100) << 20)

/* Averages as of kernel/sched/psi.c: fixed-point percents with 11 bits behind the point. */
#define LAW_FIXED_1 UINT64_C(2048)

/* Of a law and a group. All zero at the start. */
struct law_history {
	uint64_t seen_ns, stall_total_us; /* of the last sample */
	uint64_t acted_ns, acted_stall_us;
	uint64_t avg10, avg60;
};

typedef uint64_t law_decide(struct law_history *history, const struct group_sample *group,
			    const struct trim_sample *trim);

/* Bytes to be taken now; 0: none, or the next step is not due. */
law_decide law_tmo, law_senpai;
