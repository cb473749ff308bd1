/* SPDX-License-Identifier: Apache-2.0 */
#include "stress/check/kernel_log.h"

#include "base/cleanup.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* One record: Documentation/ABI/testing/dev-kmsg. */
#define RECORD_BYTES 8192

void kernel_log_begin(int fd)
{
	if (fd >= 0)
		(void)lseek(fd, 0, SEEK_END);
}

bool kernel_log_line_is_bad(const char *line)
{
	static const char *const marks[] = {
		"BUG: ",
		"kernel BUG at ",
		"WARNING: ",
		"Oops",
		"general protection fault",
		"rcu_sched detected stalls",
		"self-detected stall",
		" blocked for more than ",
		"refcount_t: ",
		"UBSAN: ",
		"KASAN: ",
		"KCSAN: ",
	};

	for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
		if (strstr(line, marks[i]))
			return true;
	return false;
}

bool kernel_log_is_bad(int fd, char *words, size_t n)
{
	char record[RECORD_BYTES];
	ssize_t got;

	/* EPIPE: records were overwritten; the next ones are still there. */
	while (fd >= 0 &&
	       ((got = read(fd, record, sizeof(record) - 1)) > 0 || (got < 0 && errno == EPIPE))) {
		char *text;

		if (got < 0)
			continue;
		record[got] = '\0';
		text = strchr(record, ';');
		text = text ? text + 1 : record;
		text[strcspn(text, "\n")] = '\0';
		if (!kernel_log_line_is_bad(text))
			continue;
		(void)snprintf(words, n, "%s", text);
		return true;
	}
	return false;
}
