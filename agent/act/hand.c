/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/act/hand.h"

#include "agent/thread.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#define HAND_SIGNAL	 SIGUSR1
#define HAND_STACK_BYTES ((size_t)64 << 10)

enum hand_state {
	HAND_IDLE,
	HAND_BUSY, /* ops and request belong to the thread */
	HAND_DONE, /* result belongs to the owner */
};

struct hand {
	pthread_t thread;
	int go_fd, done_fd;
	_Atomic int state;
	_Atomic bool stop;
	const struct act_ops *ops; /* of the request */
	struct request request;
	struct hand_result result;
};

static void do_nothing(int signal_number)
{
	(void)signal_number;
}

int hand_prepare_process(void)
{
	struct sigaction action = {.sa_handler = do_nothing};

	return sigaction(HAND_SIGNAL, &action, NULL) < 0 ? -errno : 0;
}

static void perform(struct hand *hand)
{
	uint64_t wall_ns = clock_now_ns(), cpu_ns = clock_thread_cpu_ns();
	/* Stopped before it began: that is an interruption too. */
	int error = atomic_load(&hand->stop) ? -EINTR : hand->ops->reclaim(&hand->request);

	/* In this order: no more CPU time than there was time. */
	cpu_ns = clock_thread_cpu_ns() - cpu_ns;
	wall_ns = clock_now_ns() - wall_ns;
	hand->result = (struct hand_result){.error = error, .wall_ns = wall_ns, .cpu_ns = cpu_ns};
}

static void *hand_main(void *arg)
{
	struct hand *hand = arg;
	sigset_t only_interrupt;
	uint64_t value;

	sigfillset(&only_interrupt);
	sigdelset(&only_interrupt, HAND_SIGNAL);
	(void)pthread_sigmask(SIG_SETMASK, &only_interrupt, NULL);
	do {
		/* An interruption may come while it waits: then state alone says what is to be
		 * done. */
		(void)eventfd_read(hand->go_fd, &value);
		if (atomic_load(&hand->state) != HAND_BUSY)
			continue;
		perform(hand);
		atomic_store(&hand->state, HAND_DONE);
		(void)eventfd_write(hand->done_fd, 1);
	} while (!atomic_load(&hand->stop));
	return NULL;
}

struct hand *hand_free(struct hand *hand)
{
	if (!hand)
		return NULL;
	fd_close(hand->go_fd);
	fd_close(hand->done_fd);
	free(hand);
	return NULL;
}

int hand_start(const char *name, struct hand **ret_hand)
{
	struct hand *hand = calloc(1, sizeof(*hand));
	int r;

	if (!hand)
		return -ENOMEM;
	hand->go_fd = eventfd(0, EFD_CLOEXEC);
	hand->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r = hand->go_fd < 0 || hand->done_fd < 0
		    ? -errno
		    : thread_start(name, HAND_STACK_BYTES, hand_main, hand, &hand->thread);
	if (r < 0) {
		hand_free(hand);
		return r;
	}
	*ret_hand = hand;
	return 0;
}

int hand_stop(struct hand *hand, uint64_t timeout_ns)
{
	uint64_t end_ns = clock_now_ns() + timeout_ns;
	struct pollfd done;

	if (!hand)
		return 0;
	atomic_store(&hand->stop, true);
	done = (struct pollfd){.fd = hand->done_fd, .events = POLLIN};
	while (atomic_load(&hand->state) == HAND_BUSY) {
		if (clock_now_ns() >= end_ns)
			return -ETIMEDOUT;
		hand_interrupt(hand);
		(void)poll(&done, 1, 10);
	}
	(void)eventfd_write(hand->go_fd, 1);
	(void)pthread_join(hand->thread, NULL);
	return 0;
}

int hand_fd(const struct hand *hand)
{
	return hand->done_fd;
}

bool hand_is_busy(const struct hand *hand)
{
	return atomic_load(&hand->state) != HAND_IDLE;
}

int hand_submit(struct hand *hand, const struct act_ops *ops, const struct request *request)
{
	if (hand_is_busy(hand))
		return -EBUSY;
	hand->ops = ops;
	hand->request = *request;
	atomic_store(&hand->state, HAND_BUSY);
	return eventfd_write(hand->go_fd, 1) < 0 ? -errno : 0;
}

bool hand_take(struct hand *hand, struct hand_result *ret)
{
	uint64_t value;

	if (atomic_load(&hand->state) != HAND_DONE)
		return false;
	(void)eventfd_read(hand->done_fd, &value);
	*ret = hand->result;
	atomic_store(&hand->state, HAND_IDLE);
	return true;
}

void hand_interrupt(struct hand *hand)
{
	if (atomic_load(&hand->state) == HAND_BUSY)
		(void)pthread_kill(hand->thread, HAND_SIGNAL);
}
