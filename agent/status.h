/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A picture of the agent for people and machines, copied out by each worker when asked. Plain data:
 * control/ turns it into JSON, uswapctl into tables.
 */
#pragma once

#include "agent/account/backoff.h"
#include "agent/account/budget.h"
#include "agent/account/effect.h"
#include "agent/account/growth.h"
#include "agent/account/ledger.h"
#include "agent/account/wish.h"
#include "agent/damon/use.h"
#include "agent/damon/watch.h"
#include "agent/policy/clean.h"
#include "agent/policy/order.h"
#include "agent/policy/trim.h"
#include "agent/policy/verdict.h"
#include "agent/policy/yield.h"
#include "agent/writer/cleaner.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATUS_PATH_MAX	  256 /* longer group paths are cut at their front and begin with "..." */
#define STATUS_GROUPS_MAX 4096

struct trim_status {
	bool on; /* the group is trimmed; else the rest is empty */
	enum trim_reason reason;
	uint64_t age_ns; /* of that */
	uint64_t wanted_bytes;
	uint64_t ratio_permyriad; /* of its memory, a step */
	uint64_t cold_bytes;	  /* TRIM_AGE_UNKNOWN: not known */
	struct trim_terms terms;
	struct ledger ledger;
	struct wish wish;
};

struct yield_status {
	struct yield_sums judged; /* the last time; empty: never */
	uint64_t left_ns;	  /* until swap is tried again; 0: it is not left alone */
};

/* Of one kind of memory. */
struct thrash_status {
	uint64_t permyriad; /* of what was taken, what came back when it was last judged to be much
			     */
	uint64_t left_ns;   /* until it is tried again; 0: it does not thrash */
};

/* What reading 1 MiB back takes, and the swappiness that makes; all 0: not known, or not asked for.
 */
struct price_status {
	uint64_t swap_ns, file_ns, swappiness;
};

/* What of a group or a node is left alone, since requests brought next to nothing, or cost much. */
struct group_rests {
	struct rest limit, trim, node; /* memory.reclaim, by whom it would be for */
	struct rest evict;	       /* lru_gen, for the node */
};

struct group_status {
	char path[STATUS_PATH_MAX]; /* "" is the root */
	uint64_t id;
	bool owns_limit; /* headroom looks after it */
	uint64_t current_bytes;
	uint64_t limit_bytes; /* the lower of memory.high and memory.max */
	bool limit_is_high;
	uint64_t protected_bytes;	  /* effective memory.min or low, the larger */
	uint64_t weight;		  /* of its share of what its node wants; 100: the usual */
	uint64_t events_max, events_high; /* memory.events.local */
	uint64_t stalled_us;		  /* PSI some, total */
	struct verdict verdict;		  /* the last one */
	uint64_t verdict_age_ns;
	struct verdict action; /* the last one that acted; reason VERDICT_NONE: never */
	uint64_t action_age_ns;
	struct ledger ledger;
	struct wish wish;
	struct yield_status swap_yield;
	struct thrash_status anon_thrash, file_thrash;
	struct price_status prices;
	struct group_rests rests;
	uint64_t cold_most_bytes;	 /* seen at one time in processes cold beyond doubt */
	struct past past;		 /* before it was looked after */
	uint64_t file_bytes, anon_bytes; /* evictable kinds; of its last look near the limit */
	uint64_t dirty_bytes;		 /* of its files, and under write-back; of the same look */
	enum clean_reason clean;	 /* why dirty files were written back, or not */
	struct trim_status trim;
	struct growth growth;
	bool harmful; /* headroom and trim have stopped where it is looked after */
};

/* Free memory in larger pieces. */
struct order_status {
	enum order_reason reason;
	struct order_want want;
	uint64_t fitting_bytes; /* free in such pieces */
	uint64_t compactions, wall_ns, cpu_ns;
};

struct node_status {
	unsigned int node;
	uint64_t managed_bytes, free_bytes;
	uint64_t low_bytes, high_bytes; /* the kernel's watermarks, summed over zones */
	bool bound_demand;		/* demand was seen that can't go to other nodes */
	const char *backend; /* how this node is reclaimed: "node-reclaim", "memory-reclaim" */
	struct verdict verdict, action;
	uint64_t verdict_age_ns, action_age_ns;
	struct ledger ledger;
	struct wish wish;
	struct yield_status swap_yield;
	struct price_status prices;
	struct order_status order;
	/* Of removed groups, and of groups above others; when last looked for. */
	uint64_t left_bytes;
	uint64_t evictions, evicted_bytes;	 /* through lru_gen; part of ledger */
	uint64_t slab_drops, slab_dropped_bytes; /* the same, of this node's slab */
	struct rest reclaim_rest; /* of nodeN/reclaim: its groups are asked instead */
	uint64_t cold_most_bytes;
	struct ledger groups_ledger;   /* of all groups the worker was home to, those gone too */
	uint64_t wakeups;	       /* of the worker since it began */
	uint64_t cpu_ns;	       /* of the worker and its hand */
	struct spending spent, budget; /* in this window, and at most; bytes, request_ns 0: no
					  bound */
	uint64_t holdout_permyriad;    /* of the windows are left alone by lot; 0: none */
	/* Of looking after groups, and of looking after the node itself. */
	struct effect effects[EFFECT_SIGNALS], node_effects[EFFECT_SIGNALS];
	bool node_harmful; /* balance has stopped */
	enum effect_signal node_harm;
	bool harmful;		 /* headroom and trim have stopped */
	enum effect_signal harm; /* the signal that showed it */
	bool io_uring;		 /* false: waits with poll(2) */
	bool answered;		 /* false: the worker did not answer in time, the rest is empty */
	size_t groups_seen;	 /* in its tree */
	size_t n_groups;	 /* in groups */
	struct group_status *groups; /* those the worker is home to */
};

struct agent_status {
	uint64_t uptime_ns;
	const char *version;
	bool dry_run;  /* for its life; it then observes, whatever the configuration says */
	bool observes; /* asks the kernel for nothing */
	bool paused;   /* the same, for a while */
	uint64_t swap_writes_left_bytes; /* to disks, today; UINT64_MAX: no bound */
	bool watches_growth;
	uint64_t pause_left_ns;	     /* UINT64_MAX: until it is resumed */
	bool demotes;		     /* reclaim moves memory to slower nodes first */
	uint64_t memory_tiers;	     /* 0: the kernel tells of none */
	const char *config_file;     /* NULL: none */
	uint64_t metrics_groups_max; /* the most groups that metrics name */
	char degraded[8][160];	     /* what this agent can't do here, in words; "" ends */
	bool wants_damon;	     /* pageout.cold_age is set, and holds */
	enum damon_use damon_use;    /* DAMON_FREE: also ours, or not wanted */
	struct damon_state damon;
	struct cleaner_state cleaner;	  /* write-back */
	uint64_t hands_stuck, hands_lost; /* processes that make requests; as struct hands */
	uint64_t hands_stuck_ns;	  /* age of the first request that is stuck */
	size_t n_nodes;
	struct node_status *nodes;
};
