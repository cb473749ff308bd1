/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/why.h"

#include "agent/control/group_name.h"
#include "base/clock.h"
#include "tests/unit/busy_group.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

static const struct node_status calm_node = {
	.node = 0,
	.managed_bytes = 1024 * MIB,
	.free_bytes = 512 * MIB,
	.low_bytes = 8 * MIB,
	.high_bytes = 12 * MIB,
	.backend = "node-reclaim",
	.spent = {.cpu_ns = 12 * NSEC_PER_MSEC},
	.budget = {.cpu_ns = NSEC_PER_SEC},
	.verdict = {.reason = VERDICT_ROOM_ENOUGH,
		    .room_bytes = 504 * MIB,
		    .margin_bytes = 4 * MIB,
		    .rate_bytes_per_s = 10 * MIB,
		    .look_again_ns = NSEC_PER_SEC},
	.answered = true,
};

static void test_group(void **state)
{
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	why_group(&busy_group, 3, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(
		text,
		"Group /a/b (looked after on node 3)\n"
		"  120.0 MiB used of 128.0 MiB (memory.max), 16.0 MiB protected\n"
		"  events: max 3, high 4; stalled 1.5 ms\n"
		"  its anonymous memory thrashes: 26 % of what had gone to swap came back; for 1 s "
		"more files are asked for alone, active ones too, while there are enough that do "
		"not thrash\n"
		"  its files thrash: 27 % of what was taken of them came back; for 2 s more they "
		"are not asked for alone\n"
		"  a MiB read back takes 2 ms from swap, 8 ms from other disks: asked with "
		"swappiness 160\n"
		"  20.0 MiB of its files are dirty: in the way soon, as fast as it fills: "
		"written back\n"
		"Decided 40 ms ago: the room below the limit is smaller than the margin\n"
		"  room 8.0 MiB, margin 10.0 MiB, filling at 7.0 MiB/s; "
		"0.31 % of what was taken lately came back\n"
		"  wanted back: 6.0 MiB\n"
		"Last acted 2 s ago: the room below the limit is smaller than the margin\n"
		"  room 0 B, margin 0 B, filling at 0 B/s; "
		"0.00 % of what was taken lately came back\n"
		"  wanted back: 5.0 MiB\n"
		"So far: 12 requests (2 came back short, 1 were refused)\n"
		"  asked for 60.0 MiB, tried 59.0 MiB, taken 58.0 MiB, of that read back 1.0 MiB\n"
		"  9.0 MiB were demoted: moved to slower nodes, and charged to their groups as "
		"before\n"
		"  the node gained 30.0 MiB net, for 400 ms of CPU time in 900 ms\n"
		"Dirty files written back so that there is something to take: 3 times, "
		"40.0 MiB, of which 39.0 MiB were clean afterwards; of those 31.0 MiB were taken "
		"since, 2.0 MiB dirtied again\n"
		"Processes that are cold beyond doubt paged out: 4 times, 25.0 MiB tried, "
		"24.0 MiB taken, of that 23.0 MiB to swap; 2.0 MiB of others made cold\n"
		"What would change it: It stops when the room is larger than the margin again.\n"
		"Next look: within 5 ms of that decision, or at the next event.\n");
}

static void test_what_was_left_behind(void **state)
{
	struct node_status node = calm_node;
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	node.left_bytes = 50 * MIB;
	node.evictions = 3;
	node.evicted_bytes = 12 * MIB;
	why_node(&node, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text,
			       "\n  50.0 MiB of files here were left behind by removed groups, or "
			       "are charged to groups above others: these are asked for it\n"
			       "  of its groups' files, 3 requests through lru_gen took 12.0 MiB, "
			       "and none from other nodes\n"));
}

