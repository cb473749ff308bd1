/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report/journal.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define NS UINT64_C(1000000000)

/* A journal that only listens. */
struct scene {
	struct fixture *fx;
	int fd;
	struct journal journal;
};

static void start(struct scene *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	s->fx = fixture_new(NULL, 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/socket", s->fx->path);
	assert_int_equal(journal_open(address.sun_path, &s->journal), 0);
	s->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(bind(s->fd, (struct sockaddr *)&address, sizeof(address)), 0);
}

static void stop(struct scene *s)
{
	journal_close(&s->journal);
	fd_close(s->fd);
	fixture_free(s->fx);
}

static const char *receive(struct scene *s, char *text, size_t size)
{
	ssize_t n = recv(s->fd, text, size - 1, 0);

	assert_true(n > 0);
	text[n] = '\0';
	return text;
}

static struct journal_action action_on(const char *group)
{
	return (struct journal_action){
		.node = 1,
		.group = group,
		.reason = "limit-near",
		.backend = "memory-reclaim",
		.error = -EAGAIN,
		.tried_bytes = 33554432,
		.applied_bytes = 16777216,
		.net_freed_bytes = 8388608,
		.wall_ns = 40123456,
		.cpu_ns = 30000999,
	};
}

static void test_fields(void **state)
{
	const struct journal_action of_group = action_on("a\nPRIORITY=0\n\x1b[2J"),
				    of_node = action_on(NULL);
	struct journal_rate rate = {0};
	struct scene s = {0};
	char text[4096];

	(void)state;
	start(&s);
	assert_true(journal_send_action(&s.journal, &rate, &of_group, NS));
	assert_string_equal(
		receive(&s, text, sizeof(text)),
		"MESSAGE=node 1: took 16.0 MiB from /a\\x0aPRIORITY=0\\x0a\\x1b[2J (limit-near) in "
		"40 ms\n"
		"MESSAGE_ID=" JOURNAL_MESSAGE_ID "\nPRIORITY=6\nSYSLOG_IDENTIFIER=uswapd\n"
		"USWAPD_NODE=1\nUSWAPD_GROUP=/a\\x0aPRIORITY=0\\x0a\\x1b[2J\n"
		"USWAPD_REASON=limit-near\nUSWAPD_BACKEND=memory-reclaim\nUSWAPD_ERROR=11\n"
		"USWAPD_TRIED_BYTES=33554432\nUSWAPD_APPLIED_BYTES=16777216\n"
		"USWAPD_NET_FREED_BYTES=8388608\nUSWAPD_WALL_USEC=40123\nUSWAPD_CPU_USEC=30000\n"
		"USWAPD_LEFT_OUT=0\n");
	assert_true(journal_send_action(&s.journal, &rate, &of_node, NS));
	assert_non_null(strstr(receive(&s, text, sizeof(text)), "from the node (limit-near)"));
	assert_non_null(strstr(text, "\nUSWAPD_GROUP=\n"));
	stop(&s);
}

/* A name of the longest kind is cut, and what follows is there. */
static void test_long_name(void **state)
{
	char name[4096], text[65536];
	struct journal_rate rate = {0};
	struct journal_action action;
	struct scene s = {0};

	(void)state;
	start(&s);
	memset(name, '\n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	action = action_on(name);
	assert_true(journal_send_action(&s.journal, &rate, &action, NS));
	(void)receive(&s, text, sizeof(text));
	assert_non_null(strstr(text, "\\x0a\nUSWAPD_REASON=limit-near\n"));
	assert_non_null(strstr(text, "USWAPD_LEFT_OUT=0\n"));
	stop(&s);
}

static void test_rate_is_bounded(void **state)
{
	const struct journal_action action = action_on("a");
	struct journal_rate rate = {0};
	struct scene s = {0};
	char text[4096];

	(void)state;
	start(&s);
	for (int i = 0; i < JOURNAL_WINDOW_MAX; i++) {
		assert_true(journal_send_action(&s.journal, &rate, &action, NS));
		(void)receive(&s, text, sizeof(text));
	}
	for (int i = 0; i < 5; i++)
		assert_false(journal_send_action(&s.journal, &rate, &action,
						 NS + JOURNAL_WINDOW_NS - 1));
	assert_true(journal_send_action(&s.journal, &rate, &action, NS + JOURNAL_WINDOW_NS));
	assert_non_null(strstr(receive(&s, text, sizeof(text)), "\nUSWAPD_LEFT_OUT=5\n"));
	assert_true(journal_send_action(&s.journal, &rate, &action, NS + JOURNAL_WINDOW_NS));
	assert_non_null(strstr(receive(&s, text, sizeof(text)), "\nUSWAPD_LEFT_OUT=0\n"));
	stop(&s);
}

/* Nobody waits for a journal that is full, gone, or was never there. */
static void test_journal_that_takes_nothing(void **state)
{
	const struct journal_action action = action_on("a");
	struct journal_rate rate = {0};
	struct scene s = {0};
	uint64_t sent = 0, tried = 0;

	(void)state;
	start(&s);
	while (tried < 100000 && rate.left_out == 0) {
		rate.records = 0;
		sent += journal_send_action(&s.journal, &rate, &action, NS + tried++);
	}
	assert_true(sent > 0);
	assert_int_equal(rate.left_out, 1);
	s.fd = fd_close(s.fd);
	assert_false(journal_send_action(&s.journal, &rate, &action, 100 * NS));
	assert_int_equal(rate.left_out, 2);
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_long_name),
		cmocka_unit_test(test_rate_is_bounded),
		cmocka_unit_test(test_journal_that_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
