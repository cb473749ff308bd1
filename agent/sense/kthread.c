/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/kthread.h"

#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define PID_PATH_BYTES 300

static bool is_called(int proc_fd, const char *pid, const char *pattern)
{
	char path[PID_PATH_BYTES], comm[64];

	(void)snprintf(path, sizeof(path), "%s/comm", pid);
	if (kfile_read_line_at(proc_fd, path, comm, sizeof(comm)) < 0)
		return false;
	return fnmatch(pattern, comm, 0) == 0;
}

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

/* "51 (kswapd0) S 2 0 0 0 -1 FLAGS ..." */
static bool is_kernel_thread(int proc_fd, const char *pid)
{
	char path[PID_PATH_BYTES], text[1024];
	struct ktext_line line, word;
	const char *after;
	uint64_t flags;

	(void)snprintf(path, sizeof(path), "%s/stat", pid);
	if (kfile_read_at(proc_fd, path, text, sizeof(text)) < 0)
		return false;
	after = strrchr(text, ')');
	if (!after)
		return false;
	line = (struct ktext_line){after + 1, strlen(after + 1)};
	for (int i = 0; i < 7; i++) /* state, parent, group, session, terminal, its group, flags */
		if (!ktext_next_word(&line, &word))
			return false;
	return parse_u64_n(word.text, word.length, &flags) == 0 && flags & PF_KTHREAD;
}

int kthread_open(int proc_fd, const char *pid, const char *pattern)
{
	char path[PID_PATH_BYTES];

	if (!is_called(proc_fd, pid, pattern) || !is_kernel_thread(proc_fd, pid))
		return -ENOENT;
	(void)snprintf(path, sizeof(path), "%s/schedstat", pid);
	return kfile_open(proc_fd, path, O_RDONLY);
}

/* "run-ns wait-ns timeslices" */
int kthread_parse(const char *text, uint64_t *ret_run_ns)
{
	struct ktext_line line, word;

	if (!ktext_next_line(&text, &line) || !ktext_next_word(&line, &word))
		return -EBADMSG;
	return parse_u64_n(word.text, word.length, ret_run_ns) < 0 ? -EBADMSG : 0;
}

int kthread_read(int fd, uint64_t *ret_run_ns)
{
	char text[96];
	ssize_t n = kfile_read(fd, text, sizeof(text));

	return n < 0 ? (int)n : kthread_parse(text, ret_run_ns);
}
