/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/server.h"

#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define ACCEPT_PAUSE_NS NSEC_PER_SEC

/* A place: free with fd -1; reading while there is no answer; then writing it. */
struct client {
	int fd;
	struct control_peer peer;
	uint64_t deadline_ns;
	char *answer;
	size_t answer_n, sent;
	size_t received;
	char request[CONTROL_REQUEST_MAX + 1]; /* with the newline */
};

struct control {
	int fd;
	struct control_agent agent;
	dev_t device; /* of the socket's file */
	ino_t inode;
	uint64_t accept_after_ns; /* pause when there is nothing to accept with; 0: none */
	struct client clients[CONTROL_CLIENTS_MAX];
	struct sockaddr_un address;
};

static int connect_to(const struct sockaddr_un *address)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	return connect(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;
}

/* Removes a socket that nobody listens on. */
static int make_way(const struct sockaddr_un *address)
{
	struct stat st;
	int r;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -ENOTSOCK;
	r = connect_to(address);
	if (r == 0 || r == -EAGAIN || r == -EPROTOTYPE) /* or its queue is full, or it isn't ours */
		return -EADDRINUSE;
	if (r != -ECONNREFUSED)
		return r;
	return unlink(address->sun_path) < 0 && errno != ENOENT ? -errno : 0;
}

/* The mode is set before the name is there, so that at no time anybody may connect. */
static int listen_at(const struct sockaddr_un *address, int *ret_fd)
{
	_cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || fchmod(fd, 0600) < 0 ||
	    bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0)
		return -errno;
	if (listen(fd, CONTROL_CLIENTS_MAX) < 0 || chmod(address->sun_path, 0660) < 0) {
		int r = -errno;

		(void)unlink(address->sun_path);
		return r;
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

int control_open(const char *socket_path, const struct control_agent *agent,
		 struct control **ret_control)
{
	_cleanup_(control_freep) struct control *control = calloc(1, sizeof(*control));
	struct stat st;
	int r;

	if (!control)
		return -ENOMEM;
	control->fd = -1;
	control->agent = *agent;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		control->clients[i].fd = -1;
	control->address.sun_family = AF_UNIX;
	r = snprintf(control->address.sun_path, sizeof(control->address.sun_path), "%s",
		     socket_path);
	if (r < 0 || (size_t)r >= sizeof(control->address.sun_path))
		return -ENAMETOOLONG;

	r = make_way(&control->address);
	if (r < 0)
		return r;
	r = listen_at(&control->address, &control->fd);
	if (r < 0)
		return r;
	if (lstat(socket_path, &st) < 0)
		return -errno;
	control->device = st.st_dev;
	control->inode = st.st_ino;
	*ret_control = TAKE_PTR(control);
	return 0;
}

static void leave(struct client *client)
{
	client->fd = fd_close(client->fd);
	free(TAKE_PTR(client->answer));
}

struct control *control_free(struct control *control)
{
	struct stat st;

	if (!control)
		return NULL;
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		leave(&control->clients[i]);
	if (control->inode != 0 && lstat(control->address.sun_path, &st) == 0 &&
	    st.st_dev == control->device && st.st_ino == control->inode)
		(void)unlink(control->address.sun_path);
	fd_close(control->fd);
	free(control);
	return NULL;
}

static bool has_group(int fd, gid_t group)
{
	_cleanup_free_ gid_t *groups = NULL;
	socklen_t size = 0;

	/* The first call fails and says how much there is. */
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, NULL, &size) == 0 || errno != ERANGE)
		return false;
	groups = malloc(size);
	if (!groups || getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof(*groups); i++)
		if (groups[i] == group)
			return true;
	return false;
}

/* The socket's group is looked up each time: operators change it while the agent runs. */
static int read_peer(const struct control *control, int fd, struct control_peer *ret)
{
	struct ucred cred;
	socklen_t size = sizeof(cred);
	struct stat st;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &size) < 0)
		return -errno;
	ret->uid = cred.uid;
	ret->in_group = lstat(control->address.sun_path, &st) == 0 &&
			(cred.gid == st.st_gid || has_group(fd, st.st_gid));
	return 0;
}

static struct client *free_place(struct control *control, size_t *ret_n)
{
	struct client *place = NULL;
	size_t n = 0;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		if (control->clients[i].fd < 0) {
			place = &control->clients[i];
			n++;
		}
	}
	if (ret_n)
		*ret_n = n;
	return place;
}

