/* SPDX-License-Identifier: Apache-2.0 */
/* uswapctl as a whole, against the agent's own control socket in another process. */
#include "agent/ctl/ctl.h"

#include "agent/control/server.h"
#include "agent/ctl/client.h"
#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define WORDS_MAX 8

struct world {
	struct fixture *fx;
	char path[108];
	pid_t agent; /* 0: none */
};

/* Of the agent's process; made before it begins. */
static const char *config_file;
static bool observes, paused;

static int fake_status(void *context, struct agent_status *ret)
{
	static struct group_status group = {
		.path = "a\x1b[2J", .owns_limit = true, .limit_bytes = 1 << 20};
	static struct node_status node = {
		.node = 0, .answered = true, .n_groups = 1, .groups = &group};

	(void)context;
	*ret = (struct agent_status){.version = "0.1.0",
				     .n_nodes = 1,
				     .nodes = &node,
				     .config_file = config_file,
				     .observes = observes,
				     .paused = paused,
				     .pause_left_ns = paused ? UINT64_MAX : 0};
	return 0;
}

static void fake_release(void *context, struct agent_status *status)
{
	(void)context;
	(void)status;
}

static int fake_wake(void *context, const struct control_wake *wake)
{
	(void)context;
	return wake->all_nodes || wake->node == 0 ? 0 : -ENODEV;
}

static int fake_reload(void *context, struct config_error *ret_error)
{
	static struct config config;

	(void)context;
	if (config_file && config_load(config_file, NULL, 0, &config, ret_error) == 0) {
		observes = config.agent.mode == MODE_OBSERVE;
		return 0;
	}
	if (config_file)
		return -EINVAL;
	(void)snprintf(ret_error->text, sizeof(ret_error->text), "x.conf:1: wrong \x1b[2J");
	return -EINVAL;
}

static void fake_pause(void *context, uint64_t for_ns)
{
	(void)context;
	(void)for_ns;
	paused = true;
}

static void fake_resume(void *context)
{
	(void)context;
	paused = false;
}

static void serve(const char *path, int ready_fd)
{
	static const struct control_ops ops = {
		.status = fake_status,
		.release = fake_release,
		.wake = fake_wake,
		.reload = fake_reload,
		.pause = fake_pause,
		.resume = fake_resume,
	};
	const struct control_agent agent = {.ops = &ops, .uid = geteuid()};
	struct control *control = NULL;

	if (control_open(path, &agent, &control) < 0 || write(ready_fd, "x", 1) != 1)
		_exit(1);
	for (;;) {
		struct pollfd fds[CONTROL_FDS_MAX];
		size_t n = control_poll_fds(control, clock_now_ns(), fds);

		(void)poll(fds, n, 100);
		control_handle(control, clock_now_ns());
	}
}

/* A listener that follows no protocol: says text to whoever comes, and hangs up unless it stalls.
 */
static void talk(const char *path, int ready_fd, const char *text, bool stalls)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 8) < 0 ||
	    write(ready_fd, "x", 1) != 1)
		_exit(1);
	for (;;) {
		int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

		if (send(client, text, strlen(text), MSG_NOSIGNAL) < 0)
			_exit(1);
		if (!stalls)
			close(client);
	}
}

