/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a load is to have now: what its schedule says, or what keeps its set point. The same for
 * every kind; a kind only knows how to have more and how to give back.
 */
#pragma once

#include "stress/loads/load.h"
#include "stress/loads/replay.h"
#include "stress/measure/gauge.h"
#include "stress/pattern/setpoint.h"

#include <stdbool.h>
#include <stdint.h>

/* The settings of it, for load_ops.settings. */
#define LEVEL_SETTINGS \
	"schedule", "low", "steps", "period", "trace", "trace-scale", "set-point", "burst", "hold"

struct level {
	uint64_t unit_bytes; /* less than one more or less is no difference */
	struct schedule schedule;
	struct schedule_point *recording; /* the schedule's points, where it replays some */
	char why[REPLAY_WHY_BYTES];	  /* it can't be */
	struct setpoint setpoint;	  /* instead of the schedule, where it has a signal */
	struct gauge gauge;		  /* what setpoint holds */
	uint64_t goal_bytes;		  /* of setpoint */
	uint64_t look_ns;		  /* when the signal is read next */
	uint64_t looked_ns;
	uint64_t round;		/* of the schedule */
	uint64_t complete_ns;	/* when the burst was; 0: not yet */
	bool released;		/* it was given back */
	uint64_t floor_checked; /* bytes there were when the floor was last looked at */
};

/* Whether there is more to it than growing to `size`. Pure. */
bool level_is_said(const struct load_settings *settings);

/* For load_ops.check of a load that maps nothing of its own: words about its set point, or NULL. */
const char *level_check_unmapped(const struct load_settings *settings);

/* In the supervisor, before anything can fail. *ret_why may point into level. A load has whole
 * units. */
int level_prepare(struct level *level, const struct load *load, uint64_t unit_bytes,
		  const char **ret_why);
/* In the worker: opens what the set point is read from. */
int level_begin(struct level *level, const struct load *load, const char **ret_why);

/*
 * The pace of a load that reads or writes at `rate` up to the level, or takes pauses: a steady one
 * is to have all of it at once, then, and where the level rises by itself it is the only rate of a
 * load whose rate is that of its growth. Call it once, after level_prepare.
 */
struct pace level_pace(struct level *level, const struct load *load);

/* The most there will ever be. */
uint64_t level_peak_bytes(const struct level *level);

/*
 * Of a load that has have_bytes: how many it is to have, and when to ask again (monotonic; 0: at
 * once, UINT64_MAX: that was the last level) if there are as many by then. What is above is to be
 * given back before anything else; a new round begins with being told so.
 */
int level_look(struct level *level, struct load *load, uint64_t have_bytes, uint64_t now_ns,
	       uint64_t *ret_bytes, uint64_t *ret_due_ns);

/* Notes the load's debt: to the level, where it can be late, and what its pace is behind. */
void level_note_debt(const struct level *level, struct load *load, uint64_t have_bytes,
		     uint64_t level_bytes, const struct pace *pace);
/*
 * How far have_bytes are behind; 0 where it can't be late: memory that is wanted at once, or as a
 * signal asks, is never.
 */
uint64_t level_debt_bytes(const struct level *level, uint64_t have_bytes, uint64_t level_bytes);

/* Whether the floor lets it grow beyond have_bytes; looked at every LOAD_FLOOR_STEP_BYTES. */
bool level_may_grow(struct level *level, struct load *load, uint64_t have_bytes);

void level_finish(struct level *level);
