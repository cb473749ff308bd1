/* SPDX-License-Identifier: Apache-2.0 */
/* uswapd's command line, and what it exits with. */
#pragma once

#include "agent/agent.h"

#include <stdbool.h>

/* sysexits(3), so that units and scripts can tell these apart. */
enum {
	EXIT_USAGE = 64,
	EXIT_UNAVAILABLE = 69,
	EXIT_SOFTWARE = 70,
	EXIT_BUSY = 75,
	EXIT_CONFIG = 78,
};

#define OVERRIDES_MAX 64

struct command_line {
	struct agent_options agent;
	const char *overrides[OVERRIDES_MAX];
	const char *replay; /* a recording's file */
	bool check_config, doctor;
};

/* Returns -1 to go on, or the status to exit with: what it only had to print is done. */
int command_line_parse(int argc, char **argv, struct command_line *ret);
