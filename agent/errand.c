/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/errand.h"

#include "agent/thread.h"
#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/eventfd.h>

#define STACK_BYTES ((size_t)64 << 10)

struct errand {
	const char *name;
	void (*run)(void *context);
	void *context;
	int go_fd; /* eventfd */
	bool started;
	_Atomic bool busy, stop;
	pthread_t thread;
};

int errand_new(const char *name, void (*run)(void *context), void *context,
	       struct errand **ret_errand)
{
	struct errand *e = calloc(1, sizeof(*e));
	int r;

	if (!e)
		return -ENOMEM;
	*e = (struct errand){.name = name, .run = run, .context = context};
	e->go_fd = eventfd(0, EFD_CLOEXEC);
	if (e->go_fd < 0) {
		r = -errno;
		free(e);
		return r;
	}
	*ret_errand = e;
	return 0;
}

static void *errand_main(void *arg)
{
	struct errand *e = arg;
	eventfd_t value;

	while (!atomic_load(&e->stop)) {
		if (eventfd_read(e->go_fd, &value) < 0 || !atomic_load(&e->busy))
			continue;
		e->run(e->context);
		atomic_store(&e->busy, false);
	}
	return NULL;
}

int errand_send(struct errand *e)
{
	int r = 0;

	if (!e->started) {
		r = thread_start(e->name, STACK_BYTES, errand_main, e, &e->thread);
		e->started = r == 0;
	}
	if (r < 0)
		return r;
	atomic_store(&e->busy, true);
	(void)eventfd_write(e->go_fd, 1);
	return 0;
}

bool errand_is_busy(const struct errand *e)
{
	return e && atomic_load(&e->busy);
}

int errand_wait(const struct errand *e, uint64_t timeout_ns)
{
	uint64_t end_ns = clock_now_ns() + timeout_ns;

	while (errand_is_busy(e)) {
		if (clock_now_ns() >= end_ns)
			return -ETIMEDOUT;
		(void)poll(NULL, 0, 1);
	}
	return 0;
}

int errand_stop(struct errand *e, uint64_t timeout_ns)
{
	if (!e)
		return 0;
	if (errand_wait(e, timeout_ns) < 0)
		return -ETIMEDOUT;
	atomic_store(&e->stop, true);
	if (e->started) {
		(void)eventfd_write(e->go_fd, 1);
		(void)pthread_join(e->thread, NULL);
	}
	fd_close(e->go_fd);
	free(e);
	return 0;
}
