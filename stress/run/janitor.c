/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/janitor.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* What it is told; to hear nothing more means to undo. */
#define UNDO	'u'
#define DISMISS 'd'

/* Nobody who waits for the end of our output waits for this process; nobody's Ctrl-C is for it. */
static void step_aside(void)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	sigset_t all;

	(void)setsid();
	(void)prctl(PR_SET_NAME, "uswap-janitor");
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	for (int fd = 0; null_fd >= 0 && fd < 3; fd++)
		(void)dup2(null_fd, fd);
	fd_close(null_fd);
}

static _Noreturn void wait_and_undo(int fd, int (*undo)(void *context), void *context)
{
	char order = UNDO;

	step_aside();
	while (read(fd, &order, 1) < 0 && errno == EINTR)
		;
	_exit(order == DISMISS ? 0 : -undo(context));
}

int janitor_start(struct janitor *janitor, int (*undo)(void *context), void *context)
{
	int fds[2];
	pid_t pid;

	/* No pipe: to write to one whose janitor was killed would end us. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		close(fds[1]);
		wait_and_undo(fds[0], undo, context);
	}
	close(fds[0]);
	if (pid < 0) {
		close(fds[1]);
		return -EAGAIN;
	}
	*janitor = (struct janitor){pid, fds[1], undo, context};
	return 0;
}

/* Returns whether it heard the order; *ret_r is what came of it. */
static bool tell(struct janitor *janitor, char order, int *ret_r)
{
	/* Not by closing alone: others that were forked meanwhile have the socket open, too. */
	bool heard = send(janitor->fd, &order, 1, MSG_NOSIGNAL) == 1;
	pid_t pid = janitor->pid;
	int status = 0;

	janitor->fd = fd_close(janitor->fd);
	janitor->pid = 0;
	*ret_r = 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return heard;
	*ret_r = WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
	return heard;
}

int janitor_end(struct janitor *janitor)
{
	int r;

	if (!janitor->pid)
		return 0;
	return tell(janitor, UNDO, &r) ? r : janitor->undo(janitor->context);
}

void janitor_dismiss(struct janitor *janitor)
{
	int r;

	if (janitor->pid)
		(void)tell(janitor, DISMISS, &r);
}
