/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of a worker share. Everything here belongs to the worker's own thread. */
#pragma once

#include "agent/account/binding.h"
#include "agent/account/budget.h"
#include "agent/policy/balance.h"
#include "agent/policy/order.h"
#include "agent/policy/swappiness.h"
#include "agent/policy/yield.h"
#include "agent/record/recorder.h"
#include "agent/ring.h"
#include "agent/sense/kswapd.h"
#include "agent/sense/limit_watch.h"
#include "agent/sense/machine.h"
#include "agent/sense/node_watch.h"
#include "agent/sense/percpu.h"
#include "agent/worker.h"
#include "agent/worker/group.h"
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

/* What the machine had written to swap on disks (machine_read_swap_writes). */
struct swap_mark {
	bool known; /* and it is to be counted */
	int64_t bytes;
};

/* A request under way, and what is needed to tell what it brought. */
struct flight {
	bool active;
	struct request request;
	const struct act_ops *act;
	struct target *target;
	struct group *group;	/* NULL: of the node */
	struct group *victim;	/* the group asked for the node; NULL: the node itself, or gone */
	uint64_t victim_bytes;	/* its memory.current before */
	uint64_t victim_steals; /* pages reclaimed of it since it was made, before */
	uint64_t left_bytes;	/* of a victim above others, before: what it is asked for */
	uint64_t begun_ns, interrupt_ns;
	uint64_t node_free_bytes;
	uint64_t slab_bytes; /* of the node, before: what is dropped */
	bool counted;	     /* machine was read before it: the last one came back short */
	struct machine_counters machine;
	bool may_swap; /* swapped_bytes (of the group that is asked) and store were read before it
			*/
	uint64_t swapped_bytes;
	struct swap_store store;
	struct swap_mark swap_mark; /* before it */
};

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
};

/* Trimming of all its groups. */
struct worker_trim {
	uint64_t due_ns; /* the next round */
	struct machine_counters machine;
	size_t n_triggers; /* PSI triggers that are open */
	int ages_fd;	   /* -1: ages are not to be had */
	uint64_t ages_due_ns;
};

/* Free memory in larger pieces. */
struct worker_compaction {
	struct order_want once; /* of uswapctl wake; order 0: nothing */
	uint64_t once_until_ns;
	bool once_reclaimed; /* what was missing for it */
	struct order_history history;
	enum order_reason reason; /* of the last look */
	uint64_t fitting_bytes;	  /* the same */
	uint64_t due_ns;
	int buddy_fd, compact_fd; /* -1: not there */
	struct hands hands;	  /* of its own: one that is stuck says nothing of swap */
	struct hand *hand;
	bool under_way;
	uint64_t end_ns; /* then it is ended */
	struct order_want begun_for;
	uint64_t before_bytes;
	uint64_t compactions, wall_ns, cpu_ns;
};

/* How they grow: a round is for all of them, a few a turn. */
struct worker_growth {
	uint64_t due_ns, next_ns; /* the next turn's, and the next round */
	size_t at;		  /* index of the next group in this one */
};

/* What looking after groups does for them, or after the node. */
struct worker_holdout {
	uint64_t seed;
	struct effect_log log;
	struct effect effects[EFFECT_SIGNALS];
	size_t stale;		 /* so many of the effects are not of the log as it is */
	enum effect_signal next; /* the oldest of them */
	bool searching;		 /* for that one */
	struct effect_search search;
	bool harmful;		 /* headroom and trim have stopped, or balance */
	enum effect_signal harm; /* the signal that showed it */
};

/* What is gone or unreadable is looked at again then, unless its removal is told first. */
#define WORKER_RETRY_NS (5 * NSEC_PER_SEC)

