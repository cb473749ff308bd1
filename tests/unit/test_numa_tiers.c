/* SPDX-License-Identifier: Apache-2.0 */
#include "numa/tiers.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define ENABLED "kernel/mm/numa/demotion_enabled"
#define TIER	"devices/virtual/memory_tiering/memory_tier"

static void test_nodes(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
		{"", true},
		{"0", true},
		{"0-1", true},
		{"0-1,3", true},
		{"0,2,4", true},
		{"63,1023", true},
		{"a", false},
		{"0-", false},
		{"-1", false},
		{"0,", false},
		{",0", false},
		{"1-0", false},
		{"1-1", false},
		{"0,0", false},
		{"0-2,1", false},
		{"0 1", false},
		{"0-1-2", false},
		{"0x1", false},
		{"4294967295", false},
		{"18446744073709551616", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (memory_tier_nodes_are_good(rows[i].text) != rows[i].good)
			fail_msg("\"%s\"", rows[i].text);
}

struct row {
	const char *enabled; /* NULL: there is no such file, as with the tiers */
	const char *tiers[3][2];
	int r;
	const char *nodes; /* of the tiers, each with a blank after it; NULL: none */
	bool demote;
};

static void check(const struct row *row)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	struct memory_tiers tiers = {.n = 4711};
	char path[128], nodes[1024] = "";
	const char *bad = NULL;
	int r;

	if (row->enabled)
		fixture_write(fx, ENABLED, row->enabled);
	for (size_t i = 0; i < ARRAY_SIZE(row->tiers) && row->tiers[i][0]; i++) {
		(void)snprintf(path, sizeof(path), TIER "%s/nodelist", row->tiers[i][0]);
		fixture_write(fx, path, row->tiers[i][1]);
	}
	r = memory_tiers_read(fx->fd, &tiers, &bad);
	assert_int_equal(r, row->r);
	if (r < 0) {
		assert_non_null(bad);
		assert_int_equal(tiers.n, 4711);
		return;
	}
	for (size_t i = 0; i < tiers.n; i++) {
		(void)strcat(nodes, tiers.tiers[i].nodes);
		(void)strcat(nodes, " ");
	}
	assert_string_equal(nodes, row->nodes ? row->nodes : "");
	assert_int_equal(memory_tiers_demote(&tiers), row->demote);
}

static void test_reads_tiers(void **state)
{
	static const struct row rows[] = {
		/* a kernel without NUMA, and ones before tiers */
		{NULL, {{0}}, 0, NULL, false},
		{"true\n", {{0}}, 0, NULL, false},
		{"false\n", {{"4", "0-1\n"}}, 0, "0-1 ", false},
		{"true\n", {{"4", "0-1\n"}}, 0, "0-1 ", false},
		{"false\n", {{"4", "0\n"}, {"90", "1\n"}}, 0, "0 1 ", false},
		{"true\n", {{"4", "0\n"}, {"90", "1\n"}}, 0, "0 1 ", true},
		/* by number, not by name; not by when they came */
		{"true\n", {{"90", "1\n"}, {"100", "2\n"}, {"4", "0,3\n"}}, 0, "0,3 1 2 ", true},
		/* one that goes */
		{"true\n", {{"4", "0\n"}, {"90", "\n"}}, 0, "0 ", false},
		{"true\n", {{"4", "0\n"}, {"90", ""}}, 0, "0 ", false},
		{"maybe\n", {{0}}, -EBADMSG, NULL, false},
		{"\n", {{0}}, -EBADMSG, NULL, false},
		{"true\n", {{"4", "0-\n"}}, -EBADMSG, NULL, false},
		{"true\n", {{"4", "0\n"}, {"90", "1;2\n"}}, -EBADMSG, NULL, false},
		{"true\n", {{"4x", "0\n"}}, -EBADMSG, NULL, false},
		{"true\n", {{"", "0\n"}}, -EBADMSG, NULL, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		print_message("row %zu\n", i);
		check(&rows[i]);
	}
}

static void test_refuses_more_tiers_than_fit(void **state)
{
	_cleanup_(fixture_freep) struct fixture *fx = fixture_new(NULL, 0);
	struct memory_tiers tiers;
	char path[128], text[16];

	(void)state;
	for (unsigned int i = 0; i < MEMORY_TIERS_MAX; i++) {
		(void)snprintf(path, sizeof(path), TIER "%u/nodelist", i);
		(void)snprintf(text, sizeof(text), "%u\n", i);
		fixture_write(fx, path, text);
	}
	assert_int_equal(memory_tiers_read(fx->fd, &tiers, NULL), 0);
	assert_int_equal(tiers.n, MEMORY_TIERS_MAX);
	assert_int_equal(tiers.tiers[MEMORY_TIERS_MAX - 1].id, MEMORY_TIERS_MAX - 1);
	fixture_write(fx, TIER "99/nodelist", "99\n");
	assert_int_equal(memory_tiers_read(fx->fd, &tiers, NULL), -E2BIG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_reads_tiers),
		cmocka_unit_test(test_refuses_more_tiers_than_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
