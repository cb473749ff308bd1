/* SPDX-License-Identifier: Apache-2.0 */
#include "base/spell.h"

#include "tests/unit/fixture.h"

#include <string.h>

static void test_distance(void **state)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{"", "", 0},
		{"", "abc", 3},
		{"reaction", "reaction", 0},
		{"raection", "reaction", 1}, /* swapped */
		{"reacton", "reaction", 1},
		{"reaktion", "reaction", 1},
		{"kitten", "sitting", 3},
		{"ca", "abc", 3}, /* a swapped pair is not edited again */
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(spell_distance(rows[i].a, rows[i].b), rows[i].distance);
		assert_int_equal(spell_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
}

static void test_long_words_are_cut(void **state)
{
	char a[1000], b[1000];

	(void)state;
	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	a[999] = b[999] = '\0';
	assert_int_equal(spell_distance(a, b), SPELL_MAX);
	assert_int_equal(spell_distance(a, ""), SPELL_MAX);
}

static void test_nearest(void **state)
{
	static const char *const names[] = {"margin_min", "margin_max", "reaction", "cpu"};

	(void)state;
	assert_int_equal(spell_nearest("reacton", names, 4), 2);
	assert_int_equal(spell_nearest("margin_mx", names, 4), 1);
	assert_int_equal(spell_nearest("margin_m", names, 4), 0); /* the first of equals */
	assert_int_equal(spell_nearest("cpus", names, 4), 3);
	assert_int_equal(spell_nearest("swappiness", names, 4), 4);
	assert_int_equal(spell_nearest("", names, 4), 4);
	assert_int_equal(spell_nearest("reaction", names, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_long_words_are_cut),
		cmocka_unit_test(test_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
