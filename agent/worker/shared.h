/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The little that workers share: who is home to a group, and how much room nodes have. Atomics;
 * the lock is taken only when groups come and go.
 */
#pragma once

#include "agent/account/pace.h"
#include "agent/policy/demand.h"
#include "base/cleanup.h"
#include "numa/topology.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct shared_group {
	uint64_t id;
	unsigned int references; /* under the lock: workers that know the group */
	_Atomic int home; /* index of the worker that decides for it; only that one hands it on */
	_Atomic uint64_t home_seen_ns; /* when the home last looked after it */
	/* What the last home had learned; written before it hands the group on, read after. */
	struct demand demand;
	struct pace pace;
	struct shared_group *next;
};

struct shared;

int shared_new(size_t n_workers, struct shared **ret_shared);
struct shared *shared_free(struct shared *shared);
DEFINE_CLEANUP(struct shared *, shared_free)

/* The entry of the group; its first user becomes its home. NULL: out of memory. */
struct shared_group *shared_group_get(struct shared *shared, uint64_t id, int worker);
void shared_group_put(struct shared *shared, struct shared_group *group);

/*
 * Makes worker the home, with what the one before has learned, and wakes it: a group that grows
 * into its limit can't wait for the next tick.
 */
void shared_group_hand_on(struct shared *shared, struct shared_group *group, int worker,
			  const struct demand *demand, const struct pace *pace);

/* The eventfd that wakes a worker; -1 before it ends. */
void shared_set_waker(struct shared *shared, size_t worker, int event_fd);

/* All but this one look at their nodes at once. */
void shared_wake_others(struct shared *shared, size_t worker);

/* What was written to swap on disks and is not forgotten yet; see account/wear.h. */
uint64_t shared_swap_writes(const struct shared *shared);
void shared_add_swap_writes(struct shared *shared, uint64_t bytes);
/*
 * Adds by how much machine_read_swap_writes has grown in a request, at most most_bytes: without
 * what was counted already, of requests that were made at the same time.
 */
void shared_count_swap_writes(struct shared *shared, int64_t before_bytes, int64_t after_bytes,
			      uint64_t most_bytes);
/* Forgets what is beyond most_bytes, and so much of the rest. */
void shared_forget_swap_writes(struct shared *shared, uint64_t bytes, uint64_t most_bytes);

/* Whether reclaim moves pages to slower nodes before it frees any: main looks now and then. */
void shared_set_demotes(struct shared *shared, bool demotes);
bool shared_demotes(const struct shared *shared);

/* When a worker last dropped the machine's slab; 0: none has. */
uint64_t shared_slab_dropped(const struct shared *shared);
/* That one does now. False: pause_ns have not passed since another one did. */
bool shared_begin_slab_drop(struct shared *shared, uint64_t now_ns, uint64_t pause_ns);

/* The vm.watermark_scale_factor that a worker's node wants; and the most that any does. */
void shared_set_watermark_factor(struct shared *shared, size_t worker, uint64_t factor);
uint64_t shared_watermark_factor(const struct shared *shared);

/*
 * What a worker asks of a group just now, through its hand and through the pager; bytes 0: nothing.
 */
enum asker { ASKER_HAND, ASKER_PAGER, ASKERS };
void shared_announce(struct shared *shared, size_t worker, enum asker asker, uint64_t group,
		     uint64_t bytes);
uint64_t shared_asked(const struct shared *shared, size_t worker, enum asker asker,
		      uint64_t *ret_group);

/* The room on a worker's node (node_sample.room_bytes). Of a worker not yet heard of: plenty. */
void shared_set_room(struct shared *shared, size_t worker, uint64_t room_bytes);
uint64_t shared_room(const struct shared *shared, size_t worker);
