/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trim: cold memory back, continuously, in steps so small that a wrong one costs little. Pure.
 *
 * Nobody can say beforehand what is cold; so take a little, and look at what comes back:
 *
 *	step      = usage x ratio x min(pressure, refault, promotion)
 *	each term = max(0, 1 - measured / allowed), over the last minute:
 *	pressure:  PSI memory "some" as a share of the time (TMO: allowed 0.1 %)
 *	refault:   what came back as a share of what was taken
 *	promotion: what came back as a share of the working set (Google's far memory: 0.2 %)
 *
 * What came back is counted from TRIM_NOISE_BYTES on.
 * A term is good from one half up. While all are, the ratio grows by a third each interval, if
 * steps of its size are taken at all; when one is not, it halves. Where MGLRU tells ages,
 *cold_bytes is the target and the law only guards the way there; what DAMON tells to be cold of a
 *process, as all of one that is frozen or stopped, is what a step takes first (worker/pageout.h).
 *
 * Pressure alone is not enough: pages come back from zram and zswap so fast that PSI sees nothing
 * of it, and such a law goes on taking what is in use. Refaults lead. No term replaces another:
 * PSI sees stalls that are nobody's refault.
 *
 * Sources: Weiner et al., TMO (ASPLOS 2022), for step and pressure; Lagar-Cavilla et al.,
 * Software-Defined Far Memory (ASPLOS 2019), for promotion; mm/vmscan.c for SWAP_CLUSTER_MAX.
 */
#pragma once

#include "agent/policy/protect.h"

#define TRIM_WINDOW_NS	    (60 * UINT64_C(1000000000)) /* what "the last minute" forgets with */
#define TRIM_GOOD_PERMYRIAD UINT64_C(5000)
#define TRIM_AGE_UNKNOWN    UINT64_MAX

/* The kernel takes SWAP_CLUSTER_MAX (32) pages at least: a smaller step could not be kept to. */
#define TRIM_STEP_MIN_BYTES (UINT64_C(128) << 10)

/*
 * So much coming back in a minute is noise, and not counted: readahead around a few pages, or what
 * the first steps take before the kernel's lists can tell hot from cold. Beyond it, as much again
 * is allowed at least: one huge page less would stop a small group.
 */
#define TRIM_NOISE_BYTES (UINT64_C(512) << 10)

/* What trim looks at beside the group's sample. */
struct trim_sample {
	uint64_t stall_total_us;    /* PSI memory "some" of the group since it was made */
	bool psi_triggered;	    /* the group's PSI trigger fired since the last sample */
	uint64_t cold_bytes;	    /* old enough, by MGLRU; TRIM_AGE_UNKNOWN */
	uint64_t cold_file_bytes;   /* of these, of files; TRIM_AGE_UNKNOWN */
	uint64_t working_set_bytes; /* in use, by the same; TRIM_AGE_UNKNOWN: usage counts */
};

/* Pages of the machine since the last sample. zram and zswap are read without readahead. */
struct swap_reads {
	uint64_t read;	      /* from swap, in all */
	uint64_t ahead, hits; /* unasked, and those of them that were wanted after all */
};

/*
 * Pages that a group's tasks wanted back: the kernel counts as refaults what swap readahead brought
 * along too (mm/swap_state.c), and how much of it that was only for the machine as a whole.
 */
uint64_t trim_wanted_pages(uint64_t refaulted_anon, uint64_t refaulted_file,
			   const struct swap_reads *reads);

/* All zero at the start. */
struct trim_history {
	uint64_t seen_ns; /* of the last sample; 0: none yet */
	uint64_t stall_total_us;
	uint64_t stall_us, taken_bytes, refaulted_bytes; /* of the last minute, decaying */
	uint64_t ratio_permyriad;
	uint64_t judged_ns; /* when the ratio last changed; it does so once an interval */
	uint64_t pause_until_ns;
	bool due; /* the last sample closed an interval: time for a step */
};

/* Permyriad: 10000 all is well, 0 stop. */
struct trim_terms {
	uint64_t pressure, refault, promotion;
};

enum trim_reason {
	/* Not acting. */
	TRIM_OFF,
	TRIM_EXCLUDED,
	TRIM_WAITING,	     /* the next step is not due */
	TRIM_TRIGGERED,	     /* PSI trigger */
	TRIM_PRESSURE,	     /* this term is the lowest and leaves no step */
	TRIM_REFAULTS,	     /* the same */
	TRIM_PROMOTIONS,     /* the same */
	TRIM_NO_COLD,	     /* ages are known, and hardly anything is cold */
	TRIM_SMALL,	     /* the ratio makes no step yet; it grows */
	TRIM_NOTHING_SPARE,  /* all that is left is protected, locked or dirty, or the floor */
	TRIM_SWAP_ALLOWANCE, /* only anonymous memory is left, and it may not go to swap */
	TRIM_SWAP_YIELD,     /* the same, since hardly anything is gained by it */
	TRIM_SWAP_STUCK,     /* the same, since swap does not answer */
	TRIM_BACK_OFF,	     /* the last requests brought little: waiting */
	TRIM_DAMON_RECLAIM,  /* the kernel's own takes what is cold */
	TRIM_HELD_OUT,	     /* left alone by lot (policy/holdout.h) */
	TRIM_HARMFUL,	     /* so it was found: no step any more */
	TRIM_NO_BACKEND,     /* the group can't be asked */
	/* Acting. */
	TRIM_STEP,
	TRIM_REASONS,
};

/* "refaults": for machines; and for people. */
const char *trim_reason_name(enum trim_reason reason);
const char *trim_reason_words(enum trim_reason reason);

struct trim_plan {
	enum trim_reason reason;
	uint64_t bytes; /* to be taken now; 0: none */
	int swappiness; /* GROUP_RECLAIM_DEFAULT or GROUP_RECLAIM_NO_ANON */
	struct trim_terms terms;
	uint64_t ratio_permyriad;
	uint64_t look_again_ns; /* from now */
};

/*
 * Takes a sample in. group->taken_bytes is all that was reclaimed of the group, by the kernel too
 * (pgsteal); group->refaulted_bytes what its tasks read back, without what swap readahead brought
 * along unasked. A clock or a counter that goes back counts as no change.
 */
void trim_learn(struct trim_history *history, const struct trim_settings *settings,
		const struct group_sample *group, const struct trim_sample *trim);

struct trim_terms trim_terms(const struct trim_history *history,
			     const struct trim_settings *settings, const struct group_sample *group,
			     const struct trim_sample *trim);

/* history has taken in the samples already. */
struct trim_plan trim_decide(const struct trim_settings *settings,
			     const struct protect_settings *protect,
			     const struct trim_history *history, const struct group_sample *group,
			     const struct trim_sample *trim, const struct swap_sample *swap);
