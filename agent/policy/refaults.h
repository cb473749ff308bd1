/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much of what was taken from a target came back. Pure.
 *
 * A page that comes back does not say who had taken it. Nothing can have come back that was not
 * taken; and what comes back in any case, others had taken: the rate seen while nothing taken was
 * out. Two spans of time are remembered, this one and the last: after 15 to 30 s all is forgotten,
 * and taking is tried anew.
 */
#pragma once

#include <stdint.h>

#define REFAULTS_SPAN_NS  (15 * UINT64_C(1000000000))
#define REFAULTS_QUIET_NS UINT64_C(1000000000) /* a shorter time tells no rate */

/* All zero: nothing was taken yet. */
struct refaults {
	struct refaults_span {
		uint64_t taken_bytes, back_bytes;
	} now, last;
	uint64_t span_ns; /* when now began */
	uint64_t quiet_ns,
		quiet_bytes; /* while nothing was out: for how long, and what came back */
};

/*
 * Since the call before, elapsed_ns ago, taken_bytes were taken and came_bytes were read back, by
 * whomever they had been taken. Returns how much of it counts as ours.
 */
uint64_t refaults_learn(struct refaults *refaults, uint64_t now_ns, uint64_t elapsed_ns,
			uint64_t taken_bytes, uint64_t came_bytes);

/* Permyriad of what was taken that came back. */
uint64_t refaults_permyriad(const struct refaults *refaults);
