/* SPDX-License-Identifier: Apache-2.0 */
/* The last rung: all reclaimable slab of the machine, for a node that nothing else gives memory. */
#pragma once

#include "agent/worker/flight.h"

struct worker;

/* Reclaimable slab of the node, as last read. */
uint64_t worker_slab_bytes(const struct worker *worker);
/* Turns the node's plan to it where nothing else gives what was wished for. */
void worker_consider_slab(struct worker *worker, const struct verdict *wish, uint64_t now_ns);
/* A request for it, with a descriptor of its own. -EAGAIN: not now; -errno: it can't be written. */
int worker_aim_at_slab(struct worker *worker, struct request *request, uint64_t now_ns);
/* Takes in what a drop brought this node. */
void worker_slab_learn(struct worker *worker, uint64_t tried_bytes, uint64_t applied_bytes,
		       uint64_t now_ns);
