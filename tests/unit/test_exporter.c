/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/exporter/http.h"
#include "agent/exporter/listen.h"
#include "agent/exporter/openmetrics.h"
#include "tests/unit/fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define METRICS                                                \
	"# HELP a_total All, # TYPE x_total too.\n"            \
	"# TYPE a_total counter\n"                             \
	"a_total{group=\"# TYPE b_total c\"} 1\n"              \
	"# TYPE _total gauge\n_total 3\n# TYPE b gauge\nb 2\n" \
	"# EOF\n"
#define OPENMETRICS                                            \
	"# HELP a All, # TYPE x_total too.\n"                  \
	"# TYPE a counter\n"                                   \
	"a_total{group=\"# TYPE b_total c\"} 1\n"              \
	"# TYPE _total gauge\n_total 3\n# TYPE b gauge\nb 2\n" \
	"# EOF\n"

static void test_openmetrics(void **state)
{
	static const char *const same[] = {
		"", "#", "# TYPE", "# TYPE a_total", "x# TYPE a_total c", "# EOF\n"};
	char text[] = METRICS;
	size_t n = openmetrics_from_text(text, strlen(text));

	(void)state;
	text[n] = '\0';
	assert_string_equal(text, OPENMETRICS);
	for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
		_cleanup_free_ char *copy = strdup(same[i]);

		assert_int_equal(openmetrics_from_text(copy, strlen(copy)), strlen(same[i]));
		assert_string_equal(copy, same[i]);
	}
}

/* An agent that says the same to all, and the exporter in front of it. */
struct scene {
	char path[64];
	int agent_fd;
	const char *_Atomic text;
	_Atomic unsigned int asked;
	pthread_t agent;
	int listen_fd; /* the same socket, as systemd keeps it */
	struct http *http;
	struct sockaddr_in address;
};

static void *agent_main(void *arg)
{
	struct scene *s = arg;
	int client;

	while ((client = accept4(s->agent_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
		char request[64];
		const char *text = s->text;

		s->asked++;
		if (recv(client, request, sizeof(request), 0) > 0)
			(void)send(client, text, strlen(text), MSG_NOSIGNAL);
		close(client);
	}
	return NULL;
}

static void start(struct scene *s, const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t size = sizeof(s->address);
	int fd;

	*s = (struct scene){.text = text};
	(void)snprintf(s->path, sizeof(s->path), "/tmp/uswap-exporter-%d", (int)getpid());
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", s->path);
	(void)unlink(s->path);
	s->agent_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(s->agent_fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(s->agent_fd, 8), 0);
	assert_int_equal(pthread_create(&s->agent, NULL, agent_main, s), 0);
	fd = listen_on("127.0.0.1:0");
	assert_true(fd >= 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&s->address, &size), 0);
	s->listen_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	assert_true(s->listen_fd >= 0);
	assert_int_equal(http_start(fd, s->path, &s->http), 0);
}

static void stop(struct scene *s)
{
	s->http = http_stop(s->http);
	(void)shutdown(s->agent_fd, SHUT_RDWR);
	(void)pthread_join(s->agent, NULL);
	fd_close(s->agent_fd);
	fd_close(s->listen_fd);
	(void)unlink(s->path);
}

static int connect_to(const struct scene *s)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (const struct sockaddr *)&s->address, sizeof(s->address)), 0);
	return fd;
}

/*
 * The whole answer to "METHOD PATH" with more lines of head; the caller frees it. The server may
 * hang up before it has read all that was asked.
 */
static char *ask(const struct scene *s, const char *what, const char *head)
{
	_cleanup_close_ int fd = connect_to(s);
	_cleanup_free_ char *request = NULL;
	char *text = NULL, piece[512];
	size_t size;
	FILE *out = open_memstream(&text, &size);
	ssize_t n;

	n = asprintf(&request, "%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n%s\r\n", what, head);
	assert_true(n > 0);
	(void)send(fd, request, (size_t)n, MSG_NOSIGNAL);
	while ((n = recv(fd, piece, sizeof(piece), 0)) > 0)
		(void)fwrite(piece, 1, (size_t)n, out);
	assert_int_equal(fclose(out), 0);
	return text;
}

