/* SPDX-License-Identifier: Apache-2.0 */
/* Groups that only grow, and caches that nobody reads, for people. Names are escaped. */
#pragma once

#include "agent/status.h"

#include <stdio.h>

/* 0, always: as the other texts of answers. */
int growth_write(const struct agent_status *status, FILE *out);
