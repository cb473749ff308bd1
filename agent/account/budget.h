/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a worker may spend in a window: CPU time, and bytes that are taken. What a request took
 * beyond the rest of a window is not held against the next one. Pure.
 */
#pragma once

#include "agent/config/config.h"
#include "agent/policy/verdict.h"

#define BUDGET_WINDOW_NS UINT64_C(1000000000)

/* Since the worker began. */
struct spending {
	uint64_t cpu_ns, taken_bytes;
};

/* All zero at the start. */
struct budget {
	uint64_t begun_ns;
	struct spending before; /* what was spent when the window began */
};

/* Begins a new window where the last is over. */
void budget_turn(struct budget *budget, const struct spending *so_far, uint64_t now_ns);

/* What was spent in the window; nothing where it is over. */
struct spending budget_spent(const struct budget *budget, const struct spending *so_far,
			     uint64_t now_ns);

/* What is left of a budget; UINT64_MAX: no bound. */
uint64_t budget_bytes_left(const struct protect_settings *settings, const struct spending *spent);

/* VERDICT_CPU_BUDGET, VERDICT_BYTE_BUDGET: that one is used up; VERDICT_NONE. */
enum verdict_reason budget_used_up(const struct protect_settings *settings,
				   const struct spending *spent);
