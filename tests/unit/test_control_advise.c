/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/advise.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <string.h>

#define MIB (UINT64_C(1) << 20)

static struct group_status groups[] = {
	{
		.path = "a\x1b[2J",
		.owns_limit = true,
		.limit_bytes = 128 * MIB,
		.events_max = 312,
		.events_high = 9,
		.stalled_us = 660000,
		.past = {.known = true, .events_max = 300, .stalled_us = 160000},
		.protected_bytes = 16 * MIB,
		.file_bytes = 20 * MIB,
		.anon_bytes = 90 * MIB,
		.verdict = {.reason = VERDICT_LIMIT_NEAR,
			    .bytes = 6 * MIB,
			    .room_bytes = MIB,
			    .margin_bytes = 4 * MIB,
			    .rate_bytes_per_s = 16 * MIB,
			    .refault_permyriad = 1234},
		.wish = {.times = 3, .wanted_ns = 42 * NSEC_PER_SEC, .most_bytes = 8 * MIB},
		.cold_most_bytes = 5 * MIB,
	},
	{.path = "calm",
	 .owns_limit = true,
	 .limit_bytes = 128 * MIB,
	 .verdict = {.reason = VERDICT_NO_DEMAND}},
};
static struct node_status nodes[] = {
	{.node = 0, .answered = true, .n_groups = ARRAY_SIZE(groups), .groups = groups},
	{.node = 1},
};

static char *text_of(struct agent_status status)
{
	char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);

	assert_non_null(out);
	status.n_nodes = ARRAY_SIZE(nodes);
	status.nodes = nodes;
	assert_int_equal(advise(&status, out), 0);
	assert_int_equal(fclose(out), 0);
	return text;
}

/* Of one without a limit: what trimming would take. */
static struct group_status cold = {
	.path = "cold",
	.current_bytes = 300 * MIB,
	.limit_bytes = UINT64_MAX,
	.anon_bytes = 290 * MIB,
	.trim = {.on = true,
		 .reason = TRIM_STEP,
		 .wanted_bytes = 3 * MIB,
		 .cold_bytes = 200 * MIB,
		 .wish = {.times = 1, .most_bytes = 3 * MIB}},
};

static void check_has(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no \"%s\" in:\n%s", words, text);
}

static void test_tells_what_why_and_risk(void **state)
{
	_cleanup_free_ char *text =
		text_of((struct agent_status){.observes = true, .uptime_ns = 90 * NSEC_PER_SEC});

	(void)state;
	check_has(text,
		  "uswapd observes, running for 1.5 min: it asks the kernel for nothing until "
		  "\"uswapctl enable\".\n");
	check_has(text, "\n/a\\x1b[2J (memory.max 128.0 MiB)\n");
	check_has(text,
		  "would take: 6.0 MiB now; so far 8.0 MiB at most, 3 times, for 42 s in all");
	check_has(text, "first: up to 5.0 MiB of processes that are frozen, stopped or named");
	check_has(text, "why: the room below the limit is smaller than the margin\n");
	check_has(text, "room 1.0 MiB, margin 4.0 MiB, filling at 16.0 MiB/s\n");
	check_has(text, "meanwhile: 12 times at its limit, stalled 500 ms\n");
	check_has(text, "it has 20.0 MiB file memory");
	check_has(text, "and 90.0 MiB anonymous memory");
	check_has(text, "16.0 MiB are protected and stay\n");
	check_has(text, "12 % of what was taken lately");
	check_has(text, "\nnode 1: its worker did not answer in time\n");
	check_has(text, "\nnode 0: it would take nothing\n");
	check_has(text, "\nFrom 1 of 2 groups that are looked after; now 6.0 MiB in all.\n");
	assert_null(strstr(text, "calm"));
}

static void test_says_who_it_is(void **state)
{
	_cleanup_free_ char *acting = text_of((struct agent_status){.uptime_ns = 1});
	_cleanup_free_ char *dry =
		text_of((struct agent_status){.dry_run = true, .observes = true});

	(void)state;
	check_has(acting, "uswapd acts: ");
	check_has(dry, "uswapd runs with --dry-run");
}

/* The largest first, and not all of them. */
static void test_many_groups(void **state)
{
	_cleanup_free_ char *text = NULL;
	struct group_status many[ADVISE_GROUPS_MAX + 3] = {0};
	struct node_status before = nodes[0];
	const char *first, *second;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(many); i++) {
		(void)snprintf(many[i].path, sizeof(many[i].path), "g%zu", i);
		many[i].limit_bytes = MIB;
		many[i].wish = (struct wish){.times = 1, .most_bytes = i * 4096};
	}
	nodes[0].groups = many;
	nodes[0].n_groups = ARRAY_SIZE(many);
	text = text_of((struct agent_status){.observes = true});
	nodes[0] = before;
	first = strstr(text, "/g34 ");
	second = strstr(text, "/g33 ");
	assert_non_null(first);
	assert_true(second > first);
	assert_non_null(strstr(text, "/g3 "));
	assert_null(strstr(text, "/g2 "));
	check_has(text, "\n3 more, smaller ones: uswapctl --json status\n");
}

/* What somebody set back, or never was, is no huge number. */
static void test_counters_that_go_back(void **state)
{
	_cleanup_free_ char *text = NULL, *high = NULL;
	struct group_status before = groups[0];

	(void)state;
	groups[0].events_max = 2;
	groups[0].limit_is_high = false;
	text = text_of((struct agent_status){.observes = true});
	check_has(text, "meanwhile: 2 times at its limit");
	groups[0].limit_is_high = true;
	high = text_of((struct agent_status){.observes = true});
	check_has(high, "meanwhile: 9 times at its limit");
	groups[0] = before;
}

static void test_cold_memory(void **state)
{
	struct node_status before = nodes[0];
	_cleanup_free_ char *text = NULL;

	(void)state;
	nodes[0].groups = &cold;
	nodes[0].n_groups = 1;
	text = text_of((struct agent_status){.observes = true});
	nodes[0] = before;
	check_has(text, "\n/cold (300.0 MiB used)\n");
	check_has(text, "  cold memory: it would take 3.0 MiB now");
	check_has(text, "  why: a step of what seems to be cold\n");
	check_has(text, "200.0 MiB of it have not been used for a while\n");
	check_has(text, "and 290.0 MiB anonymous memory");
	check_has(text, "\nFrom 1 of 1 groups that are looked after; now 3.0 MiB in all.\n");
	assert_null(strstr(text, "room"));
	assert_null(strstr(text, "at its limit"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tells_what_why_and_risk),
		cmocka_unit_test(test_says_who_it_is),
		cmocka_unit_test(test_many_groups),
		cmocka_unit_test(test_counters_that_go_back),
		cmocka_unit_test(test_cold_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
