/* SPDX-License-Identifier: Apache-2.0 */
/* How a group's path is shown and how people write it back. */
#pragma once

#include "agent/status.h"
#include "base/escape.h"

#include <stdbool.h>

/* The path from '/', or from "..." where it was cut; bytes as they are. Returns name. */
#define GROUP_NAME_SIZE (STATUS_PATH_MAX + 1)
char *group_name(char name[GROUP_NAME_SIZE], const struct group_status *group);

/* The same, escaped for a terminal. */
#define GROUP_NAME_SHOWN_SIZE ESCAPE_SIZE(GROUP_NAME_SIZE)
char *group_name_shown(char name[GROUP_NAME_SHOWN_SIZE], const struct group_status *group);

/*
 * Whether text, with or without its leading '/', is this group's name: as it is, as JSON has it, or
 * as a terminal shows it, so that what people copy is found.
 */
bool group_name_is(const struct group_status *group, const char *text);
