/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/shared.h"

#include "base/clock.h"
#include "base/saturate.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>

#define BUCKETS 1024

struct shared {
	pthread_mutex_t lock; /* of the buckets */
	struct shared_group *buckets[BUCKETS];
	size_t n_workers;
	_Atomic uint64_t room_bytes[NUMA_NODES_MAX];
	_Atomic uint64_t watermark_factors[NUMA_NODES_MAX];
	_Atomic int wakers[NUMA_NODES_MAX];
	_Atomic uint64_t slab_dropped_ns;
	_Atomic bool demotes;
	_Atomic uint64_t swap_writes_bytes;
	_Atomic int64_t swap_writes_counted_bytes; /* up to here */
	struct {
		_Atomic uint64_t group, bytes;
	} asked[NUMA_NODES_MAX][ASKERS];
};

int shared_new(size_t n_workers, struct shared **ret_shared)
{
	struct shared *s;

	if (n_workers > NUMA_NODES_MAX)
		return -E2BIG;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	if (pthread_mutex_init(&s->lock, NULL) != 0) {
		free(s);
		return -ENOMEM;
	}
	s->n_workers = n_workers;
	atomic_init(&s->swap_writes_counted_bytes, INT64_MIN);
	for (size_t i = 0; i < n_workers; i++) {
		atomic_init(&s->room_bytes[i], UINT64_MAX);
		atomic_init(&s->wakers[i], -1);
	}
	*ret_shared = s;
	return 0;
}

struct shared *shared_free(struct shared *s)
{
	if (!s)
		return NULL;
	for (size_t i = 0; i < BUCKETS; i++)
		while (s->buckets[i]) {
			struct shared_group *next = s->buckets[i]->next;

			free(s->buckets[i]);
			s->buckets[i] = next;
		}
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
	return NULL;
}

struct shared_group *shared_group_get(struct shared *s, uint64_t id, int worker)
{
	struct shared_group **bucket = &s->buckets[id % BUCKETS], *group;

	(void)pthread_mutex_lock(&s->lock);
	for (group = *bucket; group && group->id != id; group = group->next)
		;
	if (!group) {
		group = calloc(1, sizeof(*group));
		if (group) {
			group->id = id;
			atomic_init(&group->home, worker);
			atomic_init(&group->home_seen_ns, clock_now_ns());
			group->next = *bucket;
			*bucket = group;
		}
	}
	if (group)
		group->references++;
	(void)pthread_mutex_unlock(&s->lock);
	return group;
}

void shared_group_put(struct shared *s, struct shared_group *group)
{
	struct shared_group **at = &s->buckets[group->id % BUCKETS];

	(void)pthread_mutex_lock(&s->lock);
	if (--group->references == 0) {
		while (*at != group)
			at = &(*at)->next;
		*at = group->next;
		free(group);
	}
	(void)pthread_mutex_unlock(&s->lock);
}

static void wake(struct shared *s, size_t worker)
{
	int event_fd = atomic_load(&s->wakers[worker]);

	if (event_fd >= 0)
		(void)eventfd_write(event_fd, 1);
}

void shared_group_hand_on(struct shared *s, struct shared_group *group, int worker,
			  const struct demand *demand, const struct pace *pace)
{
	group->demand = *demand;
	group->pace = *pace;
	atomic_store_explicit(&group->home, worker, memory_order_release);
	wake(s, (size_t)worker);
}

void shared_wake_others(struct shared *s, size_t worker)
{
	for (size_t i = 0; i < s->n_workers; i++)
		if (i != worker)
			wake(s, i);
}

void shared_set_waker(struct shared *s, size_t worker, int event_fd)
{
	atomic_store(&s->wakers[worker], event_fd);
}

void shared_set_room(struct shared *s, size_t worker, uint64_t room_bytes)
{
	atomic_store_explicit(&s->room_bytes[worker], room_bytes, memory_order_relaxed);
}

void shared_announce(struct shared *s, size_t worker, enum asker asker, uint64_t group,
		     uint64_t bytes)
{
	/* Bytes never stand beside a group that they are not asked of. */
	atomic_store(&s->asked[worker][asker].bytes, 0);
	atomic_store(&s->asked[worker][asker].group, group);
	atomic_store(&s->asked[worker][asker].bytes, bytes);
}

uint64_t shared_asked(const struct shared *s, size_t worker, enum asker asker, uint64_t *ret_group)
{
	uint64_t bytes = atomic_load(&s->asked[worker][asker].bytes);

	*ret_group = atomic_load(&s->asked[worker][asker].group);
	return bytes;
}

uint64_t shared_room(const struct shared *s, size_t worker)
{
	return atomic_load_explicit(&s->room_bytes[worker], memory_order_relaxed);
}

void shared_set_watermark_factor(struct shared *s, size_t worker, uint64_t factor)
{
	atomic_store_explicit(&s->watermark_factors[worker], factor, memory_order_relaxed);
}

uint64_t shared_watermark_factor(const struct shared *s)
{
	uint64_t most = 0;

	for (size_t i = 0; i < s->n_workers; i++) {
		uint64_t factor =
			atomic_load_explicit(&s->watermark_factors[i], memory_order_relaxed);

		most = MAX(most, factor);
	}
	return most;
}

uint64_t shared_slab_dropped(const struct shared *s)
{
	return atomic_load(&s->slab_dropped_ns);
}

bool shared_begin_slab_drop(struct shared *s, uint64_t now_ns, uint64_t pause_ns)
{
	uint64_t last_ns = atomic_load(&s->slab_dropped_ns);

	return (last_ns == 0 || minus(now_ns, last_ns) >= pause_ns) &&
	       atomic_compare_exchange_strong(&s->slab_dropped_ns, &last_ns, now_ns);
}

void shared_set_demotes(struct shared *s, bool demotes)
{
	atomic_store_explicit(&s->demotes, demotes, memory_order_relaxed);
}

bool shared_demotes(const struct shared *s)
{
	return atomic_load_explicit(&s->demotes, memory_order_relaxed);
}

uint64_t shared_swap_writes(const struct shared *s)
{
	return atomic_load_explicit(&s->swap_writes_bytes, memory_order_relaxed);
}

void shared_add_swap_writes(struct shared *s, uint64_t bytes)
{
	uint64_t written = atomic_load(&s->swap_writes_bytes);

	while (!atomic_compare_exchange_weak(&s->swap_writes_bytes, &written, plus(written, bytes)))
		;
}

void shared_count_swap_writes(struct shared *s, int64_t before_bytes, int64_t after_bytes,
			      uint64_t most_bytes)
{
	int64_t counted = atomic_exchange(&s->swap_writes_counted_bytes, after_bytes);
	int64_t from = MAX(before_bytes, counted);

	if (after_bytes > from)
		shared_add_swap_writes(s, MIN((uint64_t)(after_bytes - from), most_bytes));
}

void shared_forget_swap_writes(struct shared *s, uint64_t bytes, uint64_t most_bytes)
{
	uint64_t written = atomic_load(&s->swap_writes_bytes);

	while (!atomic_compare_exchange_weak(&s->swap_writes_bytes, &written,
					     minus(MIN(written, most_bytes), bytes)))
		;
}
