/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/effect.h"

#include "tests/unit/fixture.h"

#include <string.h>

static void check(const struct node_status *node, const char *expected)
{
	struct node_status nodes[] = {*node, {.node = 9}};
	const struct agent_status status = {.n_nodes = 2, .nodes = nodes};
	char text[4096] = "";
	FILE *out = fmemopen(text, sizeof(text), "w");

	assert_int_equal(effect_write(&status, out), 0);
	(void)fclose(out);
	assert_string_equal(text, expected);
}

#define NONE_OF_NODE                                                                \
	"Node 0: windows of the node itself, 0 looked after, 0 left alone by lot\n" \
	"  too few yet: it takes 8 of each, of what wants something\n"

static void test_words(void **state)
{
	struct node_status node = {.answered = true};

	(void)state;
	check(&node, "Node 0: nothing is left alone by lot (holdout.share)\n");
	node.holdout_permyriad = 1000;
	check(&node, "Node 0: windows of its groups, 0 looked after, 0 left alone by lot\n"
		     "  too few yet: it takes 8 of each, of what wants something\n" NONE_OF_NODE);
	node.effects[EFFECT_STALL] = (struct effect){.acted = 40,
						     .held = 10,
						     .acted_mean = 90,
						     .held_mean = 100,
						     .difference = -1005,
						     .low = -1500,
						     .high = -510,
						     .chance = 10};
	node.effects[EFFECT_CPU] = node.effects[EFFECT_MEMORY] = node.effects[EFFECT_STALL];
	node.effects[EFFECT_CPU].difference = 2000;
	node.effects[EFFECT_CPU].low = 1;
	node.effects[EFFECT_CPU].high = INT64_MIN + 1;
	node.effects[EFFECT_MEMORY].high = 5;
	node.harmful = true;
	node.harm = EFFECT_CPU;
	check(&node,
	      "Node 0: windows of its groups, 40 looked after, 10 left alone by lot\n"
	      "  stalled on memory, us: 90 looked after, 100 left alone\n"
	      "    -10.0 %, between -15.0 % and -5.1 %; by chance in 0.10 %: less where looked "
	      "after\n"
	      "  read back, bytes: too little to tell\n"
	      "  limit hit, times: too little to tell\n"
	      "  CPU time, us: 90 looked after, 100 left alone\n"
	      "    +20.0 %, between +0.0 % and -92233720368547758.0 %; by chance in 0.10 %: more "
	      "where looked after\n"
	      "  memory, bytes: 90 looked after, 100 left alone\n"
	      "    -10.0 %, between -15.0 % and +0.0 %; by chance in 0.10 %: nothing that chance "
	      "would not make\n"
	      "  Harm (cpu): headroom and trim have stopped here, until the configuration is read "
	      "anew\n" NONE_OF_NODE);
}

/* What a difference is a share of may be nothing. */
static void test_words_without_a_base(void **state)
{
	struct node_status node = {
		.answered = true,
		.holdout_permyriad = 1000,
		.effects[EFFECT_STALL] = {.acted = 40,
					  .held = 10,
					  .acted_mean = 50000,
					  .without_base = true,
					  .difference = 12500,
					  .low = 10000,
					  .high = 15000,
					  .chance = 10},
	};

	(void)state;
	check(&node,
	      "Node 0: windows of its groups, 40 looked after, 10 left alone by lot\n"
	      "  stalled on memory, us: 50000 looked after, 0 left alone\n"
	      "    no share can be told of none at all; by chance in 0.10 %: more where looked "
	      "after\n"
	      "  read back, bytes: too little to tell\n"
	      "  limit hit, times: too little to tell\n"
	      "  CPU time, us: too little to tell\n"
	      "  memory, bytes: too little to tell\n" NONE_OF_NODE);
}

static void test_words_of_the_node_itself(void **state)
{
	struct node_status node = {
		.answered = true,
		.holdout_permyriad = 1000,
		.node_effects[EFFECT_EVENTS] = {.acted = 30,
						.held = 9,
						.acted_mean = 40,
						.held_mean = 400,
						.difference = -9000,
						.low = -9500,
						.high = -8000},
		.node_harmful = true,
		.node_harm = EFFECT_STALL,
	};

	(void)state;
	check(&node,
	      "Node 0: windows of its groups, 0 looked after, 0 left alone by lot\n"
	      "  too few yet: it takes 8 of each, of what wants something\n"
	      "Node 0: windows of the node itself, 30 looked after, 9 left alone by lot\n"
	      "  stalled on memory, on all nodes, us: too little to tell\n"
	      "  read back, bytes: too little to tell\n"
	      "  tasks that had to reclaim for themselves, on all nodes, times: 40 looked after, "
	      "400 left alone\n"
	      "    -90.0 %, between -95.0 % and -80.0 %; by chance in 0.00 %: less where looked "
	      "after\n"
	      "  CPU time of the machine, us: too little to tell\n"
	      "  free, bytes: too little to tell\n"
	      "  Harm (stall): balance has stopped here, until the configuration is read anew\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_words_without_a_base),
		cmocka_unit_test(test_words_of_the_node_itself),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