static void check(const struct scene *s, const char *what, const char *head, const char *expected,
		  const char *body)
{
	_cleanup_free_ char *text = ask(s, what, head);
	const char *at = strstr(text, "\r\n\r\n");

	assert_non_null(at);
	assert_non_null(strstr(text, expected));
	assert_string_equal(at + 4, body);
}

static void test_answers(void **state)
{
	static const char openmetrics[] =
		"Accept: application/openmetrics-text;version=1.0.0,*/*\r\n";
	struct scene s;

	(void)state;
	start(&s, METRICS);
	check(&s, "GET /metrics", "", "HTTP/1.1 200", METRICS);
	check(&s, "GET /metrics", "", "text/plain; version=0.0.4", METRICS);
	check(&s, "GET /metrics?x=1", openmetrics, "application/openmetrics-text; version=1.0.0",
	      OPENMETRICS);
	check(&s, "HEAD /metrics", "", "HTTP/1.1 200", "");
	check(&s, "GET /", "", "HTTP/1.1 404", "the metrics are at /metrics\n");
	check(&s, "GET /metrics/../x", "", "HTTP/1.1 404", "the metrics are at /metrics\n");
	check(&s, "POST /metrics", "Content-Length: 0\r\n", "HTTP/1.1 405", "only GET and HEAD\n");
	stop(&s);
}

/* What is not whole is not passed on, and an agent that is back is asked again. */
static void test_no_agent(void **state)
{
	static const char gone[] = "uswapd does not answer\n";
	struct scene s;

	(void)state;
	start(&s, "# TYPE b gauge\nb 2\n");
	check(&s, "GET /metrics", "", "HTTP/1.1 503", gone);
	s.text = "{\"schema\":\"uswapd-error/1\"}\n";
	check(&s, "GET /metrics", "", "HTTP/1.1 503", gone);
	s.text = "";
	check(&s, "GET /metrics", "", "HTTP/1.1 503", gone);
	s.text = METRICS;
	check(&s, "GET /metrics", "", "HTTP/1.1 200", METRICS);
	stop(&s);
}

/* However many ask, the agent is not asked for each; and those who only hold on to a place go. */
static void test_bounds(void **state)
{
	_cleanup_free_ char *long_head = calloc(1, 70000);
	_cleanup_free_ char *text = NULL;
	unsigned int asked;
	struct scene s;

	(void)state;
	assert_non_null(long_head);
	start(&s, METRICS);
	for (int i = 0; i < 200; i++)
		check(&s, "GET /metrics", "", "HTTP/1.1 200", METRICS);
	/* Once a second: a machine that takes more than 100 s for them has other troubles. */
	asked = s.asked;
	assert_in_range(asked, 1, 100);

	memset(long_head, 'x', 69990);
	memcpy(long_head, "X: ", 3);
	memcpy(long_head + 69990, "\r\n", 3);
	text = ask(&s, "GET /metrics", long_head);
	assert_null(strstr(text, "HTTP/1.1 200"));
	stop(&s);
}

static void test_addresses(void **state)
{
	static const char *const bad[] = {"",	     "127.0.0.1",  ":9752",	  "localhost:9752",
					  "[::1]",   "::1",	   "127.0.0.1:x", "[127.0.0.1:1",
					  "1.2.3:y", "127.0.0.1:", "127.0.0.1:-1"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(listen_on(bad[i]), -EINVAL);
	assert_int_equal(unsetenv("LISTEN_PID"), 0);
	assert_int_equal(listen_inherited(), -ENOENT);
	/* Of somebody else. */
	assert_int_equal(setenv("LISTEN_PID", "1", 1), 0);
	assert_int_equal(setenv("LISTEN_FDS", "1", 1), 0);
	assert_int_equal(listen_inherited(), -ENOENT);
}

static void test_next_one_has_the_socket(void **state)
{
	_cleanup_close_ int client = -1;
	struct scene s;
	int listens = 0;
	socklen_t size = sizeof(listens);

	(void)state;
	start(&s, METRICS);
	s.http = http_stop(s.http);
	assert_int_equal(getsockopt(s.listen_fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &size), 0);
	assert_true(listens);
	client = connect_to(&s);
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_openmetrics), cmocka_unit_test(test_answers),
		cmocka_unit_test(test_no_agent),    cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_addresses),   cmocka_unit_test(test_next_one_has_the_socket),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
