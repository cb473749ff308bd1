/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/options.h"

#include "agent/config/config.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

#define WORDS_MAX 8

/* Splits a command line at its blanks; "''" is an empty word. */
static int parse(const char *line, struct ctl_options *ret, struct ctl_problem *ret_problem,
		 char words[512])
{
	char *argv[WORDS_MAX + 2] = {(char[]){"uswapctl"}};
	int argc = 1;

	(void)snprintf(words, 512, "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc <= WORDS_MAX);
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	}
	return ctl_options_parse(argc, argv, ret, ret_problem);
}

static void test_requests(void **state)
{
	static const struct {
		const char *line, *request;
	} rows[] = {
		{"status", "{\"request\":\"status\"}"},
		{"reload", "{\"request\":\"reload\"}"},
		{"metrics", "{\"request\":\"metrics\"}"},
		{"why", "{\"request\":\"why\"}"},
		{"why /a/b", "{\"request\":\"why\",\"group\":\"/a/b\"}"},
		{"why node 3", "{\"request\":\"why\",\"node\":3}"},
		{"why /node", "{\"request\":\"why\",\"group\":\"/node\"}"},
		{"why a\"\\\xff\x1b",
		 "{\"request\":\"why\",\"group\":\"a\\\"\\\\\\\\xff\\u001B\"}"},
		{"why -- -a", "{\"request\":\"why\",\"group\":\"-a\"}"},
		{"wake", "{\"request\":\"wake\"}"},
		{"wake --node 1 --bytes 1.5M",
		 "{\"request\":\"wake\",\"node\":1,\"bytes\":1572864}"},
		{"--node=0 wake", "{\"request\":\"wake\",\"node\":0}"},
		{"wake --order 9 --bytes 32M",
		 "{\"request\":\"wake\",\"bytes\":33554432,\"order\":9}"},
		{"pause", "{\"request\":\"pause\"}"},
		{"pause --for 1.5h", "{\"request\":\"pause\",\"for_ns\":5400000000000}"},
		{"resume", "{\"request\":\"resume\"}"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ctl_options options;
		struct ctl_problem problem;
		_cleanup_free_ char *request = NULL;
		char words[512];

		if (parse(rows[i].line, &options, &problem, words) < 0)
			fail_msg("%s: %s", rows[i].line, problem.text);
		request = ctl_request(&options);
		assert_string_equal(request, rows[i].request);
	}
}

static void test_options(void **state)
{
	struct ctl_options options;
	struct ctl_problem problem;
	char words[512];

	(void)state;
	assert_int_equal(parse("status", &options, &problem, words), 0);
	assert_string_equal(options.socket_path, CONFIG_SOCKET_PATH);
	assert_false(options.json);
	assert_int_equal(parse("status --json --socket /x", &options, &problem, words), 0);
	assert_string_equal(options.socket_path, "/x");
	assert_true(options.json);
	assert_int_equal(parse("--help nonsense", &options, &problem, words), 0);
	assert_int_equal(options.verb, CTL_HELP);
	assert_int_equal(parse("--version", &options, &problem, words), 0);
	assert_int_equal(options.verb, CTL_VERSION);
	assert_int_equal(parse("version", &options, &problem, words), 0);
	assert_int_equal(options.verb, CTL_VERSION);
}

static void test_wrong_command_lines(void **state)
{
	static const struct {
		const char *line, *problem;
	} rows[] = {
		{"", "a command is missing"},
		{"--json", "a command is missing"},
		{"statsu", "there is no command \"statsu\"; did you mean status?"},
		{"explode", "there is no command \"explode\""},
		{"status now", "\"now\" is too much: status takes no more words"},
		{"wake 0", "\"0\" is too much: wake takes no more words"},
		{"wake --node x", "\"x\" is not the number of a node"},
		{"wake --node 4294967296", "\"4294967296\" is not the number of a node"},
		{"wake --bytes 64", NULL},
		{"wake --bytes 0", "\"0\" is not a size, as in 64M"},
		{"wake --bytes 64MB", "\"64MB\" is not a size, as in 64M"},
		{"wake --bytes 16383P", "\"16383P\" is not a size, as in 64M"},
		{"wake --bytes", "--bytes needs a value"},
		{"status --node 0", "--node, --bytes and --order belong to wake"},
		{"why --bytes 1M", "--node, --bytes and --order belong to wake"},
		{"status --order 9", "--node, --bytes and --order belong to wake"},
		{"wake --order 0", "\"0\" is not an order of pages, from 1 to 10"},
		{"wake --order 11", "\"11\" is not an order of pages, from 1 to 10"},
		{"pause --for 0s", "\"0s\" is not a time, as in 30min"},
		{"pause --for 30", "\"30\" is not a time, as in 30min"},
		{"pause 30min", "\"30min\" is too much: pause takes no more words"},
		{"resume --for 1s", "--for belongs to pause"},
		{"why node", "write: why node N (and why /node for a group of that name)"},
		{"why node x", "\"x\" is not the number of a node"},
		{"why a b", "why takes one group, or: node N"},
		{"why ''", "the group's name is empty; the root is /"},
		{"status --verbose", "there is no option --verbose"},
		{"--jsn status", "there is no option --jsn; did you mean --json?"},
		{"-q status", "there is no option -q"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct ctl_options options, before;
		struct ctl_problem problem = {""};
		char words[512];
		int r;

		memset(&options, 0x5a, sizeof(options));
		before = options;
		r = parse(rows[i].line, &options, &problem, words);
		assert_int_equal(r, rows[i].problem ? -EINVAL : 0);
		if (rows[i].problem) {
			assert_string_equal(problem.text, rows[i].problem);
			assert_memory_equal(&options, &before, sizeof(options));
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_wrong_command_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
