/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages for people, one write(2) a line, no allocation, usable from any thread.
 *
 * A log is a small value that its owner passes on; there is no global one. Library folders (base,
 * numa, cgroup) return errors and do not log; the caller names the object and logs once.
 */
#pragma once

#include <stdarg.h>
#include <stdbool.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG,
};

struct log {
	int fd;		      /* where lines go, normally STDERR_FILENO; -1: nowhere */
	enum log_level level; /* lines above it are dropped */
	bool priority_prefix; /* begin a line with <N> as journald understands it */
};

/* Writes to stderr; with <N> prefixes when stderr is a stream to the journal. */
struct log log_stderr(enum log_level level);

/* "error", "warning", "notice", "info", "debug"; -EINVAL for anything else. */
int log_level_parse(const char *text, enum log_level *ret_level);
const char *log_level_name(enum log_level level);

/*
 * Writes one line. What is not printable ASCII is written as \xNN (base/escape.h), since names of
 * cgroups and processes are hostile input. A line is cut at 1 KiB, and
 * dropped where nobody reads and it would have to wait.
 */
void log_line(const struct log *log, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));
void log_vline(const struct log *log, enum log_level level, const char *format, va_list ap)
	__attribute__((format(printf, 3, 0)));

#define log_error(log, ...)   log_line(log, LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(log, ...) log_line(log, LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_notice(log, ...)  log_line(log, LOG_LEVEL_NOTICE, __VA_ARGS__)
#define log_info(log, ...)    log_line(log, LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(log, ...)   log_line(log, LOG_LEVEL_DEBUG, __VA_ARGS__)
