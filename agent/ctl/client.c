/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/ctl/client.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#define RETRY_MS    20
#define FIRST_BYTES ((size_t)64 << 10)

/* Waits for an event, 0; or -ETIMEDOUT. fd -1: just waits, RETRY_MS at most. */
static int wait_for(int fd, short events, uint64_t deadline_ns)
{
	struct pollfd wait = {.fd = fd, .events = events};
	uint64_t now_ns = clock_now_ns();
	int left_ms;

	if (now_ns >= deadline_ns)
		return -ETIMEDOUT;
	left_ms = (int)MIN((deadline_ns - now_ns) / NSEC_PER_MSEC + 1, UINT64_C(3600000));
	if (poll(&wait, 1, fd < 0 ? MIN(left_ms, RETRY_MS) : left_ms) < 0 && errno != EINTR)
		return -errno;
	return 0;
}

/* The socket's queue may be full: connect(2) then fails at once, and there is no event to wait for.
 */
static int connect_to(int fd, const char *path, uint64_t deadline_ns)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int r = snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);

	if (r < 0 || (size_t)r >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		r = errno == EAGAIN ? wait_for(-1, 0, deadline_ns) : -errno;
		if (r < 0)
			return r;
	}
	return 0;
}

/* An agent that turns us away closes without reading: its answer is there all the same. */
static int send_all(int fd, const char *text, size_t n, uint64_t deadline_ns)
{
	while (n > 0) {
		ssize_t sent = send(fd, text, n, MSG_NOSIGNAL);
		int r;

		if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
			return 0;
		if (sent < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (sent < 0) {
			r = wait_for(fd, POLLOUT, deadline_ns);
			if (r < 0)
				return r;
			continue;
		}
		text += sent;
		n -= (size_t)sent;
	}
	return 0;
}

/* What has come so far, with room for a NUL behind it. */
struct received {
	char *text;
	size_t n, size;
};

static void received_free(struct received *received)
{
	free(received->text);
}

static int make_room(struct received *received)
{
	size_t size = received->size > 0 ? 2 * received->size : FIRST_BYTES;
	char *text;

	if (received->n + 1 < received->size)
		return 0;
	if (received->n > CLIENT_ANSWER_MAX)
		return -EMSGSIZE;
	text = realloc(received->text, size);
	if (!text)
		return -ENOMEM;
	received->text = text;
	received->size = size;
	return 0;
}

/* Reads up to the end of the stream. */
static int receive_all(int fd, struct received *received, uint64_t deadline_ns)
{
	for (;;) {
		int r = make_room(received);
		ssize_t n;

		if (r < 0)
			return r;
		n = recv(fd, received->text + received->n, received->size - received->n - 1, 0);
		if (n == 0 || (n < 0 && errno == ECONNRESET))
			return 0;
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return -errno;
		if (n > 0) {
			received->n += (size_t)n;
			continue;
		}
		r = wait_for(fd, POLLIN, deadline_ns);
		if (r < 0)
			return r;
	}
}

static int converse(const char *socket_path, const char *request, uint64_t deadline_ns,
		    struct received *received)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return -errno;
	r = connect_to(fd, socket_path, deadline_ns);
	if (r == 0)
		r = send_all(fd, request, strlen(request), deadline_ns);
	if (r == 0)
		r = send_all(fd, "\n", 1, deadline_ns);
	if (r == 0)
		r = receive_all(fd, received, deadline_ns);
	return r;
}

int client_ask(const char *socket_path, const char *request, uint64_t timeout_ns, char **ret_answer,
	       size_t *ret_n)
{
	_cleanup_(received_free) struct received received = {0};
	int r = converse(socket_path, request, clock_now_ns() + timeout_ns, &received);

	if (r < 0)
		return r;
	if (received.n == 0 || received.text[received.n - 1] != '\n')
		return -ENODATA;
	received.text[received.n - 1] = '\0';
	*ret_n = received.n - 1;
	*ret_answer = TAKE_PTR(received.text);
	return 0;
}
