/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/child.h"

#include "agent/writer/process.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>

struct writer {
	uint64_t device;
	pid_t pid; /* 0: it has ended and was waited for */
	int socket;
};

/* dup2 of a descriptor onto itself would leave it closed on exec: it is moved out of the way. */
static int above(int fd)
{
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, WRITER_STAT_FD + 1);

	return moved < 0 ? -errno : moved;
}

static int spawn(const char *program, uint64_t device, int socket, int stat_fd, bool try_uring,
		 pid_t *ret_pid)
{
	char name[32];
	char *arguments[] = {(char[]){"uswapd-writer"}, name,
			     try_uring ? NULL : (char[]){WRITER_NO_URING}, NULL};
	char *environment[] = {NULL};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int r;

	(void)snprintf(name, sizeof(name), "%u:%u", major(device), minor(device));
	sigemptyset(&none);
	sigfillset(&all);
	r = posix_spawn_file_actions_init(&actions);
	if (r != 0)
		return -r;
	r = posix_spawnattr_init(&attributes);
	if (r != 0) {
		(void)posix_spawn_file_actions_destroy(&actions);
		return -r;
	}
	(void)posix_spawnattr_setsigmask(&attributes, &none);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn_file_actions_adddup2(&actions, socket, WRITER_SOCKET_FD);
	if (r == 0 && stat_fd >= 0)
		r = posix_spawn_file_actions_adddup2(&actions, stat_fd, WRITER_STAT_FD);
	if (r == 0)
		r = posix_spawn(ret_pid, program, &actions, &attributes, arguments, environment);
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)posix_spawnattr_destroy(&attributes);
	return -r;
}

int writer_start(const char *program, uint64_t device, int stat_fd, bool try_uring,
		 struct writer **ret_writer)
{
	_cleanup_close_ int ours = -1, theirs = -1, stat = -1;
	_cleanup_free_ struct writer *w = calloc(1, sizeof(*w));
	int pair[2], r;

	if (!w)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = above(pair[1]);
	fd_close(pair[1]);
	stat = stat_fd < 0 ? -1 : above(stat_fd);
	if (theirs < 0 || (stat_fd >= 0 && stat < 0))
		return theirs < 0 ? theirs : stat;
	r = spawn(program, device, theirs, stat, try_uring, &w->pid);
	if (r < 0)
		return r;
	w->device = device;
	w->socket = TAKE_FD(ours);
	*ret_writer = TAKE_PTR(w);
	return 0;
}

bool writer_has_ended(struct writer *w)
{
	if (w->pid > 0 && waitpid(w->pid, NULL, WNOHANG) != 0)
		w->pid = 0;
	return w->pid == 0;
}

static bool wait_end(struct writer *w, uint64_t timeout_ns)
{
	uint64_t end_ns = clock_now_ns() + timeout_ns;

	while (!writer_has_ended(w)) {
		if (clock_now_ns() >= end_ns)
			return false;
		(void)poll(NULL, 0, 5);
	}
	return true;
}

int writer_stop(struct writer *w, uint64_t timeout_ns)
{
	if (!w)
		return 0;
	/* The end of the socket is its sign to leave. */
	w->socket = fd_close(w->socket);
	if (wait_end(w, timeout_ns))
		return 0;
	(void)kill(w->pid, SIGKILL);
	return wait_end(w, timeout_ns) ? 0 : -ETIMEDOUT;
}

struct writer *writer_free(struct writer *w)
{
	if (!w)
		return NULL;
	fd_close(w->socket);
	free(w);
	return NULL;
}

uint64_t writer_device(const struct writer *w)
{
	return w->device;
}

int writer_pid(const struct writer *w)
{
	return w->pid;
}

int writer_fd(const struct writer *w)
{
	return w->socket;
}

int writer_give(struct writer *w, const struct writer_order *order, int fd)
{
	struct writer_order complete = *order;

	complete.magic = WRITER_MAGIC;
	complete.version = WRITER_VERSION;
	return writer_order_send(w->socket, &complete, fd);
}

int writer_take(struct writer *w, struct writer_answer *ret)
{
	int r = writer_answer_receive(w->socket, ret);

	if (r == -EAGAIN)
		return 0;
	return r == 1 ? 1 : -EPIPE;
}
