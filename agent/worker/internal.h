/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a worker share. Everything here belongs to the worker's own thread. */
#pragma once

#include "agent/account/budget.h"
#include "agent/policy/swappiness.h"
#include "agent/record/recorder.h"
#include "agent/ring.h"
#include "agent/sense/limit_watch.h"
#include "agent/sense/machine.h"
#include "agent/sense/node_watch.h"
#include "agent/worker.h"
#include "agent/worker/compact.h"
#include "agent/worker/flight.h"
#include "agent/worker/group.h"
#include "agent/worker/growth.h"
#include "agent/worker/holdout.h"
#include "agent/worker/node.h"
#include "agent/worker/pageout.h"
#include "agent/worker/trim.h"
#include "cgroup/protection.h"

#include <pthread.h>

/* Tokens of the ring. Groups use their id + TOKEN_GROUPS. */
enum {
	TOKEN_MAIN = 1,
	TOKEN_HAND,
	TOKEN_TREE,
	TOKEN_LIMITS,
	TOKEN_PRESSURE,
	TOKEN_COMPACT,
	TOKEN_GROUPS = 16,
};
/* With this bit it is the group's PSI trigger, without it its memory.events.local. */
#define TOKEN_STALLED (UINT64_C(1) << 63)

/* What is gone or unreadable is looked at again then, unless its removal is told first. */
#define WORKER_RETRY_NS (5 * NSEC_PER_SEC)

enum status_state { STATUS_IDLE, STATUS_ASKED, STATUS_ANSWERED };

struct worker {
	const struct worker_world *world;
	const struct numa_node *node;
	size_t index;
	uint64_t page_size;
	const struct config *config; /* of this tick */
	const struct act_ops *act;   /* what its mode allows, and main */

	/* The mailbox: what main may touch. */
	pthread_t thread;
	int main_fd, answer_fd; /* eventfds: main -> worker, worker -> main */
	_Atomic bool stop;
	_Atomic bool paused;
	_Atomic(const struct config *) next_config, config_in_use;
	_Atomic uint64_t ordered_bytes;
	_Atomic uint64_t wanted_order_bytes; /* goes with the next, which is set after it */
	_Atomic unsigned int wanted_order;   /* 0: none */
	_Atomic uint64_t turned_ns;
	_Atomic int status_state;
	struct node_status status; /* the worker's while ASKED, main's while ANSWERED */
	size_t status_capacity;
	int start_error;

	struct record_lane *record; /* NULL: nothing is recorded */
	struct ring *ring;
	struct hand *hand;
	struct flight flight;
	struct pageout_round pageout;
	struct node_watch *node_watch;
	struct machine_watch machine_watch;
	struct swap_sample swap;
	struct swap_store store; /* as of swap */
	uint64_t swap_ns;
	bool swap_on_disk; /* some of it */
	struct read_prices read_prices;
	int pressure_fd;

	struct cgroup_tree *tree;
	int tree_pressure_fd; /* memory.pressure of the topmost group; -1: not there */
	struct limit_watch *limit_watch;
	struct group **groups; /* all groups, parents before children after sort_groups */
	/* [0] stands for what is above the tree; the group with index i is [i + 1]. */
	struct protection_group *protections;
	size_t n_groups, groups_capacity;
	bool groups_sorted;
	bool any_protection;
	uint64_t protections_ns;
	uint64_t limits_told_ns; /* when what limit_watch tells of is read, or last was */
	uint64_t tree_due_ns;	 /* when an incomplete tree is listed again */
	bool look_at_growing;	 /* an event said so */

	struct worker_trim trim;
	struct worker_growth growth;
	struct worker_compaction compaction;
	struct worker_holdout holdout, node_holdout;
	struct node_state here;
	struct ledger gone; /* of groups that are no more */
	uint64_t wakeups;
	uint64_t hand_cpu_ns, hand_ns; /* of finished requests; and how long they lasted */
	uint64_t taken_bytes;	       /* by them */
	struct budget budget;
	/* What was ordered is told apart: requests of the worker's own accord must not crowd it
	 * out. */
	struct journal_rate journal_rate, journal_rate_of_orders;
	uint64_t complained_ns; /* last warning about unreadable text: at most one in 10 s */
};

/* worker.c */
/* A PSI trigger on path, with the shortest window allowed here: a descriptor, or -errno. */
int worker_open_trigger(int dir_fd, const char *path, uint64_t stall_us);
