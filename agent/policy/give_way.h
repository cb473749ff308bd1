/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How fast a disk is written to while others read from it: as fast as leaves their reads waiting
 * hardly longer than they do without us. Pure.
 *
 * The disk counts its reads and how long they took. As long as the mean of a round is below
 * twice the least seen lately (and GIVE_WAY_SLACK_NS more, what the counters can tell apart) the
 * rate grows by an eighth. Else it halves, and for some seconds comes no nearer than three quarters
 * to the one at which reads waited. Where nobody reads there is no bound.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GIVE_WAY_ROUND_NS    (100 * UINT64_C(1000000)) /* at least, and */
#define GIVE_WAY_READS	     8			       /* so many, or */
#define GIVE_WAY_LONGEST_NS  (1000 * UINT64_C(1000000))
#define GIVE_WAY_FEW	     2 /* fewer in a round are nobody's */
#define GIVE_WAY_SLACK_NS    (200 * UINT64_C(1000))
#define GIVE_WAY_LEAST_BYTES (UINT64_C(4) << 20) /* a second: memory may be waiting for it */
#define GIVE_WAY_MOST_BYTES  (UINT64_C(1) << 40)

enum give_way_state {
	GIVE_WAY_NEW,	  /* nothing was looked at */
	GIVE_WAY_FIRST,	  /* the first round: slowly, since somebody may be reading */
	GIVE_WAY_NOBODY,  /* reads */
	GIVE_WAY_READING, /* somebody is */
};

/* All zero at the start. */
struct give_way {
	enum give_way_state state;
	uint64_t reads, wait_ns; /* the device's counters when the round began */
	uint64_t begun_ns;
	uint64_t least_wait_ns;	      /* of a read, lately; 0: not known */
	uint64_t bytes_per_s;	      /* while somebody reads */
	uint64_t ceiling_bytes_per_s; /* at which reads waited; 0: at none yet */
};

/*
 * The device's counters as they are now: reads that are finished, and how long all of them took.
 * To be called several times a round while there is something to write. A round that spans a rest
 * tells what reads wait without us.
 */
void give_way_look(struct give_way *way, uint64_t reads, uint64_t wait_ns, uint64_t now_ns);

/* Bytes a second that may be written; 0: no bound. */
uint64_t give_way_rate(const struct give_way *way);
