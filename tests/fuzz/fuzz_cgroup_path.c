/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any bytes as what a person types for a group, and as a group's own path: what is shown is plain
 * ASCII, and typing what is shown finds the same group. Any bytes as a line of mountinfo, too.
 */
#include "base/cleanup.h"
#include "cgroup/mountinfo.h"
#include "cgroup/path.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void check_shown(const char *path)
{
	char text[CGROUP_PATH_TEXT_MAX], back[4096], cut[16];

	require(cgroup_path_format(path, text, sizeof(text)) == text);
	for (const char *at = text; *at; at++)
		require(*at >= 0x20 && *at < 0x7f);
	require(cgroup_path_parse(text, back, sizeof(back)) == 0);
	require(strcmp(back, path) == 0);
	require(strncmp(cgroup_path_format(path, cut, sizeof(cut)), text, strlen(cut)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_free_ char *text = strndup((const char *)data, size);
	struct mountinfo_cgroup2 mount = {.path = "untouched"};
	char path[4096] = "untouched";
	int r;

	require(text);
	r = cgroup_path_parse(text, path, sizeof(path));
	require(r == 0 || r == -EINVAL || r == -ENAMETOOLONG);
	require(r == 0 || strcmp(path, "untouched") == 0);
	if (r == 0)
		check_shown(path);
	r = mountinfo_parse_line(text, &mount);
	require(r == 0 || r == 1 || r == -EBADMSG);
	require(r == 1 || strcmp(mount.path, "untouched") == 0);
	return 0;
}
