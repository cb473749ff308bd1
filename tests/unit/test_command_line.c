/* SPDX-License-Identifier: Apache-2.0 */
/* What uswapd makes of its arguments. */
#include "agent/command_line.h"

#include "tests/unit/fixture.h"

#include <getopt.h>

#define PARSE(cl, ...) parse(cl, (char **)(const char *[]){"uswapd", __VA_ARGS__, NULL})

static int parse(struct command_line *cl, char **argv)
{
	int argc = 0;

	while (argv[argc])
		argc++;
	optind = 0; /* from the beginning */
	return command_line_parse(argc, argv, cl);
}

static void test_plain(void **state)
{
	struct command_line cl;

	(void)state;
	assert_int_equal(PARSE(&cl, "--config", "a", "--set", "x.y=1", "--set=z.y=2"), -1);
	assert_string_equal(cl.agent.config_file, "a");
	assert_int_equal(cl.agent.n_overrides, 2);
	assert_string_equal(cl.agent.overrides[0], "x.y=1");
	assert_string_equal(cl.agent.overrides[1], "z.y=2");
	assert_true(cl.agent.try_uring);
	assert_false(cl.check_config || cl.doctor || cl.agent.dry_run);
}

/* What is said behind a command holds for it too. */
static void test_in_any_order(void **state)
{
	struct command_line cl;

	(void)state;
	assert_int_equal(PARSE(&cl, "--doctor", "--root", "/there"), -1);
	assert_true(cl.doctor);
	assert_string_equal(cl.agent.root, "/there");
	assert_int_equal(PARSE(&cl, "--root", "/there", "--doctor"), -1);
	assert_true(cl.doctor);
	assert_string_equal(cl.agent.root, "/there");
	assert_int_equal(PARSE(&cl, "--check-config", "--config", "b"), -1);
	assert_true(cl.check_config);
	assert_string_equal(cl.agent.config_file, "b");
}

static void test_usage(void **state)
{
	struct command_line cl;

	(void)state;
	assert_int_equal(PARSE(&cl, "--doctor", "surplus"), EXIT_USAGE);
	assert_int_equal(PARSE(&cl, "--doctor", "--nonsense"), EXIT_USAGE);
	assert_int_equal(PARSE(&cl, "--config"), EXIT_USAGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_in_any_order),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
