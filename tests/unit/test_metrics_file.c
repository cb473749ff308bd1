/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/metrics_file.h"

#include "agent/act/hand.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "tests/unit/fake_root.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

static struct metrics_file file_at(const struct fixture *fx, const char *name)
{
	struct metrics_file file = {0};
	int n = snprintf(file.path, sizeof(file.path), "%s/%s", fx->path, name);

	assert_true(n > 0 && (size_t)n < sizeof(file.path));
	return file;
}

static bool exists(const struct fixture *fx, const char *name)
{
	const struct metrics_file file = file_at(fx, name);
	struct stat st;

	return lstat(file.path, &st) == 0;
}

static void check_content(const struct fixture *fx, const char *name, const char *text)
{
	_cleanup_free_ char *content = fixture_read(fx, name);

	assert_string_equal(content, text);
}

static void test_replaced_as_a_whole(void **state)
{
	struct fixture *fx = fixture_new(NULL, 0);
	struct metrics_file file = file_at(fx, "x.prom");
	mode_t umask_before = umask(0077);
	struct stat st;
	FILE *reader;
	char text[16] = "";

	(void)state;
	assert_int_equal(metrics_file_write(&file, "one\n", 4), 0);
	(void)umask(umask_before);
	check_content(fx, "x.prom", "one\n");
	assert_int_equal(stat(file.path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	/* Who has it open reads the old one to its end. */
	reader = fopen(file.path, "re");
	assert_non_null(reader);
	assert_int_equal(metrics_file_write(&file, "2\n", 2), 0);
	assert_string_equal(fgets(text, sizeof(text), reader), "one\n");
	(void)fclose(reader);
	check_content(fx, "x.prom", "2\n");
	assert_false(exists(fx, "x.prom.tmp"));
	metrics_file_remove(&file);
	assert_false(exists(fx, "x.prom"));
	metrics_file_remove(&file);
	fixture_free(fx);
}

/* The directory may belong to somebody who means ill. */
static void test_what_is_in_the_way(void **state)
{
	struct fixture *fx = fixture_new(NULL, 0);
	struct metrics_file file = file_at(fx, "x.prom"), victim = file_at(fx, "victim");
	struct metrics_file beside = file_at(fx, "x.prom.tmp");

	(void)state;
	/* Of an agent that was killed. */
	fixture_write(fx, "x.prom.tmp", "half");
	assert_int_equal(metrics_file_write(&file, "1\n", 2), 0);
	check_content(fx, "x.prom", "1\n");
	/* Links are replaced, not followed. */
	fixture_write(fx, "victim", "mine\n");
	assert_int_equal(symlink(victim.path, beside.path), 0);
	assert_int_equal(unlink(file.path), 0);
	assert_int_equal(symlink(victim.path, file.path), 0);
	assert_int_equal(metrics_file_write(&file, "2\n", 2), 0);
	check_content(fx, "x.prom", "2\n");
	check_content(fx, "victim", "mine\n");
	/* Somebody else's by now. */
	assert_int_equal(unlink(file.path), 0);
	fixture_write(fx, "x.prom", "theirs\n");
	metrics_file_remove(&file);
	check_content(fx, "x.prom", "theirs\n");
	/* What can't be replaced leaves nothing beside it. */
	fixture_write(fx, "d.prom/x", "");
	file = file_at(fx, "d.prom");
	assert_int_equal(metrics_file_write(&file, "3\n", 2), -EISDIR);
	assert_false(exists(fx, "d.prom.tmp"));
	file = file_at(fx, "none/x.prom");
	assert_int_equal(metrics_file_write(&file, "4\n", 2), -ENOENT);
	metrics_file_remove(&file);
	fixture_free(fx);
}

/* An agent on a fake root, with a configuration that changes. */
struct scene {
	struct fixture *fx;
	char config_file[128];
	struct log log;
	struct agent *agent;
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

static void start(struct scene *s)
{
	struct agent_options options = {.dry_run = true, .topology = FAKE_TOPOLOGY};
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
	assert_int_equal(hand_prepare_process(), 0);
	assert_int_equal(agent_start(&options, &config, s->log, &s->agent), 0);
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

static void test_goes_by_the_configuration(void **state)
{
	uint64_t now_ns = NSEC_PER_SEC;
	struct metrics_file file = {0};
	_cleanup_free_ char *text = NULL;
	struct scene s = {0};

	(void)state;
	start(&s);
	assert_int_equal(metrics_file_turn(&file, s.agent, now_ns), UINT64_MAX);

	configure(&s, "a.prom", "interval = 10s\n");
	assert_int_equal(metrics_file_turn(&file, s.agent, now_ns), 11 * NSEC_PER_SEC);
	text = fixture_read(s.fx, "a.prom");
	assert_non_null(strstr(text, "\nuswapd_acting 0\n"));
	assert_non_null(strstr(text, "\nuswapd_node_answered{node=\"0\"} 1\n"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
	/* Not before its time. */
	fixture_remove(s.fx, "a.prom");
	now_ns = 11 * NSEC_PER_SEC - 1;
	assert_int_equal(metrics_file_turn(&file, s.agent, now_ns), 11 * NSEC_PER_SEC);
	assert_false(exists(s.fx, "a.prom"));
	now_ns++;
	assert_int_equal(metrics_file_turn(&file, s.agent, now_ns), 21 * NSEC_PER_SEC);
	assert_true(exists(s.fx, "a.prom"));
	/* A shorter interval holds at once. */
	configure(&s, "a.prom", "interval = 1s\n");
	assert_int_equal(metrics_file_turn(&file, s.agent, now_ns), 12 * NSEC_PER_SEC);

	configure(&s, "b.prom", "");
	assert_int_equal(metrics_file_turn(&file, s.agent, now_ns), 26 * NSEC_PER_SEC);
	assert_false(exists(s.fx, "a.prom"));
	assert_true(exists(s.fx, "b.prom"));

	/* Said once, and when it is over. */
	configure(&s, "later/c.prom", "interval = 1s\n");
	assert_int_equal(metrics_file_turn(&file, s.agent, now_ns), 12 * NSEC_PER_SEC);
	assert_int_equal(metrics_file_turn(&file, s.agent, 12 * NSEC_PER_SEC), 13 * NSEC_PER_SEC);
	assert_false(exists(s.fx, "b.prom"));
	assert_int_equal(logged(&s, "later/c.prom: can't be written: No such file or directory"),
			 1);
	fixture_write(s.fx, "later/x", "");
	assert_int_equal(metrics_file_turn(&file, s.agent, 13 * NSEC_PER_SEC), 14 * NSEC_PER_SEC);
	assert_true(exists(s.fx, "later/c.prom"));
	assert_int_equal(logged(&s, "later/c.prom: written again"), 1);

	configure(&s, "", "");
	assert_int_equal(metrics_file_turn(&file, s.agent, 13 * NSEC_PER_SEC), UINT64_MAX);
	assert_false(exists(s.fx, "later/c.prom"));
	assert_int_equal(agent_stop(s.agent), 0);
	fd_close(s.log.fd);
	fixture_free(s.fx);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced_as_a_whole),
		cmocka_unit_test(test_what_is_in_the_way),
		cmocka_unit_test(test_goes_by_the_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
