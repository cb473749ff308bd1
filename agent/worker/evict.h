/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a group on this node alone, through lru_gen, where memory.reclaim would take from other
 * nodes too. It heeds no protection: requests come here bounded by what is unprotected.
 */
#pragma once

#include "agent/worker/flight.h"

struct worker;

/* Says so where lru_gen is wanted and can't be written. */
void worker_try_eviction(const struct worker *worker);
/* Whether that is worth a try with the group. */
bool worker_may_evict(const struct worker *worker, const struct group *victim, uint64_t now_ns);
/*
 * Turns a request to a group for the node into one through lru_gen, with a descriptor of its own,
 * where that spares the group's memory on other nodes and can be done. False: it is as it was.
 */
bool worker_evict_instead(struct worker *worker, struct group *victim, struct request *request,
			  uint64_t now_ns);
/* Pages reclaimed of it since it was made; 0: they can't be read. */
uint64_t worker_steals_of(const struct group *group);
/* And moved to slower nodes, but by the kernel's own threads. */
uint64_t worker_demoted_of(const struct group *group);
/* Takes in what an eviction brought. True: the next request goes another way. */
bool worker_evict_learn(struct worker *worker, const struct flight *flight, int error,
			uint64_t applied_bytes, uint64_t now_ns);
