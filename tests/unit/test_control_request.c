/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/request.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>

static void test_good_requests(void **state)
{
	static const struct {
		const char *text;
		struct control_request request;
	} rows[] = {
		{"{\"request\":\"status\"}", {.verb = CONTROL_STATUS, .wake = {.all_nodes = true}}},
		{" { \"request\" : \"reload\" } \r",
		 {.verb = CONTROL_RELOAD, .wake = {.all_nodes = true}}},
		{"{\"request\":\"metrics\"}",
		 {.verb = CONTROL_METRICS, .wake = {.all_nodes = true}}},
		{"{\"request\":\"why\"}", {.verb = CONTROL_WHY, .wake = {.all_nodes = true}}},
		{"{\"group\":\"/a/\\u00e4\",\"request\":\"why\"}",
		 {.verb = CONTROL_WHY, .wake = {.all_nodes = true}, .group = "/a/\xc3\xa4"}},
		{"{\"request\":\"why\",\"node\":3}", {.verb = CONTROL_WHY, .wake = {.node = 3}}},
		{"{\"request\":\"wake\"}", {.verb = CONTROL_WAKE, .wake = {.all_nodes = true}}},
		{"{\"request\":\"wake\",\"bytes\":9223372036854775807,\"order\":10,\"node\":0}",
		 {.verb = CONTROL_WAKE, .wake = {.bytes = INT64_MAX, .order = 10}}},
		{"{\"request\":\"pause\"}",
		 {.verb = CONTROL_PAUSE, .wake = {.all_nodes = true}, .pause_ns = UINT64_MAX}},
		{"{\"request\":\"pause\",\"for_ns\":5}",
		 {.verb = CONTROL_PAUSE, .wake = {.all_nodes = true}, .pause_ns = 5}},
		{"{\"request\":\"resume\"}", {.verb = CONTROL_RESUME, .wake = {.all_nodes = true}}},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct control_request request;
		struct control_problem problem;

		if (control_request_parse(rows[i].text, strlen(rows[i].text), &request, &problem))
			fail_msg("%s: %s", rows[i].text, problem.text);
		assert_int_equal(request.verb, rows[i].request.verb);
		assert_int_equal(request.wake.all_nodes, rows[i].request.wake.all_nodes);
		assert_int_equal(request.wake.node, rows[i].request.wake.node);
		assert_int_equal(request.wake.bytes, rows[i].request.wake.bytes);
		assert_int_equal(request.wake.order, rows[i].request.wake.order);
		if (request.verb == CONTROL_PAUSE)
			assert_int_equal(request.pause_ns, rows[i].request.pause_ns);
		assert_string_equal(request.group, rows[i].request.group);
	}
}

#define WHICH_REQUEST                                                                      \
	"\"request\" must be status, why, advise, effect, growth, metrics, wake, reload, " \
	"pause or resume"

