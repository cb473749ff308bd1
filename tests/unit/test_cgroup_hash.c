/* SPDX-License-Identifier: Apache-2.0 */
#include "cgroup/hash.h"

#include "tests/unit/fixture.h"

struct thing {
	int number;
	struct hash_entry entry;
};

#define THINGS 5000

static struct thing *find(const struct hash *hash, uint64_t key)
{
	return hash_owner(hash_first(hash, key), struct thing, entry);
}

/* Through several doublings, with keys that are all multiples of a large power of two. */
static void test_grows_and_keeps_all(void **state)
{
	struct thing *things = calloc(THINGS, sizeof(*things));
	struct hash hash;

	(void)state;
	assert_non_null(things);
	assert_int_equal(hash_init(&hash), 0);
	for (int i = 0; i < THINGS; i++) {
		things[i].number = i;
		hash_insert(&hash, &things[i].entry, (uint64_t)i << 40);
	}
	assert_int_equal(hash.n_entries, THINGS);
	assert_true(hash.n_buckets >= THINGS / 2);
	for (int i = 0; i < THINGS; i++)
		assert_ptr_equal(find(&hash, (uint64_t)i << 40), &things[i]);
	assert_null(find(&hash, 1));
	for (int i = 0; i < THINGS; i += 2)
		hash_remove(&hash, &things[i].entry);
	assert_int_equal(hash.n_entries, THINGS / 2);
	for (int i = 0; i < THINGS; i++)
		assert_ptr_equal(find(&hash, (uint64_t)i << 40), i % 2 ? &things[i] : NULL);
	hash_done(&hash);
	hash_done(&hash);
	free(things);
}

static void test_equal_keys_stand_side_by_side(void **state)
{
	struct thing things[3] = {{.number = 0}, {.number = 1}, {.number = 2}};
	struct hash_entry *entry;
	struct hash hash;
	int sum = 0, n = 0;

	(void)state;
	assert_int_equal(hash_init(&hash), 0);
	for (size_t i = 0; i < ARRAY_SIZE(things); i++)
		hash_insert(&hash, &things[i].entry, 7);
	hash_remove(&hash, &things[1].entry);
	for (entry = hash_first(&hash, 7); entry; entry = hash_next(entry), n++)
		sum += hash_owner(entry, struct thing, entry)->number;
	assert_int_equal(n, 2);
	assert_int_equal(sum, 2);
	hash_done(&hash);
}

static void test_text(void **state)
{
	(void)state;
	/* The published values of FNV-1a. */
	assert_true(hash_text("") == UINT64_C(0xcbf29ce484222325));
	assert_true(hash_text("a") == UINT64_C(0xaf63dc4c8601ec8c));
	assert_true(hash_text("foobar") == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows_and_keeps_all),
		cmocka_unit_test(test_equal_keys_stand_side_by_side),
		cmocka_unit_test(test_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
