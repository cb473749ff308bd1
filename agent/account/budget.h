/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker may spend in a window: CPU time, time in requests, and bytes that are taken. What a
 * request took beyond that is owed by the next windows, each of which pays what it earns: a request
 * of a second at 5 % is followed by 20 s without one. Nothing is saved for later. Pure.
 *
 * The worker's own looks at groups are paid first, but make no debt, and leave half of what is
 * earned: with many groups and little CPU time nothing would ever be asked for else. A debt is
 * BUDGET_DEBT_WINDOWS long at most, so that a single request that went wrong does not end it all.
 */
#pragma once

#include "agent/config/config.h"
#include "agent/policy/verdict.h"

#define BUDGET_WINDOW_NS    UINT64_C(1000000000)
#define BUDGET_DEBT_WINDOWS 300

/* Since the worker began. */
struct spending {
	uint64_t cpu_ns, request_cpu_ns; /* in all, and of it in requests */
	uint64_t request_ns;		 /* while requests lasted, waiting or not */
	uint64_t taken_bytes;
};

/* All zero at the start. */
struct budget {
	uint64_t begun_ns;
	struct spending before; /* what was spent when the window began */
	struct spending owed;	/* beyond what the windows before it had */
};

/* Begins a new window where the last is over. */
void budget_turn(struct budget *budget, const struct protect_settings *settings,
		 const struct spending *so_far, uint64_t now_ns);

/* What was spent in the window, with what it owes; that alone where the last one is over. */
struct spending budget_spent(const struct budget *budget, const struct protect_settings *settings,
			     const struct spending *so_far, uint64_t now_ns);

/* Several may last at a time: all of the time is no bound. */
static inline bool budget_time_is_bound(const struct protect_settings *settings)
{
	return settings->time_permyriad < 10000;
}

/* What is left of a budget; UINT64_MAX: no bound. */
uint64_t budget_bytes_left(const struct protect_settings *settings, const struct spending *spent);

/* VERDICT_CPU_BUDGET, VERDICT_TIME_BUDGET, VERDICT_BYTE_BUDGET: that one is used up; VERDICT_NONE.
 */
enum verdict_reason budget_used_up(const struct protect_settings *settings,
				   const struct spending *spent);
