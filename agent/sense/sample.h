/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker saw at one moment. Plain data; policies read nothing else. */
#pragma once

#include "cgroup/memory.h"

#include <stdbool.h>
#include <stdint.h>

/* What went to swap and is in memory all the same: in zram and zswap, compressed. */
struct swap_store {
	uint64_t stored_bytes;	/* data of pages */
	uint64_t used_bytes;	/* memory they need for it */
	uint64_t charged_bytes; /* of that, the pool of zswap: charged to the groups */
};

struct swap_sample {
	uint64_t total_bytes, free_bytes; /* of the machine; 0 without swap */
	bool is_stuck;			  /* it does not answer: nothing may be sent there */
	bool is_worn;	/* no more may be written to disks today, and some of it is on one */
	bool is_denied; /* the next to be written to is a device that the operator forbids */
};

/* Nothing may be sent there. */
static inline bool swap_is_closed(const struct swap_sample *swap)
{
	return swap->is_stuck || swap->is_worn || swap->is_denied;
}

struct group_sample {
	uint64_t now_ns;
	uint64_t current_bytes;
	uint64_t limit_bytes; /* lower of memory.high and memory.max; UINT64_MAX: none of its own */
	bool limit_is_high;
	uint64_t swap_current_bytes, swap_max_bytes;
	uint64_t protected_bytes; /* effective memory.min or low, the larger */
	struct memory_stat stat;
	struct memory_events events; /* of the group itself (memory.events.local) */
	uint64_t taken_bytes;	     /* by us and by the kernel since the last sample */
	uint64_t refaulted_bytes;    /* by the group since the last sample */
	bool excluded;
	bool filling;		 /* a round has begun: it goes on to one and a half margins */
	bool anon_can_be_spared; /* the kernel understands swappiness=0 */
	bool swap_is_futile;	 /* what goes there gains too little (policy/yield.h) */
	bool anon_thrashes, file_thrashes; /* much of it comes back (policy/thrash.h) */
};

struct node_sample {
	uint64_t now_ns;
	uint64_t managed_bytes, free_bytes;
	uint64_t low_bytes, high_bytes; /* watermarks, summed */
	uint64_t room_bytes;		/* until every zone is at its low watermark */
	uint64_t percpu_bytes;		/* freed by us, and not yet counted as free (percpu.h) */
	uint64_t clean_file_bytes;	/* on this node */
	uint64_t anon_bytes;
	uint64_t stalls;	    /* allocstall of the machine: tasks in direct reclaim */
	bool stalls_are_told;	    /* by a PSI trigger */
	bool kswapd_ran;	    /* since the last sample */
	uint64_t others_room_bytes; /* on the other nodes, which the kernel fills before it reclaims
				     */
	bool bound_demand;	    /* demand was seen that stays on this node */
	bool filling;		    /* as above */
	bool swap_is_futile;	    /* as above */
	struct swap_sample swap;
	bool anon_can_be_spared; /* as above */
};
