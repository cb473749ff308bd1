/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report/notify.h"

#include "base/clock.h"
#include "tests/unit/fixture.h"

#include <inttypes.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

/* A service manager: a datagram socket named by NOTIFY_SOCKET. */
struct manager {
	struct fixture *fx;
	int fd;
};

static int set_up(void **state)
{
	static struct manager manager;
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	manager.fx = fixture_new(NULL, 0);
	manager.fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify", manager.fx->path);
	assert_int_equal(bind(manager.fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(setenv("NOTIFY_SOCKET", address.sun_path, 1), 0);
	*state = &manager;
	return 0;
}

static int tear_down(void **state)
{
	struct manager *manager = *state;

	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	close(manager->fd);
	fixture_free(manager->fx);
	return 0;
}

static const char *heard(struct manager *manager, char *text, size_t size)
{
	ssize_t n = recv(manager->fd, text, size - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void test_messages(void **state)
{
	char text[512];
	uint64_t before_us, said_us;

	if (notify_ready() == 0)
		skip(); /* built without libsystemd */
	assert_string_equal(heard(*state, text, sizeof(text)), "READY=1");
	assert_int_equal(notify_stopping(), 1);
	assert_string_equal(heard(*state, text, sizeof(text)), "STOPPING=1");
	assert_int_equal(notify_watchdog(), 1);
	assert_string_equal(heard(*state, text, sizeof(text)), "WATCHDOG=1");
	assert_int_equal(notify_status("%d nodes, \n%s\x7f", 2, "MAINPID=1"), 1);
	assert_string_equal(heard(*state, text, sizeof(text)), "STATUS=2 nodes, ?MAINPID=1?");

	before_us = clock_now_ns() / NSEC_PER_USEC;
	assert_int_equal(notify_reloading(), 1);
	heard(*state, text, sizeof(text));
	assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%" SCNu64, &said_us), 1);
	assert_in_range(said_us, before_us, clock_now_ns() / NSEC_PER_USEC);
}

static void test_watchdog_interval(void **state)
{
	if (notify_ready() == 0)
		skip();
	(void)state;
	assert_int_equal(notify_watchdog_ns(), 0);
	assert_int_equal(setenv("WATCHDOG_USEC", "3000000", 1), 0);
	assert_int_equal(notify_watchdog_ns(), 1500 * NSEC_PER_MSEC);
}

static void test_nobody_listens(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_int_equal(notify_ready(), 0);
	assert_int_equal(notify_reloading(), 0);
	assert_int_equal(notify_stopping(), 0);
	assert_int_equal(notify_watchdog(), 0);
	assert_int_equal(notify_status("x"), 0);
	assert_int_equal(notify_watchdog_ns(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_messages, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_watchdog_interval, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nobody_listens, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
