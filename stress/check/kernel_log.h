/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel said in its log that it must not say while a scenario runs. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* fd: of /dev/kmsg, non-blocking; -1: can't be read here, all is taken to be well. */
void kernel_log_begin(int fd);

/* True with the first bad line in words, since kernel_log_begin. */
bool kernel_log_is_bad(int fd, char *words, size_t n);

/* A message without its prefix: BUG, WARNING, Oops, a stall, a sanitizer's report. Pure. */
bool kernel_log_line_is_bad(const char *line);