/* Paging out: one group asked at a time, round after round while memory is wanted. */
struct pageout_round {
	int slot;			      /* of the pager; -1: nothing is under way */
	struct group *asked;		      /* NULL: gone */
	struct group *group;		      /* that wants the memory; NULL: the node */
	size_t at;			      /* index of the next group to ask */
	uint64_t applied_bytes, chosen_bytes; /* of this round */
	bool store_known;
	struct swap_store store; /* before it was asked */
	struct swap_mark swap_mark;
	uint64_t wait_ns, due_ns;
};

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
	_Atomic bool ended;
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
	uint64_t hand_cpu_ns; /* of finished requests */
	uint64_t taken_bytes; /* by them */
	struct budget budget;
	struct journal_rate journal_rate;
	uint64_t complained_ns; /* last warning about unreadable text: at most one in 10 s */
};

/* groups.c */
int worker_open_tree(struct worker *worker);
void worker_close_tree(struct worker *worker);
void worker_refresh_tree(struct worker *worker);
void worker_look_at_groups(struct worker *worker, uint64_t now_ns);
void worker_let_go(struct worker *worker, struct group *group);
void worker_unwatch(struct worker *worker, struct group *group);
struct group *worker_find_group(struct worker *worker, uint64_t id);
struct group_context worker_group_context(const struct worker *worker, uint64_t now_ns);
/* Lets the worker that has most of the group's memory on its node look after it. */
void worker_consider_home(struct worker *worker, struct group *group, uint64_t now_ns);

/* protection.c */
void worker_take_limit_changes(struct worker *worker, uint64_t now_ns);
void worker_refresh_limits(struct worker *worker, uint64_t now_ns);
void worker_update_protections(struct worker *worker, uint64_t now_ns, uint64_t max_age_ns);
/* Whether reclaim of the whole node has to spare some of it, now or when its usage changes. */
bool worker_may_be_protected(const struct worker *worker, const struct group *group);
/* Whether a request to a group above has to. */
bool group_claims_protection(const struct group *group);
bool worker_refresh_protection(struct worker *worker, struct group *group, uint64_t now_ns);

/* node.c */
int worker_open_node(struct worker *worker);
void worker_close_node(struct worker *worker);
void worker_look_at_node(struct worker *worker, uint64_t now_ns);
/* The node as it is in this turn: read once, whoever asks. Turns are told apart by now_ns. */
int worker_view_node(struct worker *worker, uint64_t now_ns, const char **ret_bad);

/* shares.c */
/* Each group's memory here, read at most once a second. */
void worker_read_shares(struct worker *worker, uint64_t now_ns);
/* Whether a protected or excluded group has memory on the node, by looking now. */
bool worker_node_is_spared(struct worker *worker);
/* Whether there is such a group, or a weighted one, wherever its memory is. */
bool worker_anyone_is_spared(const struct worker *worker);
/* A group's memory here, by looking now. -errno. */
int worker_read_share(const struct worker *worker, const struct group *group,
		      struct memory_node_share *ret_here);
/* File memory here that is charged to the group or to removed ones below it, by looking now. */
uint64_t worker_left_behind(const struct worker *worker, const struct group *group);

/* evict.c */
/* Says so where lru_gen is wanted and can't be written. */
void worker_try_eviction(const struct worker *worker);
/*
 * Turns a request to a group for the node into one through lru_gen, with a descriptor of its own,
 * where that spares the group's memory on other nodes and can be done. False: it is as it was.
 */
bool worker_evict_instead(struct worker *worker, struct group *victim, struct request *request,
			  uint64_t now_ns);
/* Pages reclaimed of it since it was made; 0: they can't be read. */
uint64_t worker_steals_of(const struct group *group);
/* Takes in what an eviction brought. True: the next request goes another way. */
bool worker_evict_learn(struct worker *worker, const struct flight *flight, int error,
			uint64_t applied_bytes, uint64_t now_ns);

/* slab.c */
/* Reclaimable slab of the node, as last read. */
uint64_t worker_slab_bytes(const struct worker *worker);
/* Turns the node's plan to it where nothing else gives what was wished for. */
void worker_consider_slab(struct worker *worker, const struct verdict *wish, uint64_t now_ns);
/* A request for it, with a descriptor of its own. -EAGAIN: not now; -errno: it can't be written. */
int worker_aim_at_slab(struct worker *worker, struct request *request, uint64_t now_ns);
/* Takes in what a drop brought this node. */
void worker_slab_learn(struct worker *worker, uint64_t tried_bytes, uint64_t applied_bytes,
		       uint64_t now_ns);

