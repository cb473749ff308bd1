/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy saw and what it decided, as it is written to a recording: one record a decision,
 * which holds all that the policy's function was given, so that it can be called again. The parts
 * are the policies' own structs. Pure.
 */
#pragma once

#include "agent/policy/balance.h"
#include "agent/policy/clean.h"
#include "agent/policy/evict.h"
#include "agent/policy/headroom.h"
#include "agent/policy/order.h"
#include "agent/policy/pageout.h"
#include "agent/policy/slab.h"
#include "agent/policy/trim.h"
#include "agent/record/shape.h"
#include "numa/buddy.h"

enum record_kind {
	RECORD_SETTINGS, /* that the worker goes by from here on: the numbers among them */
	RECORD_NAME,
	RECORD_LOST, /* records of this worker before this one that had no place */
	RECORD_HEADROOM,
	RECORD_BALANCE,
	RECORD_TRIM,
	RECORD_CLEAN,
	RECORD_ORDER,
	RECORD_PAGEOUT,
	RECORD_EVICT,
	RECORD_SLAB,
	RECORD_OUTCOME, /* no decision: those are the ones between RECORD_LOST and it */
	RECORD_KINDS,
};

/* headroom_decide(). */
struct headroom_record {
	uint64_t group; /* id */
	struct demand demand;
	struct group_sample sample;
	struct swap_sample swap;
	struct group_plan plan;
};

/* balance_decide(); the groups to take from are chosen afterwards. */
struct balance_record {
	uint64_t node;
	struct demand demand;
	struct balance_history history;
	struct node_sample sample;
	struct node_plan plan;
};

/* trim_learn() and trim_decide(). */
struct trim_record {
	uint64_t group;
	struct trim_history history; /* before it has learned from the samples */
	struct group_sample sample;
	struct trim_sample trim;
	struct swap_sample swap;
	struct trim_plan plan;
};

/* clean_decide(); which files it is for the cleaner finds out, and is not recorded. */
struct clean_record {
	uint64_t target; /* a group, or a node */
	bool of_node;
	uint64_t now_ns;
	struct clean_sample sample;
	struct clean_need need;
};

/* order_decide(). */
struct order_record {
	uint64_t node;
	bool once; /* wanted by uswapctl wake, not by the settings */
	struct order_want want;
	struct order_history history;
	struct order_sample sample;
	uint64_t fitting_bytes[BUDDY_ORDERS_MAX]; /* for a replay with another order */
	struct order_plan plan;
};

/*
 * pageout_decide(), on a process. What DAMON says of one that is to be cold is asked afterwards;
 * which of its mappings are taken is no matter of numbers, and not recorded either.
 */
struct pageout_record {
	uint64_t group;
	struct pageout_decision decision;
};

/* evict_decide(), of groups that stand in lru_gen. */
struct evict_record {
	uint64_t group;
	uint64_t now_ns;
	struct evict_sample sample;
	struct evict_plan plan;
};

/* slab_decide(), where balance.drop_slab is set: else nobody looks at who is to be spared. */
struct slab_record {
	uint64_t node;
	uint64_t now_ns;
	struct slab_sample sample;
	bool drops;
};

/*
 * What came of a request: of every one that a decision led to, but for what it only told others to
 * do. Bytes.
 */
struct outcome_record {
	uint64_t target; /* a group, or a node: who wanted it; of clean, pageout and evict, who was
			    asked */
	bool of_node;
	enum record_kind decision; /* by which it was made: RECORD_HEADROOM, ... */
	bool dry;		   /* it was only wished for: asked_bytes alone is known */
	int error;		   /* 0 or -errno: -EAGAIN, it came short */
	uint64_t now_ns;	   /* its end */
	uint64_t asked_bytes;
	uint64_t applied_bytes; /* what it brought */
	uint64_t net_bytes;	/* by which the node's free memory rose */
	uint64_t swapped_bytes;
	uint64_t wall_ns, cpu_ns;
};

#define RECORD_NAME_MAX 128
/* What a group is called; longer paths are cut at their front. */
struct name_record {
	uint64_t group;
	char name[RECORD_NAME_MAX];
};

struct record {
	enum record_kind kind;
	uint64_t worker; /* whose it is: its settings hold; after the last one, the pager's */
	union {
		struct config settings; /* what is not recorded is as by default */
		struct name_record name;
		uint64_t lost;
		struct headroom_record headroom;
		struct balance_record balance;
		struct trim_record trim;
		struct clean_record clean;
		struct order_record order;
		struct pageout_record pageout;
		struct evict_record evict;
		struct slab_record slab;
		struct outcome_record outcome;
	};
};

/* The longest record. */
#define RECORD_MAX 2048

/* object: of the kind's type (struct config, uint64_t, ...). Bytes, at most RECORD_MAX. */
size_t record_encode(enum record_kind kind, uint64_t worker, const void *object,
		     uint8_t to[RECORD_MAX]);

/* -EBADMSG: not a record, or a value that can't be. */
int record_decode(const uint8_t *from, size_t n, struct record *ret);

/* Of the plans of two records of one kind (of pageout the decisions, of slab the records): the
 * first field in which they differ; NULL: none. */
const char *record_plans_differ(enum record_kind kind, const void *a, const void *b);

/* Of the form of all records: a recording can be read by a program with the same one. */
uint64_t record_fingerprint(void);

/* For tests: what a record of the kind is made of. NULL: it has no table. */
const struct shape *record_shape(enum record_kind kind);
