/* SPDX-License-Identifier: Apache-2.0 */
/* uswapd-hand: makes the requests of one of uswapd's hands (act/hand.h). */
#include "agent/act/hand.h"
#include "agent/act/hand_message.h"
#include "agent/memory_lock.h"
#include "agent/packet.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static void do_nothing(int signal_number)
{
	(void)signal_number;
}

/* What ends the agent is for the agent to act on: then the socket ends. */
static int prepare(void)
{
	/* Without SA_RESTART: 7.x would repeat the whole request. */
	const struct sigaction interrupt = {.sa_handler = do_nothing};
	sigset_t mask;

	(void)signal(SIGTERM, SIG_IGN);
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)memory_lock();
	if (sigaction(HAND_SIGNAL, &interrupt, NULL) < 0)
		return -errno;
	sigemptyset(&mask);
	return sigprocmask(SIG_SETMASK, &mask, NULL) < 0 ? -errno : 0;
}

static int serve_one(int socket)
{
	_cleanup_close_ int fd = -1;
	struct hand_order order;
	struct hand_answer answer;
	struct hand_result result;
	int r = packet_receive(socket, &order, sizeof(order), 1, &fd);

	if (r <= 0)
		return r == 0 ? -EPIPE : r;
	if (order.magic != HAND_MAGIC)
		return -EBADMSG;
	result = hand_perform(&act_live, &(struct request){.backend = (enum backend)order.backend,
							   .fd = fd,
							   .bytes = order.bytes,
							   .swappiness = order.swappiness,
							   .start = order.start,
							   .advice = order.advice,
							   .eviction = order.eviction});
	answer = (struct hand_answer){
		.magic = HAND_MAGIC,
		.error = result.error,
		.wall_ns = result.wall_ns,
		.cpu_ns = result.cpu_ns,
	};
	return packet_send(socket, &answer, sizeof(answer), -1);
}

/* Until the agent is gone: then what it still wanted is not done any more. */
static int serve(int socket)
{
	struct pollfd orders = {.fd = socket, .events = POLLIN};

	for (;;) {
		int r;

		/* An interruption that comes between two requests is of none. */
		if (poll(&orders, 1, -1) < 0)
			continue;
		if (orders.revents & POLLHUP)
			return 0;
		r = serve_one(socket);
		if (r < 0 && r != -EAGAIN)
			return r;
	}
}

int main(int argc, char **argv)
{
	int type = 0;
	socklen_t size = sizeof(type);

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		puts("uswapd-hand " USWAP_VERSION);
		return 0;
	}
	if (getsockopt(HAND_SOCKET_FD, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
	    type != SOCK_SEQPACKET) {
		fputs("uswapd-hand makes requests for uswapd, which starts it itself; there is "
		      "nothing to do by hand\n",
		      stderr);
		return 2;
	}
	if (prepare() < 0)
		return 1;
	return serve(HAND_SOCKET_FD) < 0 ? 1 : 0;
}
