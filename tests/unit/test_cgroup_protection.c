/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/protection.h"

#include "tests/unit/fixture.h"

#define M	   (UINT64_C(1) << 20)
#define G	   (UINT64_C(1) << 30)
#define MAX_BYTES  UINT64_MAX

#define GROUPS_MAX 8

struct row {
	const char *what;
	bool recursive;
	struct {
		int parent;
		uint64_t current, setting, effective;
	} groups[GROUPS_MAX];
	size_t n;
};

static const struct row rows[] = {
	/* The tree of the kernel's own test (tools/testing/selftests/cgroup/test_memcontrol.c,
	 * test_memcg_protection): A with limit, B 50M, C 75M, D 25M, E none, F 500M but empty. */
	{"selftest, each of C, D, E at 50M, seen from A",
	 false,
	 {{-1, 200 * M, 0, 0},
	  {0, 150 * M, 50 * M, 50 * M},
	  {1, 50 * M, 75 * M, 34952533}, /* 50M * 50M / 75M */
	  {1, 50 * M, 25 * M, 17476266}, /* 25M * 50M / 75M */
	  {1, 50 * M, 0, 0},
	  {1, 0, 500 * M, 0}},
	 6},
	{"selftest, where it expects it to settle: 29M and 21M, nothing more to take",
	 true,
	 {{-1, 198 * M, 0, 0},
	  {0, 50 * M, 50 * M, 50 * M},
	  {1, 29 * M, 75 * M, 29 * M},
	  {1, 21 * M, 25 * M, 21 * M},
	  {1, 0, 0, 0},
	  {1, 0, 500 * M, 0}},
	 6},
	{"selftest, seen from above A, which has no protection",
	 true,
	 {{-1, 0, 0, 0},
	  {0, 200 * M, 0, 0},
	  {1, 150 * M, 50 * M, 0},
	  {2, 50 * M, 75 * M, 0},
	  {2, 50 * M, 25 * M, 0}},
	 5},
	/* The two examples in the comment of effective_protection(). */
	{"kernel comment, overcommitted: 1.3G, 0.6G, 0, 0",
	 false,
	 {{-1, 6 * G, 0, 0},
	  {0, 6 * G, 2 * G, 2 * G},
	  {1, 2 * G, 3 * G, 1431655765},
	  {1, 2 * G, 1 * G, 715827882},
	  {1, 2 * G, 0, 0},
	  {1, 0, 10 * G, 0}},
	 6},
	{"kernel comment, floating protection: 1.5G, 0.5G",
	 true,
	 {{-1, 3 * G, 0, 0},
	  {0, 3 * G, 2 * G, 2 * G},
	  {1, 2 * G, 1 * G, 1536 * M},
	  {1, 1 * G, 0, 512 * M}},
	 4},
	{"the same without memory_recursiveprot",
	 false,
	 {{-1, 3 * G, 0, 0}, {0, 3 * G, 2 * G, 2 * G}, {1, 2 * G, 1 * G, 1 * G}, {1, 1 * G, 0, 0}},
	 4},
	{"a setting below a parent without one protects nothing",
	 true,
	 {{-1, 1 * G, 0, 0}, {0, 1 * G, 0, 0}, {1, 1 * G, 1 * G, 0}},
	 3},
	{"a parent's setting reaches down three levels by recursion",
	 true,
	 {{-1, 1 * G, 0, 0},
	  {0, 1 * G, 512 * M, 512 * M},
	  {1, 1 * G, 0, 512 * M},
	  {2, 1 * G, 0, 512 * M}},
	 4},
	{"and not at all without it",
	 false,
	 {{-1, 1 * G, 0, 0},
	  {0, 1 * G, 512 * M, 512 * M},
	  {1, 1 * G, 0, 0},
	  {2, 1 * G, 512 * M, 0}},
	 4},
	{"the parent's own pages take part in the sharing",
	 true,
	 {{-1, 4 * G, 0, 0}, {0, 4 * G, 2 * G, 2 * G}, {1, 1 * G, 0, 512 * M}},
	 3},
	{"everything max",
	 true,
	 {{-1, MAX_BYTES, MAX_BYTES, 0},
	  {0, MAX_BYTES, MAX_BYTES, MAX_BYTES},
	  {1, MAX_BYTES, MAX_BYTES, MAX_BYTES},
	  {2, MAX_BYTES, MAX_BYTES, MAX_BYTES},
	  {2, MAX_BYTES, MAX_BYTES, MAX_BYTES}},
	 5},
	{"max on an ordinary usage: all of it, and what floats on top",
	 true,
	 {{-1, 1 * G, 0, 0}, {0, 1 * G, MAX_BYTES, MAX_BYTES}, {1, 1 * G, MAX_BYTES, 1 * G}},
	 3},
	{"two huge siblings share a small parent",
	 false,
	 {{-1, 0, 0, 0},
	  {0, MAX_BYTES, 100, 100},
	  {1, MAX_BYTES / 2, MAX_BYTES, 50},
	  {1, MAX_BYTES / 2, MAX_BYTES, 50}},
	 4},
	{"claims whose sum does not fit",
	 false,
	 {{-1, 0, 0, 0}, {0, 100, 100, 100}, {1, MAX_BYTES, MAX_BYTES, 100}, {1, 2, 2, 0}},
	 4},
	{"empty groups claim nothing",
	 true,
	 {{-1, 0, 0, 0}, {0, 0, 1 * G, 1 * G}, {1, 0, 1 * G, 0}, {1, 0, 0, 0}},
	 4},
	{"a child read later than its parent seems larger than it",
	 true,
	 {{-1, 0, 0, 0}, {0, 100, 1000, 1000}, {1, MAX_BYTES, 0, 990}, {1, 50, 10, 450}},
	 4},
	{"two trees side by side",
	 false,
	 {{-1, 5, 5, 0}, {0, 5, 5, 5}, {-1, 7, 7, 0}, {2, 7, 3, 3}},
	 4},
};

