/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/writer/process.h"

#include "agent/writer/engine.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/ioprio.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

/* Of the process alone, so the application's own writes keep theirs. Best effort, the lowest of
 * it: the idle class could be starved for ever, and its pages with it. */
static void be_modest(void)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	(void)setpriority(PRIO_PROCESS, 0, 5);
	(void)syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 7));
}

/* Any descriptor will do: without the call all answer -ENOSYS. */
static bool has_cachestat(int fd)
{
	struct page_counts pages;

	return cachestat_read(fd, 0, 1, &pages) != -ENOSYS;
}

static int answer(void *context, const struct writer_answer *packet)
{
	return writer_answer_send(*(const int *)context, packet);
}

static int refuse(int socket, uint64_t id, int error)
{
	const struct writer_answer no = {
		.magic = WRITER_MAGIC,
		.version = WRITER_VERSION,
		.kind = WRITER_DONE,
		.id = id,
		.error = error,
	};

	return writer_answer_send(socket, &no);
}

/* All orders there is room for. False: the agent is gone, or it is not the agent. */
static bool take_orders(struct engine *engine, int socket)
{
	while (engine_has_room(engine)) {
		struct writer_order order;
		_cleanup_close_ int fd = -1;
		int r = writer_order_receive(socket, &order, &fd);

		if (r == -EAGAIN)
			return true;
		if (r <= 0)
			return false;
		r = engine_take(engine, &order, fd, clock_now_ns());
		if (r == 0)
			(void)TAKE_FD(fd);
		else if (refuse(socket, order.id, r) < 0)
			return false;
	}
	return true;
}

static void wait(struct engine *engine, int socket, uint64_t timeout_ns)
{
	struct pollfd fds[] = {
		/* Without room it is only watched for its end. */
		{.fd = socket, .events = engine_has_room(engine) ? POLLIN : 0},
		{.fd = engine_fd(engine), .events = POLLIN},
	};
	const struct timespec ts = {
		.tv_sec = (time_t)(timeout_ns / NSEC_PER_SEC),
		.tv_nsec = (long)(timeout_ns % NSEC_PER_SEC),
	};

	(void)ppoll(fds, ARRAY_SIZE(fds), timeout_ns == UINT64_MAX ? NULL : &ts, NULL);
}

int writer_process(int socket, int stat_fd, int disk_fd, bool try_uring)
{
	struct writer_answer hello = {
		.magic = WRITER_MAGIC,
		.version = WRITER_VERSION,
		.kind = WRITER_HELLO,
	};
	struct engine_options options = {
		.try_uring = try_uring,
		.count = has_cachestat(socket) ? cachestat_read : NULL,
		.device_fd = stat_fd,
		.disk_fd = disk_fd,
		.answer = answer,
		.context = &socket,
	};
	_cleanup_(engine_freep) struct engine *engine = NULL;

	be_modest();
	if (engine_open(&options, &engine) < 0)
		return 1;
	hello.flags |= engine_is_uring(engine) ? WRITER_HAS_URING : 0;
	hello.flags |= options.count ? WRITER_HAS_CACHESTAT : 0;
	if (writer_answer_send(socket, &hello) < 0)
		return 1;
	while (take_orders(engine, socket))
		wait(engine, socket, engine_turn(engine, clock_now_ns()));
	return 0;
}
