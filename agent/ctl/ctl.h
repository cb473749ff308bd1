/* SPDX-License-Identifier: Apache-2.0 */
/* uswapctl, all but its main function. */
#pragma once

#include <stdio.h>

enum {
	CTL_DONE = 0,
	CTL_FAILED = 1,	  /* the agent refused or failed, or may not be asked */
	CTL_USAGE = 2,	  /* wrong command line */
	CTL_NO_AGENT = 3, /* nobody answers */
};

/* Runs a command line and returns the exit status. */
int ctl_run(int argc, char *const argv[], FILE *out, FILE *err);
