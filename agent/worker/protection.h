/* SPDX-License-Identifier: Apache-2.0 */
/* What may be taken of a worker's groups: their limits, as they are written, and protection. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct group;
struct worker;

void worker_take_limit_changes(struct worker *worker, uint64_t now_ns);
void worker_refresh_limits(struct worker *worker, uint64_t now_ns);
void worker_update_protections(struct worker *worker, uint64_t now_ns, uint64_t max_age_ns);
/* Whether reclaim of the whole node has to spare some of it, now or when its usage changes. */
bool worker_may_be_protected(const struct worker *worker, const struct group *group);
/* Whether a request to a group above has to. */
bool group_claims_protection(const struct group *group);
/*
 * How much may be taken of the group for one above it: what it, or one between them, claims is
 * spared by reclaim for the one above, whether or not that reaches the claim from farther up. As of
 * their limits' last look.
 */
uint64_t worker_unclaimed_below(const struct worker *worker, const struct group *group,
				const struct group *above);
bool worker_refresh_protection(struct worker *worker, struct group *group, uint64_t now_ns);
