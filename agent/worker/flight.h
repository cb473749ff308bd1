/* SPDX-License-Identifier: Apache-2.0 */
/* The request of a worker that is under way, and what was before it: that tells what it brought. */
#pragma once

#include "agent/act/backend.h"
#include "agent/sense/machine.h"
#include "agent/worker/swap.h"
#include "agent/worker/target.h"

struct group;

/* A request under way, and what is needed to tell what it brought. */
struct flight {
	bool active;
	struct request request;
	const struct act_ops *act;
	struct target *target;
	struct group *group;	/* NULL: of the node */
	struct group *victim;	/* the group asked for the node; NULL: the node itself, or gone */
	uint64_t victim_bytes;	/* its memory.current before */
	uint64_t victim_steals; /* pages reclaimed of it since it was made, before */
	uint64_t left_bytes;	/* of a victim above others, before: what it is asked for */
	uint64_t begun_ns, interrupt_ns;
	uint64_t node_free_bytes;
	uint64_t node_demoted;	 /* pages that ever left it for slower nodes, before */
	uint64_t victim_demoted; /* the same of the victim, on all nodes; while demotion is on */
	uint64_t slab_bytes;	 /* of the node, before: what is dropped */
	bool counted;		 /* machine was read before it: the last one came back short */
	struct machine_counters machine;
	bool may_swap; /* swapped_bytes (of the group that is asked) and store were read before it
			*/
	uint64_t swapped_bytes;
	struct swap_store store;
	struct swap_mark swap_mark; /* before it */
};
