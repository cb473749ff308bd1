/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent really does for its groups: windows in which they were looked after against those
 * in which they were left alone by lot (policy/holdout.h). Pure, and the same for the same seed.
 *
 * Each value counts as a share of its group's mean, so that large groups do not drown small ones;
 * the difference is that of the two means. How much of it chance alone would make is found by
 * drawing the lots anew EFFECT_DRAWS times, each time as many within each group as there were (a
 * permutation test; Fisher 1935): their 2.5 % and 97.5 % points around the difference are its
 * interval.
 *
 * All three are told as shares of the held-out windows' mean. Where that is 0, as of groups that
 * never stall while left alone, they are shares of the mean of all windows: a difference is one
 * from nothing too, and always more than 100 %.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum effect_signal {
	EFFECT_STALL,	 /* PSI memory some, us */
	EFFECT_REFAULTS, /* bytes read back */
	EFFECT_EVENTS,	 /* times a limit was hit (memory.events.local max, high) */
	EFFECT_CPU,	 /* us of its tasks */
	EFFECT_MEMORY,	 /* bytes, the mean of the window's ends */
	EFFECT_SIGNALS,
};

/* "stall"; and for people, with the unit. */
const char *effect_signal_name(enum effect_signal signal);
const char *effect_signal_words(enum effect_signal signal);

struct effect_window {
	uint64_t group;
	bool held; /* left alone, or was to be */
	uint64_t values[EFFECT_SIGNALS];
};

/* The last windows of all groups, as a ring. All zero at the start. */
#define EFFECT_WINDOWS 512
struct effect_log {
	struct effect_window windows[EFFECT_WINDOWS];
	size_t n, next;
	uint64_t seen;	    /* in all */
	uint64_t looked_at; /* of these, when harm was last looked for */
};

void effect_add(struct effect_log *log, const struct effect_window *window);

#define EFFECT_DRAWS	    999
#define EFFECT_MIN_WINDOWS  8 /* of each kind, of groups with any value, for a difference */
#define EFFECT_HARM_WINDOWS 16

/* Shares are permyriad of the held-out mean: -1000 is a tenth less while looked after. */
struct effect {
	size_t acted, held; /* windows; 0 and 0: too few, or the signal was 0 in all */
	uint64_t acted_mean, held_mean;
	bool without_base; /* held_mean is 0: shares are of the mean of all windows */
	int64_t difference, low, high;
	uint64_t chance; /* permyriad of draws that differ as much: the test's p */
};

/* A window's value as a share of its group's mean. */
struct effect_item {
	uint64_t group;
	double share;
	bool held;
};

/* Finding an effect, a few draws at a time: all of them take milliseconds. */
struct effect_search {
	struct effect effect; /* what is known without draws */
	struct effect_item items[EFFECT_WINDOWS];
	size_t n;      /* items; 0: nothing to find */
	uint64_t seed; /* of the next draw */
	double base;   /* the mean that shares are of */
	double found, draws[EFFECT_DRAWS];
	size_t drawn;
};

/* seed: of the draws; any number. */
void effect_search_begin(struct effect_search *search, const struct effect_log *log,
			 enum effect_signal signal, uint64_t seed);

/* Goes on with about so many items, of which a draw takes n. True: *ret is the effect. */
bool effect_search_go_on(struct effect_search *search, size_t items, struct effect *ret);

/* All of it at once. */
struct effect effect_of(const struct effect_log *log, enum effect_signal signal, uint64_t seed);

/* The whole interval is on one side of 0. */
static inline bool effect_is_found(const struct effect *effect)
{
	return effect->low > 0 || effect->high < 0;
}

/*
 * More stalls, more hits of a limit or more CPU time by harm_permyriad or more, and chance makes
 * that once in a hundred times at most. Looked at when the windows have doubled, not after each
 * one: whoever looks often enough finds anything. Less than EFFECT_LEAST_STALL_US more in a window
 * is none: beside nothing at all, a fault that waited once would be too much.
 */
#define EFFECT_LEAST_STALL_US 1000
bool effect_is_harm(enum effect_signal signal, const struct effect *effect,
		    uint64_t harm_permyriad);
bool effect_harm_is_due(struct effect_log *log);
