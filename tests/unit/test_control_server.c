/* SPDX-License-Identifier: Apache-2.0 */
/* Over real sockets; the test is the agent's loop and its clients in one thread. */
#include "agent/control/server.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#define STATUS "{\"request\":\"status\"}\n"

struct fake {
	struct fixture *fx;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct control *control;
	size_t n_groups; /* how large the status is */
	struct group_status *groups;
	struct node_status node;
	unsigned int n_status, n_reloads;
};

static int fake_status(void *context, struct agent_status *ret)
{
	struct fake *fake = context;

	fake->n_status++;
	fake->node = (struct node_status){
		.answered = true, .n_groups = fake->n_groups, .groups = fake->groups};
	*ret = (struct agent_status){.version = "test", .n_nodes = 1, .nodes = &fake->node};
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
	(void)wake;
	return 0;
}

static int fake_reload(void *context, struct config_error *ret_error)
{
	struct fake *fake = context;

	(void)ret_error;
	fake->n_reloads++;
	return 0;
}

static const struct control_ops fake_ops = {
	.status = fake_status,
	.release = fake_release,
	.wake = fake_wake,
	.reload = fake_reload,
};

static int open_control(struct fake *fake, struct control **ret_control)
{
	const struct control_agent agent = {.ops = &fake_ops, .context = fake, .uid = geteuid()};

	return control_open(fake->path, &agent, ret_control);
}

static int set_up(void **state)
{
	struct fake *fake = calloc(1, sizeof(*fake));

	assert_non_null(fake);
	fake->fx = fixture_new(NULL, 0);
	(void)snprintf(fake->path, sizeof(fake->path), "%s/control.sock", fake->fx->path);
	assert_int_equal(open_control(fake, &fake->control), 0);
	*state = fake;
	return 0;
}

static int tear_down(void **state)
{
	struct fake *fake = *state;

	control_free(fake->control);
	fixture_free(fake->fx);
	free(fake->groups);
	free(fake);
	return 0;
}

static int dial(const struct fake *fake)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", fake->path);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	return fd;
}

