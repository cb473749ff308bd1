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
	/* In the order of their numbers, in which the kernel's own threads come first. */
	while ((entry = readdir(proc))) {
		if (!is_number(entry->d_name))
			continue;
		(void)snprintf(path, sizeof(path), "%s/comm", entry->d_name);
		if (kfile_read_at(proc_fd, path, comm, sizeof(comm)) < 0 ||
		    strcmp(comm, wanted) != 0)
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
