/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/thread.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>

int thread_start(const char *name, size_t stack_bytes, void *(*run)(void *), void *arg,
		 pthread_t *ret_thread)
{
	sigset_t all, before;
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r != 0)
		return -r;
	(void)pthread_attr_setstacksize(&attr, MAX(stack_bytes, (size_t)PTHREAD_STACK_MIN));
	sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(ret_thread, &attr, run, arg);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	if (r == 0)
		(void)pthread_setname_np(*ret_thread, name);
	return -r;
}

int thread_join(pthread_t thread, uint64_t timeout_ns)
{
	uint64_t end_ns = clock_now_ns() + timeout_ns;
	int r;

	while ((r = pthread_tryjoin_np(thread, NULL)) == EBUSY && clock_now_ns() < end_ns)
		(void)poll(NULL, 0, 1);
	return r == EBUSY ? -ETIMEDOUT : -r;
}
