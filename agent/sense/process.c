/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/sense/process.h"

#include "base/cleanup.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/lines.h"
#include "base/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

void process_close(struct process *process)
{
	process->dir_fd = fd_close(process->dir_fd);
	process->pid_fd = fd_close(process->pid_fd);
}

/*
 * The directory is opened first and read last: what it belongs to had the number all the time in
 * between, so that the pidfd, opened by number, is the same process's.
 */
int process_open(int proc_fd, uint64_t pid, struct process *ret)
{
	struct process process = {.pid = pid, .pid_fd = -1};
	struct process_status status;
	char path[24];
	int r;

	(void)snprintf(path, sizeof(path), "%" PRIu64, pid);
	process.dir_fd = kfile_open_dir(proc_fd, path);
	if (process.dir_fd < 0)
		return process.dir_fd;
	process.pid_fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	r = process.pid_fd < 0 ? -errno : process_read_status(&process, &status, NULL);
	if (r < 0) {
		process_close(&process);
		return r;
	}
	*ret = process;
	return 0;
}

/* "Uid:	1000	1000	1000	1000": the first. */
static int take_number(struct ktext_line rest, uint64_t *ret)
{
	struct ktext_line word;

	if (!ktext_next_word(&rest, &word) || parse_u64_n(word.text, word.length, ret) < 0)
		return -EBADMSG;
	return 0;
}

/* "VmRSS:	    1234 kB" */
static int take_kib(struct ktext_line rest, uint64_t *ret_bytes)
{
	struct ktext_line word;
	uint64_t kib;

	if (!ktext_next_word(&rest, &word) || parse_u64_n(word.text, word.length, &kib) < 0 ||
	    !ktext_next_word(&rest, &word) || !ktext_word_is(word, "kB") || kib > UINT64_MAX >> 10)
		return -EBADMSG;
	*ret_bytes = kib << 10;
	return 0;
}

/* Behind "Name:" and a tab; names may have blanks. */
static int take_name(struct ktext_line rest, char *name)
{
	if (rest.length < 1 || *rest.text != '\t' || rest.length > PROCESS_NAME_BYTES)
		return -EBADMSG;
	memcpy(name, rest.text + 1, rest.length - 1);
	name[rest.length - 1] = '\0';
	return 0;
}

enum field { NAME, STATE, UID, RESIDENT, SWAP, FIELDS };
static const char *const fields[FIELDS] = {"Name:", "State:", "Uid:", "VmRSS:", "VmSwap:"};

static int take_field(enum field field, struct ktext_line rest, struct process_status *status)
{
	struct ktext_line word;

	switch (field) {
	case NAME:
		return take_name(rest, status->name);
	case STATE:
		if (!ktext_next_word(&rest, &word) || word.length != 1)
			return -EBADMSG;
		status->state = *word.text;
		return 0;
	case UID:
		return take_number(rest, &status->uid);
	case RESIDENT:
		status->has_memory = true;
		return take_kib(rest, &status->resident_bytes);
	case SWAP:
		return take_kib(rest, &status->swap_bytes);
	case FIELDS:
		break;
	}
	return -EBADMSG;
}

/* The field a line is about, and what stands behind it; FIELDS: none of ours. */
static enum field field_of(const char *line, size_t length, struct ktext_line *ret_rest)
{
	for (enum field field = NAME; field < FIELDS; field++) {
		size_t n = strlen(fields[field]);

		if (length < n || memcmp(line, fields[field], n) != 0)
			continue;
		*ret_rest = (struct ktext_line){line + n, length - n};
		return field;
	}
	return FIELDS;
}

static int bad_field(enum field field, const char **ret_bad)
{
	if (ret_bad)
		*ret_bad = fields[field];
	return -EBADMSG;
}

int process_status_parse(int fd, struct process_status *ret, const char **ret_bad)
{
	struct line_reader reader = {.fd = fd};
	struct process_status status = {0};
	bool seen[FIELDS] = {false};
	const char *line;
	size_t length;
	int n;

	while ((n = line_reader_next(&reader, &line, &length)) > 0) {
		struct ktext_line rest;
		enum field field = field_of(line, length, &rest);

		if (field == FIELDS)
			continue;
		if (seen[field] || take_field(field, rest, &status) < 0)
			return bad_field(field, ret_bad);
		seen[field] = true;
	}
	if (n < 0)
		return n;
	for (enum field field = NAME; field <= UID; field++)
		if (!seen[field])
			return bad_field(field, ret_bad);
	/* A kernel without swap does not count it. */
	*ret = status;
	return 0;
}

int process_read_status(const struct process *process, struct process_status *ret,
			const char **ret_bad)
{
	_cleanup_close_ int fd = kfile_open(process->dir_fd, "status", O_RDONLY);

	return fd < 0 ? fd : process_status_parse(fd, ret, ret_bad);
}