/* One send: it fits, for nothing was sent to this client yet. */
static void turn_away(int fd)
{
	_cleanup_free_ char *answer = NULL;
	size_t n;

	if (control_refuse("busy", "too many clients at once: try again", &answer, &n) == 0)
		(void)send(fd, answer, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void accept_clients(struct control *control, uint64_t now_ns)
{
	struct client *place;
	size_t n_free;

	if (now_ns < control->accept_after_ns)
		return;
	control->accept_after_ns = 0;
	while ((place = free_place(control, &n_free))) {
		_cleanup_close_ int fd =
			accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		struct control_peer peer;

		if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
			continue;
		/* Out of descriptors or memory: the socket stays readable, so don't look at it. */
		if (fd < 0 && errno != EAGAIN)
			control->accept_after_ns = now_ns + ACCEPT_PAUSE_NS;
		if (fd < 0)
			return;
		if (read_peer(control, fd, &peer) < 0)
			continue;
		if (n_free <= CONTROL_PLACES_OF_ROOT &&
		    !control_may(&peer, control->agent.uid, CONTROL_WAKE)) {
			turn_away(fd);
			continue;
		}
		place->fd = TAKE_FD(fd);
		place->peer = peer;
		place->received = place->sent = place->answer_n = 0;
		place->deadline_ns = now_ns + CONTROL_DEADLINE_NS;
	}
}

/* Returns 1 when the request is whole, 0 when more must come, -errno when none will. */
static int receive(struct client *client, size_t *ret_n)
{
	for (;;) {
		char *end = client->request + client->received, *newline;
		size_t room = sizeof(client->request) - client->received;
		ssize_t n = room > 0 ? recv(client->fd, end, room, 0) : -1;

		if (room == 0)
			return -EMSGSIZE;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? 0 : -errno;
		newline = memchr(end, '\n', (size_t)n);
		client->received += (size_t)n;
		if (newline || n == 0) {
			*ret_n = newline ? (size_t)(newline - client->request) : client->received;
			/* The end of the stream ends a line too, but there must be one. */
			return *ret_n > 0 || newline ? 1 : -ECONNRESET;
		}
	}
}

static int send_answer(struct client *client)
{
	while (client->sent < client->answer_n) {
		ssize_t n = send(client->fd, client->answer + client->sent,
				 client->answer_n - client->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		client->sent += (size_t)n;
	}
	return 0;
}

/* 0: done with it; -EAGAIN: not yet; anything else: it is gone or not worth more. */
static int serve(struct control *control, struct client *client, uint64_t now_ns)
{
	size_t n = 0;
	int r;

	if (now_ns >= client->deadline_ns)
		return -ETIMEDOUT;
	if (!client->answer) {
		r = receive(client, &n);
		if (r == 0)
			return -EAGAIN;
		if (r == -EMSGSIZE)
			r = control_refuse("bad-request", "the request is longer than 4096 bytes",
					   &client->answer, &client->answer_n);
		else if (r > 0)
			r = control_answer(&control->agent, &client->peer, client->request, n,
					   &client->answer, &client->answer_n);
		if (r < 0)
			return r;
		client->deadline_ns = clock_now_ns() + CONTROL_DEADLINE_NS;
	}
	return send_answer(client);
}

void control_handle(struct control *control, uint64_t now_ns)
{
	accept_clients(control, now_ns);
	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		struct client *client = &control->clients[i];

		if (client->fd >= 0 && serve(control, client, now_ns) != -EAGAIN)
			leave(client);
	}
}

size_t control_poll_fds(const struct control *control, uint64_t now_ns,
			struct pollfd fds[CONTROL_FDS_MAX])
{
	size_t n = 0, n_clients = 0;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
		const struct client *client = &control->clients[i];

		if (client->fd < 0)
			continue;
		n_clients++;
		fds[n++] = (struct pollfd){
			.fd = client->fd,
			.events = client->answer ? POLLOUT : POLLIN,
		};
	}
	if (n_clients < CONTROL_CLIENTS_MAX && now_ns >= control->accept_after_ns)
		fds[n++] = (struct pollfd){.fd = control->fd, .events = POLLIN};
	return n;
}

uint64_t control_due_ns(const struct control *control)
{
	uint64_t due_ns = control->accept_after_ns > 0 ? control->accept_after_ns : UINT64_MAX;

	for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
		if (control->clients[i].fd >= 0)
			due_ns = MIN(due_ns, control->clients[i].deadline_ns);
	return due_ns;
}
