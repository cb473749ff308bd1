/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include "base/cleanup.h"
#include "base/escape.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_MAX_BYTES 1024

static const char *const level_names[] = {
	[LOG_LEVEL_ERROR] = "error", [LOG_LEVEL_WARNING] = "warning", [LOG_LEVEL_NOTICE] = "notice",
	[LOG_LEVEL_INFO] = "info",   [LOG_LEVEL_DEBUG] = "debug",
};

/* syslog(3) priorities, which sd-daemon(3) prefixes are made of. */
static const char level_priority[] = {
	[LOG_LEVEL_ERROR] = '3', [LOG_LEVEL_WARNING] = '4', [LOG_LEVEL_NOTICE] = '5',
	[LOG_LEVEL_INFO] = '6',	 [LOG_LEVEL_DEBUG] = '7',
};

/* systemd sets JOURNAL_STREAM=dev:inode; only if stderr still is that stream do prefixes help. */
static bool stderr_is_journal(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	char seen[64];
	struct stat st;

	if (!stream || fstat(STDERR_FILENO, &st) < 0)
		return false;
	(void)snprintf(seen, sizeof(seen), "%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return strcmp(stream, seen) == 0;
}

struct log log_stderr(enum log_level level)
{
	return (struct log){
		.fd = STDERR_FILENO,
		.level = level,
		.priority_prefix = stderr_is_journal(),
	};
}

int log_level_parse(const char *text, enum log_level *ret_level)
{
	for (size_t i = 0; i < ARRAY_SIZE(level_names); i++)
		if (strcmp(text, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	return -EINVAL;
}

const char *log_level_name(enum log_level level)
{
	return level_names[level];
}

/* Not where nobody reads: a journal on a disk that hangs would hold up whoever has to say
 * something. */
static bool takes_a_line(int fd)
{
	struct pollfd room = {.fd = fd, .events = POLLOUT};

	return poll(&room, 1, 0) > 0;
}

void log_vline(const struct log *log, enum log_level level, const char *format, va_list ap)
{
	char text[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
	size_t used = 0;

	if (!log || log->fd < 0 || level > log->level)
		return;
	if (log->priority_prefix) {
		line[used++] = '<';
		line[used++] = level_priority[level];
		line[used++] = '>';
	}
	if (vsnprintf(text, sizeof(text), format, ap) < 0)
		return;
	(void)escape_ascii(line + used, sizeof(line) - used, text);
	used += strlen(line + used);
	line[used++] = '\n';
	/* A log that can't be written has nobody to be told about it. */
	if (!takes_a_line(log->fd) || write(log->fd, line, used) < 0)
		return;
}

void log_line(const struct log *log, enum log_level level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	log_vline(log, level, format, ap);
	va_end(ap);
}