static void test_node(void **state)
{
	const struct node_status silent = {.node = 2};
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	why_node(&calm_node, out);
	why_node(&silent, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(
		text,
		"Node 0\n"
		"  512.0 MiB free of 1.0 GiB; the kernel's watermarks: low 8.0 MiB, high 12.0 "
		"MiB\n"
		"  reclaimed by node-reclaim; demand that can only be met here: no\n"
		"  its worker's budget for this second: 12 ms of 1 s of CPU time used\n"
		"Decided 0 ns ago: there is more room than the margin asks for\n"
		"  room 504.0 MiB, margin 4.0 MiB, filling at 10.0 MiB/s; 0.00 % of what was "
		"taken lately came back\n"
		"Never acted.\n"
		"So far: no requests.\n"
		"What would change it: It acts when 500.0 MiB more are used, at this rate in "
		"50 s.\n"
		"Next look: within 1 s of that decision, or at the next event.\n"
		"Node 2\n"
		"Its worker did not answer in time: it may be held up in the kernel. Ask again.\n");
}

static void test_a_price_and_a_budget(void **state)
{
	const struct node_status node = {
		.answered = true,
		.verdict = {.reason = VERDICT_BYTE_BUDGET},
		.spent = {.cpu_ns = 2 * NSEC_PER_SEC,
			  .request_ns = 80 * NSEC_PER_MSEC,
			  .taken_bytes = 63 * MIB},
		.budget = {.cpu_ns = NSEC_PER_SEC / 2,
			   .request_ns = NSEC_PER_SEC / 5,
			   .taken_bytes = 64 * MIB},
		.reclaim_rest = {.left_ns = 9 * NSEC_PER_SEC,
				 .fruitless = 1,
				 .dear = true,
				 .judged = {.cpu_ns = 1500 * NSEC_PER_MSEC, .gained_bytes = MIB}},
	};
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	why_node(&node, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(
		text, "\n  its worker's budget for this second: 2 s of 500 ms of CPU "
		      "time used, 80 ms of 200 ms in requests, 63.0 MiB of 64.0 MiB taken\n"));
	assert_non_null(strstr(text, "\n  nodeN/reclaim is left alone for 9 s more: 1.0 MiB cost "
				     "1.5 s of CPU time, more than protect.price allows\n"));
	assert_non_null(strstr(text, "What would change it: The next second; protect.rate"));
}

/* The numbers by which swap is left alone, and what all requests brought there. */
static void test_swap_that_gains_too_little(void **state)
{
	const struct group_status group = {
		.path = "a",
		.current_bytes = 64 * MIB,
		.limit_bytes = UINT64_MAX,
		.swap_yield = {.judged = {.swapped_bytes = 10 * MIB, .kept_bytes = 9 * MIB},
			       .left_ns = 50 * NSEC_PER_SEC},
		.anon_thrash = {.permyriad = 7342, .left_ns = 20 * NSEC_PER_SEC},
		.file_thrash = {.permyriad = 2600, .left_ns = 40 * NSEC_PER_SEC},
		.weight = 50,
		.harmful = true,
		.rests = {.node = {.left_ns = 2 * NSEC_PER_SEC, .fruitless = 5}},
		.trim = {.on = true,
			 .reason = TRIM_SWAP_YIELD,
			 .cold_bytes = TRIM_AGE_UNKNOWN,
			 .ledger = {.actions = 4,
				    .applied_bytes = 12 * MIB,
				    .demoted_bytes = 5 * MIB,
				    .swapped_bytes = 11 * MIB,
				    .swap_kept_bytes = 8 * MIB}},
	};
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	why_group(&group, 0, out);
	assert_int_equal(fclose(out), 0);
	assert_non_null(strstr(text,
			       "\n  swap is left alone for 50 s more: of the last 10.0 MiB that "
			       "went there 9.0 MiB stayed in memory (zram, zswap): 10.00 % "
			       "gained\n"));
	assert_non_null(strstr(text,
			       "\n  its anonymous memory thrashes: 73 % of what had gone to swap "
			       "came back; for 20 s more files are asked for alone, active "
			       "ones too, while there are enough that do not thrash\n"));
	assert_non_null(strstr(text,
			       "\n  its files thrash: 26 % of what was taken of them came back; "
			       "for 40 s more they are not asked for alone\n"));
	assert_non_null(strstr(text, "\n  11.0 MiB went to swap, of which 8.0 MiB stayed in memory "
				     "(zram, zswap)\n"));
	assert_non_null(strstr(text, "\n  5.0 MiB were demoted: moved to slower nodes, and "
				     "charged to their groups as before\n"));
	assert_non_null(strstr(text, "protect.swap_yield"));
	assert_non_null(strstr(text,
			       "\n  memory.reclaim for its node is left alone for 2 s more: the "
			       "last requests, 5 in a row, brought too little\n"));
	assert_null(strstr(text, "memory.reclaim of cold memory"));
	assert_non_null(strstr(text, "\n  headroom and trim are stopped here: "));
	assert_non_null(strstr(text, "no limit, weight 50\n"));
}

static const struct trim_status trim = {
	.on = true,
	.reason = TRIM_REFAULTS,
	.age_ns = 3 * NSEC_PER_SEC,
	.wanted_bytes = 2 * MIB,
	.ratio_permyriad = 125,
	.cold_bytes = 30 * MIB,
	.terms = {.pressure = 10000, .refault = 100, .promotion = 5000},
};

/* A group without a limit has nothing but trimming to be told of. */
static void test_trimming(void **state)
{
	const struct group_status group = {
		.path = "a",
		.current_bytes = 64 * MIB,
		.limit_bytes = UINT64_MAX,
		.trim = trim,
	};
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	why_group(&group, 0, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(
		text,
		"Group /a (looked after on node 0)\n"
		"  64.0 MiB used, no limit\n"
		"  events: max 0, high 0; stalled 0 ns\n"
		"  It has no limit of its own: headroom has nothing to keep here.\n"
		"Trimming, decided 3 s ago: too much of what was taken is read back: it is in "
		"use\n"
		"  a step is 1.25 % of its memory; of that pressure leaves 100 %, refaults 1 %, "
		"promotions 50 %\n"
		"  cold by its age: 30.0 MiB\n"
		"  wanted back: 2.0 MiB\n"
		"So far: no requests.\n"
		"What would change it: Less being read back within a minute, or trim.refault "
		"raised.\n");
}

static void test_every_reason_of_trimming(void **state)
{
	(void)state;
	for (int reason = -1; reason <= TRIM_REASONS; reason++) {
		struct group_status group = {.trim = trim};
		_cleanup_free_ char *text = NULL;
		size_t n;
		FILE *out = open_memstream(&text, &n);

		assert_non_null(out);
		group.trim.reason = (enum trim_reason)reason;
		why_group(&group, 0, out);
		assert_int_equal(fclose(out), 0);
		assert_null(strstr(text, "(null)"));
		if (reason >= 0 && reason < TRIM_REASONS)
			assert_null(strstr(text, "change it: The next look at it."));
	}
}

/* Held back although room is short, and acted on once, stand out; the rest is counted. */
static void test_all(void **state)
{
	struct group_status groups[] = {
		busy_group,
		{.path = "x\x1b[2J\xff",
		 .owns_limit = true,
		 .verdict = {.reason = VERDICT_REFAULTS}},
		{.path = "quiet", .owns_limit = true, .verdict = {.reason = VERDICT_NO_DEMAND}},
		{.path = "once",
		 .owns_limit = true,
		 .verdict = {.reason = VERDICT_NO_DEMAND},
		 .action = {.reason = VERDICT_ORDERED}},
		{.path = "cold", .trim = {.reason = TRIM_STEP, .wish = {.times = 1}}},
		{.path = "excluded", .owns_limit = true, .verdict = {.reason = VERDICT_EXCLUDED}},
	};
	struct node_status nodes[] = {calm_node, {.node = 2, .n_groups = 7}};
	const struct agent_status status = {.n_nodes = 2, .nodes = nodes};
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	(void)state;
	assert_non_null(out);
	nodes[0].groups = groups;
	nodes[0].n_groups = ARRAY_SIZE(groups);
	why_all(&status, out);
	assert_int_equal(fclose(out), 0);
	assert_string_equal(
		text,
		"node 0: there is more room than the margin asks for\n"
		"/a/b: the room below the limit is smaller than the margin\n"
		"/x\\x1b[2J\\xff: what was taken is read back: it is in use, so nothing more is "
		"taken\n"
		"/once: nothing grows, so no room is needed\n"
		"/cold: trimming: a step of what seems to be cold\n"
		"node 2: its worker did not answer in time\n"
		"2 other groups: quiet\n");
}

static void test_agent(void **state)
{
	static const struct {
		struct agent_status status;
		const char *text;
	} cases[] = {
		{{0}, ""},
		{{.hands_stuck = 1, .hands_stuck_ns = 40 * NSEC_PER_SEC},
		 "Swap does not answer: the kernel keeps 1 of the agent's requests, the first for "
		 "40 s. Nothing is swapped out until their processes (uswapd-hand) have ended.\n"},
		{{.wants_damon = true, .damon = {.watched = 2, .cpu_ns = 3 * NSEC_PER_SEC}},
		 "DAMON watches 2 processes for pageout.cold_age, and took 3 s of CPU time for "
		 "it.\n"},
		{{.wants_damon = true, .damon_use = DAMON_LRU_SORT},
		 "Nothing is paged out by pageout.cold_age: DAMON_LRU_SORT has it for itself "
		 "(damon_lru_sort/parameters).\n"},
		{{.wants_damon = true, .damon.error = -EINVAL},
		 "Nothing is paged out by pageout.cold_age: DAMON failed: Invalid argument.\n"},
		{{.damon_use = DAMON_STAT}, ""},
		{{.observes = true, .paused = true},
		 "uswapd only observes: it asks the kernel for nothing.\n"},
		{{.paused = true},
		 "uswapd is paused: it asks the kernel for nothing (uswapctl resume).\n"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_free_ char *text = NULL;
		size_t n;
		FILE *out = open_memstream(&text, &n);

		assert_non_null(out);
		why_agent(&cases[i].status, out);
		assert_int_equal(fclose(out), 0);
		assert_string_equal(text, cases[i].text);
	}
}

/* Every reason has words and something that would change it, and no number breaks them. */
static void test_every_case(void **state)
{
	static const uint64_t numbers[] = {0, 1, MIB, UINT64_MAX - 1, UINT64_MAX};

	(void)state;
	for (int reason = -1; reason <= VERDICT_REASONS; reason++) {
		for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
			uint64_t x = numbers[i];
			struct group_status group = {
				.owns_limit = true,
				.current_bytes = x,
				.limit_bytes = x,
				.stalled_us = x,
				.verdict = {(enum verdict_reason)reason, x, x, x / 2, x, x, x},
				.verdict_age_ns = x,
				.ledger = {x, x, x, x, x, x, x, x, x, x},
			};
			_cleanup_free_ char *text = NULL;
			size_t n;
			FILE *out = open_memstream(&text, &n);

			assert_non_null(out);
			why_group(&group, 0, out);
			assert_int_equal(fclose(out), 0);
			assert_non_null(strstr(text, "What would change it: "));
			assert_null(strstr(text, "(null)"));
			if (reason > VERDICT_NONE && reason < VERDICT_REASONS)
				assert_null(strstr(text, "change it: The next look at it."));
		}
	}
}

static void test_group_names(void **state)
{
	static const struct group_status group = {.path = "a\xff\xc3\xa4\x1b"};
	char name[GROUP_NAME_SIZE], shown[GROUP_NAME_SHOWN_SIZE];

	(void)state;
	assert_string_equal(group_name(name, &group), "/a\xff\xc3\xa4\x1b");
	assert_string_equal(group_name_shown(shown, &group), "/a\\xff\\xc3\\xa4\\x1b");
	assert_true(group_name_is(&group, name));
	assert_true(group_name_is(&group, shown));
	assert_true(group_name_is(&group, "/a\\xff\xc3\xa4\x1b")); /* out of JSON */
	assert_true(group_name_is(&group, shown + 1));
	assert_false(group_name_is(&group, "/a"));
	assert_false(group_name_is(&group, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_group),
		cmocka_unit_test(test_what_was_left_behind),
		cmocka_unit_test(test_node),
		cmocka_unit_test(test_a_price_and_a_budget),
		cmocka_unit_test(test_swap_that_gains_too_little),
		cmocka_unit_test(test_trimming),
		cmocka_unit_test(test_every_reason_of_trimming),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_every_case),
		cmocka_unit_test(test_group_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
