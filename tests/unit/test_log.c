/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "tests/unit/fixture.h"

#include <fcntl.h>
#include <string.h>

static const char *logged(struct log *log, char *text, size_t size)
{
	int pipe_fds[2];
	ssize_t n;

	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	log->fd = pipe_fds[1];
	log_warning(log, "group %s: gone", "a\nb\x1b[2J\x9b\xc3\xa9");
	log_info(log, "not shown");
	fd_close(pipe_fds[1]);
	n = read(pipe_fds[0], text, size - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	fd_close(pipe_fds[0]);
	return text;
}

static void test_hostile_names_stay_on_one_line(void **state)
{
	struct log log = {.level = LOG_LEVEL_WARNING};
	char text[200];

	(void)state;
	assert_string_equal(logged(&log, text, sizeof(text)),
			    "group a\\x0ab\\x1b[2J\\x9b\\xc3\\xa9: gone\n");
	log.priority_prefix = true;
	assert_string_equal(logged(&log, text, sizeof(text)),
			    "<4>group a\\x0ab\\x1b[2J\\x9b\\xc3\\xa9: gone\n");
	log.level = LOG_LEVEL_ERROR;
	assert_string_equal(logged(&log, text, sizeof(text)), "");
}

/* Who stands still before the end of the pipe, as a journal on a disk that hangs, holds up nobody.
 */
static void test_waits_for_no_reader(void **state)
{
	struct log log = {.level = LOG_LEVEL_WARNING};
	char text[4096];
	int pipe_fds[2];

	(void)state;
	memset(text, 'x', sizeof(text));
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC | O_NONBLOCK), 0);
	while (write(pipe_fds[1], text, sizeof(text)) > 0)
		;
	assert_int_equal(fcntl(pipe_fds[1], F_SETFL, 0), 0);
	log.fd = pipe_fds[1];
	(void)alarm(120);
	log_warning(&log, "lost");
	(void)alarm(0);
	while (read(pipe_fds[0], text, sizeof(text)) > 0)
		;
	log_warning(&log, "there is room again");
	assert_int_equal(read(pipe_fds[0], text, sizeof(text)), strlen("there is room again\n"));
	fd_close(pipe_fds[0]);
	fd_close(pipe_fds[1]);
}

static void test_long_lines_are_cut(void **state)
{
	char name[3000], text[4000];
	struct log log = {.level = LOG_LEVEL_ERROR};
	int pipe_fds[2];
	ssize_t n;

	(void)state;
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	log.fd = pipe_fds[1];
	log_error(&log, "%s", name);
	n = read(pipe_fds[0], text, sizeof(text));
	assert_in_range(n, 1000, 1024);
	assert_int_equal(text[n - 1], '\n');
	fd_close(pipe_fds[0]);
	fd_close(pipe_fds[1]);
}

static void test_level_names(void **state)
{
	enum log_level level = LOG_LEVEL_ERROR;

	(void)state;
	assert_int_equal(log_level_parse("debug", &level), 0);
	assert_int_equal(level, LOG_LEVEL_DEBUG);
	assert_true(log_level_parse("loud", &level) < 0);
	assert_string_equal(log_level_name(LOG_LEVEL_NOTICE), "notice");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_names_stay_on_one_line),
		cmocka_unit_test(test_waits_for_no_reader),
		cmocka_unit_test(test_long_lines_are_cut),
		cmocka_unit_test(test_level_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
