/* SPDX-License-Identifier: Apache-2.0 */
/* From a plan to the hand: one piece at a time, each judged anew. */
#pragma once

#include "agent/account/budget.h"
#include "agent/worker/flight.h"

struct worker;

struct spending worker_spending(const struct worker *worker);
/* Of this window's budget, a new one where the last is over. */
enum verdict_reason worker_budget_used_up(struct worker *worker, uint64_t now_ns);
uint64_t worker_bytes_left(struct worker *worker, uint64_t now_ns);
void worker_act(struct worker *worker, uint64_t now_ns);
void worker_hurry(struct worker *worker, uint64_t now_ns);
/* Its request is under way: what it was before must stand until that is accounted for. */
bool worker_is_busy_with(const struct worker *worker, const struct group *group);
/* Whether the target is the group's cold memory. */
bool worker_is_trim(const struct target *target, const struct group *group);
/* The group a request is sent to; 0: the node itself. */
uint64_t worker_asked_id(const struct flight *flight);
