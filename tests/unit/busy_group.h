/* SPDX-License-Identifier: Apache-2.0 */
/* A group near its limit, of which much was taken and told. */
#pragma once

#include "agent/status.h"
#include "base/clock.h"

#define MIB (UINT64_C(1) << 20)

static const struct group_status busy_group = {
	.path = "a/b",
	.owns_limit = true,
	.current_bytes = 120 * MIB,
	.limit_bytes = 128 * MIB,
	.protected_bytes = 16 * MIB,
	.events_max = 3,
	.events_high = 4,
	.stalled_us = 1500,
	.verdict = {.reason = VERDICT_LIMIT_NEAR,
		    .bytes = 6 * MIB,
		    .room_bytes = 8 * MIB,
		    .margin_bytes = 10 * MIB,
		    .rate_bytes_per_s = 7 * MIB,
		    .refault_permyriad = 31,
		    .look_again_ns = 5 * NSEC_PER_MSEC},
	.verdict_age_ns = 40 * NSEC_PER_MSEC,
	.action = {.reason = VERDICT_LIMIT_NEAR, .bytes = 5 * MIB},
	.action_age_ns = 2 * NSEC_PER_SEC,
	.ledger = {.actions = 12,
		   .short_actions = 2,
		   .failed_actions = 1,
		   .asked_bytes = 60 * MIB,
		   .tried_bytes = 59 * MIB,
		   .applied_bytes = 58 * MIB,
		   .net_freed_bytes = 30 * MIB,
		   .demoted_bytes = 9 * MIB,
		   .refaulted_bytes = MIB,
		   .cpu_ns = 400 * NSEC_PER_MSEC,
		   .wall_ns = 900 * NSEC_PER_MSEC,
		   .cleanings = 3,
		   .written_bytes = 40 * MIB,
		   .cleaned_bytes = 39 * MIB,
		   .cleaned_taken_bytes = 31 * MIB,
		   .dirtied_again_bytes = 2 * MIB,
		   .pageouts = 4,
		   .pageout_tried_bytes = 25 * MIB,
		   .pageout_applied_bytes = 24 * MIB,
		   .pageout_swapped_bytes = 23 * MIB,
		   .cooled_bytes = 2 * MIB},
	.weight = 100,
	.swap_yield.judged = {.swapped_bytes = 7 * MIB, .kept_bytes = 3 * MIB},
	.anon_thrash = {.permyriad = 2600, .left_ns = NSEC_PER_SEC},
	.file_thrash = {.permyriad = 2700, .left_ns = 2 * NSEC_PER_SEC},
	.prices = {.swap_ns = 2 * NSEC_PER_MSEC, .file_ns = 8 * NSEC_PER_MSEC, .swappiness = 160},
	.cold_most_bytes = 26 * MIB,
	.dirty_bytes = 20 * MIB,
	.clean = CLEAN_AHEAD,
};
