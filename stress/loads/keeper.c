/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/loads/keeper.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* No signal but SIGKILL ends it, and none of a terminal or of a process group reaches it. */
static _Noreturn void wait_and_undo(int fd, int (*undo)(void *context), void *context)
{
	sigset_t all;
	ssize_t n;
	char byte;

	(void)setsid();
	sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, NULL);
	(void)prctl(PR_SET_NAME, "uswap-keeper");
	do
		n = read(fd, &byte, 1);
	while (n < 0 && errno == EINTR);
	_exit(-undo(context));
}

int keeper_start(struct keeper *keeper, int (*undo)(void *context), void *context)
{
	int fds[2];
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
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
	*keeper = (struct keeper){pid, fds[1]};
	return 0;
}

int keeper_end(struct keeper *keeper)
{
	pid_t pid = keeper->pid;
	int status = 0;

	if (!pid)
		return 0;
	/* Not by closing alone: others that were forked meanwhile have the pipe open, too. */
	(void)!write(keeper->fd, "", 1);
	keeper->fd = fd_close(keeper->fd);
	keeper->pid = 0;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return WIFEXITED(status) ? -WEXITSTATUS(status) : -ECHILD;
}
