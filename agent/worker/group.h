/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A worker's view of one group: its limits, and, where the worker is its home, its open files, what
 * was learned about it and what was done to it.
 */
#pragma once

#include "agent/account/backoff.h"
#include "agent/account/effect.h"
#include "agent/account/growth.h"
#include "agent/policy/clean.h"
#include "agent/policy/harvest.h"
#include "agent/policy/headroom.h"
#include "agent/policy/holdout.h"
#include "agent/policy/thrash.h"
#include "agent/policy/trim.h"
#include "agent/policy/yield.h"
#include "agent/sense/group_marks.h"
#include "agent/sense/group_watch.h"
#include "agent/sense/limit_watch.h"
#include "agent/worker/shared.h"
#include "agent/worker/target.h"
#include "cgroup/tree.h"

/* Write-back of a group's files. */
struct group_clean {
	int slot;		 /* of the cleaner; -1: nothing is under way */
	bool dry;		 /* what is under way writes nothing */
	uint64_t for_node_bytes; /* asked for the node; 0: for its own limit */
	enum clean_reason reason;
	uint64_t reason_ns;
	uint64_t due_ns, wait_ns; /* it brought nothing: not before due_ns, then twice as long */
	uint64_t write_bytes_per_s;
	struct harvest harvest;
};

/* Of its memory, at the last reading of ages; pages. */
struct group_ages {
	uint64_t total_pages;
	uint64_t known_pages; /* of these, those on nodes whose ages could be told */
	uint64_t cold_pages, cold_file_pages;
};

/* Its cold memory, given back in steps. */
struct group_trim {
	struct target target;		      /* a step; its demand is not used */
	enum asker taker;		      /* of the step: the hand, or first the pager */
	uint64_t pager_wait_ns, pager_due_ns; /* it found nothing: not before, then twice as long */
	struct backoff backoff;
	struct trim_history history;
	struct group_ages ages;
	struct trim_sample sample; /* of the last look */
	struct trim_plan plan;
	uint64_t plan_ns;
	int trigger_fd; /* PSI trigger, while memory is taken from it; -1: none */
	/* Pages, at the last look. */
	uint64_t refaults_anon_seen, refaults_file_seen, steals_seen;
	bool known;	     /* they are of the last look */
	uint64_t away_pages; /* taken since the first look, and not read back */
};

/* Its lot, and what stood in its counters when the window began. */
struct held_window {
	struct holdout lot;
	bool wished; /* to act, at some time: others tell nothing */
	bool known;  /* before is of this window's beginning */
	uint64_t before[EFFECT_SIGNALS];
};

/* How long its tasks have stalled, as it was last read for somebody. */
struct group_stalls {
	bool known;
	uint64_t total_us;     /* PSI some */
	uint64_t all_total_us; /* of the whole tree, just before */
};

struct group {
	struct cgroup *cgroup; /* NULL: gone while a request was under way */
	struct shared_group *shared;
	size_t index; /* in the worker's array; stable between refreshes of the tree */

	struct memory_limits limits;
	bool has_limits;     /* it has a memory controller of its own */
	bool limits_unknown; /* they could not be read: nothing may be taken */
	bool limits_watched; /* limit_watches is set */
	struct limit_watches limit_watches;
	uint64_t limits_due_ns;
	uint64_t protected_bytes; /* effective protection, or what the groups below it claim */
	uint64_t claimed_bytes;	  /* by the groups below it */
	uint64_t claimed_effective_bytes; /* of this, what reaches farther up */
	struct group_settings settings;	  /* by its name */
	struct group_marks marks;
	bool excluded_itself; /* by the configuration or by its marks */
	bool excluded;	      /* or one above it is: nothing is taken from it */
	uint64_t weight;      /* its own, or that of the next above it */
	bool excluded_below;  /* or from one below it, which asking it would */
	struct yield yield;   /* of swapping from it, as far as this worker did */

