/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the agent share: agent.c, and world.c, which finds out what it works with. */
#pragma once

#include "agent/account/wear.h"
#include "agent/act/tuning.h"
#include "agent/agent.h"
#include "agent/policy/watermarks.h"
#include "agent/report/journal.h"
#include "numa/tiers.h"

#define NODES_TEXT_BYTES 256

/* The file in which wear is kept; path, text and result are its errand's while it is busy. */
struct wear_file {
	struct errand *errand; /* NULL: there was nothing to write */
	bool is_sent;	       /* and it is not known what came of it */
	uint64_t sent_ns;
	char path[CONFIG_PATH_MAX];
	char text[WEAR_TEXT_BYTES];
	int result;
};

struct agent {
	struct agent_options options;
	struct worker_world world;
	struct hands hands;
	struct journal journal;
	const struct config *config;
	uint64_t start_ns;
	uint64_t paused_until_ns; /* boottime; 0: it is not paused; UINT64_MAX: until resumed */
	struct topology *topology;
	/* Those with memory as the kernel lists them: at the start, and at the last look. */
	char nodes_at_start[NODES_TEXT_BYTES], nodes_seen[NODES_TEXT_BYTES];
	uint64_t nodes_due_ns;
	bool nodes_have_come; /* since the start, and no more of late */
	struct memory_tiers tiers;
	size_t n_workers;
	struct worker *workers[NUMA_NODES_MAX];
	struct node_status nodes[NUMA_NODES_MAX];
	struct tuning tuning;
	bool tuning_known; /* what an agent before has left was read */
	struct watermarks_history watermarks;
	uint64_t watermarks_due_ns; /* UINT64_MAX: they can't be steered */
	struct wear wear;	    /* as it is kept */
	struct wear_file wear_file;
	uint64_t wear_ns; /* when it was last looked at (boottime); 0: it is not known yet */
	uint64_t wear_budget_bytes; /* as last looked at */
	uint64_t wear_due_ns;
	char degraded[ARRAY_SIZE(((struct agent_status *)0)->degraded)][160];
	size_t n_degraded;
};

/* Says once, clearly, what can't be done here, and remembers it for uswapctl status. */
__attribute__((format(printf, 2, 3))) void agent_degrade(struct agent *agent, const char *format,
							 ...);

/*
 * Opens the roots, reads the topology and probes what the kernel offers. On error it has logged
 * what failed; -EOPNOTSUPP: nothing here could ever be reclaimed.
 */
int agent_open_world(struct agent *agent);
void agent_close_world(struct agent *agent);

/* wear.c: of the day's budget; UINT64_MAX: there is none. */
uint64_t agent_swap_writes_left(const struct agent *agent);
/*
 * Keeps what was written last; of an agent whose start failed before it knew of any, nothing.
 * -ETIMEDOUT: its file system hangs, and the agent must not be freed.
 */
int agent_end_wear(struct agent *agent);

/*
 * tune.c: sets what the configuration wants and is not set, and at first gives back what an agent
 * that was killed has left; and gives all of it back. Says so where slab can't be dropped, though
 * it may be.
 */
void agent_tune(struct agent *agent);
void agent_restore_tuning(struct agent *agent);
