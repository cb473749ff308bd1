/* SPDX-License-Identifier: Apache-2.0 */
/* Where the agent's own programs are, for tools that start them: beside the tool. */
#pragma once

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static inline int find_beside(const char *program, char *path, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", path, size - 1);
	char *name;

	if (n < 0)
		return -errno;
	path[n] = '\0';
	name = strrchr(path, '/') + 1;
	(void)snprintf(name, size - (size_t)(name - path), "%s", program);
	return 0;
}
