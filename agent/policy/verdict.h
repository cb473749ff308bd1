/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy came to, and why, with the numbers it used. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum verdict_reason {
	/* Not acting. */
	VERDICT_NONE,		      /* not looked at yet */
	VERDICT_NO_DEMAND,	      /* nothing grows */
	VERDICT_ROOM_ENOUGH,	      /* room above the margin */
	VERDICT_REFAULTS,	      /* what was taken is read back: it is used, not spare */
	VERDICT_NOTHING_SPARE,	      /* all that is left is protected, locked or dirty */
	VERDICT_ELSEWHERE,	      /* all that could be asked is on other nodes too */
	VERDICT_SWAP_ALLOWANCE,	      /* only anonymous memory is left, and it may not go to swap */
	VERDICT_SWAP_YIELD,	      /* the same, since hardly anything is gained by it */
	VERDICT_SWAP_STUCK,	      /* the same, since swap does not answer */
	VERDICT_EXCLUDED,	      /* the operator said so */
	VERDICT_NEIGHBOURS_HAVE_ROOM, /* the kernel takes memory from other nodes first */
	VERDICT_KSWAPD_ACTIVE,	      /* the kernel is at it */
	VERDICT_KSWAPD_SUFFICES,      /* and no task had to reclaim for itself */
	VERDICT_KSWAPD_EARLY,	      /* its watermarks are as far apart as bursts want */
	VERDICT_HOPELESS,	      /* many rounds brought nothing: waiting before the next try */
	VERDICT_CPU_BUDGET,	      /* used up for this window */
	VERDICT_TIME_BUDGET,	      /* the same */
	VERDICT_BYTE_BUDGET,	      /* the same */
	VERDICT_BACK_OFF,	      /* the last requests brought little: waiting */
	VERDICT_HELD_OUT,	      /* left alone by lot (policy/holdout.h) */
	VERDICT_HARMFUL,	      /* so it was found: nothing is done any more */
	VERDICT_NO_BACKEND,	      /* the kernel offers nothing that could be aimed there */
	VERDICT_NODE_GONE,	      /* offline, or taken out */
	/* Acting. */
	VERDICT_LIMIT_NEAR, /* room below the margin of a group's limit */
	VERDICT_NODE_LOW,   /* room below the margin above the node's watermarks */
	VERDICT_ORDERED,    /* uswapctl wake */
	VERDICT_COLD,	    /* memory of a group that seems to be cold (policy/trim.h) */
	VERDICT_REASONS,
};

struct verdict {
	enum verdict_reason reason;
	uint64_t bytes;		    /* wanted back in all; 0: do nothing */
	uint64_t room_bytes;	    /* until tasks would have to reclaim for themselves */
	uint64_t margin_bytes;	    /* room we want to keep */
	uint64_t rate_bytes_per_s;  /* how fast room is used up */
	uint64_t refault_permyriad; /* of what was taken lately that came back */
	uint64_t look_again_ns;	    /* from now, if no event comes first */
};

/* Whether the reason is one for acting. */
static inline _Bool verdict_acts(enum verdict_reason reason)
{
	return reason == VERDICT_LIMIT_NEAR || reason == VERDICT_NODE_LOW ||
	       reason == VERDICT_ORDERED || reason == VERDICT_COLD;
}

/* "limit-near": for machines; and for people: "room is smaller than the margin". */
const char *verdict_name(enum verdict_reason reason);
const char *verdict_words(enum verdict_reason reason);
