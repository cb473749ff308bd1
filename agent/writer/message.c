/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/message.h"

#include "agent/packet.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <string.h>

int writer_order_check(const void *packet, size_t size)
{
	struct writer_order order;

	if (size != sizeof(order))
		return -EBADMSG;
	memcpy(&order, packet, sizeof(order));
	if (order.magic != WRITER_MAGIC || order.version != WRITER_VERSION || order.length == 0 ||
	    order.offset > INT64_MAX || order.length > (uint64_t)INT64_MAX - order.offset ||
	    order.target_ns < NSEC_PER_MSEC || order.target_ns > 10 * NSEC_PER_SEC ||
	    order.give_way > 1)
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

int writer_order_send(int socket, const struct writer_order *order, int fd)
{
	return fd < 0 ? -EBADF : packet_send(socket, order, sizeof(*order), fd);
}

int writer_answer_send(int socket, const struct writer_answer *answer)
{
	return packet_send(socket, answer, sizeof(*answer), -1);
}

int writer_order_receive(int socket, struct writer_order *ret, int *ret_fd)
{
	struct writer_order order;
	_cleanup_close_ int fd = -1;
	int r = packet_receive(socket, &order, sizeof(order), 1, &fd);

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
	int fd = -1, r = packet_receive(socket, &answer, sizeof(answer), 0, &fd);

	if (r <= 0)
		return r;
	r = writer_answer_check(&answer, sizeof(answer));
	if (r < 0)
		return r;
	*ret = answer;
	return 1;
}