static void test_bad_requests(void **state)
{
	static const struct {
		const char *text, *problem; /* a problem that ends in "..." may go on */
	} rows[] = {
		{"", "the request is not JSON: ..."},
		{"status", "the request is not JSON: ..."},
		{"{\"request\":\"status\"", "the request is not JSON: ..."},
		{"{\"request\":\"status\"} x", "the request is not JSON: ..."},
		{"{\"request\":\"status\",\"request\":\"wake\"}", "the request is not JSON: ..."},
		{"{\"request\":\"why\",\"group\":\"\xff\"}", "the request is not JSON: ..."},
		{"{\"request\":\"why\",\"group\":\"a\\u0000b\"}", "the request is not JSON: ..."},
		{"[]", "the request must be a JSON object"},
		{"{}", WHICH_REQUEST},
		{"{\"request\":1}", WHICH_REQUEST},
		{"{\"request\":\"Status\"}", WHICH_REQUEST},
		{"{\"request\":\"status\",\"node\":0}",
		 "\"node\" does not belong in a status request"},
		{"{\"request\":\"wake\",\"group\":\"a\"}",
		 "\"group\" does not belong in a wake request"},
		{"{\"request\":\"wake\",\"byte\":1}", "\"byte\" does not belong in a wake request"},
		{"{\"request\":\"wake\",\"\\u001b[2J\":1}",
		 "\"\\x1b[2J\" does not belong in a wake request"},
		{"{\"request\":\"wake\",\"bytes\":-1}",
		 "\"bytes\" must be a whole number from 0 to 9223372036854775807"},
		{"{\"request\":\"wake\",\"bytes\":1.5}",
		 "\"bytes\" must be a whole number from 0 to 9223372036854775807"},
		{"{\"request\":\"wake\",\"bytes\":\"1M\"}",
		 "\"bytes\" must be a whole number from 0 to 9223372036854775807"},
		{"{\"request\":\"wake\",\"order\":11}",
		 "\"order\" must be a whole number from 0 to 10"},
		{"{\"request\":\"wake\",\"node\":4294967296}",
		 "\"node\" must be a whole number from 0 to 2147483647"},
		{"{\"request\":\"resume\",\"for_ns\":1}",
		 "\"for_ns\" does not belong in a resume request"},
		{"{\"request\":\"pause\",\"for_ns\":-1}",
		 "\"for_ns\" must be a whole number from 0 to 9223372036854775807"},
		{"{\"request\":\"why\",\"group\":\"\"}",
		 "\"group\" must be a path of 1 to 1024 bytes"},
		{"{\"request\":\"why\",\"group\":7}",
		 "\"group\" must be a path of 1 to 1024 bytes"},
		{"{\"request\":\"why\",\"group\":\"a\",\"node\":1}",
		 "why asks for a group or a node, not for both"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct control_request request, before;
		struct control_problem problem = {""};
		size_t n = strlen(rows[i].problem);

		memset(&request, 0x5a, sizeof(request));
		before = request;
		assert_int_equal(control_request_parse(rows[i].text, strlen(rows[i].text), &request,
						       &problem),
				 -EINVAL);
		assert_memory_equal(&request, &before, sizeof(request));
		if (strcmp(rows[i].problem + n - 3, "...") == 0)
			assert_int_equal(strncmp(problem.text, rows[i].problem, n - 3), 0);
		else
			assert_string_equal(problem.text, rows[i].problem);
	}
}

static void test_group_of_any_length(void **state)
{
	static const char head[] = "{\"request\":\"why\",\"group\":\"", tail[] = "\"}";
	struct control_request request;
	struct control_problem problem;
	char text[2048];

	(void)state;
	for (size_t n = 1023; n <= 1026; n++) {
		size_t used = sizeof(head) - 1;

		memcpy(text, head, used);
		memset(text + used, 'g', n);
		memcpy(text + used + n, tail, sizeof(tail));
		assert_int_equal(control_request_parse(text, strlen(text), &request, &problem),
				 n <= 1024 ? 0 : -EINVAL);
		if (n <= 1024)
			assert_int_equal(strlen(request.group), n);
	}
}

static void test_who_may(void **state)
{
	static const struct {
		struct control_peer peer;
		bool read, change;
	} rows[] = {
		{{.uid = 0, .in_group = false}, true, true},
		{{.uid = 990, .in_group = false}, true, true}, /* the agent's own */
		{{.uid = 1000, .in_group = true}, true, false},
		{{.uid = 1000, .in_group = false}, false, false},
		{{.uid = (uid_t)-1, .in_group = true}, true, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(control_may(&rows[i].peer, 990, CONTROL_STATUS), rows[i].read);
		assert_int_equal(control_may(&rows[i].peer, 990, CONTROL_WHY), rows[i].read);
		assert_int_equal(control_may(&rows[i].peer, 990, CONTROL_WAKE), rows[i].change);
		assert_int_equal(control_may(&rows[i].peer, 990, CONTROL_RELOAD), rows[i].change);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_requests),
		cmocka_unit_test(test_bad_requests),
		cmocka_unit_test(test_group_of_any_length),
		cmocka_unit_test(test_who_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
