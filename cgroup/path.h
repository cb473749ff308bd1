/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of groups as people see and type them. The kernel allows any byte but '/' and NUL in a
 * group's name, so a name can hold newlines and terminal escapes. Shown, a path begins with '/' and
 * every byte outside printable ASCII is \xNN. systemd's own \x2d and the like are plain characters
 * of a name and stay as they are; only a backslash that would read as one of ours becomes \x5c, so
 * the two functions are each other's inverse.
 */
#pragma once

#include <stddef.h>

/* Room for any path: each byte may become four. */
#define CGROUP_PATH_TEXT_MAX (4 * 4096 + 2)

/*
 * Writes path (as in struct cgroup, "" is the root) into text, cut to whole characters when n is
 * too small, always ended by NUL (n > 0). Returns text.
 */
char *cgroup_path_format(const char *path, char *text, size_t n);

/*
 * The other way: text with or without a '/' at its ends, repeated ones too, becomes a path. 0;
 * -EINVAL: a part is "." or "..", or a decoded byte is '/' or NUL; -ENAMETOOLONG.
 */
int cgroup_path_parse(const char *text, char *ret_path, size_t n);
