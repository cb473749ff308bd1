/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was done to one target and what it brought. asked, tried and applied are kept apart: a
 * request that comes back short is a result.
 */
#pragma once

#include <stdint.h>

struct ledger {
	uint64_t actions;	  /* requests sent to the kernel */
	uint64_t short_actions;	  /* that came back with less than asked */
	uint64_t failed_actions;  /* that were refused */
	uint64_t asked_bytes;	  /* what policies wanted */
	uint64_t tried_bytes;	  /* what was written into a knob, after protect's bound */
	uint64_t applied_bytes;	  /* what the target's usage fell by across the requests */
	uint64_t net_freed_bytes; /* what the worker's node had more of across the requests */
	uint64_t swapped_bytes;	  /* of the applied, what went to swap */
	uint64_t swap_kept_bytes; /* of that, what zram and zswap keep in memory */
	uint64_t demoted_bytes; /* moved to slower nodes: of a node in the applied, else besides */
	uint64_t collateral_bytes; /* of a node's applied, what other nodes lost, by the group's
				      shares */
	uint64_t refaulted_bytes;  /* read back by the target since, as far as we took it */
	uint64_t cpu_ns;	   /* CPU time in the requests */
	uint64_t wall_ns;	   /* and how long they took */
	/* Files written back so that requests bring something. */
	uint64_t cleanings;	      /* times */
	uint64_t written_bytes;	      /* dirty when handed to their device */
	uint64_t cleaned_bytes;	      /* of those, clean afterwards */
	uint64_t cleaned_taken_bytes; /* of those, taken by requests since */
	uint64_t dirtied_again_bytes; /* of those, found dirty soon after: a fault a page */
	/* Processes that are cold beyond doubt paged out; not part of the requests above. */
	uint64_t pageouts;		/* times */
	uint64_t pageout_tried_bytes;	/* resident in what the kernel was asked for */
	uint64_t pageout_applied_bytes; /* what resident memory fell by */
	uint64_t pageout_swapped_bytes; /* and swapped memory rose by */
	uint64_t cooled_bytes;		/* of others, made cold: the next reclaim's choice */
};

/* Refaults are ours only as far as we took something: the kernel evicts too. */
void ledger_read_back(struct ledger *ledger, uint64_t refaulted_bytes);

void ledger_add(struct ledger *sum, const struct ledger *part);
