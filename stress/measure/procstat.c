/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/measure/procstat.h"

#include "base/cleanup.h"
#include "base/clock.h"
#include "base/kfile.h"
#include "base/ktext.h"
#include "base/parse.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

/* Fields behind the name, counted from 0 = state (field 3 of proc(5)). */
enum { FIELD_UTIME = 11, FIELD_STIME = 12, FIELD_START = 19, FIELD_RSS = 21 };

int procstat_parse(const char *text, struct procstat *ret)
{
	const char *open = strchr(text, '('), *close = strrchr(text, ')');
	struct procstat stat = {0};
	struct ktext_line line, word;
	unsigned int field = 0, taken = 0;

	if (!open || !close || close < open || (size_t)(close - open) - 1 >= sizeof(stat.name))
		return -EBADMSG;
	memcpy(stat.name, open + 1, (size_t)(close - open) - 1);
	line = (struct ktext_line){close + 1, strcspn(close + 1, "\n")};
	for (; ktext_next_word(&line, &word); field++) {
		uint64_t *to = field == FIELD_UTIME   ? &stat.user_ticks
			       : field == FIELD_STIME ? &stat.system_ticks
			       : field == FIELD_START ? &stat.start_ticks
			       : field == FIELD_RSS   ? &stat.resident_pages
						      : NULL;

		if (!to)
			continue;
		if (parse_u64_n(word.text, word.length, to) < 0)
			return -EBADMSG;
		taken++;
	}
	if (taken != 4)
		return -EBADMSG;
	*ret = stat;
	return 0;
}

int procstat_read(int proc_fd, pid_t pid, struct procstat *ret)
{
	char path[32], text[1024];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%d/stat", pid);
	n = kfile_read_at(proc_fd, path, text, sizeof(text));
	return n < 0 ? (int)n : procstat_parse(text, ret);
}

/* "voluntary_ctxt_switches:	12" of a thread's status. */
static void add_switches(const char *text, struct proc_cost *cost)
{
	struct ktext_line line, word;
	uint64_t value;

	while (ktext_next_line(&text, &line)) {
		uint64_t *to = NULL;

		if (!ktext_next_word(&line, &word))
			continue;
		if (ktext_word_is(word, "voluntary_ctxt_switches:"))
			to = &cost->voluntary_switches;
		else if (ktext_word_is(word, "nonvoluntary_ctxt_switches:"))
			to = &cost->involuntary_switches;
		if (to && ktext_next_word(&line, &word) &&
		    parse_u64_n(word.text, word.length, &value) == 0)
			*to += value;
	}
}

static void add_thread(int task_fd, const char *tid, struct proc_cost *cost)
{
	char path[64], text[4096];
	struct ktext_line line, word;
	const char *cursor = text;
	uint64_t ns;

	(void)snprintf(path, sizeof(path), "%.20s/status", tid);
	if (kfile_read_at(task_fd, path, text, sizeof(text)) < 0)
		return;
	cost->threads++;
	add_switches(text, cost);
	(void)snprintf(path, sizeof(path), "%.20s/schedstat", tid);
	if (kfile_read_at(task_fd, path, text, sizeof(text)) >= 0 &&
	    ktext_next_line(&cursor, &line) && ktext_next_word(&line, &word) &&
	    parse_u64_n(word.text, word.length, &ns) == 0)
		cost->runtime_ns += ns;
}

int proc_cost_read(int proc_fd, pid_t pid, struct proc_cost *ret)
{
	uint64_t tick_ns = NSEC_PER_SEC / (uint64_t)sysconf(_SC_CLK_TCK);
	_cleanup_(closedirp) DIR *tasks = NULL;
	struct proc_cost cost = {0};
	struct procstat stat;
	struct dirent *entry;
	char path[32];
	int fd, r;

	r = procstat_read(proc_fd, pid, &stat);
	if (r < 0)
		return r;
	cost.cpu_ns = (stat.user_ticks + stat.system_ticks) * tick_ns;
	cost.resident_bytes = stat.resident_pages * (uint64_t)sysconf(_SC_PAGESIZE);
	(void)snprintf(path, sizeof(path), "%d/task", pid);
	fd = kfile_open_dir(proc_fd, path);
	if (fd < 0)
		return fd;
	tasks = fdopendir(fd);
	if (!tasks) {
		close(fd);
		return -errno;
	}
	while ((entry = readdir(tasks)))
		if (entry->d_name[0] != '.')
			add_thread(fd, entry->d_name, &cost);
	*ret = cost;
	return 0;
}

static bool name_fits(const char *found, const char *name, bool prefix)
{
	size_t n = strlen(name);

	if (!prefix)
		return strcmp(found, name) == 0;
	return strncmp(found, name, n) == 0 && found[n] &&
	       strspn(found + n, "0123456789") == strlen(found + n);
}

int proc_find(int proc_fd, const char *name, bool prefix,
	      void (*found)(void *context, pid_t pid, const struct procstat *stat), void *context)
{
	_cleanup_(closedirp) DIR *processes = NULL;
	struct procstat stat;
	struct dirent *entry;
	uint64_t pid;
	int fd = kfile_open_dir(proc_fd, ".");

	if (fd < 0)
		return fd;
	processes = fdopendir(fd);
	if (!processes) {
		close(fd);
		return -errno;
	}
	while ((entry = readdir(processes)))
		if (parse_u64(entry->d_name, &pid) == 0 && pid <= INT32_MAX &&
		    procstat_read(proc_fd, (pid_t)pid, &stat) == 0 &&
		    name_fits(stat.name, name, prefix))
			found(context, (pid_t)pid, &stat);
	return 0;
}
