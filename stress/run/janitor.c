/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/run/janitor.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

/* Workers die with the supervisor, but may be deep in reclaim. */
#define PATIENCE_NS (30 * NSEC_PER_SEC)
#define PAUSE_NS    (50 * NSEC_PER_MSEC)

struct janitor {
	pid_t pid;
	int dismissed_fd;
};

/* Nobody who waits for the end of our output waits for this process; nobody's Ctrl-C is for it. */
static void step_aside(void)
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)setsid();
	(void)prctl(PR_SET_NAME, "uswap-janitor");
	for (size_t i = 0; i < ARRAY_SIZE(ignored); i++)
		(void)signal(ignored[i], SIG_IGN);
	for (int fd = 0; null_fd >= 0 && fd < 3; fd++)
		(void)dup2(null_fd, fd);
	fd_close(null_fd);
}

static void remove_groups(struct placement *placement)
{
	const struct timespec pause = {.tv_nsec = (long)PAUSE_NS};
	uint64_t until_ns = clock_now_ns() + PATIENCE_NS;
	struct stress_error ignored;

	while (placement_remove(placement, &ignored) > 0 && clock_now_ns() < until_ns)
		(void)nanosleep(&pause, NULL);
	placement_free(placement);
}

static _Noreturn void janitor_main(struct placement *placement, int supervisor_fd, int dismissed_fd)
{
	struct pollfd fds[] = {{.fd = dismissed_fd, .events = POLLIN},
			       {.fd = supervisor_fd, .events = POLLIN}};

	step_aside();
	while (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno == EINTR)
		;
	if (!(fds[0].revents & POLLIN))
		remove_groups(placement);
	_exit(0);
}

int janitor_start(struct placement *placement, struct janitor **ret_janitor)
{
	_cleanup_free_ struct janitor *janitor = calloc(1, sizeof(*janitor));
	_cleanup_close_ int supervisor_fd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	_cleanup_close_ int dismissed_fd = eventfd(0, EFD_CLOEXEC);

	if (!janitor)
		return -ENOMEM;
	if (supervisor_fd < 0 || dismissed_fd < 0)
		return -errno;
	janitor->pid = fork();
	if (janitor->pid < 0)
		return -errno;
	if (janitor->pid == 0)
		janitor_main(placement, supervisor_fd, dismissed_fd);
	janitor->dismissed_fd = TAKE_FD(dismissed_fd);
	*ret_janitor = TAKE_PTR(janitor);
	return 0;
}

struct janitor *janitor_free(struct janitor *janitor)
{
	const uint64_t one = 1;

	if (!janitor)
		return NULL;
	(void)!write(janitor->dismissed_fd, &one, sizeof(one));
	while (waitpid(janitor->pid, NULL, 0) < 0 && errno == EINTR)
		;
	fd_close(janitor->dismissed_fd);
	free(janitor);
	return NULL;
}
