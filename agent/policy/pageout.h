/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pageout: whose memory is cold beyond doubt, and which of it may be paged out, process by process
 * and mapping by mapping. Pure.
 *
 * A frozen or stopped process touches nothing; one that the operator named he answers for, or has
 * DAMON tell what of it is cold (policy/cold.h). The rest may get the second chance: what is made
 * cold now goes with the next reclaim, unless it is touched before.
 */
#pragma once

#include "agent/config/config.h"
#include "agent/sense/maps.h"

#include <stdbool.h>
#include <stdint.h>

enum pageout_reason {
	/* Left alone. */
	PAGEOUT_RUNS,	   /* neither frozen, stopped nor named */
	PAGEOUT_SMALL,	   /* less than pageout.rss_min of memory */
	PAGEOUT_NOT_YET,   /* frozen or stopped, or watched, for a short while only */
	PAGEOUT_RESTS,	   /* just looked through, or what was taken came back */
	PAGEOUT_UNWATCHED, /* named for what of it is cold, and DAMON does not tell */
	/* Asked for. */
	PAGEOUT_FROZEN,
	PAGEOUT_STOPPED,
	PAGEOUT_NAMED,
	PAGEOUT_COLD, /* named, of which what DAMON has seen untouched for pageout.cold_age */
	PAGEOUT_SECOND_CHANCE, /* only made cold */
	PAGEOUT_REASONS,
};

const char *pageout_reason_name(enum pageout_reason reason); /* "not-yet" */

static inline bool pageout_acts(enum pageout_reason reason)
{
	return reason >= PAGEOUT_FROZEN;
}

/* A process as policy sees it. */
struct pageout_process {
	uint64_t pid;
	const char *name;
	uint64_t uid;
	bool frozen, stopped;
	bool group_named; /* pageout.group names its group */
	bool cold_only;	  /* nobody gets the second chance: it would be taken at once */
	uint64_t resident_bytes;
};

/*
 * What became of processes: since when they stand still, and how long they are left alone. One of
 * which at least half of what was taken is back at the next look uses its memory: it rests twice as
 * long each time.
 */
#define PAGEOUT_HISTORY	    512
#define PAGEOUT_REST_NS	    (10 * UINT64_C(1000000000))
#define PAGEOUT_REST_MAX_NS (960 * UINT64_C(1000000000))

struct pageout_past {
	uint64_t pid;	   /* 0: free */
	uint64_t still_ns; /* since when it is known to stand still; 0: it does not */
	uint64_t taken_bytes, left_bytes; /* by the last look, and resident after it */
	uint64_t rest_ns, rest_until_ns;
	uint64_t used_ns; /* the one used longest ago makes place */
};

/* All zero at the start. */
struct pageout_history {
	struct pageout_past processes[PAGEOUT_HISTORY];
};

/* The same when names have been compared: all that is decided by, beside numbers of settings. */
struct pageout_sample {
	uint64_t now_ns;
	uint64_t resident_bytes;
	bool frozen, stopped;
	bool named; /* by each criterion that is set */
	bool cold_only;
};

/* past: of that process, its pid alone where nothing is known; becomes what is to be remembered. */
enum pageout_reason pageout_decide(const struct pageout_settings *settings,
				   const struct pageout_sample *sample, struct pageout_past *past);

struct pageout_decision {
	struct pageout_past past; /* before it */
	struct pageout_sample sample;
	enum pageout_reason reason;
};

/* Whether to ask for the process's memory, and why. Only one chosen for some reason is remembered.
 */
struct pageout_decision pageout_choose(const struct pageout_settings *settings,
				       struct pageout_history *history,
				       const struct pageout_process *process, uint64_t now_ns);

/* It was looked through to its end: its resident memory fell by taken_bytes to left_bytes. */
void pageout_learn(struct pageout_history *history, uint64_t pid, uint64_t taken_bytes,
		   uint64_t left_bytes, uint64_t now_ns);

enum pageout_mapping {
	PAGEOUT_MAPPING_TAKEN,
	PAGEOUT_MAPPING_EMPTY,	    /* nothing of it is resident */
	PAGEOUT_MAPPING_EXECUTABLE, /* code: others run it too */
	PAGEOUT_MAPPING_SHARED,
	PAGEOUT_MAPPING_LOCKED,
	PAGEOUT_MAPPING_HUGE, /* hugetlb */
	PAGEOUT_MAPPING_DEVICE,
	PAGEOUT_MAPPING_EXCLUDED,  /* pageout.exclude_mapping, or not among pageout.mapping */
	PAGEOUT_MAPPING_ELSEWHERE, /* most of it is on other nodes than the one that wants memory */
	PAGEOUT_MAPPING_NO_SWAP,   /* anonymous memory, and swap may not take it */
	PAGEOUT_MAPPINGS,
};

const char *pageout_mapping_name(enum pageout_mapping mapping); /* "no-swap" */

/* What goes for all mappings of a process. */
struct pageout_bounds {
	enum pageout_reason reason;
	bool may_swap;
	bool one_node; /* memory is wanted on one node: then the shares count */
};

/* here and elsewhere: bytes of it on the node that wants memory, and on others. */
enum pageout_mapping pageout_choose_mapping(const struct pageout_settings *settings,
					    const struct pageout_bounds *bounds,
					    const struct mapping *mapping, uint64_t here_bytes,
					    uint64_t elsewhere_bytes);

/*
 * How much of a mapping's addresses one call may cover, so that about piece_bytes of it are
 * resident; a multiple of the page size. Where memory stands in a mapping is not known: a part is
 * no longer than 16 pieces, so that one that is dense in a large empty mapping holds no more, as
 * long as that makes no more than 65536 parts.
 */
uint64_t pageout_part_bytes(const struct mapping *mapping, uint64_t piece_bytes,
			    uint64_t page_size);
