/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/control/group_name.h"

#include <string.h>

char *group_name(char name[GROUP_NAME_SIZE], const struct group_status *group)
{
	bool cut = strncmp(group->path, "...", 3) == 0;

	*name = '/';
	(void)strcpy(name + (cut ? 0 : 1), group->path);
	return name;
}

char *group_name_shown(char name[GROUP_NAME_SHOWN_SIZE], const struct group_status *group)
{
	char plain[GROUP_NAME_SIZE];

	return escape_ascii(name, GROUP_NAME_SHOWN_SIZE, group_name(plain, group));
}

bool group_name_is(const struct group_status *group, const char *text)
{
	const char *below_root = *text == '/' ? text + 1 : text;
	char escaped[ESCAPE_SIZE(STATUS_PATH_MAX)];

	return strcmp(below_root, group->path) == 0 ||
	       strcmp(below_root, escape_utf8(escaped, sizeof(escaped), group->path)) == 0 ||
	       strcmp(below_root, escape_ascii(escaped, sizeof(escaped), group->path)) == 0;
}
