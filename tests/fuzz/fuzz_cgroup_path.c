/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as what a person types for a group; and as a line of mountinfo. */
#include "base/cleanup.h"
#include "cgroup/mountinfo.h"
#include "cgroup/path.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#define require(condition)        \
	do {                      \
		if (!(condition)) \
			abort();  \
	} while (0)

static void check_path(const char *path)
{
	char again[4096];

	/* Clean already. */
	require(cgroup_path_parse(path, again, sizeof(again)) == 0 && strcmp(path, again) == 0);
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
		check_path(path);
	r = mountinfo_parse_line(text, &mount);
	require(r == 0 || r == 1 || r == -EBADMSG);
	require(r == 1 || strcmp(mount.path, "untouched") == 0);
	return 0;
}
