/* SPDX-License-Identifier: Apache-2.0 */
/* The controllers that a group gives to its children: its cgroup.subtree_control. */
#pragma once

#include <stdbool.h>

/* Takes them back, except those in keep (words, as the file has them). What stays is in use. */
void controllers_take_back(int dir_fd, const char *keep);

/* Whether there are groups below, which may want them. */
bool controllers_wanted_below(int dir_fd);
