/* SPDX-License-Identifier: Apache-2.0 */
/* Paths of groups as people type them. */
#pragma once

#include <stddef.h>

/*
 * text, with or without '/' at its ends, repeated ones too, becomes a path as in struct cgroup
 * ("a/b", "" for the root). 0; -EINVAL: a part is "." or ".."; -ENAMETOOLONG.
 */
int cgroup_path_parse(const char *text, char *ret_path, size_t n);
