/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/child_process.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

static int spawn(const char *program, char *const arguments[],
		 const posix_spawn_file_actions_t *actions, int blocked_signal, pid_t *ret_pid)
{
	char *environment[] = {NULL};
	posix_spawnattr_t attributes;
	sigset_t blocked, all;
	int r;

	sigemptyset(&blocked);
	if (blocked_signal != 0)
		sigaddset(&blocked, blocked_signal);
	sigfillset(&all);
	r = posix_spawnattr_init(&attributes);
	if (r != 0)
		return -r;
	(void)posix_spawnattr_setsigmask(&attributes, &blocked);
	(void)posix_spawnattr_setsigdefault(&attributes, &all);
	(void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	r = posix_spawn(ret_pid, program, actions, &attributes, arguments, environment);
	(void)posix_spawnattr_destroy(&attributes);
	return -r;
}

int child_spawn(const char *program, char *const arguments[], const int *fds, size_t n,
		int blocked_signal, pid_t *ret_pid)
{
	posix_spawn_file_actions_t actions;
	int moved[CHILD_DESCRIPTORS_MAX];
	size_t n_moved = 0;
	int r;

	if (n > CHILD_DESCRIPTORS_MAX)
		return -EINVAL;
	r = -posix_spawn_file_actions_init(&actions);
	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < n; i++) {
		if (fds[i] < 0)
			continue;
		/*
		 * dup2 of a descriptor onto itself would leave it closed on exec: it is moved out
		 * of the way.
		 */
		moved[n_moved] = fcntl(fds[i], F_DUPFD_CLOEXEC, CHILD_FIRST_FD + (int)n);
		if (moved[n_moved] < 0)
			r = -errno;
		else
			r = -posix_spawn_file_actions_adddup2(&actions, moved[n_moved++],
							      CHILD_FIRST_FD + (int)i);
	}
	if (r == 0)
		r = spawn(program, arguments, &actions, blocked_signal, ret_pid);
	while (n_moved > 0)
		fd_close(moved[--n_moved]);
	(void)posix_spawn_file_actions_destroy(&actions);
	return r;
}

bool child_has_ended(pid_t *pid)
{
	if (*pid > 0 && waitpid(*pid, NULL, WNOHANG) != 0)
		*pid = 0;
	return *pid == 0;
}

bool child_wait_end(pid_t *pid, uint64_t timeout_ns)
{
	uint64_t end_ns = clock_now_ns() + timeout_ns;

	while (!child_has_ended(pid)) {
		if (clock_now_ns() >= end_ns)
			return false;
		(void)poll(NULL, 0, 5);
	}
	return true;
}
