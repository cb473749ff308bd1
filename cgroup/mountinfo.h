/* SPDX-License-Identifier: Apache-2.0 */
/* One line of /proc/self/mountinfo: is it a cgroup v2 mount, where, with which options. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define MOUNTINFO_PATH_MAX 4096

struct mountinfo_cgroup2 {
	char path[MOUNTINFO_PATH_MAX]; /* as the kernel's escapes mean it */
	bool nsdelegate, recursive_protection;
};

/* 1 and *ret when the line is one, 0 when it is another file system, -EBADMSG when malformed. */
int mountinfo_parse_line(const char *line, struct mountinfo_cgroup2 *ret);
