/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/subject.h"

#include "base/cleanup.h"
#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

/* What it may take to end when told. */
#define END_MS 30000
/* What a killed one may take. */
#define DEATH_MS   10000
#define OUTPUT_MAX (1 << 20)

static void prepare(int output_fd, pid_t parent)
{
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	(void)setpgid(0, 0);
	(void)signal(SIGPIPE, SIG_DFL);
	(void)dup2(output_fd, STDOUT_FILENO);
	(void)dup2(output_fd, STDERR_FILENO);
}

int subject_fork(struct subject *subject, void (*run)(const void *context), const void *context,
		 struct stress_error *ret_error)
{
	pid_t parent = getpid(), pid;

	*subject = (struct subject){.pidfd = -1, .output_fd = memfd_create("agent", MFD_CLOEXEC)};
	if (subject->output_fd < 0)
		return stress_fail(ret_error, -errno, "[agent] %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		prepare(subject->output_fd, parent);
		run(context);
		_exit(0);
	}
	if (pid < 0)
		return stress_fail(ret_error, -errno, "[agent] start it: %s", strerror(errno));
	/* Whichever of the two comes first: whoever may be told to end is in it. */
	(void)setpgid(pid, pid);
	subject->pid = pid;
	subject->pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return 0;
}

static void become(const void *context)
{
	char *const *words = context;
	sigset_t none;

	sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execvp(words[0], words);
	dprintf(STDERR_FILENO, "%s: %s\n", words[0], strerror(errno));
	_exit(127);
}

int subject_start(struct subject *subject, char *const *words, struct stress_error *ret_error)
{
	return subject_fork(subject, become, words, ret_error);
}

static bool has_ended(const struct subject *subject, int timeout_ms)
{
	struct pollfd fd = {.fd = subject->pidfd, .events = POLLIN};

	return poll(&fd, 1, timeout_ms) > 0;
}

int subject_printed(const struct subject *subject, const char *text)
{
	_cleanup_free_ char *output = malloc(OUTPUT_MAX + 1);
	ssize_t n = output ? pread(subject->output_fd, output, OUTPUT_MAX, 0) : -1;

	if (n < 0)
		return output ? -errno : -ENOMEM;
	if (memmem(output, (size_t)n, text, strlen(text)))
		return 1;
	return has_ended(subject, 0) ? -ECHILD : 0;
}

bool subject_has_ended(const struct subject *subject)
{
	return subject->pid && has_ended(subject, 0);
}

/* Its number is its group's until it is waited for: with it goes what it has started. */
static void reap(struct subject *subject, int *ret_status)
{
	(void)kill(-subject->pid, SIGKILL);
	(void)has_ended(subject, DEATH_MS);
	if (waitpid(subject->pid, ret_status, WNOHANG) > 0)
		subject->pid = 0;
}

int subject_stop(struct subject *subject, int *ret_status)
{
	bool in_time;

	*ret_status = 0;
	if (!subject->pid)
		return 0;
	(void)kill(subject->pid, SIGTERM);
	in_time = has_ended(subject, END_MS);
	reap(subject, ret_status);
	return !in_time ? -ETIMEDOUT : *ret_status ? -ECHILD : 0;
}

void subject_free(struct subject *subject)
{
	int status;

	if (subject->pid)
		reap(subject, &status);
	fd_close(subject->pidfd);
	fd_close(subject->output_fd);
	*subject = (struct subject){.pidfd = -1, .output_fd = -1};
}

char *subject_last_words(const struct subject *subject, char *text, size_t n)
{
	struct stat stat_of;
	ssize_t got = 0;

	if (subject->output_fd >= 0 && fstat(subject->output_fd, &stat_of) == 0)
		got = pread(subject->output_fd, text, n - 1,
			    stat_of.st_size > (off_t)(n - 1) ? stat_of.st_size - (off_t)(n - 1)
							     : 0);
	while (got > 0 && text[got - 1] == '\n')
		got--;
	text[got > 0 ? got : 0] = '\0';
	return text;
}
