/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/act/hand.h"

#include "agent/act/hand_message.h"
#include "agent/child_process.h"
#include "agent/packet.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <time.h>

/* Interrupted, it goes on, but without a step: what is merely slow (zram) uses CPU time. */
#define PATIENCE_NS (3 * NSEC_PER_SEC)
/* A process that was killed is not stuck before that. */
#define END_NS (600 * NSEC_PER_MSEC)
/* One that the owner waits for, when it wants to leave. */
#define LEAVE_NS (300 * NSEC_PER_MSEC)
/* Between two interruptions of a request that is waited for. */
#define STEP_MS 20

enum hand_state { HAND_IDLE, HAND_BUSY, HAND_DONE };

struct hand {
	struct hands *hands;
	char name[16];
	int poll_fd; /* epoll: of done_fd and the socket, which changes with the process */
	int done_fd; /* readable: a request is done, whoever found that out */
	int socket;  /* -1: no process runs */
	pid_t pid;
	pid_t left[HAND_STUCK_MAX]; /* behind; 0: free */
	enum hand_state state;
	uint64_t begun_ns;	       /* of the request */
	uint64_t step_ns, step_cpu_ns; /* its process's last, since it is interrupted; 0: not yet */
	struct hand_result result;
};

struct hand_result hand_perform(const struct act_ops *ops, const struct request *request)
{
	uint64_t wall_ns = clock_now_ns(), cpu_ns = clock_thread_cpu_ns();
	int error = ops->make(request);

	/* In this order: no more CPU time than there was time. */
	cpu_ns = clock_thread_cpu_ns() - cpu_ns;
	wall_ns = clock_now_ns() - wall_ns;
	return (struct hand_result){.error = error, .wall_ns = wall_ns, .cpu_ns = cpu_ns};
}

static int watch(struct hand *hand, int fd)
{
	struct epoll_event event = {.events = EPOLLIN};

	return epoll_ctl(hand->poll_fd, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

struct hand *hand_free(struct hand *hand)
{
	if (!hand)
		return NULL;
	fd_close(hand->poll_fd);
	fd_close(hand->done_fd);
	fd_close(hand->socket);
	free(hand);
	return NULL;
}

int hand_new(struct hands *hands, const char *name, struct hand **ret_hand)
{
	_cleanup_(hand_freep) struct hand *hand = calloc(1, sizeof(*hand));
	int r;

	if (!hand)
		return -ENOMEM;
	hand->hands = hands;
	(void)snprintf(hand->name, sizeof(hand->name), "%s", name);
	hand->socket = -1;
	hand->poll_fd = epoll_create1(EPOLL_CLOEXEC);
	hand->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (hand->poll_fd < 0 || hand->done_fd < 0)
		return -errno;
	r = watch(hand, hand->done_fd);
	if (r < 0)
		return r;
	*ret_hand = TAKE_PTR(hand);
	return 0;
}

/* --- processes --- */

size_t hand_stuck(const struct hand *hand)
{
	size_t n = 0;

	for (size_t i = 0; hand && i < HAND_STUCK_MAX; i++)
		n += hand->left[i] != 0;
	return n;
}

static void see_who_has_ended(struct hand *hand)
{
	for (size_t i = 0; i < HAND_STUCK_MAX; i++)
		if (hand->left[i] != 0 && child_has_ended(&hand->left[i]))
			atomic_fetch_sub(&hand->hands->stuck, 1);
}

/* It is killed, which it may not see for as long as the kernel keeps it. */
static void leave_behind(struct hand *hand, uint64_t timeout_ns)
{
	size_t place = 0;

	hand->socket = fd_close(hand->socket);
	(void)kill(hand->pid, SIGKILL);
	if (child_wait_end(&hand->pid, timeout_ns))
		return;
	while (hand->left[place] != 0)
		place++;
	hand->left[place] = hand->pid;
	hand->pid = 0;
	if (atomic_load(&hand->hands->stuck) == 0)
		atomic_store(&hand->hands->stuck_ns, hand->begun_ns);
	atomic_fetch_add(&hand->hands->stuck, 1);
}

static void lose(struct hand *hand, uint64_t timeout_ns)
{
	atomic_fetch_add(&hand->hands->lost, 1);
	leave_behind(hand, timeout_ns);
}

int hand_start(struct hand *hand)
{
	_cleanup_close_ int ours = -1, theirs = -1;
	char *arguments[] = {(char[]){"uswapd-hand"}, hand->name, NULL};
	int pair[2], r;

	if (hand->socket >= 0)
		return 0;
	see_who_has_ended(hand);
	if (hand_stuck(hand) == HAND_STUCK_MAX)
		return -EBUSY;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return -errno;
	ours = pair[0];
	theirs = pair[1];
	r = watch(hand, ours);
	if (r == 0)
		r = child_spawn(hand->hands->program, arguments, &theirs, 1, HAND_SIGNAL,
				&hand->pid);
	if (r == 0)
		hand->socket = TAKE_FD(ours);
	return r;
}

/* --- requests --- */

static void finish(struct hand *hand, const struct hand_result *result)
{
	hand->result = *result;
	hand->state = HAND_DONE;
	(void)eventfd_write(hand->done_fd, 1);
}

/* Without an answer. */
static void give_up(struct hand *hand, int error)
{
	if (hand->state != HAND_BUSY)
		return;
	finish(hand,
	       &(struct hand_result){.error = error, .wall_ns = clock_now_ns() - hand->begun_ns});
}

/* An answer, or the end of the process. */
static void listen_to_process(struct hand *hand)
{
	struct hand_answer answer;
	int none = -1, r;

	if (hand->socket < 0)
		return;
	r = packet_receive(hand->socket, &answer, sizeof(answer), 0, &none);
	if (r == -EAGAIN)
		return;
	if (r == 1 && answer.magic == HAND_MAGIC && hand->state == HAND_BUSY) {
		finish(hand, &(struct hand_result){.error = answer.error,
						   .wall_ns = answer.wall_ns,
						   .cpu_ns = answer.cpu_ns});
		return;
	}
	give_up(hand, -EPIPE);
	lose(hand, END_NS);
}

int hand_submit(struct hand *hand, const struct act_ops *ops, const struct request *request)
{
	const struct hand_order order = {
		.magic = HAND_MAGIC,
		.backend = (int32_t)request->backend,
		.swappiness = request->swappiness,
		.advice = request->advice,
		.bytes = request->bytes,
		.start = request->start,
		.eviction = request->eviction,
	};
	struct hand_result result;
	int r;

	if (hand->state != HAND_IDLE)
		return -EBUSY;
	if (!ops->blocks) {
		result = hand_perform(ops, request);
		finish(hand, &result);
		return 0;
	}
	listen_to_process(hand); /* it may have ended */
	r = hand_start(hand);
	if (r == 0)
		r = packet_send(hand->socket, &order, sizeof(order), request->fd);
	if (r < 0)
		return r;
	hand->state = HAND_BUSY;
	hand->begun_ns = clock_now_ns();
	hand->step_ns = 0;
	return 0;
}

bool hand_take(struct hand *hand, struct hand_result *ret)
{
	uint64_t value;

	see_who_has_ended(hand);
	listen_to_process(hand);
	if (hand->state != HAND_DONE)
		return false;
	(void)eventfd_read(hand->done_fd, &value);
	*ret = hand->result;
	hand->state = HAND_IDLE;
	return true;
}

int hand_fd(const struct hand *hand)
{
	return hand->poll_fd;
}

static uint64_t cpu_used_ns(pid_t pid)
{
	struct timespec used = {0};
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) == 0)
		(void)clock_gettime(clock, &used);
	return (uint64_t)used.tv_sec * NSEC_PER_SEC + (uint64_t)used.tv_nsec;
}