static void fill(struct protection_group *groups, const struct row *row, bool as_low)
{
	for (size_t i = 0; i < row->n; i++)
		groups[i] = (struct protection_group){
			.parent = row->groups[i].parent,
			.current = row->groups[i].current,
			.min = as_low ? 0 : row->groups[i].setting,
			.low = as_low ? row->groups[i].setting : 0,
			/* Whatever was left there is not looked at. */
			.effective_min = 4711,
			.effective_low = 4711,
			.children_min = 4711,
			.children_low = 4711,
		};
}

static void test_tables(void **state)
{
	struct protection_group groups[GROUPS_MAX];

	(void)state;
	for (size_t r = 0; r < ARRAY_SIZE(rows); r++) {
		for (int as_low = 0; as_low < 2; as_low++) {
			fill(groups, &rows[r], as_low);
			protection_compute(groups, rows[r].n, rows[r].recursive);
			for (size_t i = 0; i < rows[r].n; i++) {
				uint64_t got = as_low ? groups[i].effective_low
						      : groups[i].effective_min;
				uint64_t other = as_low ? groups[i].effective_min
							: groups[i].effective_low;

				if (got != rows[r].groups[i].effective || other != 0)
					fail_msg("%s: group %zu: %ju, expected %ju", rows[r].what,
						 i, (uintmax_t)got,
						 (uintmax_t)rows[r].groups[i].effective);
			}
		}
	}
}

/* xorshift: the same trees in every run. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

#define RANDOM_GROUPS 40

/* Usage as the kernel charges it: a parent's contains its children's. */
static void make_random_tree(struct protection_group *groups, uint64_t *seed)
{
	for (int i = 0; i < RANDOM_GROUPS; i++) {
		int width = (int)(next_random(seed) % 34);

		groups[i] = (struct protection_group){
			.parent = i == 0 ? -1 : (int)(next_random(seed) % (unsigned int)i),
			.current = next_random(seed) >> (width + 30),
			.min = next_random(seed) % 3 ? next_random(seed) >> (width + 30) : 0,
		};
		groups[i].low = next_random(seed) % 8 ? groups[i].min : MAX_BYTES;
	}
	for (int i = RANDOM_GROUPS - 1; i > 0; i--)
		groups[groups[i].parent].current += groups[i].current;
}

static void test_children_share_what_their_parent_has(void **state)
{
	struct protection_group groups[RANDOM_GROUPS], plain[RANDOM_GROUPS];
	uint64_t seed = 42;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint64_t sum[RANDOM_GROUPS] = {0};

		make_random_tree(groups, &seed);
		for (int i = 0; i < RANDOM_GROUPS; i++)
			plain[i] = groups[i];
		protection_compute(groups, RANDOM_GROUPS, true);
		protection_compute(plain, RANDOM_GROUPS, false);
		for (int i = 1; i < RANDOM_GROUPS; i++) {
			assert_true(groups[i].effective_min >= plain[i].effective_min);
			assert_true(plain[i].effective_min <= groups[i].min);
			if (groups[groups[i].parent].parent >= 0)
				sum[groups[i].parent] += groups[i].effective_min;
		}
		for (int i = 1; i < RANDOM_GROUPS; i++)
			assert_true(sum[i] <= groups[i].effective_min);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tables),
		cmocka_unit_test(test_children_share_what_their_parent_has),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
