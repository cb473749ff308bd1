/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report/metrics_writer.h"

#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fake_root.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define WAIT_NS (20 * NSEC_PER_SEC) /* for what comes at once on a machine at rest */

/* An agent on a fake root, with a configuration that changes. */
struct scene {
	struct fixture *fx;
	char config_file[128];
	struct log log;
	struct agent *agent;
	struct metrics_writer *writer;
};

static void configure(struct scene *s, const char *name, const char *more)
{
	struct config_error error = {""};
	char text[512];

	(void)snprintf(text, sizeof(text), "[metrics]\ntextfile = %s%s%s\n%s",
		       *name ? s->fx->path : "", *name ? "/" : "", name, more);
	fixture_write(s->fx, "uswapd.conf", text);
	if (s->agent && agent_reload(s->agent, &error) < 0)
		fail_msg("%s", error.text);
}

static void start(struct scene *s, metrics_write_file *write)
{
	struct agent_options options = {
		.dry_run = true, .topology = FAKE_TOPOLOGY, .stop_ns = 60 * NSEC_PER_SEC};
	struct config_error error = {""};
	struct config config;

	s->fx = fake_root_new();
	s->log = (struct log){.fd = memfd_create("log", MFD_CLOEXEC), .level = LOG_LEVEL_INFO};
	(void)snprintf(s->config_file, sizeof(s->config_file), "%s/uswapd.conf", s->fx->path);
	configure(s, "", "");
	assert_int_equal(config_load(s->config_file, NULL, 0, &config, &error), 0);
	assert_string_equal(config.metrics.textfile, "");
	options.root = s->fx->path;
	options.config_file = s->config_file;
	assert_int_equal(agent_start(&options, &config, s->log, &s->agent), 0);
	assert_int_equal(metrics_writer_new(write, &s->log, &s->writer), 0);
}

static size_t logged(const struct scene *s, const char *text)
{
	char all[8192];
	size_t n = 0;

	assert_true(kfile_read(s->log.fd, all, sizeof(all)) >= 0);
	for (const char *at = all; (at = strstr(at, text)); at++)
		n++;
	return n;
}

static bool exists(const struct scene *s, const char *name)
{
	struct stat st;

	return fstatat(s->fx->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void stop(struct scene *s)
{
	assert_int_equal(metrics_writer_stop(s->writer, WAIT_NS), 0);
	assert_int_equal(agent_stop(s->agent), 0);
	fd_close(s->log.fd);
	fixture_free(s->fx);
}

/* One turn, and what it began is done when it returns. */
static uint64_t turn(struct scene *s, uint64_t now_ns)
{
	uint64_t end_ns = clock_now_ns() + WAIT_NS;
	uint64_t due_ns = metrics_writer_turn(s->writer, s->agent, now_ns);

	while (metrics_writer_is_busy(s->writer)) {
		assert_true(clock_now_ns() < end_ns);
		(void)poll(NULL, 0, 1);
	}
	return due_ns;
}

static void test_goes_by_the_configuration(void **state)
{
	uint64_t now_ns = NSEC_PER_SEC;
	_cleanup_free_ char *text = NULL;
	struct scene s = {0};

	(void)state;
	start(&s, metrics_file_write);
	assert_int_equal(turn(&s, now_ns), UINT64_MAX);

	configure(&s, "a.prom", "interval = 10s\n");
	assert_int_equal(turn(&s, now_ns), 11 * NSEC_PER_SEC);
	text = fixture_read(s.fx, "a.prom");
	assert_non_null(strstr(text, "\nuswapd_acting 0\n"));
	assert_non_null(strstr(text, "\nuswapd_node_answered{node=\"0\"} 1\n"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	/* Not before its time. */
	fixture_remove(s.fx, "a.prom");
	now_ns = 11 * NSEC_PER_SEC - 1;
	assert_int_equal(turn(&s, now_ns), 11 * NSEC_PER_SEC);
	assert_false(exists(&s, "a.prom"));
	now_ns++;
	assert_int_equal(turn(&s, now_ns), 21 * NSEC_PER_SEC);
	assert_true(exists(&s, "a.prom"));
	/* A shorter interval holds at once. */
	configure(&s, "a.prom", "interval = 1s\n");
	assert_int_equal(turn(&s, now_ns), 12 * NSEC_PER_SEC);

	configure(&s, "b.prom", "");
	assert_int_equal(turn(&s, now_ns), 26 * NSEC_PER_SEC);
	assert_false(exists(&s, "a.prom"));
	assert_true(exists(&s, "b.prom"));

	/* Said once, and when it is over. */
	configure(&s, "later/c.prom", "interval = 1s\n");
	assert_int_equal(turn(&s, now_ns), 12 * NSEC_PER_SEC);
	assert_int_equal(turn(&s, 12 * NSEC_PER_SEC), 13 * NSEC_PER_SEC);
	assert_false(exists(&s, "b.prom"));
	assert_int_equal(logged(&s, "later/c.prom: can't be written: No such file or directory"),
			 1);
	fixture_write(s.fx, "later/x", "");
	assert_int_equal(turn(&s, 13 * NSEC_PER_SEC), 14 * NSEC_PER_SEC);
	assert_true(exists(&s, "later/c.prom"));
	assert_int_equal(logged(&s, "later/c.prom: written again"), 1);

	configure(&s, "", "");
	assert_int_equal(turn(&s, 13 * NSEC_PER_SEC), UINT64_MAX);
	assert_false(exists(&s, "later/c.prom"));
	stop(&s);
}

/* What a hung file system does, until it is let go. */
static int hang_fd = -1;
static int hang(struct metrics_file *file, const char *text, size_t n)
{
	eventfd_t value;

	(void)eventfd_read(hang_fd, &value);
	return metrics_file_write(file, text, n);
}

static void test_hung_file_system(void **state)
{
	uint64_t now_ns = NSEC_PER_SEC;
	struct scene s = {0};

	(void)state;
	hang_fd = eventfd(0, EFD_CLOEXEC);
	start(&s, hang);
	configure(&s, "a.prom", "interval = 1s\n");
	assert_int_equal(metrics_writer_turn(s.writer, s.agent, now_ns), 2 * NSEC_PER_SEC);
	/* Main goes on, and asks again each second. */
	assert_int_equal(metrics_writer_turn(s.writer, s.agent, 2 * NSEC_PER_SEC),
			 3 * NSEC_PER_SEC);
	configure(&s, "b.prom", "interval = 1s\n");
	assert_int_equal(metrics_writer_turn(s.writer, s.agent, 2 * NSEC_PER_SEC),
			 3 * NSEC_PER_SEC);
	assert_int_equal(logged(&s, "hangs"), 0);
	(void)metrics_writer_turn(s.writer, s.agent, 11 * NSEC_PER_SEC);
	(void)metrics_writer_turn(s.writer, s.agent, 12 * NSEC_PER_SEC);
	assert_int_equal(logged(&s, "a.prom: has not been written for 10 s: its file system hangs"),
			 1);
	assert_int_equal(metrics_writer_stop(s.writer, NSEC_PER_MSEC), -ETIMEDOUT);
	assert_false(exists(&s, "a.prom"));

	assert_int_equal(eventfd_write(hang_fd, 1), 0);
	stop(&s);
	hang_fd = fd_close(hang_fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_goes_by_the_configuration),
		cmocka_unit_test(test_hung_file_system),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
