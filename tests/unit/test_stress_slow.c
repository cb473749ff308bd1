/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/slow.h"

#include "stress/measure/histogram.h"
#include "tests/unit/fixture.h"

#include <string.h>
#include <sys/mman.h>

#define PAGE_BYTES 4096

static void test_causes(void **state)
{
	static const struct {
		struct fault_counts since;
		bool of_file;
		enum slow_cause cause;
		bool mixed;
	} table[] = {
		{{0, 0, 0}, false, SLOW_NO_FAULT, false},
		{{0, 0, 0}, true, SLOW_NO_FAULT, false},
		{{1, 0, 0}, false, SLOW_MINOR_FAULT, false},
		{{2, 0, 0}, true, SLOW_MINOR_FAULT, false},
		{{0, 1, 0}, false, SLOW_SWAP_IN, false},
		{{0, 1, 8}, false, SLOW_SWAP_IN, false},
		{{0, 2, 0}, false, SLOW_SWAP_IN, true},
		{{5, 1, 0}, false, SLOW_SWAP_IN, true},
		/* Blocks that somebody swaps in for us are no swap-in of ours. */
		{{1, 0, 8}, false, SLOW_MINOR_FAULT, false},
		{{0, 1, 256}, true, SLOW_READ_IN, false},
		{{1, 1, 256}, true, SLOW_READ_IN, true},
		/* read(2) */
		{{0, 0, 128}, true, SLOW_READ_IN, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		bool mixed = !table[i].mixed;

		assert_int_equal(slow_cause_of(&table[i].since, table[i].of_file, &mixed),
				 table[i].cause);
		assert_int_equal(mixed, table[i].mixed);
	}
}

/* Real faults of this process: new pages are minor faults, touched ones none. */
static void test_real_faults(void **state)
{
	struct fault_counts last;
	struct slow_touches slow = {.last = &last}, rehearsal = slow;
	char *pages = mmap(NULL, 8 * PAGE_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_true(pages != MAP_FAILED);
	assert_int_equal(madvise(pages, 8 * PAGE_BYTES, MADV_NOHUGEPAGE), 0);
	/* Rehearsed: code, stack and what sanitizers keep about the pages are paged in too. */
	slow_look(&last);
	for (int i = 0; i < 8; i++) {
		*(volatile char *)(pages + i * PAGE_BYTES) = 1;
		slow_note(&rehearsal, 100);
	}
	assert_int_equal(madvise(pages, 8 * PAGE_BYTES, MADV_DONTNEED), 0);
	for (int i = 0; i < 8; i++) {
		*(volatile char *)(pages + i * PAGE_BYTES) = 1;
		slow_note(&slow, 100);
	}
	assert_int_equal(slow.count[SLOW_MINOR_FAULT], 8);
	assert_int_equal(slow.mixed, 0);
	for (int i = 0; i < 8; i++) {
		*(volatile char *)(pages + i * PAGE_BYTES) = 2;
		slow_note(&slow, 100);
	}
	assert_int_equal(slow.count[SLOW_NO_FAULT], 8);
	assert_int_equal(slow.count[SLOW_MINOR_FAULT], 8);
	assert_int_equal(slow_count(&slow), 16);
	assert_int_equal(slow.total_ns[SLOW_NO_FAULT], 800);
	(void)munmap(pages, 8 * PAGE_BYTES);
}

/* A histogram asks about those above the threshold and about no others. */
static void test_threshold(void **state)
{
	_cleanup_free_ struct histogram *histogram = calloc(1, sizeof(*histogram));
	struct fault_counts last = {0};
	struct slow_touches slow = {.above_ns = 1000, .last = &last};

	(void)state;
	assert_non_null(histogram);
	histogram_record(histogram, 5000);
	assert_int_equal(slow_count(&slow), 0);
	histogram->slow = &slow;
	histogram_record(histogram, 999);
	histogram_record(histogram, 1000);
	assert_int_equal(slow_count(&slow), 0);
	histogram_record(histogram, 1001);
	histogram_record(histogram, 7000);
	assert_int_equal(slow_count(&slow), 2);
	assert_int_equal(histogram->count, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_causes),
		cmocka_unit_test(test_real_faults),
		cmocka_unit_test(test_threshold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
