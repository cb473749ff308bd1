/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/slot.h"

#include "agent/thread.h"
#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <poll.h>
#include <sys/eventfd.h>

#define WAIT_NS (60 * NSEC_PER_SEC)

static void test_belongs_to_one_side_at_a_time(void **state)
{
	struct slot slot = {0};

	(void)state;
	assert_false(slot_begin(&slot));
	assert_true(slot_take(&slot));
	assert_false(slot_take(&slot));
	assert_false(slot_begin(&slot));
	slot_ask(&slot, -1);
	assert_false(slot_take(&slot));
	assert_false(slot_is_done(&slot));
	assert_true(slot_begin(&slot));
	assert_false(slot_begin(&slot));
	assert_false(slot_is_done(&slot));
	slot_end(&slot);
	assert_true(slot_is_done(&slot));
	assert_false(slot_take(&slot));
	assert_false(slot_begin(&slot));
	slot_free(&slot);
	assert_true(slot_take(&slot));
}

static void test_the_asker_is_woken_when_it_is_done(void **state)
{
	struct slot slot = {0};
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	eventfd_t value;

	(void)state;
	assert_true(slot_take(&slot));
	slot_ask(&slot, wake_fd);
	assert_true(slot_begin(&slot));
	assert_int_equal(eventfd_read(wake_fd, &value), -1);
	slot_end(&slot);
	assert_int_equal(eventfd_read(wake_fd, &value), 0);
	close(wake_fd);
}

static void test_what_is_forgotten_is_free_when_it_is_done(void **state)
{
	struct slot slot = {0};
	int wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	eventfd_t value;

	(void)state;
	assert_true(slot_take(&slot));
	slot_ask(&slot, wake_fd);
	slot_forget(&slot);
	assert_false(slot_take(&slot));
	assert_true(slot_begin(&slot));
	slot_end(&slot);
	assert_int_equal(eventfd_read(wake_fd, &value), -1);
	assert_true(slot_take(&slot)); /* and whoever has it next is told */
	slot_ask(&slot, wake_fd);
	assert_true(slot_begin(&slot));
	slot_end(&slot);
	assert_int_equal(eventfd_read(wake_fd, &value), 0);
	slot_forget(&slot); /* done already */
	assert_true(slot_take(&slot));
	close(wake_fd);
}

/* Two askers and one who answers, over one slot: nothing is lost and nothing answered twice. */
#define ASKS 2000
struct table {
	struct slot slot;
	int asked, answer; /* beside the slot: whose turn it is */
	_Atomic int left;
};

static void *ask_often(void *arg)
{
	struct table *table = arg;

	for (int i = 1; i <= ASKS;) {
		if (!slot_take(&table->slot)) {
			(void)poll(NULL, 0, 0);
			continue;
		}
		table->asked = i;
		table->answer = 0;
		slot_ask(&table->slot, -1);
		while (!slot_is_done(&table->slot))
			(void)poll(NULL, 0, 0);
		if (table->answer != -i)
			return table;
		slot_free(&table->slot);
		i++;
	}
	atomic_fetch_sub(&table->left, 1);
	return NULL;
}

static void test_threads_hand_over_without_a_lock(void **state)
{
	struct table table = {.left = 2};
	uint64_t end_ns = clock_now_ns() + WAIT_NS;
	int answered = 0;
	pthread_t askers[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(thread_start("ask", 0, ask_often, &table, &askers[i]), 0);
	while (atomic_load(&table.left) > 0 && clock_now_ns() < end_ns) {
		if (!slot_begin(&table.slot)) {
			(void)poll(NULL, 0, 0);
			continue;
		}
		table.answer = -table.asked;
		answered++;
		slot_end(&table.slot);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(thread_join(askers[i], WAIT_NS), 0);
	assert_int_equal(table.left, 0);
	assert_int_equal(answered, 2 * ASKS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_belongs_to_one_side_at_a_time),
		cmocka_unit_test(test_the_asker_is_woken_when_it_is_done),
		cmocka_unit_test(test_what_is_forgotten_is_free_when_it_is_done),
		cmocka_unit_test(test_threads_hand_over_without_a_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
