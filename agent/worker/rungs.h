/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ways to take memory from a node, and which of them bring something: nodeN/reclaim, and
 * memory.reclaim of each group that has memory there. What does not is left alone for a while.
 */
#pragma once

#include "agent/worker/flight.h"

struct worker;

/* The group to be asked for the node's plan; NULL: none has memory there that it would give. */
struct group *worker_choose_victim(struct worker *worker, uint64_t now_ns);
/* How to get what the node's plan wants; where there is no way, why, in the plan. */
void worker_choose_rung(struct worker *worker, uint64_t now_ns);
/*
 * memory.reclaim of the group would take from other nodes too, where that is no gain: more of its
 * memory is there than balance.elsewhere.
 */
bool worker_takes_elsewhere(const struct worker *worker, const struct group *group);
/* The victim can't be asked for these bytes: it is left alone for a while. */
void worker_rung_refused(struct worker *worker, uint64_t bytes, uint64_t now_ns);
/* Takes in what a request for the node brought. True: it failed, and another way is left. */
bool worker_rung_learn(struct worker *worker, const struct flight *flight, int error,
		       uint64_t applied_bytes, uint64_t now_ns);
