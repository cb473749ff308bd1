/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/child.h"

#include "agent/child_process.h"
#include "agent/writer/process.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

struct writer {
	uint64_t device;
	pid_t pid; /* 0: it has ended and was waited for */
	int socket;
};

int writer_start(const char *program, uint64_t device, int stat_fd, int disk_fd, bool try_uring,
		 struct writer **ret_writer)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	char name[32];
	char *arguments[] = {(char[]){"uswapd-writer"}, name,
			     try_uring ? NULL : (char[]){WRITER_NO_URING}, NULL};
	_cleanup_free_ struct writer *w = calloc(1, sizeof(*w));
	int pair[2], r;

	if (!w)
		return -ENOMEM;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	(void)snprintf(name, sizeof(name), "%u:%u", major(device), minor(device));
	r = child_spawn(program, arguments, (int[]){theirs, stat_fd, disk_fd}, 3, 0, &w->pid);
	if (r < 0)
		return r;
	w->device = device;
	w->socket = TAKE_FD(ours);
	*ret_writer = TAKE_PTR(w);
	return 0;
}

bool writer_has_ended(struct writer *w)
{
	return child_has_ended(&w->pid);
}

/* The end of the socket is its sign to leave. */
void writer_ask_to_stop(struct writer *w)
{
	w->socket = fd_close(w->socket);
}

int writer_stop(struct writer *w, uint64_t timeout_ns)
{
	if (!w)
		return 0;
	writer_ask_to_stop(w);
	if (child_wait_end(&w->pid, timeout_ns))
		return 0;
	(void)kill(w->pid, SIGKILL);
	return child_wait_end(&w->pid, timeout_ns) ? 0 : -ETIMEDOUT;
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
