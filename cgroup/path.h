/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths of groups as people type them. The kernel allows any byte but '/' and NUL in a group's
 * name; base/escape.h shows those that could do harm as \xNN.
 */
#pragma once

#include <stddef.h>

/*
 * text, with or without '/' at its ends, repeated ones too, becomes a path as in struct cgroup
 * ("a/b",
 * "" for the root). 0; -EINVAL: a part is "." or ".."; -ENAMETOOLONG.
 */
int cgroup_path_parse(const char *text, char *ret_path, size_t n);

/*
 * Turns each \xNN that escape_ascii writes for a hostile byte back into it, in place. What reads
 * like one but stands for a harmless byte is part of a name (systemd's \x2d) and stays.
 */
void cgroup_path_unescape(char *path);
