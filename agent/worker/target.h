/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker keeps of anything it can take memory from: a group, or its node. */
#pragma once

#include "agent/account/ledger.h"
#include "agent/account/pace.h"
#include "agent/account/wish.h"
#include "agent/act/backend.h"
#include "agent/policy/demand.h"
#include "agent/policy/verdict.h"

#include <stdbool.h>

struct target {
	struct demand demand;
	struct pace pace;
	struct ledger ledger;
	struct wish wish;
	struct verdict verdict; /* the last one */
	struct verdict action;	/* the last one that acted */
	uint64_t verdict_ns, action_ns;
	uint64_t due_ns;		/* when it is looked at next */
	uint64_t unlearned_taken_bytes; /* taken since demand took in a sample */
	uint64_t cold_most_bytes;	/* found at one time in processes cold beyond doubt */
	bool wants;			/* verdict acts and waits for the hand */
};

/* What it took is known only afterwards. */
struct taken {
	uint64_t applied_bytes, net_freed_bytes;
	uint64_t swapped_bytes, swap_kept_bytes;
	/* Moved to slower nodes: gone from a node, part of the applied; a group still has it. */
	uint64_t demoted_bytes;
	uint64_t moved_bytes; /* what the kernel had work with: the applied, or the demoted too */
	/* Of the applied, from other nodes: no gain while these have room. */
	uint64_t collateral_bytes;
	uint64_t not_gone_bytes; /* of the applied: what the target, a node, has not got rid of */
};

void target_judge(struct target *target, const struct verdict *verdict, uint64_t now_ns);

/* Nanoseconds until its tasks would have to reclaim for themselves: who comes first. */
uint64_t target_urgency_ns(const struct target *target);

/*
 * Of what was taken for a node, what was on other nodes, by how much the one that was asked has
 * here and there. What was seen to be freed here was here.
 */
uint64_t target_collateral(const struct taken *taken, uint64_t here_bytes,
			   uint64_t elsewhere_bytes);

/*
 * Of what was taken for a node, what it has all the same: the collateral, and what swap keeps in
 * memory. What was seen to be freed is gone.
 */
uint64_t target_not_gone(const struct taken *taken);

/* What a request brought of what was wanted, for its price. */
uint64_t target_gained(const struct taken *taken, bool here_alone);

/* Takes in a finished request. */
void target_account(struct target *target, const struct request *request, int error,
		    uint64_t wall_ns, uint64_t cpu_ns, const struct taken *taken);
