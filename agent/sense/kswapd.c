/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/kswapd.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

static bool is_number(const char *name)
{
	return *name && strspn(name, "0123456789") == strlen(name);
}

/* include/linux/sched.h */
#define PF_KTHREAD 0x00200000

/* Anybody may take its name. "51 (kswapd0) S 2 0 0 0 -1 FLAGS ..." */
static bool is_kernel_thread(int proc_fd, const char *pid)
{
	char path[300], text[1024];
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

int kswapd_open(int proc_fd, unsigned int node)
{
	_cleanup_close_ int fd = kfile_open_dir(proc_fd, ".");
	_cleanup_(closedirp) DIR *proc = fd < 0 ? NULL : fdopendir(fd);
	char wanted[32], comm[32], path[300];
	const struct dirent *entry;

	if (!proc)
		return -ENOENT;
	(void)TAKE_FD(fd);
	(void)snprintf(wanted, sizeof(wanted), "kswapd%u\n", node);
	while ((entry = readdir(proc))) {
		if (!is_number(entry->d_name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/comm", entry->d_name);
		if (kfile_read_at(proc_fd, path, comm, sizeof(comm)) < 0 ||
		    strcmp(comm, wanted) != 0 || !is_kernel_thread(proc_fd, entry->d_name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/schedstat", entry->d_name);
		return kfile_open(proc_fd, path, O_RDONLY);
	}
	return -ENOENT;
}

/* "run-ns wait-ns timeslices" */
int kswapd_parse(const char *text, uint64_t *ret_run_ns)
{
	struct ktext_line line, word;

	if (!ktext_next_line(&text, &line) || !ktext_next_word(&line, &word))
		return -EBADMSG;
	return parse_u64_n(word.text, word.length, ret_run_ns) < 0 ? -EBADMSG : 0;
}

int kswapd_read(int fd, uint64_t *ret_run_ns)
{
	char text[96];
	ssize_t n = kfile_read(fd, text, sizeof(text));

	return n < 0 ? (int)n : kswapd_parse(text, ret_run_ns);
}