static void start(struct world *world, const char *text, bool stalls)
{
	int ready[2];
	char byte;

	assert_int_equal(pipe(ready), 0);
	world->agent = fork();
	assert_true(world->agent >= 0);
	if (world->agent == 0) {
		if (text)
			talk(world->path, ready[1], text, stalls);
		serve(world->path, ready[1]);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
}

static void stop(struct world *world)
{
	if (world->agent > 0) {
		assert_int_equal(kill(world->agent, SIGKILL), 0);
		assert_int_equal(waitpid(world->agent, NULL, 0), world->agent);
	}
	world->agent = 0;
}

static int set_up(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	assert_non_null(world);
	world->fx = fixture_new(NULL, 0);
	(void)snprintf(world->path, sizeof(world->path), "%s/s", world->fx->path);
	*state = world;
	return 0;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	stop(world);
	fixture_free(world->fx);
	free(world);
	return 0;
}

/* Runs "uswapctl --socket PATH" and line; out and err are of the last run. */
struct result {
	int status;
	char out[65536], err[1024];
};

static struct result run(const struct world *world, const char *line)
{
	char words[256], path[108];
	char *argv[WORDS_MAX + 4] = {(char[]){"uswapctl"}, (char[]){"--socket"}, path};
	struct result result = {.out = "", .err = ""};
	FILE *out = fmemopen(result.out, sizeof(result.out), "w");
	FILE *err = fmemopen(result.err, sizeof(result.err), "w");
	int argc = 3;

	assert_non_null(out);
	assert_non_null(err);
	(void)snprintf(path, sizeof(path), "%s", world->path);
	(void)snprintf(words, sizeof(words), "%s", line);
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		assert_true(argc < WORDS_MAX + 3);
		argv[argc++] = word;
	}
	result.status = ctl_run(argc, argv, out, err);
	assert_int_equal(fclose(out), 0);
	assert_int_equal(fclose(err), 0);
	for (const char *c = result.out; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
	for (const char *c = result.err; *c; c++)
		assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
	return result;
}

static void check(const struct world *world, const char *line, int status, const char *out,
		  const char *err)
{
	struct result result = run(world, line);

	if (result.status != status || !strstr(result.out, out) || !strstr(result.err, err) ||
	    (*out == '\0' && *result.out) || (*err == '\0' && *result.err))
		fail_msg("%s: %d\n%s\n%s", line, result.status, result.out, result.err);
}

static void test_answers(void **state)
{
	struct world *world = *state;

	start(world, NULL, false);
	check(world, "status", CTL_DONE, "\n/a\\x1b[2J\n", "");
	check(world, "status --json", CTL_DONE, "{\"schema\":\"uswapd-status/1\",", "");
	check(world, "why a\\x1b[2J", CTL_DONE, "Group /a\\x1b[2J (looked after on node 0)\n", "");
	check(world, "why node 0", CTL_DONE, "Node 0\n", "");
	check(world, "why", CTL_DONE, "node 0: not looked at yet\n", "");
	check(world, "why node 7", CTL_FAILED, "", "uswapctl: there is no node 7 with memory\n");
	check(world, "wake --bytes 1M", CTL_DONE, "woke all nodes to take 1.0 MiB\n", "");
	check(world, "wake --node 1", CTL_FAILED, "", "uswapctl: there is no node 1 with memory\n");
	check(world, "reload", CTL_FAILED, "", "uswapctl: x.conf:1: wrong \\x1b[2J\n");
	check(world, "reload --json", CTL_FAILED, "{\"schema\":\"uswapd-error/1\",", "");
}

static void test_pause(void **state)
{
	struct world *world = *state;

	start(world, NULL, false);
	check(world, "pause --for 30min", CTL_DONE, "paused for 30 min, or until uswapctl resume\n",
	      "");
	check(world, "status", CTL_DONE, ", paused: it changes nothing (uswapctl resume)\n", "");
	check(world, "status --json", CTL_DONE, "\"paused\":true,\"pause_left_ns\":null,", "");
	check(world, "why", CTL_DONE, "uswapd is paused: ", "");
	check(world, "advise", CTL_DONE, "uswapd is paused: ", "");
	check(world, "resume", CTL_DONE, "resumed\n", "");
	check(world, "advise", CTL_DONE, "uswapd acts: ", "");
}

static void test_mode(void **state)
{
	struct world *world = *state;
	char path[160];

	start(world, NULL, false);
	check(world, "advise", CTL_DONE, "uswapd acts: ", "");
	check(world, "metrics", CTL_DONE, "\nuswapd_acting 1\n", "");
	check(world, "metrics", CTL_DONE, "\n# EOF\n", "");
	check(world, "advise --json", CTL_DONE, "{\"schema\":\"uswapd-advice/1\",", "");
	check(world, "enable", CTL_FAILED, "", "started without --config");
	stop(world);
	(void)unlink(world->path);

	(void)snprintf(path, sizeof(path), "%s/uswapd.conf", world->fx->path);
	fixture_write(world->fx, "uswapd.conf", "[agent]\nmode = observe\n");
	config_file = path;
	observes = true;
	start(world, NULL, false);
	check(world, "advise", CTL_DONE, "until \"uswapctl enable\"", "");
	check(world, "status", CTL_DONE, ", observes: it changes nothing", "");
	check(world, "enable", CTL_DONE, "uswapd acts now (agent.mode = act in ", "");
	check(world, "advise", CTL_DONE, "uswapd acts: ", "");
	check(world, "disable", CTL_DONE, "uswapd observes now (agent.mode = observe in ", "");
	/* A later file says otherwise. */
	fixture_write(world->fx, "uswapd.conf.d/95-mine.conf", "[agent]\nmode = observe\n");
	check(world, "enable", CTL_FAILED, "", "says otherwise");
	/* Something else is wrong. */
	fixture_write(world->fx, "uswapd.conf.d/95-mine.conf", "[agent]\nmod = observe\n");
	check(world, "enable", CTL_FAILED, "", "95-mine.conf:2: agent.mod: ");
	check(world, "enable", CTL_FAILED, "", "90-mode.conf is written, but not in force");
	fixture_remove(world->fx, "uswapd.conf.d");
	fixture_write(world->fx, "uswapd.conf.d", "");
	check(world, "enable", CTL_FAILED, "",
	      "uswapd.conf.d/90-mode.conf can't be written: Not a ");
	config_file = NULL;
	observes = false;
}

static void test_without_an_agent(void **state)
{
	struct world *world = *state;

	check(world, "status", CTL_NO_AGENT, "", "uswapd is not running here: there is no socket");
	check(world, "version", CTL_DONE, "uswapctl " USWAP_VERSION "\n", "");
	check(world, "--help", CTL_DONE, "usage: uswapctl", "");
	check(world, "stauts", CTL_USAGE, "", "did you mean status?\nTry: uswapctl --help\n");
	start(world, NULL, false);
	stop(world);
	check(world, "status", CTL_NO_AGENT, "", "nobody listens at ");
}

static void test_other_answers(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *err;
	} rows[] = {
		{"", CTL_NO_AGENT, "hung up without an answer"},
		{"{\"schema\":", CTL_NO_AGENT, "hung up without an answer"},
		{"{}\n{}\n", CTL_FAILED, "is not what this uswapctl"},
		{"{}\n", CTL_FAILED, "is uswapd of the same version?"},
		{"\x1b[2J\n", CTL_FAILED, "is uswapd of the same version?"},
		{"[]\n", CTL_FAILED, "is uswapd of the same version?"},
		{"{\"schema\":\"uswapd-status/2\"}\n", CTL_FAILED, "of the same version?"},
		{"{\"schema\":\"uswapd-status/1\"}\n", CTL_FAILED, "of the same version?"},
		{"{\"schema\":\"uswapd-error/1\"}\n", CTL_FAILED, "uswapctl: "},
	};
	struct world *world = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		start(world, rows[i].text, false);
		check(world, "status", rows[i].status, "", rows[i].err);
		stop(world);
		assert_int_equal(unlink(world->path), 0);
	}
}

