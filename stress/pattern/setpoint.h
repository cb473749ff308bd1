/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Closed loop: from what a signal shows now to how much memory is to be had next, so that the
 * signal comes to a set point and stays there. Pure; whoever reads the signal is elsewhere.
 *
 * Signals in bytes (resident bytes, memory.current, free memory of a node) answer a byte of memory
 * with about a byte, soon: the error is corrected by SETPOINT_GAIN of it a step (an integral
 * controller; with a gain below 1 and an answer within a step it can't overshoot).
 *
 * Pressure answers late and not in proportion: below its set point memory grows by a share of its
 * size, less the nearer it comes; above it memory falls by twice that. The step halves
 * each time the set point is crossed and doubles after a while on the same side, so that it finds
 * the place from afar and stays near it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum setpoint_signal {
	SETPOINT_NONE,
	SETPOINT_RESIDENT, /* bytes of the load that are in memory */
	SETPOINT_CURRENT,  /* memory.current of its group */
	SETPOINT_FREE,	   /* free memory of its node, or of the machine; falls as memory grows */
	SETPOINT_PRESSURE, /* permyriad of time some task of its group stalled for memory */
};

struct setpoint {
	enum setpoint_signal signal;
	uint64_t target;     /* bytes, or permyriad */
	uint64_t min_bytes;  /* of memory */
	uint64_t max_bytes;  /* >= min_bytes */
	uint64_t rate_bytes; /* a second, the fastest growth; SCHEDULE_UNLIMITED */
	/* Zeroed at first. */
	uint64_t step_permyriad; /* pressure: of max_bytes a second */
	int side;		 /* pressure: -1 below, 1 above the set point */
	unsigned int same_side;	 /* pressure: steps in a row */
};

/* Of an error, corrected a step; in permyriad. */
#define SETPOINT_GAIN 5000

/* An error below this share of the target (permyriad) is none: the kernel's own counters are late
 * by some pages a CPU. */
#define SETPOINT_DEAD_BAND 20

/* How far apart steps are; of pressure some must have come together. */
#define SETPOINT_STEP_NS	  UINT64_C(20000000)
#define SETPOINT_PRESSURE_STEP_NS UINT64_C(500000000)

/*
 * level_bytes: the memory there is now. value: of the signal now (pressure: over the last step).
 * step_ns: time since the last step. Returns the level to go to.
 */
uint64_t setpoint_step(struct setpoint *setpoint, uint64_t level_bytes, uint64_t value,
		       uint64_t step_ns);

/* Whether value is within permyriad of the target. */
bool setpoint_is_near(const struct setpoint *setpoint, uint64_t value, uint64_t permyriad);
