/* SPDX-License-Identifier: Apache-2.0 */
/* What a replay keeps, and adds up, between reading and printing. */
#pragma once

#include "agent/record/record.h"
#include "agent/replay/laws.h"
#include "agent/replay/score.h"
#include "numa/topology.h"

#define PLAY_LANES (NUMA_NODES_MAX + 1) /* of workers, and the pager's */

enum play_law { LAW_OURS, LAW_TMO, LAW_SENPAI, PLAY_LAWS };

/* What a law asked for, of all groups. */
struct law_sum {
	uint64_t steps, bytes, most_bytes;
	uint64_t returning_bytes; /* while more was read back than our law allows */
	uint64_t beyond_bytes;	  /* more than was cold at the time, where that is known */
};

/* Decisions of a policy, of all its targets. */
struct policy_sum {
	uint64_t decisions, differences;
	uint64_t recorded_bytes, replayed_bytes; /* wanted, added up over decisions */
};

/* What came of a policy's requests, as it was recorded. */
struct outcome_sum {
	uint64_t requests, failed;
	uint64_t asked_bytes, applied_bytes, net_bytes, swapped_bytes;
	uint64_t cpu_ns;
	uint64_t wished, wished_bytes; /* by an agent that only observes; apart from the requests */
};

/* A group or a node. */
struct play_target {
	enum record_kind kind; /* whose decisions: RECORD_HEADROOM, ... */
	uint64_t id;
	bool is_node;
	char name[RECORD_NAME_MAX];
	struct alarm_score alarm;
	struct cold_score cold;
	struct need_score pieces;
	struct trim_history history; /* as the replayed settings make it */
	struct law_history laws[PLAY_LAWS];
	uint64_t kswapd_runs;
	bool is_short;	      /* dirty files were in the way when it was last seen */
	uint64_t short_times; /* that this began */
	struct play_target *next;
};

struct play {
	/* By lane: as recorded, and with the overrides. */
	struct config *recorded, *replayed;
	bool has_settings[PLAY_LANES];
	const char *const *overrides;
	size_t n_overrides;

	void *index;		     /* tsearch(3), of targets */
	struct play_target *targets; /* all of them, the last found first */
	size_t n_targets;

	struct policy_sum policies[RECORD_KINDS];
	struct outcome_sum outcomes[RECORD_KINDS]; /* by whose decision it was */
	struct law_sum laws[PLAY_LAWS];
	struct alarm_score groups, nodes, dirty; /* sums */
	struct cold_score cold;
	struct need_score pieces;
	uint64_t taken_bytes, refaulted_bytes; /* by anybody; of trimmed groups */
	uint64_t begun_ns, ended_ns;
	uint64_t lost, unplayed; /* no settings before them in this file */
};

/* What one record shows that the other settings would have changed. */
struct play_difference {
	const char *field; /* NULL: nothing */
	const struct play_target *target;
	uint64_t now_ns;
	const char *recorded_reason, *replayed_reason;
	uint64_t recorded_bytes, replayed_bytes;
};

/* -ENOMEM. play_end in any case. */
int play_begin(struct play *play, const char *const *overrides, size_t n_overrides);
void play_end(struct play *play);

/* -EINVAL: the overrides, with ret_error; -ENOMEM. */
int play_record(struct play *play, const struct record *record,
		struct play_difference *ret_difference, struct config_error *ret_error);

/* A group's name; NULL: it is not known, or target is a node. */
const char *play_name(const struct play *play, const struct play_target *target);

/* Adds up what targets kept. */
void play_sum(struct play *play);