/* An agent that is held up: half an answer, or none, and a full queue of other clients. */
static void test_timeout(void **state)
{
	struct world *world = *state;
	uint64_t before_ns = clock_now_ns(), took_ns;
	char *answer = NULL;
	size_t n;

	start(world, "{\"schema\":", true);
	assert_int_equal(client_ask(world->path, "{}", 200 * NSEC_PER_MSEC, &answer, &n),
			 -ETIMEDOUT);
	assert_int_equal(kill(world->agent, SIGSTOP), 0);
	for (int i = 0; i < 12; i++)
		assert_int_equal(client_ask(world->path, "{}", 20 * NSEC_PER_MSEC, &answer, &n),
				 -ETIMEDOUT);
	took_ns = clock_now_ns() - before_ns;
	assert_in_range(took_ns, 440 * NSEC_PER_MSEC, 60 * NSEC_PER_SEC);
	assert_null(answer);
}

static void test_not_allowed(void **state)
{
	struct world *world = *state;
	pid_t child;
	int status;

	if (geteuid() != 0)
		skip();
	start(world, NULL, false);
	assert_int_equal(chmod(world->fx->path, 0755), 0);
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0)
			_exit(1);
		check(world, "status", CTL_FAILED, "",
		      " is for root and members of group root; this is uid 65534\n");
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),	     TEST(test_mode),	       TEST(test_pause),
		TEST(test_without_an_agent), TEST(test_other_answers), TEST(test_timeout),
		TEST(test_not_allowed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