	/* The rest only at its home. */
	struct target target;
	struct group_watch watch;
	bool watched; /* watch is open */
	struct backoff backoff;
	struct group_clean clean;
	struct group_trim trim;
	struct held_window held;
	struct growth growth;
	struct group_sample sample; /* the last full one */
	uint64_t named;		    /* in which file of the recording its name stands */
	struct past past;	    /* when it was first watched */
	struct group_stalls stalls;
	struct thrash anon_thrash, file_thrash;
	uint64_t anon_refaults_seen, file_refaults_seen; /* pages, workingset_refault_* */
	uint64_t swap_seen;				 /* bytes in swap alone */
	uint64_t files_seen;				 /* bytes of page cache */
	uint64_t files_gone_bytes; /* of page cache: taken, and not read back */
	uint64_t steals_seen;	   /* pages, memory_stat_freed() */
	uint64_t events_ns;	   /* when they were seen */
	bool events_known;
	int swappiness;	      /* of the plan that waits for the hand */
	uint64_t role_due_ns; /* when to try again to open its files */
	uint64_t home_due_ns; /* when to see whether another node should be home */

	/* On this node, for balance. */
	uint64_t node_bytes;	       /* it can be asked for here, of the last reading */
	bool left_behind;	       /* that is what no group below it has */
	uint64_t elsewhere_bytes;      /* evictable, on other nodes */
	uint64_t elsewhere_file_bytes; /* of these, clean file memory */
	uint64_t node_file_bytes;      /* clean, of files; with what is below it */
	uint64_t below_file_bytes;     /* of that, its children's */
	bool spared_below;	       /* one of them must not be asked along with it */
	uint64_t node_dirty_bytes;     /* of its files here */
	int64_t deficit_bytes;	       /* deficit round-robin */
	struct backoff node_backoff;
	struct backoff evict_backoff; /* of lru_gen: memory.reclaim is asked instead */
};

struct group *group_new(struct cgroup *cgroup, struct shared_group *shared,
			const struct config *config);
struct group *group_free(struct group *group);

/* The limit headroom looks after: the lower of memory.high and memory.max; UINT64_MAX: none. */
uint64_t group_limit_bytes(const struct group *group);

/* Whether it is that group or one below it. */
bool group_is_within(const struct group *group, const struct group *above);

/* Memory is charged to it: groups whose children have the controller too leave theirs to these. */
bool group_holds_memory(const struct group *group);
/* Whom its memory is charged to: itself, or one above when it has no controller; NULL: nobody. */
struct group *group_payer(struct group *group);

/* Opens or closes the files as the worker's role wants it. -errno of what is missing. */
int group_set_watched(struct group *group, bool watched);

struct record_lane;

struct group_context {
	const struct config *config;
	const struct swap_sample *swap;
	struct record_lane *record; /* NULL: nothing is recorded */
	bool anon_can_be_spared;
	bool harmful; /* looking after groups was found to do harm */
	uint64_t now_ns;
};

/*
 * Looks at a group: memory.current alone while there is plenty of room, everything and a decision
 * when the limit is near. Sets the verdict, when to look again, and whether it wants the hand.
 * -ENODEV: gone; -EBADMSG: *ret_bad names the field.
 */
int group_look(struct group *group, const struct group_context *context, const char **ret_bad);

/* Reads all of the sample but taken_bytes and refaulted_bytes, with the eyes of the node: swap is
 * futile where it gains the node too little. Errors as of group_look. */
int group_read(struct group *group, const struct group_context *context, const char **ret_bad);

/*
 * What a request for bytes brought, from the group's own counters before (sample) and now: what
 * memory.stat says was taken by proactive reclaim (6.18+; it can be 2 s old on machines with many
 * CPUs), or the fall of memory.current, which others cause too and which therefore counts up to
 * twice the request. What was demoted is apart: the group still has it.
 */
int group_measure_taken(const struct group *group, uint64_t page_size, uint64_t bytes,
			uint64_t *ret_bytes, uint64_t *ret_demoted_bytes);
