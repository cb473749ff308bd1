/* SPDX-License-Identifier: Apache-2.0 */
/* What looking after groups does for them, for people: a table for each node. */
#pragma once

#include "agent/status.h"

#include <stdio.h>

/* 0, always: as the other texts of answers. */
int effect_write(const struct agent_status *status, FILE *out);