void hand_give_up(struct hand *hand)
{
	listen_to_process(hand);
	if (hand->state != HAND_BUSY)
		return;
	give_up(hand, -ETIMEDOUT);
	lose(hand, 0);
}

void hand_interrupt(struct hand *hand)
{
	uint64_t now_ns = clock_now_ns(), cpu_ns;

	listen_to_process(hand);
	if (hand->state != HAND_BUSY)
		return;
	cpu_ns = cpu_used_ns(hand->pid);
	if (hand->step_ns == 0 || cpu_ns != hand->step_cpu_ns) {
		hand->step_ns = now_ns;
		hand->step_cpu_ns = cpu_ns;
	}
	if (now_ns - hand->step_ns > PATIENCE_NS)
		hand_give_up(hand);
	else
		(void)kill(hand->pid, HAND_SIGNAL);
}

void hand_stop(struct hand *hand, uint64_t timeout_ns)
{
	uint64_t end_ns = clock_now_ns() + timeout_ns;
	struct pollfd done;

	if (!hand)
		return;
	done = (struct pollfd){.fd = hand->poll_fd, .events = POLLIN};
	while (hand->state == HAND_BUSY && clock_now_ns() < end_ns) {
		hand_interrupt(hand);
		(void)poll(&done, 1, STEP_MS);
	}
	listen_to_process(hand);
	if (hand->state == HAND_BUSY) {
		give_up(hand, -ETIMEDOUT);
		lose(hand, END_NS);
	} else if (hand->socket >= 0) {
		leave_behind(hand, END_NS);
	}
}

int hand_make(struct hand *hand, const struct act_ops *ops, const struct request *request,
	      uint64_t deadline_ns, const _Atomic bool *leaving, struct hand_result *ret)
{
	struct pollfd done = {.fd = hand->poll_fd, .events = POLLIN};
	uint64_t end_ns = clock_now_ns() + deadline_ns;
	int r = hand_submit(hand, ops, request);

	if (r < 0)
		return r;
	while (!hand_take(hand, ret)) {
		if (atomic_load(leaving))
			hand_stop(hand, LEAVE_NS);
		else if (clock_now_ns() >= end_ns)
			hand_interrupt(hand);
		(void)poll(&done, 1, STEP_MS);
	}
	return 0;
}