static void say(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* One turn of the agent's loop: only if the descriptors it waits for have something to tell. */
static int turn(struct fake *fake, uint64_t now_ns)
{
	struct pollfd fds[CONTROL_FDS_MAX];
	size_t n = control_poll_fds(fake->control, now_ns, fds);
	int ready = poll(fds, n, 0);

	assert_true(ready >= 0);
	if (ready > 0 || now_ns >= control_due_ns(fake->control))
		control_handle(fake->control, now_ns);
	return ready;
}

/* Takes turns until the agent closes; what it sent. -errno other than EAGAIN fails. */
static char *hear_all(struct fake *fake, int fd, uint64_t now_ns)
{
	size_t used = 0, size = 16 << 20;
	char *text = malloc(size);

	assert_non_null(text);
	for (int i = 0; i < 100000; i++) {
		ssize_t n = recv(fd, text + used, size - used - 1, 0);

		if (n == 0) {
			text[used] = '\0';
			return text;
		}
		if (n > 0)
			used += (size_t)n;
		else if (errno == ECONNRESET)
			continue; /* it did not read all we sent; what it said comes first */
		else if (errno != EAGAIN)
			fail_msg("%s", strerror(errno));
		(void)turn(fake, now_ns);
	}
	fail_msg("no end");
	return text;
}

static void check_answer(struct fake *fake, int fd, const char *part)
{
	_cleanup_free_ char *text = hear_all(fake, fd, clock_now_ns());
	size_t n = strlen(text);

	if (!strstr(text, part))
		fail_msg("\"%s\" is not in \"%s\"", part, text);
	assert_int_equal(text[n - 1], '\n');
	assert_ptr_equal(strchr(text, '\n'), text + n - 1);
}

static void test_answer(void **state)
{
	struct fake *fake = *state;
	_cleanup_close_ int fd = dial(fake);

	say(fd, STATUS);
	check_answer(fake, fd, "uswapd-status/1");
	assert_int_equal(control_due_ns(fake->control), UINT64_MAX);
}

static void test_request_in_pieces(void **state)
{
	struct fake *fake = *state;
	_cleanup_close_ int fd = dial(fake);

	for (const char *c = STATUS; *c; c++) {
		say(fd, (const char[]){*c, '\0'});
		assert_int_equal(fake->n_status, 0);
		assert_int_equal(turn(fake, clock_now_ns()), 1);
	}
	check_answer(fake, fd, "uswapd-status/1");
}

/* printf '...' | nc -U: the end of the stream ends the line. */
static void test_end_instead_of_newline(void **state)
{
	struct fake *fake = *state;
	_cleanup_close_ int fd = dial(fake), silent = dial(fake);

	assert_int_equal(send(fd, STATUS, strlen(STATUS) - 1, 0), strlen(STATUS) - 1);
	shutdown(fd, SHUT_WR);
	check_answer(fake, fd, "uswapd-status/1");
	shutdown(silent, SHUT_WR);
	free(hear_all(fake, silent, clock_now_ns()));
	assert_int_equal(control_due_ns(fake->control), UINT64_MAX);
}

static void test_garbage(void **state)
{
	struct fake *fake = *state;
	_cleanup_close_ int garbage = dial(fake), empty = dial(fake), two = dial(fake);

	assert_int_equal(send(garbage, "\0\xff\n", 3, 0), 3);
	check_answer(fake, garbage, "bad-request");
	say(empty, "\n");
	check_answer(fake, empty, "bad-request");
	say(two, STATUS STATUS); /* one a connection */
	check_answer(fake, two, "uswapd-status/1");
	assert_int_equal(fake->n_status, 1);
}

static void test_request_too_long(void **state)
{
	struct fake *fake = *state;
	_cleanup_close_ int fits = dial(fake), too_long = dial(fake);
	char text[CONTROL_REQUEST_MAX + 3];

	memset(text, ' ', sizeof(text));
	memcpy(text, STATUS, strlen(STATUS) - 1);
	text[CONTROL_REQUEST_MAX] = '\n';
	text[CONTROL_REQUEST_MAX + 1] = '\0';
	say(fits, text);
	check_answer(fake, fits, "uswapd-status/1");

	memcpy(text + CONTROL_REQUEST_MAX, " \n", 3);
	say(too_long, text);
	check_answer(fake, too_long, "longer than 4096 bytes");
	assert_int_equal(fake->n_status, 1);
}

static void test_half_a_request_then_silence(void **state)
{
	struct fake *fake = *state;
	_cleanup_close_ int fd = dial(fake);
	uint64_t now_ns = clock_now_ns();
	char byte;

	say(fd, "{\"request\":");
	(void)turn(fake, now_ns);
	assert_int_equal(control_due_ns(fake->control), now_ns + CONTROL_DEADLINE_NS);
	(void)turn(fake, now_ns + CONTROL_DEADLINE_NS - 1);
	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, EAGAIN);
	assert_int_equal(turn(fake, now_ns + CONTROL_DEADLINE_NS), 0);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	assert_int_equal(control_due_ns(fake->control), UINT64_MAX);
}

/* An answer larger than the socket takes at once, to a client that reads slowly or never. */
static void make_large(struct fake *fake)
{
	fake->n_groups = STATUS_GROUPS_MAX;
	fake->groups = calloc(fake->n_groups, sizeof(*fake->groups));
	assert_non_null(fake->groups);
	for (size_t i = 0; i < fake->n_groups; i++)
		memset(fake->groups[i].path, 0xff, STATUS_PATH_MAX - 1);
}

static void test_large_answer(void **state)
{
	struct fake *fake = *state;
	_cleanup_close_ int reads = dial(fake), sleeps = dial(fake);
	uint64_t now_ns = clock_now_ns();
	_cleanup_free_ char *text = NULL;

	make_large(fake);
	say(sleeps, STATUS);
	say(reads, STATUS);
	(void)turn(fake, now_ns);
	text = hear_all(fake, reads, now_ns);
	assert_true(strlen(text) > 4096 * STATUS_PATH_MAX);
	assert_string_equal(text + strlen(text) - 3, "]}\n");

	/* The other has had its answer begun, and loses its place in time. */
	assert_int_equal(turn(fake, now_ns), 0);
	assert_true(control_due_ns(fake->control) < now_ns + 10 * CONTROL_DEADLINE_NS);
	(void)turn(fake, now_ns + 10 * CONTROL_DEADLINE_NS);
	assert_int_equal(control_due_ns(fake->control), UINT64_MAX);
}

