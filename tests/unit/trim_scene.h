/* SPDX-License-Identifier: Apache-2.0 */
/* A group to be trimmed, for the tests of the law and of what it does in the long run. */
#pragma once

#include "agent/policy/trim.h"

#include "base/clock.h"
#include "cgroup/reclaim.h"
#include "tests/unit/fixture.h"

#include <string.h>

#define KIB	 (UINT64_C(1) << 10)
#define MIB	 (UINT64_C(1) << 20)
#define INTERVAL (2 * NSEC_PER_SEC)
#define START	 (1000 * NSEC_PER_SEC)

/* A group of 400 MiB without a limit, on a machine with swap; all is well and a step is due. */
struct scene {
	struct trim_settings settings;
	struct protect_settings protect;
	struct trim_history history;
	struct group_sample group;
	struct trim_sample trim;
	struct swap_sample swap;
};

static inline struct scene well(void)
{
	return (struct scene){
		.settings =
			{
				.enabled = true,
				.interval_ns = INTERVAL,
				.pause_ns = 30 * NSEC_PER_SEC,
				.ratio_min_permyriad = 25,
				.ratio_max_permyriad = 500,
				.pressure_permyriad = 10,
				.refault_permyriad = 2500,
				.promotion_permyriad = 20,
				.floor_bytes = 16 * MIB,
				.swap_permyriad = 10000,
			},
		.protect = {.swap_free_permyriad = 2000},
		.history =
			{
				.seen_ns = START,
				.judged_ns = START,
				.ratio_permyriad = 100,
				.taken_bytes = 32 * MIB,
				.due = true,
			},
		.group =
			{
				.now_ns = START,
				.current_bytes = 400 * MIB,
				.limit_bytes = UINT64_MAX,
				.swap_max_bytes = UINT64_MAX,
				.stat = {.inactive_anon = 300 * MIB, .inactive_file = 100 * MIB},
				.anon_can_be_spared = true,
			},
		.trim = {.cold_bytes = TRIM_AGE_UNKNOWN,
			 .cold_file_bytes = TRIM_AGE_UNKNOWN,
			 .working_set_bytes = TRIM_AGE_UNKNOWN},
		.swap = {.total_bytes = 1024 * MIB, .free_bytes = 1024 * MIB},
	};
}

static inline struct trim_plan decide(const struct scene *s)
{
	return trim_decide(&s->settings, &s->protect, &s->history, &s->group, &s->trim, &s->swap);
}

static inline void learn(struct scene *s)
{
	trim_learn(&s->history, &s->settings, &s->group, &s->trim);
}

static inline void learn_after(struct scene *s, uint64_t ns)
{
	s->group.now_ns += ns;
	learn(s);
}
