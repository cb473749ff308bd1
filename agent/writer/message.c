/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/message.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* As many as a sender of nonsense might pass: all that arrive must be closed. */
#define DESCRIPTORS_MAX 8

union control {
	struct cmsghdr header; /* for its alignment */
	char bytes[CMSG_SPACE(DESCRIPTORS_MAX * sizeof(int))];
};

int writer_order_check(const void *packet, size_t size)
{
	struct writer_order order;

	if (size != sizeof(order))
		return -EBADMSG;
	memcpy(&order, packet, sizeof(order));
	if (order.magic != WRITER_MAGIC || order.version != WRITER_VERSION || order.length == 0 ||
	    order.offset > INT64_MAX || order.length > (uint64_t)INT64_MAX - order.offset ||
	    order.target_ns < NSEC_PER_MSEC || order.target_ns > 10 * NSEC_PER_SEC)
		return -EBADMSG;
	return 0;
}

int writer_answer_check(const void *packet, size_t size)
{
	struct writer_answer answer;

	if (size != sizeof(answer))
		return -EBADMSG;
	memcpy(&answer, packet, sizeof(answer));
	if (answer.magic != WRITER_MAGIC || answer.version != WRITER_VERSION ||
	    answer.kind < WRITER_HELLO || answer.kind > WRITER_PROGRESS || answer.error > 0 ||
	    answer.error < -4095 || answer.cleaned_bytes > answer.asked_bytes)
		return -EBADMSG;
	return 0;
}

static int send_packet(int socket, const void *packet, size_t size, int fd)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)packet, .iov_len = size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union control control = {0};
	ssize_t n;

	if (fd >= 0) {
		message.msg_control = &control;
		message.msg_controllen = CMSG_SPACE(sizeof(fd));
		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(&control.header), &fd, sizeof(fd));
	}
	do
		n = sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? -EPIPE : -errno;
	return (size_t)n == size ? 0 : -EIO;
}

int writer_order_send(int socket, const struct writer_order *order, int fd)
{
	return fd < 0 ? -EBADF : send_packet(socket, order, sizeof(*order), fd);
}

int writer_answer_send(int socket, const struct writer_answer *answer)
{
	return send_packet(socket, answer, sizeof(*answer), -1);
}

/* Takes all descriptors of a message; the first is kept, others do not belong there. */
static size_t take_descriptors(struct msghdr *message, int *ret_first)
{
	size_t taken = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (taken++ == 0)
				*ret_first = fd;
			else
				fd_close(fd);
		}
	}
	return taken;
}

/* 1, 0 or -errno as above; room for one byte more tells a packet that is too long. */
static int receive_packet(int socket, void *packet, size_t size, size_t n_wanted, int *ret_fd)
{
	char extra;
	struct iovec parts[] = {{packet, size}, {&extra, 1}};
	union control control = {0};
	struct msghdr message = {
		.msg_iov = parts,
		.msg_iovlen = ARRAY_SIZE(parts),
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	_cleanup_close_ int fd = -1;
	size_t n_taken;
	ssize_t n;

	do
		n = recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return errno == ECONNRESET ? 0 : -errno;
	n_taken = take_descriptors(&message, &fd);
	if (n == 0 && n_taken == 0)
		return 0;
	if ((size_t)n != size || n_taken != n_wanted ||
	    (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)))
		return -EBADMSG;
	*ret_fd = TAKE_FD(fd);
	return 1;
}

int writer_order_receive(int socket, struct writer_order *ret, int *ret_fd)
{
	struct writer_order order;
	_cleanup_close_ int fd = -1;
	int r = receive_packet(socket, &order, sizeof(order), 1, &fd);

	if (r <= 0)
		return r;
	r = writer_order_check(&order, sizeof(order));
	if (r < 0)
		return r;
	*ret = order;
	*ret_fd = TAKE_FD(fd);
	return 1;
}

int writer_answer_receive(int socket, struct writer_answer *ret)
{
	struct writer_answer answer;
	int fd = -1, r = receive_packet(socket, &answer, sizeof(answer), 0, &fd);

	if (r <= 0)
		return r;
	r = writer_answer_check(&answer, sizeof(answer));
	if (r < 0)
		return r;
	*ret = answer;
	return 1;
}
