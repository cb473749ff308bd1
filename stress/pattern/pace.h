/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many bytes of touching or reading are due: a rate, pauses to think, and what happens when the
 * machine can't keep up. What is due and not done is debt, and made up for; debt above a bound is
 * given up and counted as lost. Pure: elapsed time comes in.
 */
#pragma once

#include <stdint.h>

#define PACE_UNLIMITED UINT64_MAX

struct pace {
	uint64_t rate_bytes;	    /* per second; PACE_UNLIMITED */
	uint64_t debt_limit_bytes;  /* debt beyond it is lost; PACE_UNLIMITED: none is */
	uint64_t think_ns;	    /* 0: never. The rate stands still meanwhile. */
	uint64_t think_after_bytes; /* done between two pauses, > 0 with think_ns */
	/* Zeroed at first. */
	uint64_t done_bytes;
	uint64_t debt_bytes, debt_max_bytes; /* now, and at worst */
	uint64_t lost_bytes;
	uint64_t thought_ns;	   /* all pauses, also the one that still lasts */
	uint64_t think_until_ns;   /* end of the pause begun last */
	uint64_t think_from_bytes; /* done when that was */
};

/*
 * Bytes that may be done now: whole units, 0 when none is due; then *ret_due_ns is when the next
 * unit will be (UINT64_MAX: never). elapsed_ns never falls.
 */
uint64_t pace_take(struct pace *pace, uint64_t elapsed_ns, uint64_t unit_bytes,
		   uint64_t *ret_due_ns);

/* So many were done. */
void pace_note(struct pace *pace, uint64_t bytes);

/* Nothing was wanted until now: what would have been due meanwhile is not, the rate stood still. */
void pace_rest(struct pace *pace, uint64_t elapsed_ns);
