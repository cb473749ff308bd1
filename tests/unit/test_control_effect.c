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

static void test_words(void **state)
{
	struct node_status node = {.answered = true};

	(void)state;
	check(&node, "Node 0: no group is left alone by lot (holdout.share)\n");
	node.holdout_permyriad = 1000;
	check(&node, "Node 0: windows of its groups, 0 looked after, 0 left alone by lot\n"
		     "  too few yet: it takes 8 of each, of groups that want something\n");
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
	      "anew\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