/* SIGPIPE would end the test. */
static void test_client_leaves_early(void **state)
{
	struct fake *fake = *state;
	int fd = dial(fake);

	(void)signal(SIGPIPE, SIG_DFL);
	make_large(fake);
	say(fd, STATUS);
	close(fd);
	while (turn(fake, clock_now_ns()) > 0)
		continue;
	assert_int_equal(control_due_ns(fake->control), UINT64_MAX);

	fd = dial(fake);
	say(fd, STATUS);
	(void)turn(fake, clock_now_ns()); /* a part of the answer is on its way */
	close(fd);
	while (turn(fake, clock_now_ns()) > 0)
		continue;
	assert_int_equal(control_due_ns(fake->control), UINT64_MAX);
	assert_int_equal(fake->n_status, 2);
}

static void test_many_clients(void **state)
{
	struct fake *fake = *state;
	int idle[CONTROL_CLIENTS_MAX];
	uint64_t now_ns = clock_now_ns();
	_cleanup_close_ int late = -1;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		idle[i] = dial(fake);
	(void)turn(fake, now_ns);
	late = dial(fake);
	say(late, STATUS);
	/* All places are taken: it waits, and the loop does not spin for it. */
	assert_int_equal(turn(fake, now_ns), 0);
	assert_int_equal(fake->n_status, 0);
	/* The idle ones lose their places, and it is served. */
	(void)turn(fake, now_ns + CONTROL_DEADLINE_NS);
	free(hear_all(fake, late, now_ns + CONTROL_DEADLINE_NS));
	assert_int_equal(fake->n_status, 1);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		close(idle[i]);
}

/* What a client of another user gets; this part needs root to change users. */
static void test_another_user(void **state)
{
	struct fake *fake = *state;
	int idle[CONTROL_CLIENTS_MAX];
	pid_t child;
	int status, pair[2];
	char byte;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(fake->fx->path, 0755), 0);
	assert_int_equal(chown(fake->path, 0, 4711), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		idle[i] = -1;
	child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		const gid_t groups[] = {7, 4711};
		struct pollfd wait = {.events = POLLIN};
		char answer[512] = "";
		ssize_t n;

		if (setgroups(2, groups) < 0 || setresgid(1000, 1000, 1000) < 0 ||
		    setresuid(1000, 1000, 1000) < 0)
			_exit(1);
		/* In the socket's group by a supplementary group: may read, not change. */
		wait.fd = dial(fake);
		say(wait.fd, "{\"request\":\"reload\"}\n");
		n = poll(&wait, 1, 10000) == 1 ? recv(wait.fd, answer, 511, 0) : -1;
		if (n < 0 || !strstr(answer, "\"denied\""))
			_exit(2);
		close(wait.fd);
		wait.fd = dial(fake);
		say(wait.fd, STATUS);
		n = poll(&wait, 1, 10000) == 1 ? recv(wait.fd, answer, 511, 0) : -1;
		if (n < 0 || !strstr(answer, "uswapd-status/1"))
			_exit(3);
		close(wait.fd);
		/* With six places taken, the last two are kept for root. */
		if (send(pair[1], "x", 1, 0) != 1 || recv(pair[1], &byte, 1, 0) != 1)
			_exit(4);
		wait.fd = dial(fake);
		n = poll(&wait, 1, 10000) == 1 ? recv(wait.fd, answer, 511, 0) : -1;
		if (n < 0 || !strstr(answer, "\"busy\""))
			_exit(5);
		_exit(0);
	}
	for (int i = 0; i < 3000; i++) {
		if (recv(pair[0], &byte, 1, MSG_DONTWAIT) == 1) {
			for (size_t j = 0; j < CONTROL_CLIENTS_MAX - CONTROL_PLACES_OF_ROOT; j++)
				idle[j] = dial(fake);
			(void)turn(fake, clock_now_ns());
			assert_int_equal(send(pair[0], "y", 1, 0), 1);
		}
		(void)turn(fake, clock_now_ns());
		if (waitpid(child, &status, WNOHANG) == child)
			break;
		(void)poll(NULL, 0, 5);
		status = -1;
	}
	assert_int_equal(status, 0);
	assert_int_equal(fake->n_reloads, 0);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		fd_close(idle[i]);
	close(pair[0]);
	close(pair[1]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answer),
		TEST(test_request_in_pieces),
		TEST(test_end_instead_of_newline),
		TEST(test_garbage),
		TEST(test_request_too_long),
		TEST(test_half_a_request_then_silence),
		TEST(test_large_answer),
		TEST(test_client_leaves_early),
		TEST(test_many_clients),
		TEST(test_another_user),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
