/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a packet to a write-back process, and from one. */
#include "agent/writer/message.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct writer_order order;
	struct writer_answer answer;
	int pair[2], fd = -1, r;

	r = writer_order_check(data, size);
	require(r == 0 || r == -EBADMSG);
	r = writer_answer_check(data, size);
	require(r == 0 || r == -EBADMSG);
	if (size == 0 || size > 4096)
		return 0;
	require(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	require(send(pair[0], data, size, 0) == (ssize_t)size);
	/* Without its descriptor no order is one. */
	require(writer_order_receive(pair[1], &order, &fd) == -EBADMSG && fd == -1);
	require(send(pair[0], data, size, 0) == (ssize_t)size);
	r = writer_answer_receive(pair[1], &answer);
	require(r == 1 || r == -EBADMSG);
	require(r != 1 || (answer.cleaned_bytes <= answer.asked_bytes && answer.error <= 0));
	if (writer_order_check(data, size) == 0) {
		__builtin_memcpy(&order, data, size);
		require(writer_order_send(pair[0], &order, pair[0]) == 0);
		require(writer_order_receive(pair[1], &order, &fd) == 1);
		require(order.offset + order.length <= INT64_MAX);
		fd_close(fd);
	}
	fd_close(pair[0]);
	fd_close(pair[1]);
	return 0;
}
