/* SPDX-License-Identifier: Apache-2.0 */
/* The control socket's file: who may have its name, and who removes it. */
#include "agent/control/server.h"

#include "tests/unit/fixture.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

/* Nobody asks anything here. */
static const struct control_agent agent = {.ops = NULL};

struct place {
	struct fixture *fx;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	struct control *control;
};

static int set_up(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	place->fx = fixture_new(NULL, 0);
	(void)snprintf(place->path, sizeof(place->path), "%s/control.sock", place->fx->path);
	assert_int_equal(control_open(place->path, &agent, &place->control), 0);
	*state = place;
	return 0;
}

static int tear_down(void **state)
{
	struct place *place = *state;

	control_free(place->control);
	fixture_free(place->fx);
	free(place);
	return 0;
}

static bool is_live(const struct place *place)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", place->path);
	return connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

static void test_socket_file(void **state)
{
	struct place *place = *state;
	struct control *second = NULL;
	struct stat st;

	assert_int_equal(stat(place->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0660);
	assert_int_equal(st.st_gid, getegid());

	/* A live one is never replaced, nor anything that is not a socket. */
	assert_int_equal(control_open(place->path, &agent, &second), -EADDRINUSE);
	assert_null(second);
	place->control = control_free(place->control);
	assert_int_equal(stat(place->path, &st), -1);
	fixture_write(place->fx, "control.sock", "not a socket");
	assert_int_equal(control_open(place->path, &agent, &second), -ENOTSOCK);
	fixture_remove(place->fx, "control.sock");
	assert_int_equal(symlinkat("elsewhere", place->fx->fd, "control.sock"), 0);
	assert_int_equal(control_open(place->path, &agent, &second), -ENOTSOCK);
}

static void test_socket_of_a_crashed_agent(void **state)
{
	struct place *place = *state;
	pid_t child;
	int status;

	place->control = control_free(place->control);
	child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(control_open(place->path, &agent,
				   &place->control)); /* leaves without cleaning up */
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(access(place->path, F_OK), 0);
	assert_int_equal(control_open(place->path, &agent, &place->control), 0);
	assert_true(is_live(place));
}

/* One that was replaced behind our back is not ours to remove. */
static void test_socket_of_another_is_left(void **state)
{
	struct place *place = *state;
	struct control *first = place->control;

	assert_int_equal(unlink(place->path), 0);
	place->control = NULL;
	assert_int_equal(control_open(place->path, &agent, &place->control), 0);
	control_free(first);
	assert_true(is_live(place));
}

static void test_bad_paths(void **state)
{
	struct control *control = NULL;
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path) + 1];

	(void)state;
	assert_int_equal(control_open("/proc/self/none/control.sock", &agent, &control), -ENOENT);
	memset(path, 'x', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(control_open(path, &agent, &control), -ENAMETOOLONG);
	assert_null(control);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_socket_file),
		TEST(test_socket_of_a_crashed_agent),
		TEST(test_socket_of_another_is_left),
		TEST(test_bad_paths),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
