/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the agent would take if it acted, in plain words for a person who has to decide whether it
 * shall: for each group and node that it wished for something of, how much, why, what happened
 * without it, and what it would risk. Names are escaped for a terminal.
 */
#pragma once

#include "agent/status.h"

#include <stdio.h>

/* Groups are told of in the order of the most that was wished for, this many. -ENOMEM. */
#define ADVISE_GROUPS_MAX 32
int advise(const struct agent_status *status, FILE *out);
