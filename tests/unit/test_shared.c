/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/worker/shared.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <pthread.h>
#include <sys/eventfd.h>

static void test_the_first_is_home(void **state)
{
	_cleanup_(shared_freep) struct shared *shared = NULL;
	struct shared_group *a, *b;

	(void)state;
	assert_int_equal(shared_new(2, &shared), 0);
	a = shared_group_get(shared, 7, 1);
	b = shared_group_get(shared, 7, 0);
	assert_non_null(a);
	assert_ptr_equal(a, b);
	assert_int_equal(a->id, 7);
	assert_int_equal(atomic_load(&a->home), 1);
	assert_ptr_not_equal(shared_group_get(shared, 8, 0), a);
}

static void test_the_next_home_is_woken_with_what_was_learned(void **state)
{
	_cleanup_(shared_freep) struct shared *shared = NULL;
	_cleanup_close_ int waker = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	const struct demand demand = {.rate_bytes_per_s = 42};
	const struct pace pace = {.bytes_per_s = 43};
	struct shared_group *group;
	eventfd_t times = 0;

	(void)state;
	assert_int_equal(shared_new(2, &shared), 0);
	group = shared_group_get(shared, 7, 0);
	shared_set_waker(shared, 1, waker);
	shared_group_hand_on(shared, group, 1, &demand, &pace);
	assert_int_equal(atomic_load(&group->home), 1);
	assert_int_equal(group->demand.rate_bytes_per_s, 42);
	assert_int_equal(group->pace.bytes_per_s, 43);
	assert_int_equal(eventfd_read(waker, &times), 0);
	assert_int_equal(times, 1);
	/* One that has ended is not woken. */
	shared_set_waker(shared, 1, -1);
	shared_group_hand_on(shared, group, 1, &demand, &pace);
	assert_int_equal(eventfd_read(waker, &times), -1);
}

static void test_forgotten_by_the_last(void **state)
{
	_cleanup_(shared_freep) struct shared *shared = NULL;
	struct shared_group *group;

	(void)state;
	assert_int_equal(shared_new(2, &shared), 0);
	group = shared_group_get(shared, 7, 1);
	assert_ptr_equal(shared_group_get(shared, 7, 0), group);
	shared_group_put(shared, group);
	/* Still known: the home stays. */
	assert_int_equal(atomic_load(&shared_group_get(shared, 7, 0)->home), 1);
	shared_group_put(shared, group);
	shared_group_put(shared, group);
	assert_int_equal(atomic_load(&shared_group_get(shared, 7, 0)->home), 0);
}

/* Ids that fall into one bucket are told apart, whichever of them goes first. */
static void test_neighbours_in_a_bucket(void **state)
{
	_cleanup_(shared_freep) struct shared *shared = NULL;
	struct shared_group *groups[3];

	(void)state;
	for (size_t gone = 0; gone < ARRAY_SIZE(groups); gone++) {
		shared = shared_free(shared);
		assert_int_equal(shared_new(1, &shared), 0);
		for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
			groups[i] = shared_group_get(shared, 5 + i * (UINT64_C(1) << 32), 0);
		shared_group_put(shared, groups[gone]);
		for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
			if (i != gone)
				assert_ptr_equal(
					shared_group_get(shared, 5 + i * (UINT64_C(1) << 32), 0),
					groups[i]);
	}
}

static void test_room(void **state)
{
	_cleanup_(shared_freep) struct shared *shared = NULL;

	(void)state;
	assert_int_equal(shared_new(2, &shared), 0);
	assert_int_equal(shared_room(shared, 0), UINT64_MAX);
	assert_int_equal(shared_room(shared, 1), UINT64_MAX);
	shared_set_room(shared, 1, 0);
	assert_int_equal(shared_room(shared, 0), UINT64_MAX);
	assert_int_equal(shared_room(shared, 1), 0);
	shared_set_room(shared, 1, 4096);
	assert_int_equal(shared_room(shared, 1), 4096);
}

static void test_slab_is_dropped_by_one_at_a_time(void **state)
{
	_cleanup_(shared_freep) struct shared *shared = NULL;

	(void)state;
	assert_int_equal(shared_new(2, &shared), 0);
	assert_int_equal(shared_slab_dropped(shared), 0);
	assert_true(shared_begin_slab_drop(shared, 50, 100));
	assert_int_equal(shared_slab_dropped(shared), 50);
	assert_false(shared_begin_slab_drop(shared, 149, 100));
	/* Taken a moment before the other one's. */
	assert_false(shared_begin_slab_drop(shared, 49, 100));
	assert_int_equal(shared_slab_dropped(shared), 50);
	assert_true(shared_begin_slab_drop(shared, 150, 100));
	assert_int_equal(shared_slab_dropped(shared), 150);
}

static void test_too_many_workers(void **state)
{
	struct shared *shared = NULL;

	(void)state;
	assert_int_equal(shared_new(NUMA_NODES_MAX + 1, &shared), -E2BIG);
	assert_null(shared);
	assert_int_equal(shared_new(NUMA_NODES_MAX, &shared), 0);
	shared_set_room(shared, NUMA_NODES_MAX - 1, 1);
	shared = shared_free(shared);
	assert_null(shared_free(NULL));
}

struct thread {
	pthread_t id;
	struct shared *shared;
	int worker;
};

static void *come_and_go(void *argument)
{
	const struct thread *t = argument;

	for (uint64_t i = 0; i < 20000; i++) {
		struct shared_group *group = shared_group_get(t->shared, i % 13, t->worker);

		if (!group || group->id != i % 13)
			return argument;
		shared_set_room(t->shared, (size_t)t->worker, i);
		(void)shared_room(t->shared, (size_t)!t->worker);
		shared_group_put(t->shared, group);
	}
	return NULL;
}

/* For ThreadSanitizer above all. */
static void test_two_threads(void **state)
{
	_cleanup_(shared_freep) struct shared *shared = NULL;
	struct thread threads[2];

	(void)state;
	assert_int_equal(shared_new(2, &shared), 0);
	for (int i = 0; i < 2; i++) {
		threads[i] = (struct thread){.shared = shared, .worker = i};
		assert_int_equal(pthread_create(&threads[i].id, NULL, come_and_go, &threads[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		void *failed = NULL;

		assert_int_equal(pthread_join(threads[i].id, &failed), 0);
		assert_null(failed);
	}
	/* Nothing is left: the next user is the first. */
	assert_int_equal(atomic_load(&shared_group_get(shared, 3, 1)->home), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_is_home),
		cmocka_unit_test(test_the_next_home_is_woken_with_what_was_learned),
		cmocka_unit_test(test_forgotten_by_the_last),
		cmocka_unit_test(test_neighbours_in_a_bucket),
		cmocka_unit_test(test_room),
		cmocka_unit_test(test_slab_is_dropped_by_one_at_a_time),
		cmocka_unit_test(test_too_many_workers),
		cmocka_unit_test(test_two_threads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
