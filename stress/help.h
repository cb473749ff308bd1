/* SPDX-License-Identifier: Apache-2.0 */
/* What `uswap-stress help` says: from the tables of settings, loads and agents. */
#pragma once

#include "stress/job/error.h"

/* To standard output, as all of this: the commands, options and what [global] may say. */
void help_print(void);

/* A setting, a load, or all "loads", "settings", "agents". -EINVAL with words: no such thing. */
int help_about(const char *key, struct stress_error *ret_error);