/* rungs.c */
/* The group to be asked for the node's plan; NULL: none has memory there that it would give. */
struct group *worker_choose_victim(struct worker *worker, uint64_t now_ns);
/* How to get what the node's plan wants; where there is no way, why, in the plan. */
void worker_choose_rung(struct worker *worker, uint64_t now_ns);
/* The victim can't be asked for these bytes: it is left alone for a while. */
void worker_rung_refused(struct worker *worker, uint64_t bytes, uint64_t now_ns);
/* Takes in what a request for the node brought. True: it failed, and another way is left. */
bool worker_rung_learn(struct worker *worker, const struct flight *flight, int error,
		       uint64_t applied_bytes, uint64_t now_ns);

/* act.c */
struct spending worker_spending(const struct worker *worker);
/* Of this window's budget, a new one where the last is over. */
enum verdict_reason worker_budget_used_up(struct worker *worker, uint64_t now_ns);
uint64_t worker_bytes_left(struct worker *worker, uint64_t now_ns);
void worker_act(struct worker *worker, uint64_t now_ns);
void worker_hurry(struct worker *worker, uint64_t now_ns);
/* Its request is under way: what it was before must stand until that is accounted for. */
bool worker_is_busy_with(const struct worker *worker, const struct group *group);
/* Whether the target is the group's cold memory. */
bool worker_is_trim(const struct target *target, const struct group *group);
/* The group a request is sent to; 0: the node itself. */
uint64_t worker_asked_id(const struct flight *flight);

/* asking.c */
/* How many of the bytes may be asked of the group now; others know of it until that is done. */
uint64_t worker_announce(struct worker *worker, const struct group *group, enum asker asker,
			 uint64_t bytes);
void worker_is_done_asking(struct worker *worker, enum asker asker);

/* finish.c */
/* Whether its descriptor was opened for the one request. */
bool worker_owns_descriptor(const struct flight *flight);
void worker_take_off_order(struct worker *worker, uint64_t bytes);
/* The node has no more to give, or may not be asked, but for what is being written back for it: the
 * order waits for so much. */
void worker_end_order(struct worker *worker);
/* Takes the result of a request that is done. */
void worker_finish(struct worker *worker, uint64_t now_ns);

/* swap.c */
/* The machine's swap, read at most once a second. */
void worker_read_swap(struct worker *worker, uint64_t now_ns);
/*
 * By the prices of reading back: of a group, or of the node as a whole (NULL).
 * GROUP_RECLAIM_DEFAULT: they are not known, or not wanted.
 */
int worker_swappiness(const struct worker *worker, const struct group *asked);
/* That of a request which may take both kinds of memory; where anonymous memory is forbidden it
 * stays so. */
void worker_weigh(const struct worker *worker, const struct group *asked, struct request *request);
/* What zram and zswap hold now. False: there is no swap, or it can't be read. */
bool worker_read_store(struct worker *worker, struct swap_store *ret);
/* What went to swap in a request, and what of it stays in memory: before it, and afterwards. */
void worker_swap_before(struct worker *worker, struct flight *flight);
void worker_swap_after(struct worker *worker, const struct flight *flight, struct taken *taken,
		       uint64_t now_ns);
/* Before a request that may swap: known where there is a budget of writes to disks. */
void worker_mark_swap_writes(const struct worker *worker, struct swap_mark *ret);
/* After it: counts what was written since the mark, at most most_bytes. */
void worker_count_swap_writes(const struct worker *worker, const struct swap_mark *mark,
			      uint64_t most_bytes);

/* worker.c */
/* A PSI trigger on path, with the shortest window allowed here: a descriptor, or -errno. */
int worker_open_trigger(int dir_fd, const char *path, uint64_t stall_us);

/* report.c */
void worker_answer_status(struct worker *worker, uint64_t now_ns);
/* One warning in 10 s about what could not be read; -ENODEV is normal and not warned about. */
void worker_complain(struct worker *worker, uint64_t now_ns, const char *object, int error,
		     const char *what);
