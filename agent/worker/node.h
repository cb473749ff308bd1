/* SPDX-License-Identifier: Apache-2.0 */
/* A worker's own node: what it sees there, and how it would take memory from it. */
#pragma once

#include "agent/account/backoff.h"
#include "agent/account/binding.h"
#include "agent/act/backend.h"
#include "agent/policy/balance.h"
#include "agent/policy/yield.h"
#include "agent/sense/machine.h"
#include "agent/sense/node_watch.h"
#include "agent/sense/percpu.h"
#include "agent/worker/group.h"

struct group;
struct worker;

/* The node as a target. */
struct node_state {
	struct target target;
	struct balance_history history;
	struct node_view view;	/* as last decided on */
	struct node_view fresh; /* as last read, at fresh_ns */
	uint64_t fresh_ns;
	bool came_back_short;  /* the last request to it */
	uint64_t clean_due_ns; /* no group had dirty files here: not before that */
	struct machine_counters machine;
	int kswapd_fd; /* its schedstat; -1: /proc/vmstat must do */
	uint64_t kswapd_run_ns;
	int reclaim_fd;		/* nodeN/reclaim; -1: none */
	struct backoff backoff; /* of that: groups are asked instead */
	enum backend backend;
	struct node_plan plan;
	struct yield yield;   /* of swapping from the node as a whole */
	struct group *victim; /* chosen for the plan when the backend is a group's */
	struct binding binding;
	struct percpu percpu;
	uint64_t bound_until_ns; /* demand that stays here was seen */
	uint64_t refaults_seen;	 /* pages */
	uint64_t shares_ns;	 /* when the groups' memory here was last read */
	uint64_t left_bytes;	 /* what only requests to groups above others reach; the same */
	uint64_t evictions, evicted_bytes; /* through lru_gen */
	uint64_t evict_due_ns;		   /* to read which takes long: not before that */
	struct backoff slab_backoff;
	uint64_t slab_drops, slab_dropped_bytes;
	struct held_window held;
	bool protected_here;
	bool seen; /* view is filled in */
	bool gone; /* without memory, or not there: its files are closed */
};

int worker_open_node(struct worker *worker);
void worker_close_node(struct worker *worker);
void worker_look_at_node(struct worker *worker, uint64_t now_ns);
/*
 * The node as it is in this turn: read once, whoever asks. Turns are told apart by now_ns. -ENODEV,
 * -ENOENT: it has gone.
 */
int worker_view_node(struct worker *worker, uint64_t now_ns, const char **ret_bad);
